use super::*;
use crate::NewApiKey;

/// Everything that a program may print by mistake.
#[tokio::test]
async fn no_secret_is_in_any_debug_text() {
    let house = bare().await;
    let setup = house
        .auth
        .setup_token()
        .await
        .expect("asked")
        .expect("needed");
    let new = person("owner");
    let mut texts = vec![format!("{setup:?}"), format!("{new:?}")];
    let owner = house
        .auth
        .set_up(setup.expose(), new, Device::default())
        .await
        .expect("set up");
    let principal = house.principal(&owner).await;
    let key = NewApiKey {
        name: "script".to_owned(),
        permissions: None,
        lifetime: None,
    };
    let (made, secret) = house
        .auth
        .create_api_key(&principal, key)
        .await
        .expect("key");
    let ports = &house.auth.shared.ports;
    let session = ports
        .sessions
        .find(principal.session().expect("one"))
        .await
        .expect("find");
    let identity = ports
        .identities
        .find_by_email(&owner.account.email)
        .await
        .expect("find");
    let identity = identity.expect("it exists");
    let mail = crate::Mail {
        to: owner.account.email.clone(),
        subject: "A link".to_owned(),
        text: "karen_link_of_a_test".to_owned(),
    };
    let token = crate::OneTimeToken {
        id: crate::OneTimeTokenId::random(),
        purpose: crate::Purpose::Invitation,
        tenant: TenantId::default(),
        account: None,
        detail: "owner@example.com".to_owned(),
        created_at_ms: 1,
        expires_at_ms: 2,
    };
    let enrolment = house.auth.begin_totp(&principal).await.expect("begin");
    texts.extend([
        format!("{owner:?}"),
        format!("{principal:?} {made:?} {secret:?}"),
        format!("{session:?}"),
        format!("{identity:?}"),
        format!("{:?}", SigningSecret::new(SECRET)),
        format!("{mail:?} {token:?} {enrolment:?}"),
    ]);
    let session_key = format!("{:?}", session.expect("it exists").key.expose());
    for secret in [
        PASSWORD,
        SECRET,
        setup.expose(),
        owner.access.expose(),
        owner.refresh.expose(),
        secret.expose(),
        identity.password.as_str(),
        session_key.as_str(),
        mail.text.as_str(),
        enrolment.secret(),
        "owner@example.com",
    ] {
        assert!(
            texts.iter().all(|text| !text.contains(secret)),
            "{secret} is shown"
        );
    }
}

/// A copy of the database opens nothing.
#[tokio::test]
async fn no_token_is_stored() {
    let house = bare().await;
    let setup = house
        .auth
        .setup_token()
        .await
        .expect("asked")
        .expect("needed");
    let mut reader = house.database.read().await.expect("read");
    let stored: Vec<u8> = sqlx::query_scalar("SELECT hash FROM auth_setup")
        .fetch_one(&mut *reader)
        .await
        .expect("the hash");
    drop(reader);
    assert_ne!(stored, setup.expose().as_bytes());
    assert!(crate::TokenHash::of(setup.expose()).matches(&stored));
}
