//! Questions that everybody has.

use serde::Serialize;

/// A question with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How it is asked for.
    pub name: &'static str,
    /// What it tells.
    pub about: &'static str,
    /// The question itself, to begin one of your own from.
    pub sql: &'static str,
}

impl Report {
    /// Every report.
    pub const ALL: &[Self] = &[
        Self {
            name: "growth",
            about: "Memories over time: how many of each kind were written on each day, and how long they are.",
            sql: "SELECT CAST(recorded_at AS DATE) AS day, kind, count(*) AS written, sum(bytes) AS bytes
FROM memories GROUP BY day, kind ORDER BY day, kind",
        },
        Self {
            name: "standing",
            about: "What each user has: all memories, those that are present, and what became of the others.",
            sql: "SELECT user_id, count(*) AS memories,
  count(*) FILTER (retired_at IS NULL AND archived_at IS NULL) AS present,
  count(*) FILTER (superseded_by IS NOT NULL) AS superseded,
  count(*) FILTER (archived_at IS NOT NULL) AS archived,
  count(*) FILTER (pinned) AS pinned,
  count(*) FILTER (uses > 0) AS used, sum(bytes) AS bytes, max(said_at) AS newest
FROM memories GROUP BY user_id ORDER BY memories DESC, user_id",
        },
        Self {
            name: "recalls",
            about: "Recall hit rates: how often was recalled on each day, and how often something was found.",
            sql: "SELECT CAST(hour AS DATE) AS day, sum(recalls) AS recalls, sum(hits) AS hits,
  round(sum(hits) / sum(recalls), 4) AS hit_rate,
  round(sum(items) / sum(recalls), 2) AS items_per_recall, sum(partial) AS partial
FROM recalls GROUP BY day ORDER BY day",
        },
        Self {
            name: "consolidation",
            about: "What consolidating yields: summaries made on each day, and facts behind each of them.",
            sql: "SELECT CAST(recorded_at AS DATE) AS day, count(*) AS summaries, sum(proofs) AS proofs,
  round(avg(proofs), 2) AS proofs_per_summary, count(*) FILTER (uses > 0) AS used
FROM memories WHERE kind = 'summary' GROUP BY day ORDER BY day",
        },
        Self {
            name: "sessions",
            about: "The sessions with most memories: how many, how long, and from when to when.",
            sql: "SELECT session, count(*) AS memories, sum(bytes) AS bytes,
  min(said_at) AS first, max(said_at) AS last
FROM memories WHERE session IS NOT NULL GROUP BY session ORDER BY memories DESC, session LIMIT 100",
        },
    ];

    /// The report of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|report| report.name == name)
    }
}
