//! How long what matters little is kept.

use serde::{Deserialize, Serialize};

use crate::{Record, RecordKind};

const DAY_MS: i64 = 86_400_000;
/// Importance from which something is kept long, and from which it is kept for a while.
const LONG_MIN: f32 = 0.8;
const MEDIUM_MIN: f32 = 0.5;

/// Days that records are kept after their last use, by tier; `None` keeps them for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// What matters little.
    pub short_days: Option<u32>,
    /// What nobody rated.
    pub medium_days: Option<u32>,
    /// What matters.
    pub long_days: Option<u32>,
    /// Days that a record stays put away, and can come back, before it is forgotten for good.
    pub grace_days: u32,
}

/// Everything is kept for good; what was put away earlier, for thirty days.
impl Default for Retention {
    fn default() -> Self {
        Self {
            short_days: None,
            medium_days: None,
            long_days: None,
            grace_days: 30,
        }
    }
}

/// How long a record is to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// It matters less than most: an importance below 0.5.
    Short,
    /// An importance below 0.8.
    Medium,
    /// It matters.
    Long,
    /// For good: pinned, or a standing instruction.
    Pinned,
}

impl Tier {
    /// The tier of a record, computed whenever it is asked for.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        match record.importance {
            _ if record.pinned || record.kind == RecordKind::Instruction => Self::Pinned,
            importance if importance >= LONG_MIN => Self::Long,
            importance if importance >= MEDIUM_MIN => Self::Medium,
            _ => Self::Short,
        }
    }
}

/// What cleaning up does to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Keep,
    Archive,
    Purge,
}

impl Retention {
    /// What is due at unix millisecond `now`.
    pub(crate) fn due(&self, record: &Record, now: i64) -> Due {
        if let Some(archived_at) = record.lifetime.archived_at {
            let is_over = now - archived_at >= days(self.grace_days);
            return if is_over { Due::Purge } else { Due::Keep };
        }
        let last = record.usage.last_at.unwrap_or(record.lifetime.recorded_at);
        let kept = match Tier::of(record) {
            Tier::Short => self.short_days,
            Tier::Medium => self.medium_days,
            Tier::Long => self.long_days,
            Tier::Pinned => None,
        };
        match kept {
            Some(kept) if now - last >= days(kept) => Due::Archive,
            _ => Due::Keep,
        }
    }
}

fn days(count: u32) -> i64 {
    i64::from(count) * DAY_MS
}

/// What cleaning up did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cleanup {
    /// Records put away: no recall brings them, and they can be restored.
    pub archived: u64,
    /// Records forgotten for good, their grace period being over.
    pub purged: u64,
}
