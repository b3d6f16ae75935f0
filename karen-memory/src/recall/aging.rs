//! Recency and importance, as bounded factors of what a record has over the least relevant.
//!
//! They are weak on purpose: blended engines lose more than they gain by them (MemWhale measured
//! recall@1 of .39 against .89 for words alone). What a record was before is aged by nobody, so they
//! are off where a recall asks for the past.

use super::{Channel, Recalled};
use crate::Record;

/// What each factor moves a score at most, either way (Hindsight: one plus or minus a tenth).
const FACTOR_MAX: f32 = 0.1;
/// Days until the memory of something that was never of use falls to 1/e; as many more for each time
/// it was.
const STABILITY_DAYS: f32 = 30.0;
const DAY_MS: f32 = 86_400_000.0;

/// Adds both factors to the scores.
pub(super) fn weigh(items: &mut [Recalled], now: i64) {
    let least = items.iter().map(|item| item.score).reduce(f32::min);
    for item in items {
        let relevance = item.score - least.unwrap_or_default();
        let share = |value: f32| relevance * FACTOR_MAX * (2.0 * value - 1.0);
        let (recency, importance) = (share(retention(&item.record, now)), item.record.importance);
        item.add(Channel::Recency, recency);
        item.add(Channel::Importance, share(importance));
    }
}

/// The share of it that is left, 0 to 1: `exp(-t / S)` after Ebbinghaus, where `S` grows with use.
fn retention(record: &Record, now: i64) -> f32 {
    if record.pinned {
        return 1.0;
    }
    let last = record.usage.last_at.unwrap_or(record.at).max(record.at);
    let days = now.saturating_sub(last).max(0) as f32 / DAY_MS;
    let stability = STABILITY_DAYS * (1.0 + record.usage.count as f32);
    (-days / stability).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NewRecord, Scope, TenantId, Usage, UserId};

    const DAY: i64 = 86_400_000;

    fn record(at_day: i64, usage: Usage) -> Record {
        let scope = Scope::new(TenantId::new("t"), UserId::new("u"));
        Record {
            usage,
            ..NewRecord::fact("a").at(at_day * DAY).into_record(&scope)
        }
    }

    #[test]
    fn what_is_used_fades_more_slowly_and_what_is_pinned_never() {
        let used = Usage {
            count: 2,
            last_at: Some(0),
        };
        let unused = retention(&record(0, Usage::default()), 30 * DAY);
        assert!((unused - (-1.0_f32).exp()).abs() < 1e-4);
        assert!(retention(&record(0, used), 30 * DAY) > unused);
        let pinned = Record {
            pinned: true,
            ..record(0, Usage::default())
        };
        assert_eq!(retention(&pinned, 30 * DAY), 1.0);
        assert_eq!(retention(&record(9, used), 0), 1.0, "said later than now");
    }
}
