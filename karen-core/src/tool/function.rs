//! A Rust function as a tool.

use std::future::Future;

use async_trait::async_trait;
use futures::future::BoxFuture;
use serde_json::Value;

use super::{Tool, ToolError, ToolInvocation, ToolSpec};

type Function = dyn Fn(Value) -> BoxFuture<'static, Result<Value, ToolError>> + Send + Sync;

/// A [`Tool`] made of an async function from JSON to JSON.
///
/// ```
/// use karen_core::FunctionTool;
/// use serde_json::json;
///
/// let add = FunctionTool::new(
///     "add",
///     "Adds two numbers.",
///     json!({
///         "type": "object",
///         "properties": { "a": { "type": "number" }, "b": { "type": "number" } },
///         "required": ["a", "b"],
///     }),
///     |arguments| async move {
///         let sum = arguments["a"].as_f64().unwrap_or(0.0) + arguments["b"].as_f64().unwrap_or(0.0);
///         Ok(json!(sum))
///     },
/// );
/// ```
pub struct FunctionTool {
    spec: ToolSpec,
    function: Box<Function>,
}

impl FunctionTool {
    /// Wraps `function`; `parameters` is the JSON schema of its argument, an object.
    pub fn new<F, R>(
        name: impl Into<String>,
        description: impl Into<String>,
        parameters: Value,
        function: F,
    ) -> Self
    where
        F: Fn(Value) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Value, ToolError>> + Send + 'static,
    {
        Self {
            spec: ToolSpec {
                name: name.into(),
                description: description.into(),
                parameters,
            },
            function: Box::new(move |arguments| Box::pin(function(arguments))),
        }
    }
}

#[async_trait]
impl Tool for FunctionTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolInvocation<'_>) -> Result<Value, ToolError> {
        (self.function)(call.arguments.clone()).await
    }
}
