use async_trait::async_trait;

use super::*;
use crate::{AuditAction, Email, Mail, Mailer, Role, TenantLimits};

const NEW: &str = "another handful of words";

/// Keeps what it is given; fails while it is told to.
#[derive(Default)]
struct Postman {
    mails: Mutex<Vec<Mail>>,
    fails_with: Mutex<Option<AuthErrorKind>>,
}

#[async_trait]
impl Mailer for Postman {
    async fn send(&self, mail: &Mail) -> Result<(), AuthError> {
        if let Some(kind) = *self.fails_with.lock().expect("lock") {
            return Err(AuthError::new(kind, "send mail", "the test says so"));
        }
        self.mails.lock().expect("lock").push(mail.clone());
        Ok(())
    }
}

struct Mailed {
    house: House,
    owner: SignedIn,
    postman: Arc<Postman>,
}

/// A house with a postman, and its owner.
async fn mailed() -> Mailed {
    let (house, owner) = owned().await;
    let postman = Arc::new(Postman::default());
    let config = AuthConfig {
        mailer: Some(Arc::clone(&postman) as Arc<dyn Mailer>),
        public_url: "https://karen.example.org/".to_owned(),
        ..config(&house.database, &house.clock)
    };
    let auth = Auth::open(config).await.expect("open");
    Mailed {
        house: House { auth, ..house },
        owner,
        postman,
    }
}

impl Mailed {
    fn auth(&self) -> &Auth {
        &self.house.auth
    }

    /// What has come, after everything that is due was sent.
    async fn mails(&self) -> Vec<Mail> {
        let delivery = self.auth().deliver_mail().await.expect("deliver");
        assert!(delivery.failures.is_empty(), "{:?}", delivery.failures);
        std::mem::take(&mut self.postman.mails.lock().expect("lock"))
    }

    /// The token in the only mail that has come.
    async fn link(&self, to: &str, fragment: &str) -> String {
        let mails = self.mails().await;
        let [mail] = &mails[..] else {
            panic!("{mails:?}")
        };
        assert_eq!(mail.to.as_str(), to);
        let start = format!("https://karen.example.org/#{fragment}=");
        let rest = mail.text.split(&start).nth(1).expect("a link");
        rest.lines().next().expect("a token").to_owned()
    }

    async fn reset_link(&self) -> String {
        self.auth()
            .request_password_reset("owner@example.com", None)
            .await
            .expect("ask");
        self.link("owner@example.com", "reset").await
    }

    async fn rows(&self, table: &str) -> i64 {
        let mut reader = self.house.database.read().await.expect("read");
        let query = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        sqlx::query_scalar(query)
            .fetch_one(&mut *reader)
            .await
            .expect("count")
    }
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_way_of_a_mail() {
    let mailed = mailed().await;
    let token = mailed.reset_link().await;
    let weak = mailed.auth().reset_password(&token, "short").await;
    assert_kind(weak, AuthErrorKind::Invalid);
    mailed
        .auth()
        .reset_password(&token, NEW)
        .await
        .expect("the link is still good");
    assert!(
        mailed.house.is_dead(&mailed.owner).await,
        "every session ends"
    );
    assert_kind(
        mailed.auth().reset_password(&token, NEW).await,
        AuthErrorKind::NotFound,
    );
    let signed_in = mailed
        .auth()
        .log_in("owner@example.com", NEW, Device::default())
        .await
        .expect("the new password");
    assert!(
        signed_in.account.email_verified_at_ms.is_some(),
        "the mail was read"
    );
    let [notice] = &mailed.mails().await[..] else {
        panic!("one notice")
    };
    assert_eq!(notice.subject, "Karen: Your password was reset");
}

#[tokio::test]
async fn a_link_is_good_for_its_time_and_its_purpose_only() {
    let mailed = mailed().await;
    let token = mailed.reset_link().await;
    assert_kind(
        mailed.auth().recover(&token, PASSWORD).await,
        AuthErrorKind::NotFound,
    );
    assert_kind(
        mailed.auth().verify_email(&token).await,
        AuthErrorKind::NotFound,
    );
    let accept = mailed.auth().accept_invitation(&token, "Eve", NEW).await;
    assert_kind(accept, AuthErrorKind::NotFound);
    let finish = mailed.auth().finish_log_in(&token, "000000").await;
    assert_kind(finish, AuthErrorKind::Unauthenticated);
    mailed.house.wait(Duration::from_secs(30 * 60));
    assert_kind(
        mailed.auth().reset_password(&token, NEW).await,
        AuthErrorKind::NotFound,
    );
    for wrong in ["", "karen_link_", "karen_link_AAAA"] {
        assert_kind(
            mailed.auth().reset_password(wrong, NEW).await,
            AuthErrorKind::NotFound,
        );
    }
}

#[tokio::test]
async fn one_reset_voids_the_other_links_of_the_account() {
    let mailed = mailed().await;
    let (first, second) = (mailed.reset_link().await, mailed.reset_link().await);
    mailed
        .auth()
        .reset_password(&second, NEW)
        .await
        .expect("reset");
    assert_kind(
        mailed.auth().reset_password(&first, NEW).await,
        AuthErrorKind::NotFound,
    );
}

#[tokio::test]
async fn nobody_learns_by_a_mail_who_has_an_account() {
    let mailed = mailed().await;
    let member = mailed.house.member("disabled").await;
    let owner = mailed.house.principal(&mailed.owner).await;
    mailed
        .auth()
        .disable_account(&owner, &member.account.id)
        .await
        .expect("disable");
    let mut written = Vec::new();
    for email in [
        "owner@example.com",
        "nobody@example.com",
        "disabled@example.com",
        "no address",
    ] {
        let before = (
            mailed.rows("auth_one_time").await,
            mailed.rows("auth_mail").await,
        );
        mailed
            .auth()
            .request_password_reset(email, None)
            .await
            .expect(email);
        mailed
            .auth()
            .request_recovery(email, None)
            .await
            .expect(email);
        let after = (
            mailed.rows("auth_one_time").await,
            mailed.rows("auth_mail").await,
        );
        written.push((after.0 - before.0, after.1 - before.1));
    }
    assert_eq!(written, [(2, 2); 4], "the same is written for everybody");
    let sent: Vec<_> = mailed
        .mails()
        .await
        .into_iter()
        .map(|mail| mail.to)
        .collect();
    let owner = Email::parse("owner@example.com").expect("an address");
    assert_eq!(sent, [owner.clone(), owner], "and sent to those who exist");
    assert_eq!(mailed.rows("auth_mail").await, 0, "nothing is left");
}

#[tokio::test]
async fn no_mailbox_is_flooded() {
    let mailed = mailed().await;
    for email in ["owner@example.com", "nobody@example.com"] {
        for _ in 0..3 {
            mailed
                .auth()
                .request_password_reset(email, None)
                .await
                .expect("ask");
        }
        let slowed = mailed.auth().request_password_reset(email, None).await;
        assert_kind(slowed, AuthErrorKind::RateLimited);
    }
    let address = Some("192.0.2.7".parse().expect("an address"));
    for i in 0..10 {
        let email = format!("{i}@example.com");
        mailed
            .auth()
            .request_password_reset(&email, address)
            .await
            .expect("ask");
    }
    let slowed = mailed
        .auth()
        .request_recovery("x@example.com", address)
        .await;
    assert_kind(slowed, AuthErrorKind::RateLimited);
}

#[tokio::test]
async fn a_lost_second_factor_is_removed_by_mail_and_password_together() {
    let mailed = mailed().await;
    let owner = mailed.house.log_in("owner").await;
    let principal = mailed.house.principal(&owner).await;
    mailed
        .house
        .tamper(
            "INSERT INTO auth_totp SELECT id, X'00', 1, 1, 0 FROM auth_accounts
             WHERE email = 'owner@example.com'",
        )
        .await;
    assert!(
        mailed
            .auth()
            .second_factor(&principal)
            .await
            .expect("asked")
            .is_some()
    );
    let reset = mailed.reset_link().await;
    mailed
        .auth()
        .reset_password(&reset, NEW)
        .await
        .expect("reset");
    let alone = mailed
        .auth()
        .log_in("owner@example.com", NEW, Device::default())
        .await;
    assert_kind(alone, AuthErrorKind::Denied);
    mailed.mails().await;
    mailed
        .auth()
        .request_recovery("owner@example.com", None)
        .await
        .expect("ask");
    let token = mailed.link("owner@example.com", "recover").await;
    let wrong = mailed.auth().recover(&token, PASSWORD).await;
    assert_kind(wrong, AuthErrorKind::Unauthenticated);
    mailed
        .auth()
        .recover(&token, NEW)
        .await
        .expect("both are right");
    mailed
        .auth()
        .log_in("owner@example.com", NEW, Device::default())
        .await
        .expect("the password alone");
    assert_kind(
        mailed.auth().recover(&token, NEW).await,
        AuthErrorKind::NotFound,
    );
}

#[tokio::test]
async fn an_address_is_verified_and_changed_by_who_reads_it() {
    let mailed = mailed().await;
    let principal = mailed.house.principal(&mailed.owner).await;
    mailed
        .auth()
        .request_email_verification(&principal)
        .await
        .expect("ask");
    let token = mailed.link("owner@example.com", "verify").await;
    mailed.auth().verify_email(&token).await.expect("verify");
    assert_kind(
        mailed.auth().verify_email(&token).await,
        AuthErrorKind::NotFound,
    );
    let account = mailed.auth().own_account(&principal).await.expect("own");
    assert!(account.email_verified_at_ms.is_some());
    let again = mailed.auth().request_email_verification(&principal).await;
    assert_kind(again, AuthErrorKind::Conflict);
    assert!(mailed.mails().await.is_empty(), "nothing changed");
    mailed
        .auth()
        .request_email_change(&principal, "new@example.com")
        .await
        .expect("ask");
    let token = mailed.link("new@example.com", "verify").await;
    mailed.auth().verify_email(&token).await.expect("change");
    let [notice] = &mailed.mails().await[..] else {
        panic!("one notice")
    };
    assert_eq!(
        notice.to.as_str(),
        "owner@example.com",
        "the old address is told"
    );
    mailed
        .auth()
        .log_in("new@example.com", PASSWORD, Device::default())
        .await
        .expect("new");
    let old = mailed
        .auth()
        .log_in("owner@example.com", PASSWORD, Device::default())
        .await;
    assert_kind(old, AuthErrorKind::Unauthenticated);
}

#[tokio::test]
async fn changing_to_a_taken_address_tells_nothing_and_mails_nobody() {
    let mailed = mailed().await;
    mailed.house.member("member").await;
    let principal = mailed.house.principal(&mailed.owner).await;
    let change = mailed
        .auth()
        .request_email_change(&principal, "member@example.com")
        .await;
    change.expect("the same answer");
    assert!(mailed.mails().await.is_empty());
    mailed.house.wait(Duration::from_secs(299));
    let owner = mailed.house.log_in("owner").await;
    mailed.house.wait(Duration::from_secs(600));
    let owner = mailed
        .auth()
        .refresh(owner.refresh.expose())
        .await
        .expect("refresh");
    let late = mailed.house.principal(&owner).await;
    let stale = mailed
        .auth()
        .request_email_change(&late, "new@example.com")
        .await;
    assert_kind(stale, AuthErrorKind::LoginNotRecent);
}

#[tokio::test]
async fn who_is_invited_becomes_what_the_invitation_says() {
    let mailed = mailed().await;
    let owner = mailed.house.principal(&mailed.owner).await;
    let sent = mailed
        .auth()
        .invite(&owner, "Dev@example.com", Role::Developer)
        .await;
    let sent = sent.expect("invite");
    assert_eq!(
        mailed.auth().invitations(&owner).await.expect("list"),
        [sent]
    );
    let token = mailed.link("dev@example.com", "invitation").await;
    let weak = mailed
        .auth()
        .accept_invitation(&token, "Dev", "short")
        .await;
    assert_kind(weak, AuthErrorKind::Invalid);
    let account = mailed
        .auth()
        .accept_invitation(&token, "Dev", PASSWORD)
        .await
        .expect("accept");
    assert_eq!(
        (account.role, &account.tenant),
        (Role::Developer, owner.tenant())
    );
    assert!(account.email_verified_at_ms.is_some());
    let again = mailed
        .auth()
        .accept_invitation(&token, "Dev", PASSWORD)
        .await;
    assert_kind(again, AuthErrorKind::NotFound);
    assert!(
        mailed
            .auth()
            .invitations(&owner)
            .await
            .expect("list")
            .is_empty()
    );
    let dev = mailed
        .house
        .principal(&mailed.house.log_in("dev").await)
        .await;
    assert_eq!(dev.role(), Role::Developer);
    assert_kind(
        mailed
            .auth()
            .invite(&dev, "x@example.com", Role::Viewer)
            .await,
        AuthErrorKind::Denied,
    );
    let log = mailed.auth().audit_log(&owner, 1, 10).await.expect("log");
    let actions: Vec<_> = log.iter().map(|entry| entry.event.action).collect();
    assert_eq!(
        actions,
        [
            AuditAction::Invited,
            AuditAction::InvitationAccepted,
            AuditAction::LogIn
        ]
    );
}

#[tokio::test]
async fn an_invitation_into_a_full_tenant_waits_for_room() {
    let mailed = mailed().await;
    let owner = mailed.house.principal(&mailed.owner).await;
    let sent = mailed
        .auth()
        .invite(&owner, "dev@example.com", Role::Member)
        .await;
    sent.expect("invite");
    let token = mailed.link("dev@example.com", "invitation").await;
    for (users, is_full) in [(1, true), (2, false)] {
        let limits = TenantLimits {
            users,
            ..TenantLimits::default()
        };
        let limited = mailed.auth().limit_tenant(&owner, owner.tenant(), limits);
        limited.await.expect("limit");
        let accepted = mailed
            .auth()
            .accept_invitation(&token, "Dev", PASSWORD)
            .await;
        match is_full {
            true => assert_kind(accepted, AuthErrorKind::Quota),
            false => drop(accepted.expect("room")),
        }
    }
}

#[tokio::test]
async fn asking_to_register_tells_nobody_who_has_an_account() {
    let mailed = mailed().await;
    for email in ["owner@example.com", "new@example.com"] {
        mailed
            .auth()
            .request_registration(email, None)
            .await
            .expect("the same answer");
        let token = mailed.link(email, "invitation").await;
        let accepted = mailed
            .auth()
            .accept_invitation(&token, "New", PASSWORD)
            .await;
        match email {
            "new@example.com" => {
                let account = accepted.expect("an account");
                assert_eq!(account.role, Role::Member);
                assert!(account.email_verified_at_ms.is_some());
            }
            _ => assert_kind(accepted, AuthErrorKind::Conflict),
        }
    }
    mailed.house.log_in("new").await;
    let closed = AuthConfig {
        registration: Registration::Closed,
        mailer: Some(Arc::clone(&mailed.postman) as Arc<dyn Mailer>),
        ..config(&mailed.house.database, &mailed.house.clock)
    };
    let closed = Auth::open(closed).await.expect("open");
    let refused = closed.request_registration("x@example.com", None).await;
    assert_kind(refused, AuthErrorKind::Denied);
}

#[tokio::test]
async fn who_has_an_account_joins_one_more_tenant_by_its_password() {
    let mailed = mailed().await;
    let owner = mailed.house.principal(&mailed.owner).await;
    let made = mailed
        .auth()
        .create_tenant(&owner, "Engines", person("founder"))
        .await;
    let (tenant, _) = made.expect("a tenant");
    let founder = mailed
        .house
        .principal(&mailed.house.log_in("founder").await)
        .await;
    mailed
        .auth()
        .invite(&founder, "owner@example.com", Role::Viewer)
        .await
        .expect("invite");
    let token = mailed.link("owner@example.com", "invitation").await;
    let wrong = mailed
        .auth()
        .accept_invitation(&token, "", "not the password")
        .await;
    assert_kind(wrong, AuthErrorKind::Unauthenticated);
    let joined = mailed
        .auth()
        .accept_invitation(&token, "", PASSWORD)
        .await
        .expect("join");
    assert_eq!((&joined.id, &joined.tenant), (owner.account(), &tenant.id));
    let there = mailed
        .auth()
        .switch_tenant(&owner, &tenant.id, Device::default())
        .await;
    let there = mailed.house.principal(&there.expect("a member")).await;
    assert_eq!(there.role(), Role::Viewer);
    let mails = mailed
        .auth()
        .reset_password(&mailed.reset_link().await, NEW)
        .await;
    mails.expect("reset");
    assert_kind(
        mailed.auth().require_recent(&there).await,
        AuthErrorKind::Unauthenticated,
    );
}

#[tokio::test]
async fn a_revoked_and_an_expired_invitation_open_nothing() {
    let mailed = mailed().await;
    let owner = mailed.house.principal(&mailed.owner).await;
    let admin = mailed
        .house
        .auth
        .create_account(&owner, person("admin"), Role::Admin)
        .await;
    admin.expect("create");
    let admin = mailed
        .house
        .principal(&mailed.house.log_in("admin").await)
        .await;
    let rise = mailed
        .auth()
        .invite(&admin, "crony@example.com", Role::Owner)
        .await;
    assert_kind(rise, AuthErrorKind::Denied);
    let sent = mailed
        .auth()
        .invite(&admin, "dev@example.com", Role::Member)
        .await
        .expect("invite");
    let token = mailed.link("dev@example.com", "invitation").await;
    mailed
        .auth()
        .revoke_invitation(&owner, &sent.id)
        .await
        .expect("revoke");
    let revoked = mailed
        .auth()
        .accept_invitation(&token, "Dev", PASSWORD)
        .await;
    assert_kind(revoked, AuthErrorKind::NotFound);
    let again = mailed.auth().revoke_invitation(&owner, &sent.id).await;
    assert_kind(again, AuthErrorKind::NotFound);
    mailed
        .auth()
        .invite(&owner, "dev@example.com", Role::Member)
        .await
        .expect("invite");
    let token = mailed.link("dev@example.com", "invitation").await;
    mailed.house.wait(Duration::from_secs(7 * 24 * 60 * 60));
    let expired = mailed
        .auth()
        .accept_invitation(&token, "Dev", PASSWORD)
        .await;
    assert_kind(expired, AuthErrorKind::NotFound);
}

#[tokio::test]
async fn a_mail_that_cannot_be_sent_is_tried_again_until_it_makes_no_sense() {
    let mailed = mailed().await;
    let fail = |kind| *mailed.postman.fails_with.lock().expect("lock") = kind;
    let ask = || {
        mailed
            .auth()
            .request_password_reset("owner@example.com", None)
    };
    fail(Some(AuthErrorKind::Unavailable));
    ask().await.expect("the answer does not depend on it");
    mailed.auth().mail_queued().await;
    let delivery = mailed.auth().deliver_mail().await.expect("deliver");
    assert_eq!((delivery.sent, delivery.failures.len()), (0, 1));
    fail(None);
    assert!(mailed.mails().await.is_empty(), "not yet");
    mailed.house.wait(Duration::from_secs(60));
    assert_eq!(mailed.mails().await.len(), 1);
    fail(Some(AuthErrorKind::Invalid));
    ask().await.expect("ask");
    let delivery = mailed.auth().deliver_mail().await.expect("deliver");
    assert_eq!(delivery.failures.len(), 1);
    assert_eq!(mailed.rows("auth_mail").await, 0, "it can never be sent");
}

#[tokio::test]
async fn links_are_not_to_be_read_in_the_database() {
    let mailed = mailed().await;
    mailed
        .auth()
        .request_password_reset("owner@example.com", None)
        .await
        .expect("ask");
    let mut reader = mailed.house.database.read().await.expect("read");
    let sealed: Vec<u8> = sqlx::query_scalar("SELECT sealed FROM auth_mail")
        .fetch_one(&mut *reader)
        .await
        .expect("a mail");
    let hash: Vec<u8> = sqlx::query_scalar("SELECT hash FROM auth_one_time")
        .fetch_one(&mut *reader)
        .await
        .expect("a token");
    drop(reader);
    let token = mailed.link("owner@example.com", "reset").await;
    assert!(
        !sealed.windows(5).any(|part| part == b"karen"),
        "it is readable"
    );
    assert!(crate::TokenHash::of(&token).matches(&hash));
    assert_ne!(hash, token.as_bytes());
}

#[tokio::test]
async fn without_a_mailer_nothing_is_promised() {
    let (house, owner) = owned().await;
    let principal = house.principal(&owner).await;
    for email in ["owner@example.com", "nobody@example.com"] {
        let refused = house.auth.request_password_reset(email, None).await;
        assert_kind(refused, AuthErrorKind::Unavailable);
    }
    let refused = house
        .auth
        .invite(&principal, "dev@example.com", Role::Member)
        .await;
    assert_kind(refused, AuthErrorKind::Unavailable);
    house
        .auth
        .change_password(&principal, PASSWORD, NEW)
        .await
        .expect("no notice, no error");
}
