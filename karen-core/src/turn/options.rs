//! How one turn differs from the configuration.

use karen_infer::{ModelName, Sampling};

use crate::id::ConversationId;

/// How one turn differs from the configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct TurnOptions {
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) model: Option<ModelName>,
    pub(crate) answer_tokens: Option<u32>,
    pub(crate) sampling: Option<Sampling>,
    pub(crate) stop: Vec<String>,
    pub(crate) remember: Option<bool>,
    pub(crate) idempotency_key: Option<String>,
}
