use super::*;
use crate::{Signing, SigningAlgorithm, SigningKey};

const STORED: Signing = Signing::Stored {
    algorithm: SigningAlgorithm::EdDsa,
    rotate_after: Duration::from_secs(24 * 60 * 60),
};

fn signed_by(house: &House, signing: Signing) -> AuthConfig {
    AuthConfig {
        signing,
        ..config(&house.database, &house.clock)
    }
}

/// A house whose keys the database keeps, and its owner.
async fn keyed() -> (House, SignedIn) {
    let (house, _) = owned().await;
    let auth = Auth::open(signed_by(&house, STORED)).await.expect("open");
    let house = House { auth, ..house };
    let owner = house.log_in("owner").await;
    (house, owner)
}

async fn kids(auth: &Auth) -> Vec<String> {
    let keys = auth.jwks().await.expect("keys").keys;
    keys.into_iter().map(|key| key.kid).collect()
}

#[tokio::test]
async fn a_rotated_key_is_believed_until_its_tokens_expire() {
    let (house, owner) = keyed().await;
    let before = kids(&house.auth).await;
    let principal = house.principal(&owner).await;
    house
        .auth
        .rotate_signing_key(&principal)
        .await
        .expect("rotate");
    let after = kids(&house.auth).await;
    assert_eq!((before.len(), after.len()), (1, 2));
    assert_eq!(after[1], before[0], "the newest is first");
    house.principal(&owner).await;
    let later = house.log_in("owner").await;
    house.principal(&later).await;
    house.wait(Duration::from_secs(336));
    assert_eq!(kids(&house.auth).await, after[..1], "the old one has ended");
    house.auth.tend().await.expect("tend");
    let stored = house
        .auth
        .shared
        .ports
        .signing_keys
        .list()
        .await
        .expect("list");
    assert_eq!(stored.len(), 1, "and is forgotten");
}

#[tokio::test]
async fn a_key_is_rotated_when_it_is_due() {
    let (house, _) = keyed().await;
    let first = kids(&house.auth).await;
    house.auth.tend().await.expect("tend");
    assert_eq!(kids(&house.auth).await, first, "not yet");
    house.wait(Duration::from_secs(24 * 60 * 60));
    house.auth.tend().await.expect("tend");
    let second = kids(&house.auth).await;
    assert_eq!((second.len(), &second[1]), (2, &first[0]));
    house.auth.tend().await.expect("tend");
    assert_eq!(kids(&house.auth).await, second, "once");
}

#[tokio::test]
async fn another_instance_follows_a_rotation_at_the_first_token_it_does_not_know() {
    let (house, owner) = keyed().await;
    let other = Auth::open(signed_by(&house, STORED)).await.expect("open");
    let principal = house.principal(&owner).await;
    house
        .auth
        .rotate_signing_key(&principal)
        .await
        .expect("rotate");
    house.wait(Duration::from_secs(1));
    let fresh = house.log_in("owner").await;
    other
        .authenticate(fresh.access.expose())
        .await
        .expect("it looked again");
    assert_eq!(kids(&other).await, kids(&house.auth).await);
}

#[tokio::test]
async fn names_of_keys_that_nobody_made_cost_one_look_a_second() {
    let (house, _) = keyed().await;
    let foreign = SigningKey::generate(SigningAlgorithm::EdDsa).expect("a key");
    let elsewhere = signed_by(&house, Signing::Keys(vec![foreign]));
    let forger = Auth::open(elsewhere).await.expect("open");
    let forged = forger
        .log_in("owner@example.com", PASSWORD, Device::default())
        .await
        .expect("log in");
    house.wait(Duration::from_secs(1));
    assert_kind(
        house.auth.authenticate(forged.access.expose()).await,
        AuthErrorKind::Unauthenticated,
    );
    house.database.close().await;
    // Were the store asked again, this would be `Unavailable`.
    assert_kind(
        house.auth.authenticate(forged.access.expose()).await,
        AuthErrorKind::Unauthenticated,
    );
}

#[tokio::test]
async fn keys_from_files_sign_and_their_predecessors_are_believed() {
    let (house, _) = owned().await;
    let [old, new] = [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa]
        .map(|algorithm| SigningKey::generate(algorithm).expect("a key"));
    let before = signed_by(&house, Signing::Keys(vec![old.clone()]));
    let before = Auth::open(before).await.expect("open");
    let signed_in = before
        .log_in("owner@example.com", PASSWORD, Device::default())
        .await
        .expect("log in");
    let after = signed_by(&house, Signing::Keys(vec![new.clone(), old.clone()]));
    let after = Auth::open(after).await.expect("open");
    let principal = after
        .authenticate(signed_in.access.expose())
        .await
        .expect("the old key");
    assert_eq!(kids(&after).await, [new.kid(), old.kid()]);
    assert_kind(
        after.rotate_signing_key(&principal).await,
        AuthErrorKind::Invalid,
    );
    let without = signed_by(&house, Signing::Keys(vec![new]));
    let without = Auth::open(without).await.expect("open");
    assert_kind(
        without.authenticate(signed_in.access.expose()).await,
        AuthErrorKind::Unauthenticated,
    );
    let none = signed_by(&house, Signing::Keys(Vec::new()));
    assert_kind(Auth::open(none).await, AuthErrorKind::Invalid);
}

#[tokio::test]
async fn a_new_secret_keeps_what_the_old_one_signed_and_encrypted() {
    let (house, owner) = keyed().await;
    let new = SigningSecret::random();
    let rotated = AuthConfig {
        secret: new.clone(),
        earlier_secrets: vec![SigningSecret::new(SECRET).expect("strong")],
        ..signed_by(&house, STORED)
    };
    let auth = Auth::open(rotated)
        .await
        .expect("the old secret opens the keys");
    auth.authenticate(owner.access.expose())
        .await
        .expect("access");
    let refreshed = auth.refresh(owner.refresh.expose()).await.expect("refresh");
    auth.tend().await.expect("tend");
    let alone = AuthConfig {
        secret: new,
        ..signed_by(&house, STORED)
    };
    let alone = Auth::open(alone)
        .await
        .expect("everything was re-encrypted");
    alone
        .refresh(refreshed.refresh.expose())
        .await
        .expect("refresh");
    let lost = AuthConfig {
        secret: SigningSecret::random(),
        ..signed_by(&house, STORED)
    };
    assert_kind(Auth::open(lost).await, AuthErrorKind::Corrupt);
}

#[tokio::test]
async fn only_an_operator_of_the_installation_rotates_keys() {
    let (house, owner) = keyed().await;
    let member = house.member("member").await;
    let member = house.principal(&member).await;
    assert_kind(
        house.auth.rotate_signing_key(&member).await,
        AuthErrorKind::Denied,
    );
    house.principal(&owner).await;
    assert_eq!(kids(&house.auth).await.len(), 1);
}
