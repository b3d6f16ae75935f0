//! When a record holds, when that was known, and how often it was of use.

use serde::{Deserialize, Serialize};

/// Two axes of time, in unix milliseconds: when something is true, and when memory knew (Snodgrass,
/// *Developing Time-Oriented Database Applications in SQL*, 2000).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifetime {
    /// From when it holds.
    pub valid_from: i64,
    /// Until just before when it holds; `None` while no end is known.
    pub valid_to: Option<i64>,
    /// When it was written.
    pub recorded_at: i64,
    /// When it became known that it holds no longer, or never did; until then its end was unknown.
    pub retired_at: Option<i64>,
    /// When cleaning up put it away; it comes back until the grace period ends.
    pub archived_at: Option<i64>,
}

impl Lifetime {
    /// Something that holds from `valid_from`, written at `recorded_at`.
    #[must_use]
    pub fn since(valid_from: i64, recorded_at: i64) -> Self {
        Self {
            valid_from,
            valid_to: None,
            recorded_at,
            retired_at: None,
            archived_at: None,
        }
    }

    /// Whether it is a present memory: neither over, nor retired, nor put away. What is to hold
    /// later counts.
    #[must_use]
    pub fn is_present(&self, now: i64) -> bool {
        let is_over = self.valid_to.is_some_and(|end| end <= now);
        self.retired_at.is_none() && self.archived_at.is_none() && !is_over
    }

    /// Whether somebody who knew what memory knew at `known` would say that it held at `valid`.
    #[must_use]
    pub fn held_at(&self, valid: i64, known: i64) -> bool {
        let end_is_known = self.retired_at.is_none_or(|at| at <= known);
        let is_over = end_is_known && self.valid_to.is_some_and(|end| end <= valid);
        self.recorded_at <= known && self.valid_from <= valid && !is_over
    }
}

/// How often a record was of use: recalled and used by an answer, or told again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Times.
    pub count: u32,
    /// Unix milliseconds of the last.
    pub last_at: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_counts_from_when_it_was_known() {
        // It held from 10 to 20; that it had ended was learnt at 30.
        let closed = Lifetime {
            valid_to: Some(20),
            retired_at: Some(30),
            ..Lifetime::since(10, 12)
        };
        let check = |valid, known, expect| {
            assert_eq!(closed.held_at(valid, known), expect, "{valid} {known}");
        };
        check(9, 40, false);
        check(10, 40, true);
        check(19, 40, true);
        check(20, 40, false);
        check(25, 29, true);
        check(25, 30, false);
        check(15, 11, false);
        assert!(!closed.is_present(15), "it is retired");
    }

    #[test]
    fn an_end_told_at_the_start_was_always_known() {
        let told = Lifetime {
            valid_to: Some(20),
            ..Lifetime::since(10, 12)
        };
        assert!(told.held_at(19, 12) && !told.held_at(20, 12));
        assert!(told.is_present(19) && !told.is_present(20));
    }
}
