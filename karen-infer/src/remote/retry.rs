//! When a request is tried again: as OpenAI's clients do, within a budget for each endpoint.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What a fresh endpoint may lose before its requests are no longer tried again.
const TOKENS_MAX: f64 = 10.0;
/// What a success gives back.
const TOKENS_A_SUCCESS: f64 = 0.1;
/// The longest wait as a multiple of the first.
const DOUBLINGS_MAX: u32 = 4;

/// Stops retries while most requests fail, so that they do not add to an overload: the throttle of
/// gRPC (proposal A6). A failure takes a token, a success gives a tenth back; with half of ten or
/// fewer nothing is tried again.
pub(super) struct RetryBudget {
    tokens: Mutex<f64>,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self {
            tokens: Mutex::new(TOKENS_MAX),
        }
    }
}

impl RetryBudget {
    pub(super) fn succeeded(&self) {
        self.change(TOKENS_A_SUCCESS);
    }

    /// Counts a failure; whether it may be tried again.
    pub(super) fn failed(&self) -> bool {
        self.change(-1.0) > TOKENS_MAX / 2.0
    }

    fn change(&self, by: f64) -> f64 {
        // A number is whole at any time.
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        *tokens = (*tokens + by).clamp(0.0, TOKENS_MAX);
        *tokens
    }
}

/// The wait before the retry after `attempt`s, where the provider names none: doubled each time and
/// shortened by up to a quarter at random, so that clients do not come back together.
pub(super) fn wait(first: Duration, attempt: u32) -> Duration {
    let doubled = first * 2_u32.pow(attempt.min(DOUBLINGS_MAX));
    doubled.mul_f64(1.0 - 0.25 * rand::random::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_that_fails_is_tried_again_until_half_of_its_budget_is_gone() {
        let budget = RetryBudget::default();
        let retried = (0..20).filter(|_| budget.failed()).count();
        assert_eq!(retried, 4);
    }

    #[test]
    fn successes_earn_retries() {
        let budget = RetryBudget::default();
        while budget.failed() {}
        for _ in 0..30 {
            budget.succeeded();
        }
        assert!(budget.failed());
    }

    #[test]
    fn waits_double_up_to_a_limit() {
        let first = Duration::from_millis(500);
        for (attempt, longest) in [(0, 500), (1, 1_000), (4, 8_000), (40, 8_000)] {
            let longest = Duration::from_millis(longest);
            let wait = wait(first, attempt);
            assert!(
                wait <= longest && wait >= longest.mul_f64(0.75),
                "{attempt}: {wait:?}"
            );
        }
    }
}
