//! A host's function as a tool.

use std::sync::Arc;

use async_trait::async_trait;
use karen_core::{Tool, ToolError, ToolInvocation, ToolSpec};
use serde_json::Value;

use super::{HostError, Reply};

/// A function of the host's.
pub trait HostFunction: Send + Sync + 'static {
    /// Begins a call, on a thread where it may block. `user` is on whose behalf.
    fn call(&self, arguments: Value, user: &str, reply: Reply<Value>);
}

/// A [`HostFunction`] that turns can call.
pub struct HostTool {
    spec: ToolSpec,
    function: Arc<dyn HostFunction>,
}

impl HostTool {
    /// Wraps a function.
    #[must_use]
    pub fn new(spec: ToolSpec, function: impl HostFunction) -> Self {
        Self {
            spec,
            function: Arc::new(function),
        }
    }
}

#[async_trait]
impl Tool for HostTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolInvocation<'_>) -> Result<Value, ToolError> {
        let (reply, mut answer) = Reply::pair();
        let function = Arc::clone(&self.function);
        let (arguments, user) = (call.arguments.clone(), call.principal.account().to_string());
        // It is not waited for here: an asynchronous function answers after the call has returned.
        tokio::task::spawn_blocking(move || function.call(arguments, &user, reply));
        answer.receive().await.map_err(of_host)
    }
}

fn of_host(error: HostError) -> ToolError {
    ToolError(error.message)
}
