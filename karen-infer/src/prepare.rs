//! Making a job ready for a model that runs here.

use crate::constraint::{Constraint, Form};
use crate::writer::{Events, Order};
use crate::{AnswerFormat, Job, ModelError, ModelErrorKind, Prompt, ToolChoice, ToolSpec};

/// The tokens that are left for an answer after a prompt of so many.
///
/// # Errors
/// `Invalid` for none, `PromptTooLong` for as many as the context has and more.
pub(crate) fn room(prompt: usize, context_tokens: u32) -> Result<u32, ModelError> {
    let prompt_tokens = u32::try_from(prompt).unwrap_or(u32::MAX);
    let kind = match prompt_tokens {
        0 => ModelErrorKind::Invalid("the prompt is empty".to_owned()),
        _ if prompt_tokens >= context_tokens => ModelErrorKind::PromptTooLong {
            prompt_tokens,
            context_tokens,
        },
        _ => return Ok(context_tokens - prompt_tokens),
    };
    Err(ModelError::new(kind, "answer", "the prompt"))
}

/// What the answer is kept to. Compiling it may take long, and blocks nobody.
///
/// # Errors
/// `Invalid` also with stop texts: they would cut an answer that is to be whole.
pub(crate) async fn constraint<C>(job: &Job, compile: C) -> Result<Option<Constraint>, ModelError>
where
    C: FnOnce(Form<'_>) -> Result<Option<Constraint>, ModelError> + Send + 'static,
{
    if job.format == AnswerFormat::Text && job.tool_choice == ToolChoice::Auto {
        return Ok(None);
    }
    if !job.stop.is_empty() {
        let why = "stop texts would cut an answer that is kept to a form".to_owned();
        let kind = ModelErrorKind::Invalid(why);
        return Err(ModelError::new(kind, "answer", "the prompt"));
    }
    let job = job.clone();
    let compile = tokio::task::spawn_blocking(move || {
        compile(Form {
            format: &job.format,
            tool_choice: &job.tool_choice,
            tools: tools(&job.prompt),
        })
    });
    let failed = |e| ModelError::new(ModelErrorKind::Internal, "read", "a form").caused_by(e);
    compile.await.map_err(failed)?
}

/// How a job's answer is written after so many tokens, which leave `room`.
pub(crate) fn order(
    job: &Job,
    prompt: usize,
    room: u32,
    constraint: Option<Constraint>,
    events: Events,
) -> Order {
    Order {
        sampling: job.sampling.clone(),
        stop: job.stop.clone(),
        tools: tools(&job.prompt).iter().map(|t| t.name.clone()).collect(),
        constraint,
        prompt_tokens: u32::try_from(prompt).unwrap_or(u32::MAX),
        tokens_max: job.max_tokens.map_or(room, |max| max.min(room)),
        token_ids: job.token_ids,
        events,
    }
}

/// A model without a chat template was asked to chat.
pub(crate) fn no_template() -> ModelError {
    let why = "it carries no chat template; use a chat model, or complete plain text".to_owned();
    ModelError::new(ModelErrorKind::Unsupported(why), "chat with", "the model")
}

fn tools(prompt: &Prompt) -> &[ToolSpec] {
    match prompt {
        Prompt::Chat { tools, .. } => tools,
        Prompt::Text(_) => &[],
    }
}
