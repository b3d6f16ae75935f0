//! Credentials that were found alive a moment ago, so that a request costs no SQL.
//!
//! The stores hold the truth. What is ended through this process is forgotten here at once; what
//! another instance ends is noticed when an entry is due to be checked again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock};

use tokio::sync::{mpsc, watch};

use crate::{AccountId, ApiKeyId, Ending, Principal, SessionId, TenantId, TokenHash};

/// Beyond this many, about 30 MB, all are looked up afresh.
const ENTRIES_MAX: usize = 100_000;

/// How a credential is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LiveKey {
    Session(SessionId),
    ApiKey(TokenHash),
}

/// A credential and whom it makes.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) principal: Principal,
    /// The account's epoch; tokens of an earlier one are dead.
    pub(crate) epoch: i64,
    pub(crate) expires_at_ms: i64,
    pub(crate) checked_at_ms: i64,
}

/// A moment in the cache's life: what was looked up before something was ended is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(u64);

/// The credentials found alive.
#[derive(Debug, Default)]
pub(crate) struct LiveCredentials {
    inner: RwLock<Inner>,
    /// Changed when something was ended.
    ended: watch::Sender<()>,
    /// Has the other instances told.
    told: Mutex<Option<mpsc::UnboundedSender<Ending>>>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: HashMap<LiveKey, Live>,
    /// How often something was ended.
    endings: u64,
}

impl LiveCredentials {
    /// The credential, if it was checked after `checked_after_ms` and lasts beyond `now_ms`.
    pub(crate) fn get(&self, key: &LiveKey, now_ms: i64, checked_after_ms: i64) -> Option<Live> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let fresh =
            |live: &&Live| live.checked_at_ms > checked_after_ms && live.expires_at_ms > now_ms;
        inner.entries.get(key).filter(fresh).cloned()
    }

    /// To be taken before the stores are asked, and given back to [`keep`](Self::keep).
    pub(crate) fn moment(&self) -> Moment {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        Moment(inner.endings)
    }

    /// Keeps what the stores said, unless something was ended since `asked`.
    pub(crate) fn keep(&self, asked: Moment, key: LiveKey, live: Live) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if inner.endings != asked.0 {
            return;
        }
        if inner.entries.len() >= ENTRIES_MAX {
            inner.entries.clear();
        }
        inner.entries.insert(key, live);
    }

    /// Ends one session.
    pub(crate) fn end_session(&self, session: &SessionId) {
        self.end(Ending::Session(session.clone()));
    }

    /// Ends one API key.
    pub(crate) fn end_key(&self, key: &ApiKeyId) {
        self.end(Ending::ApiKey(key.clone()));
    }

    /// Ends the account's sessions in the tenant, all but `kept`.
    pub(crate) fn end_sessions(
        &self,
        tenant: &TenantId,
        account: &AccountId,
        kept: Option<&SessionId>,
    ) {
        self.end(Ending::Sessions {
            tenant: tenant.clone(),
            account: account.clone(),
            kept: kept.cloned(),
        });
    }

    /// Ends everything of the tenant.
    pub(crate) fn end_tenant(&self, tenant: &TenantId) {
        self.end(Ending::Tenant(tenant.clone()));
    }

    /// Ends everything of the account in the tenant.
    pub(crate) fn end_account(&self, tenant: &TenantId, account: &AccountId) {
        let (tenant, account) = (tenant.clone(), account.clone());
        self.end(Ending::Account { tenant, account });
    }

    /// Forgets what was ended through this process, and has the others told.
    fn end(&self, ending: Ending) {
        self.hear(&ending);
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = &*told {
            // Nobody tells any more when the handle is being dropped.
            let _ = told.send(ending);
        }
    }

    /// Forgets what was ended somewhere.
    pub(crate) fn hear(&self, ending: &Ending) {
        self.forget(|principal| ending.covers(principal));
    }

    /// Has what was shown for `principal` looked up afresh.
    pub(crate) fn doubt(&self, principal: &Principal) {
        self.forget(|known| known == principal);
    }

    /// Has everything looked up afresh.
    pub(crate) fn forget_all(&self) {
        self.forget(|_| true);
    }

    fn forget(&self, is_ended: impl Fn(&Principal) -> bool) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        inner.endings += 1;
        inner.entries.retain(|_, live| !is_ended(&live.principal));
        drop(inner);
        self.ended.send_replace(());
    }

    /// What is ended through this process from here on, for whoever tells the others.
    pub(crate) fn tell(&self) -> mpsc::UnboundedReceiver<Ending> {
        let (sender, endings) = mpsc::unbounded_channel();
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        endings
    }

    /// Changes whenever something was ended, here or, as far as it was heard, elsewhere.
    pub(crate) fn listen(&self) -> watch::Receiver<()> {
        self.ended.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Account, Role};

    fn live(account: &AccountId, session: &SessionId) -> (LiveKey, Live) {
        let member = Account {
            id: account.clone(),
            ..Account::example(Role::Member)
        };
        let principal = Principal::of_session(&member, session.clone());
        let live = Live {
            principal,
            epoch: 0,
            expires_at_ms: 1_000,
            checked_at_ms: 100,
        };
        (LiveKey::Session(session.clone()), live)
    }

    #[test]
    fn an_entry_is_good_until_it_is_due_or_expired() {
        let cache = LiveCredentials::default();
        let (key, live) = live(&AccountId::random(), &SessionId::random());
        cache.keep(cache.moment(), key.clone(), live);
        assert!(cache.get(&key, 500, 99).is_some());
        assert!(cache.get(&key, 500, 100).is_none(), "due");
        assert!(cache.get(&key, 1_000, 99).is_none(), "expired");
    }

    #[test]
    fn what_was_looked_up_before_an_ending_is_not_kept() {
        let cache = LiveCredentials::default();
        let session = SessionId::random();
        let (key, live) = live(&AccountId::random(), &session);
        let asked = cache.moment();
        cache.end_session(&session);
        cache.keep(asked, key.clone(), live);
        assert!(cache.get(&key, 500, 0).is_none());
    }

    #[test]
    fn ending_an_accounts_sessions_spares_the_kept_one_and_others() {
        let cache = LiveCredentials::default();
        let (account, stranger) = (AccountId::random(), AccountId::random());
        let [ended, kept, foreign] = std::array::from_fn(|_| SessionId::random());
        for (account, session) in [(&account, &ended), (&account, &kept), (&stranger, &foreign)] {
            let (key, live) = live(account, session);
            cache.keep(cache.moment(), key, live);
        }
        cache.end_sessions(&TenantId::default(), &account, Some(&kept));
        let is_alive = |session: &SessionId| {
            cache
                .get(&LiveKey::Session(session.clone()), 500, 0)
                .is_some()
        };
        assert_eq!([&ended, &kept, &foreign].map(is_alive), [false, true, true]);
    }
}
