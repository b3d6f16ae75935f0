//! Tools: the only thing that a turn can call.

mod function;
mod registry;

use async_trait::async_trait;
use karen_auth::{Permission, Principal};
use serde_json::Value;

pub use function::FunctionTool;
pub use registry::Plugins;

pub use karen_infer::ToolSpec;

/// Something that a model may call in a turn.
///
/// What an implementation owes its callers, and [`testing::tool`] checks:
/// - [`spec`](Tool::spec) never changes, and its `parameters` is a JSON schema of an object;
/// - a call may be dropped at any await, when the turn is cancelled or its time is up;
/// - calls may overlap.
///
/// A turn logs a call before it makes it, and never makes a logged call again.
///
/// [`testing::tool`]: crate::testing::tool
#[async_trait]
pub trait Tool: Send + Sync {
    /// The name, purpose and parameters that the model is shown.
    fn spec(&self) -> &ToolSpec;

    /// What a principal needs to have it called.
    fn permission(&self) -> Permission {
        Permission::ChatUse
    }

    /// Runs it.
    ///
    /// # Errors
    /// Whatever went wrong, in words that the model can act on.
    async fn call(&self, call: ToolInvocation<'_>) -> Result<Value, ToolError>;
}

/// One call of a tool.
#[derive(Clone, Copy, Debug)]
pub struct ToolInvocation<'a> {
    /// On whose behalf.
    pub principal: &'a Principal,
    /// What the model passes.
    pub arguments: &'a Value,
}

/// A tool's failure, in words for the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ToolError(pub String);
