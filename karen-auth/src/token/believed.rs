//! Access tokens that were believed, so that a signature is checked once and not at every request.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::{Bearer, TokenHash};

/// Beyond this many, about 30 MB, all are checked afresh.
const TOKENS_MAX: usize = 100_000;

/// Bearers by the hash of their whole token. Only what never changes is kept: whether the session is
/// alive is another question, asked at every request.
#[derive(Default)]
pub(crate) struct BelievedTokens(RwLock<HashMap<TokenHash, Bearer>>);

impl BelievedTokens {
    /// The bearer of a token that was believed and is in force.
    pub(crate) fn get(&self, token: &TokenHash, now_ms: i64) -> Option<Bearer> {
        let believed = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let bearer = believed.get(token);
        bearer
            .filter(|bearer| now_ms < bearer.expires_at_ms)
            .cloned()
    }

    /// Keeps a token that was believed at `now_ms`.
    pub(crate) fn keep(&self, token: TokenHash, bearer: Bearer, now_ms: i64) {
        let mut believed = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if believed.len() >= TOKENS_MAX {
            believed.retain(|_, bearer| now_ms < bearer.expires_at_ms);
        }
        if believed.len() >= TOKENS_MAX {
            believed.clear();
        }
        believed.insert(token, bearer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, SessionId, TenantId};

    fn bearer(expires_at_ms: i64) -> Bearer {
        Bearer {
            tenant: TenantId::default(),
            account: AccountId::random(),
            session: SessionId::random(),
            epoch: 0,
            expires_at_ms,
        }
    }

    #[test]
    fn a_token_is_believed_until_it_expires_and_no_other_with_it() {
        let believed = BelievedTokens::default();
        let (token, other) = (
            TokenHash::of("one.two.three"),
            TokenHash::of("one.two.thref"),
        );
        believed.keep(token, bearer(1_000), 0);
        assert!(believed.get(&token, 999).is_some());
        assert!(believed.get(&token, 1_000).is_none());
        assert!(believed.get(&other, 0).is_none());
    }

    #[test]
    fn no_number_of_tokens_fills_the_memory() {
        let believed = BelievedTokens::default();
        for i in 0..=TOKENS_MAX {
            believed.keep(TokenHash::of(&i.to_string()), bearer(i64::MAX), 0);
        }
        assert!(believed.0.read().expect("no panic").len() <= TOKENS_MAX);
    }
}
