//! Whether a tool is to be called, in OpenAI's shape.

use karen_core::Code;
use karen_core::infer::ToolChoice;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

/// `auto`, `none`, `required`, or the function to call.
#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiToolChoice)]
#[serde(untagged)]
pub(super) enum ToolChoiceIn {
    Mode(ToolMode),
    Named(NamedTool),
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OpenAiToolMode)]
#[serde(rename_all = "lowercase")]
pub(super) enum ToolMode {
    Auto,
    None,
    Required,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiNamedTool)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedTool {
    /// Always `function`.
    #[serde(rename = "type")]
    kind: String,
    function: NamedFunction,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiNamedFunction)]
#[serde(deny_unknown_fields)]
struct NamedFunction {
    name: String,
}

impl Default for ToolChoiceIn {
    fn default() -> Self {
        Self::Mode(ToolMode::Auto)
    }
}

impl ToolChoiceIn {
    /// Whether the model is shown tools at all.
    pub(super) fn allows(&self) -> bool {
        !matches!(self, Self::Mode(ToolMode::None))
    }

    pub(super) fn read(self) -> Result<ToolChoice, Problem> {
        match self {
            Self::Mode(ToolMode::Auto | ToolMode::None) => Ok(ToolChoice::Auto),
            Self::Mode(ToolMode::Required) => Ok(ToolChoice::Required),
            Self::Named(tool) if tool.kind == "function" => {
                Ok(ToolChoice::Named(tool.function.name))
            }
            Self::Named(_) => {
                let detail = "tools are functions: other types are not understood";
                Err(Problem::new(Code::Unsupported, detail).at("/tool_choice/type"))
            }
        }
    }
}
