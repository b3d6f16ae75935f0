//! What was written through this process and is not in analytics, or in the indexes on servers, yet.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::scope::Owner;
use crate::{Lag, Scope};

/// The users whose writes wait for each index.
pub(crate) struct Backlog {
    pub(crate) text: Waiting,
    pub(crate) vectors: Waiting,
    pub(crate) analytics: Waiting,
}

impl Backlog {
    /// The user's records changed.
    pub(crate) fn note(&self, scope: &Scope) {
        for waiting in [&self.text, &self.vectors, &self.analytics] {
            waiting.note(scope);
        }
    }
}

/// The users whose writes wait for one index; nobody waits for one that is brought up to date when it is
/// asked alone, as those in this process are.
pub(crate) struct Waiting {
    is_kept: bool,
    users: Mutex<HashMap<Owner, Span>>,
}

/// When somebody's first write of those that wait was made, and when the last.
struct Span {
    scope: Scope,
    first: Instant,
    last: Instant,
}

impl Waiting {
    /// For an index that somebody brings up to date in between, or for one that nobody does.
    pub(crate) fn new(is_kept: bool) -> Self {
        Self {
            is_kept,
            users: Mutex::default(),
        }
    }

    fn note(&self, scope: &Scope) {
        if !self.is_kept {
            return;
        }
        let now = Instant::now();
        let span = || Span {
            scope: scope.whole(),
            first: now,
            last: now,
        };
        self.users().entry(scope.owner()).or_insert_with(span).last = now;
    }

    /// The index has what was written before `begun`.
    pub(crate) fn done(&self, scope: &Scope, begun: Instant) {
        let mut users = self.users();
        let owner = scope.owner();
        let Some(span) = users.get_mut(&owner) else {
            return;
        };
        match span.last < begun {
            true => drop(users.remove(&owner)),
            false => span.first = span.first.max(begun),
        }
    }

    /// Everybody who waits, whoever waits longest first.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        let users = self.users();
        let mut spans: Vec<&Span> = users.values().collect();
        spans.sort_unstable_by_key(|span| span.first);
        spans.into_iter().map(|span| span.scope.clone()).collect()
    }

    pub(crate) fn lag(&self) -> Lag {
        let users = self.users();
        let first = users.values().map(|span| span.first).min();
        Lag {
            users: users.len(),
            oldest: first.map(|first| first.elapsed()).unwrap_or_default(),
        }
    }

    /// No code panics while it holds this lock.
    fn users(&self) -> MutexGuard<'_, HashMap<Owner, Span>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TenantId, UserId};

    fn scope(user: &str) -> Scope {
        Scope::new(TenantId::new("a"), UserId::new(user))
    }

    #[test]
    fn whoever_wrote_while_an_index_was_brought_up_to_date_waits_still() {
        let waiting = Waiting::new(true);
        waiting.note(&scope("ada"));
        let begun = Instant::now();
        waiting.note(&scope("ada"));
        waiting.done(&scope("ada"), begun);
        assert_eq!(waiting.scopes(), [scope("ada")]);
        waiting.done(&scope("ada"), Instant::now());
        assert_eq!(waiting.lag(), Lag::default());
    }

    #[test]
    fn each_user_counts_once_and_the_first_write_says_for_how_long() {
        let waiting = Waiting::new(true);
        waiting.note(&scope("grace"));
        let between = Instant::now();
        waiting.note(&scope("ada"));
        waiting.note(&scope("grace"));
        assert_eq!(waiting.scopes(), [scope("grace"), scope("ada")]);
        let lag = waiting.lag();
        assert_eq!(lag.users, 2);
        assert!(lag.oldest >= between.elapsed());
    }

    #[test]
    fn nobody_waits_for_an_index_in_this_process() {
        let waiting = Waiting::new(false);
        waiting.note(&scope("ada"));
        assert_eq!(waiting.lag(), Lag::default());
    }
}
