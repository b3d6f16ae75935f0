//! What an answer must be, in OpenAI's shape.

use karen_core::infer::AnswerFormat;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Text, a JSON object, JSON that validates; and, of models that run here, text that matches an
/// expression or belongs to a grammar.
#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiResponseFormat)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum FormatIn {
    Text,
    JsonObject,
    JsonSchema {
        json_schema: SchemaIn,
    },
    /// The whole answer matches.
    Regex {
        regex: String,
    },
    /// In llguidance's variant of Lark; the rule `start` is the answer.
    Grammar {
        grammar: String,
    },
}

#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiJsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SchemaIn {
    name: String,
    /// A JSON schema.
    #[schema(value_type = Object)]
    schema: Value,
    strict: Option<bool>,
    /// Accepted and not used.
    #[serde(rename = "description")]
    _description: Option<String>,
}

impl FormatIn {
    pub(super) fn read(self) -> AnswerFormat {
        match self {
            Self::Text => AnswerFormat::Text,
            Self::JsonObject => AnswerFormat::Json,
            Self::JsonSchema { json_schema } => AnswerFormat::Schema {
                name: json_schema.name,
                schema: json_schema.schema,
                strict: json_schema.strict.unwrap_or(false),
            },
            Self::Regex { regex } => AnswerFormat::Regex(regex),
            Self::Grammar { grammar } => AnswerFormat::Grammar(grammar),
        }
    }
}
