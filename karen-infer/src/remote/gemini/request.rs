//! A request to generate content.

use serde::Serialize;
use serde_json::Value;

use super::content::{Content, split};
use crate::{
    AnswerFormat, Job, ModelError, ModelErrorKind, Prompt, RemoteModel, Sampling, ToolChoice,
    ToolSpec,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContentBody<'a> {
    contents: Vec<Content>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Content>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tools<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    generation_config: GenerationConfig<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tools<'a> {
    function_declarations: Vec<Declaration<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Declaration<'a> {
    name: &'a str,
    description: &'a str,
    parameters_json_schema: &'a Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig<'a> {
    function_calling_config: CallingConfig<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallingConfig<'a> {
    mode: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed_function_names: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig<'a> {
    #[serde(flatten)]
    sampling: Option<SamplingBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i32>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<&'a Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SamplingBody {
    temperature: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f32>,
}

impl<'a> ContentBody<'a> {
    pub(super) fn of(model: &RemoteModel, job: &'a Job) -> Result<Self, ModelError> {
        let Prompt::Chat { messages, tools } = &job.prompt else {
            return Err(unsupported("it answers chats and continues no text"));
        };
        let (system_instruction, contents) = split(messages)?;
        Ok(Self {
            contents,
            system_instruction,
            tools: declared(tools).into_iter().collect(),
            tool_config: ToolConfig::of(&job.tool_choice),
            generation_config: GenerationConfig::of(model, job)?,
        })
    }
}

fn declared(tools: &[ToolSpec]) -> Option<Tools<'_>> {
    (!tools.is_empty()).then(|| Tools {
        function_declarations: tools.iter().map(Declaration::of).collect(),
    })
}

impl<'a> Declaration<'a> {
    fn of(tool: &'a ToolSpec) -> Self {
        Self {
            name: &tool.name,
            description: &tool.description,
            parameters_json_schema: &tool.parameters,
        }
    }
}

impl<'a> ToolConfig<'a> {
    fn of(choice: &'a ToolChoice) -> Option<Self> {
        let allowed_function_names = match choice {
            ToolChoice::Auto => return None,
            ToolChoice::Required => Vec::new(),
            ToolChoice::Named(name) => vec![name.as_str()],
        };
        Some(Self {
            function_calling_config: CallingConfig {
                mode: "ANY",
                allowed_function_names,
            },
        })
    }
}

impl<'a> GenerationConfig<'a> {
    fn of(model: &RemoteModel, job: &'a Job) -> Result<Self, ModelError> {
        let sampling = SamplingBody::of(&job.sampling)?;
        let (response_mime_type, response_json_schema) = match &job.format {
            AnswerFormat::Text => (None, None),
            AnswerFormat::Json => (Some("application/json"), None),
            AnswerFormat::Schema { schema, .. } => (Some("application/json"), Some(schema)),
            AnswerFormat::Regex(_) | AnswerFormat::Grammar(_) => {
                return Err(unsupported("Gemini keeps to no expression and no grammar"));
            }
        };
        Ok(Self {
            sampling: (!model.reasons).then_some(sampling),
            seed: job.sampling.seed.map(folded),
            stop_sequences: &job.stop,
            max_output_tokens: job.max_tokens,
            response_mime_type,
            response_json_schema,
        })
    }
}

impl SamplingBody {
    fn of(sampling: &Sampling) -> Result<Self, ModelError> {
        if sampling.min_p > 0.0 || sampling.repeat_penalty != 1.0 {
            return Err(unsupported("Gemini has no min_p and no repeat_penalty"));
        }
        let unlike = |value: f32, usual: f32| (value != usual).then_some(value);
        Ok(Self {
            temperature: sampling.temperature,
            top_p: unlike(sampling.top_p, 1.0),
            top_k: (sampling.top_k > 0).then_some(sampling.top_k),
            presence_penalty: unlike(sampling.presence_penalty, 0.0),
            frequency_penalty: unlike(sampling.frequency_penalty, 0.0),
        })
    }
}

/// Gemini's seeds have 31 bits.
fn folded(seed: u64) -> i32 {
    let folded = (seed ^ (seed >> 31)) & 0x7fff_ffff;
    i32::try_from(folded).expect("31 bits fit")
}

fn unsupported(why: &str) -> ModelError {
    let kind = ModelErrorKind::Unsupported(why.to_owned());
    ModelError::new(kind, "ask", "the model")
}
