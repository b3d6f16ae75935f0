//! The conformance suite of [`Budget`].

use crate::{Budget, Caller, Charge, ModelErrorKind, ModelName, Usage};

/// Checks the contract that [`Budget`] states, on one that lets each caller spend a million tokens
/// or less.
///
/// # Panics
/// With what is not as promised.
pub async fn budget(budget: &dyn Budget) {
    let spender = Caller::new("tenant", "spender");
    let others = [
        Caller::new("tenant", "other"),
        Caller::new("other", "spender"),
    ];
    budget.admit(&spender).await.expect("nothing is spent yet");
    let charge = Charge {
        model: ModelName::parse("model").expect("a name"),
        usage: Usage {
            prompt_tokens: 600_000,
            completion_tokens: 600_000,
            cached_tokens: 0,
        },
        cost_micros: 0,
    };
    budget.charge(&spender, &charge).await.expect("kept");
    let refused = budget.admit(&spender).await.expect_err("all is spent");
    assert!(
        matches!(refused.kind(), ModelErrorKind::Quota(_)),
        "{refused}"
    );
    for other in &others {
        budget.admit(other).await.expect("somebody else spent it");
    }
}
