//! Links in mails: each carries a token that is good once, for one purpose, for some time.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Auth;
use super::mail::Letter;
use crate::stored::damaged;
use crate::token::{LINK_PREFIX, draw};
use crate::{
    Account, AuthError, AuthErrorKind, Email, OneTimeToken, OneTimeTokenId, Purpose, TenantId,
    TokenHash,
};

const MINUTES: u64 = 60;
const HOURS: u64 = 60 * MINUTES;
const DAYS: u64 = 24 * HOURS;

/// Whom a link is for, and what is to be known when it comes back.
pub(super) struct Link<D> {
    pub(super) purpose: Purpose,
    pub(super) tenant: TenantId,
    /// The account, if there is one.
    pub(super) account: Option<Account>,
    /// Who gets the mail; nobody, if the link is for nobody.
    pub(super) to: Option<Email>,
    pub(super) detail: D,
}

impl Auth {
    /// Keeps a token and queues the mail with its link. Takes the same steps whoever it is for.
    pub(super) async fn send_link<D: Serialize>(
        &self,
        link: Link<D>,
    ) -> Result<OneTimeToken, AuthError> {
        let (text, now_ms) = (draw(LINK_PREFIX), self.now_ms());
        let lifetime = lifetime(link.purpose);
        let lifetime_ms = i64::try_from(lifetime.as_millis()).expect("some days");
        let token = OneTimeToken {
            id: OneTimeTokenId::random(),
            purpose: link.purpose,
            tenant: link.tenant,
            account: link.account.map(|account| account.id),
            detail: serde_json::to_string(&link.detail).expect("it is plain JSON"),
            created_at_ms: now_ms,
            expires_at_ms: now_ms + lifetime_ms,
        };
        let one_time = &self.shared.ports.one_time;
        one_time.put(&token, &TokenHash::of(&text)).await?;
        let letter = self.letter(link.purpose, &text, lifetime);
        self.queue_mail(link.to.as_ref(), letter).await?;
        Ok(token)
    }

    /// The token of a link, which stays good.
    pub(super) async fn find_link<D: DeserializeOwned>(
        &self,
        purpose: Purpose,
        text: &str,
    ) -> Result<(OneTimeToken, D), AuthError> {
        let (one_time, hash) = (&self.shared.ports.one_time, TokenHash::of(text));
        let found = one_time.find(purpose, &hash, self.now_ms()).await?;
        let token = found.ok_or_else(void_link)?;
        let detail = serde_json::from_str(&token.detail);
        Ok((token, detail.map_err(|e| damaged("detail").caused_by(e))?))
    }

    /// Uses up a link. Of callers at the same time, one gets past this.
    pub(super) async fn take_link(&self, purpose: Purpose, text: &str) -> Result<(), AuthError> {
        let (one_time, hash) = (&self.shared.ports.one_time, TokenHash::of(text));
        let taken = one_time.take(purpose, &hash, self.now_ms()).await?;
        taken.map(drop).ok_or_else(void_link)
    }

    fn letter(&self, purpose: Purpose, token: &str, lifetime: Duration) -> Letter {
        let (name, url) = (&self.shared.display_name, &self.shared.public_url);
        let (subject, what) = match purpose {
            Purpose::Invitation => ("You are invited to", "accept the invitation"),
            Purpose::EmailVerification => ("Confirm your email for", "confirm this address"),
            Purpose::PasswordReset => ("Reset your password for", "choose a new password"),
            Purpose::Recovery => ("Get back into", "log in without your second factor"),
            Purpose::Challenge
            | Purpose::PasskeyCreation
            | Purpose::PasskeyLogIn
            | Purpose::PasskeyProof => unreachable!("a challenge is not mailed"),
        };
        let (fragment, lasts) = (purpose.as_str(), in_words(lifetime));
        Letter {
            subject: format!("{subject} {name}"),
            text: format!(
                "To {what}, follow this link within {lasts}:\n\n{url}/#{fragment}={token}\n\n\
                 If you did not ask for it, do nothing.\n"
            ),
        }
    }
}

/// Shorter where the link opens more.
fn lifetime(purpose: Purpose) -> Duration {
    Duration::from_secs(match purpose {
        Purpose::Invitation => 7 * DAYS,
        Purpose::EmailVerification => DAYS,
        Purpose::PasswordReset | Purpose::Recovery => 30 * MINUTES,
        Purpose::Challenge
        | Purpose::PasskeyCreation
        | Purpose::PasskeyLogIn
        | Purpose::PasskeyProof => unreachable!("a challenge is not mailed"),
    })
}

fn in_words(lifetime: Duration) -> String {
    match lifetime.as_secs() {
        s if s > DAYS => format!("{} days", s / DAYS),
        s if s > HOURS => format!("{} hours", s / HOURS),
        s => format!("{} minutes", s / MINUTES),
    }
}

pub(super) fn void_link() -> AuthError {
    let reason = "the link is wrong, expired or was used: ask for a new one";
    AuthError::new(AuthErrorKind::NotFound, "use the link", reason)
}
