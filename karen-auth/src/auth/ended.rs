//! Noticing that somebody is in no more, while they are still being answered.

use std::time::Duration;

use super::Auth;
use crate::principal::Credential;
use crate::{AuthError, Identity, Principal};

impl Auth {
    /// Waits until the principal is what it was no more: its session or key has ended, its account is
    /// disabled or deleted, its tenant suspended or deleted, or its permissions have changed. What
    /// lasts longer than a request, such as a stream, ends then.
    ///
    /// What this instance ends is noticed at once, what another one ends within
    /// [`AuthConfig::recheck`](crate::AuthConfig::recheck). Where no store can be asked it is over:
    /// a door that cannot be checked is shut. [`Principal::local`] stays for ever.
    pub async fn ended(&self, principal: &Principal) {
        let mut endings = self.shared.live.listen();
        // Half, so that asking takes no longer than is promised.
        let pause = u64::try_from(self.shared.lifetimes.recheck / 2).unwrap_or(0);
        let pause = Duration::from_millis(pause.max(1));
        while self.still(principal).await.unwrap_or(false) {
            // Whichever comes first.
            let _ = tokio::time::timeout(pause, endings.changed()).await;
        }
        self.shared.live.doubt(principal);
    }

    /// Whether the stores would make the same principal again.
    async fn still(&self, principal: &Principal) -> Result<bool, AuthError> {
        let (ports, now_ms) = (&self.shared.ports, self.now_ms());
        let (tenant, account) = (principal.tenant(), principal.account());
        if *principal == Principal::local() {
            return Ok(true);
        }
        let identity = ports.identities.get(tenant, account).await?;
        let Some(Identity { account: owner, .. }) = identity.filter(Identity::is_active) else {
            return Ok(false);
        };
        let same = match principal.credential() {
            Credential::Local => Some(Principal::for_account(&owner)),
            Credential::Session(id) => {
                let session = ports.sessions.find(id).await?;
                let session = session.filter(|session| now_ms < session.expires_at_ms);
                session.map(|session| Principal::of_session(&owner, session.id))
            }
            Credential::ApiKey(id) => {
                let keys = ports.api_keys.list(tenant, account).await?;
                let key = keys.into_iter().find(|key| &key.id == id);
                let key = key.filter(|key| key.expires_at_ms.is_none_or(|end| now_ms < end));
                key.map(|key| Principal::of_key(&owner, key.id, key.permissions))
            }
        };
        Ok(same.as_ref() == Some(principal))
    }
}
