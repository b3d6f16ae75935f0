use super::*;
use crate::{AccountId, AuditAction, NewApiKey, Role};

async fn erase(house: &House, by: &Principal, account: &AccountId) {
    let (owner, tenant) = (Principal::local(), by.tenant().clone());
    let auth = &house.auth;
    auth.require_erasable(by, account).await.expect("erasable");
    auth.shut_out(&owner, &tenant, account).await.expect("out");
    let left = auth.finish_erasure(&owner, &tenant, account).await;
    left.expect("erased");
}

#[tokio::test]
async fn somebody_takes_along_all_that_is_kept_of_them_and_no_secret() {
    let (house, owner) = owned().await;
    let eve = house.principal(&house.member("eve").await).await;
    let key = NewApiKey {
        name: "script".to_owned(),
        permissions: None,
        lifetime: None,
    };
    let (_, secret) = house.auth.create_api_key(&eve, key).await.expect("a key");
    let (auth, tenant, account) = (&house.auth, eve.tenant(), eve.account());
    let data = auth
        .personal_data(&eve, tenant, account)
        .await
        .expect("own");
    let email = data.account.as_ref().map(|account| account.email.as_str());
    assert_eq!(email, Some("eve@example.com"));
    assert_eq!((data.sessions.len(), data.api_keys.len()), (1, 1));
    assert!(!format!("{data:?}").contains(secret.expose()));
    let about = auth.audit_about(&eve, tenant, account, 0, 200).await;
    let actions: Vec<_> = about.expect("own").iter().map(|e| e.event.action).collect();
    assert!(actions.contains(&AuditAction::DataExported));

    let owner = house.principal(&owner).await;
    let theirs = auth.personal_data(&eve, tenant, owner.account()).await;
    assert_kind(theirs, AuthErrorKind::Denied);
    let program = auth.authenticate(secret.expose()).await.expect("a key");
    let by_key = auth.personal_data(&program, tenant, account).await;
    assert_kind(by_key, AuthErrorKind::Denied);
}

#[tokio::test]
async fn who_is_erased_is_out_at_once_and_gone_in_the_end() {
    let (house, _) = owned().await;
    let signed_in = house.member("eve").await;
    let eve = house.principal(&signed_in).await;
    erase(&house, &eve, eve.account()).await;
    assert!(house.is_dead(&signed_in).await);
    let local = Principal::local();
    let (tenant, account) = (eve.tenant(), eve.account());
    let left = house.auth.personal_data(&local, tenant, account).await;
    let left = left.expect("asked");
    assert_eq!(
        (left.account, left.sessions, left.api_keys),
        (None, vec![], vec![])
    );
    let again = house.auth.finish_erasure(&local, tenant, account).await;
    again.expect("what is done may be done again");
    house.member("eve").await;
}

#[tokio::test]
async fn erasing_takes_credentials_shown_lately_and_power_over_the_account() {
    let (house, owner) = owned().await;
    let owner = house.principal(&owner).await;
    let eve = house.principal(&house.member("eve").await).await;
    let (auth, local) = (&house.auth, Principal::local());
    let refused = auth.require_erasable(&eve, owner.account()).await;
    assert_kind(refused, AuthErrorKind::Denied);
    let by_eve = auth.shut_out(&eve, eve.tenant(), eve.account()).await;
    assert_kind(by_eve, AuthErrorKind::Denied);
    let bob = person("bob");
    let made = auth.create_account(&owner, bob, Role::Member).await;
    let bob = made.expect("made").id;
    let refused = auth.require_erasable(&eve, &bob).await;
    assert_kind(refused, AuthErrorKind::Denied);
    house.wait(Duration::from_secs(700));
    let eve = house.principal(&house.log_in("eve").await).await;
    house.wait(Duration::from_secs(601));
    let late = auth.require_erasable(&eve, eve.account()).await;
    assert_kind(late, AuthErrorKind::LoginNotRecent);
    let by_command = auth.require_erasable(&local, eve.account()).await;
    by_command.expect("the owner of the data needs no session");
}

#[tokio::test]
async fn the_last_owner_stays_while_there_are_members() {
    let (house, owner) = owned().await;
    let owner = house.principal(&owner).await;
    let eve = house.principal(&house.member("eve").await).await;
    let refused = house.auth.require_erasable(&owner, owner.account()).await;
    assert_kind(refused, AuthErrorKind::Conflict);
    erase(&house, &eve, eve.account()).await;
    erase(&house, &owner, owner.account()).await;
}
