//! Whether a tool is to be called, in Anthropic's shape.

use karen_core::infer::ToolChoice;
use serde::Deserialize;
use utoipa::ToSchema;

/// Whether a tool is to be called, and which.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = AnthropicToolChoice)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ToolChoiceIn {
    #[default]
    Auto,
    Any,
    Tool {
        name: String,
    },
    None,
}

impl ToolChoiceIn {
    /// Whether the model is shown tools at all.
    pub(super) fn allows(&self) -> bool {
        !matches!(self, Self::None)
    }

    pub(super) fn read(self) -> ToolChoice {
        match self {
            Self::Auto | Self::None => ToolChoice::Auto,
            Self::Any => ToolChoice::Required,
            Self::Tool { name } => ToolChoice::Named(name),
        }
    }
}
