//! How often was recalled since that was last handed on.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::scope::Owner;
use crate::{Recall, RecallCount, Scope};

const HOUR_MS: i64 = 3_600_000;

/// Counts in this process: a recall does not wait for a disk. What a crash loses of it is a count.
#[derive(Default)]
pub(crate) struct Tally {
    counts: Mutex<HashMap<(Owner, i64), RecallCount>>,
}

impl Tally {
    /// Somebody recalled at unix millisecond `now`.
    pub(crate) fn note(&self, scope: &Scope, recall: &Recall, now: i64) {
        let hour = now - now.rem_euclid(HOUR_MS);
        self.add(RecallCount {
            scope: scope.whole(),
            hour,
            recalls: 1,
            hits: u64::from(!recall.items.is_empty()),
            items: recall.items.len() as u64,
            partial: u64::from(!recall.missing.is_empty()),
        });
    }

    /// Everything that was counted; from then on it counts from 0.
    pub(crate) fn take(&self) -> Vec<RecallCount> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.drain().map(|(_, count)| count).collect()
    }

    /// Counts again what could not be handed on.
    pub(crate) fn put_back(&self, counts: Vec<RecallCount>) {
        counts.into_iter().for_each(|count| self.add(count));
    }

    /// Nothing was counted of the user.
    pub(crate) fn forget(&self, scope: &Scope) {
        let owner = scope.owner();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.retain(|(of, _), _| *of != owner);
    }

    fn add(&self, count: RecallCount) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (count.scope.owner(), count.hour);
        match counts.get_mut(&key) {
            Some(sum) => sum.add(&count),
            None => drop(counts.insert(key, count)),
        }
    }
}
