//! What callers may spend on models.

use async_trait::async_trait;

use crate::{Caller, ModelError, ModelName, Price, Usage};

/// Decides who may still ask, and keeps what was spent.
///
/// What an implementation owes its callers, and [`testing::budget`] checks:
/// - who has spent what they may is refused with `Quota`, and nobody else with them;
/// - a charge counts before the next admission of the same caller.
///
/// [`testing::budget`]: crate::testing::budget
#[async_trait]
pub trait Budget: Send + Sync {
    /// Lets a caller ask, or not.
    ///
    /// # Errors
    /// `Quota`, `RateLimited`; `Unavailable` when it cannot be found out.
    async fn admit(&self, caller: &Caller) -> Result<(), ModelError>;

    /// Keeps what an answer took. An answer from the cache costs nothing and is not charged; one
    /// that is dropped half-way is not charged either: its counts never come.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be kept.
    async fn charge(&self, caller: &Caller, charge: &Charge) -> Result<(), ModelError>;
}

/// What one answer took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The model that answered.
    pub model: ModelName,
    /// Tokens.
    pub usage: Usage,
    /// Millionths of a currency unit; 0 for models without a price.
    pub cost_micros: u64,
}

impl Price {
    /// Millionths of a currency unit for so many tokens, rounded up.
    #[must_use]
    pub fn of(&self, usage: Usage) -> u64 {
        let cost = |tokens: u32, price: u64| u128::from(tokens) * u128::from(price);
        let total = cost(usage.prompt_tokens, self.prompt_micros)
            + cost(usage.completion_tokens, self.completion_micros);
        u64::try_from(total.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_counted_in_millionths_and_rounded_up() {
        // 2.50 for a million tokens of prompts, 10 for a million of answers.
        let price = Price {
            prompt_micros: 2_500_000,
            completion_micros: 10_000_000,
        };
        let usage = Usage {
            prompt_tokens: 1_000,
            completion_tokens: 101,
            cached_tokens: 0,
        };
        assert_eq!(price.of(usage), 3_510);
        let least = Usage {
            prompt_tokens: 1,
            ..Usage::default()
        };
        assert_eq!(price.of(least), 3);
    }
}
