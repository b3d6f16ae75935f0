//! Tools that a model wants called: logged before they run, bounded in time and output.

use std::time::Duration;

use karen_infer::{Message as ModelMessage, ToolCall};

use super::answer::TurnInProgress;
use super::event::TurnEvent;
use crate::Result;
use crate::tool::ToolInvocation;

/// Bytes of a tool's result that a model is shown at most.
const TOOL_RESULT_BYTES_MAX: usize = 16 * 1024;

impl TurnInProgress<'_> {
    pub(super) async fn call_tool(&self, call: ToolCall) -> Result<ModelMessage> {
        let logged = TurnEvent::ToolCall {
            id: call.id.clone(),
            name: call.name.clone(),
            arguments: call.arguments.clone(),
        };
        self.journal.say_durably(logged).await?;
        let result = self.run_tool(&call).await;
        let failed = result.is_err();
        let content = bounded(result.unwrap_or_else(|reason| reason));
        self.journal.say(TurnEvent::ToolResult {
            id: call.id.clone(),
            content: content.clone(),
            failed,
        });
        Ok(ModelMessage::tool_result(call.id, content))
    }

    /// What the tool says, or in `Err` why it says nothing: both are for the model to read.
    async fn run_tool(&self, call: &ToolCall) -> Result<String, String> {
        let Some(tool) = self.karen.plugins.get(&call.name) else {
            return Err(format!("there is no tool named {}", call.name));
        };
        if self.principal.require(tool.permission()).is_err() {
            return Err(format!("{} is not permitted", call.name));
        }
        let invocation = ToolInvocation {
            principal: self.principal,
            arguments: &call.arguments,
        };
        let seconds = self.karen.config.chat.tool_seconds;
        let limit = Duration::from_secs(u64::from(seconds));
        match tokio::time::timeout(limit, tool.call(invocation)).await {
            Ok(Ok(value)) => Ok(value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("{} took longer than {seconds} s", call.name)),
        }
    }
}

/// Cuts a tool's result, and says so, before it crowds the prompt.
fn bounded(mut content: String) -> String {
    if content.len() > TOOL_RESULT_BYTES_MAX {
        let whole = content.floor_char_boundary(TOOL_RESULT_BYTES_MAX);
        let cut = content.len() - whole;
        content.truncate(whole);
        content.push_str(&format!("\n[{cut} more bytes left out]"));
    }
    content
}
