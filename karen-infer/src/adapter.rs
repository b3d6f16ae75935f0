//! The port behind which a model runs.

use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio_util::sync::CancellationToken;

use crate::{
    AnswerFormat, GenerateEvent, Message, ModelError, ModelErrorKind, Sampling, ToolChoice,
    ToolSpec, Waiting,
};

/// A model that can be loaded and asked, whatever it runs on.
///
/// What an implementation owes its callers, and [`testing::model_adapter`] checks:
/// - [`generate`](ModelAdapter::generate) works whether or not [`load`](ModelAdapter::load) was
///   called before, and after [`unload`](ModelAdapter::unload);
/// - a stream ends with one `Usage` and one `Done`, in this order, or with an error;
/// - text deltas are never empty, and joined they do not contain a stop text;
/// - an answer has at most `max_tokens` tokens, and exactly those are counted in `Usage`;
/// - dropping a stream, or cancelling, frees the model for the next request soon;
/// - a prompt that is too long is `PromptTooLong`, before anything is generated;
/// - what it does not do is `Unsupported`, and [`capabilities`](ModelAdapter::capabilities) says so.
///
/// [`Models`](crate::Models) asks for nothing that the capabilities rule out: an adapter need not
/// look for it.
///
/// [`testing::model_adapter`]: crate::testing::model_adapter
#[async_trait]
pub trait ModelAdapter: Send + Sync {
    /// What it can do; known without loading.
    fn capabilities(&self) -> Capabilities;

    /// Makes it ready. Doing it again changes nothing.
    async fn load(&self) -> Result<(), ModelError>;

    /// Gives its memory back.
    async fn unload(&self);

    /// Whether it is ready.
    fn is_loaded(&self) -> bool;

    /// Answers.
    async fn generate(&self, job: Job) -> Result<GenerateStream, ModelError>;

    /// Tokens of a prompt, exactly as [`generate`](ModelAdapter::generate) counts them.
    async fn count(&self, prompt: &Prompt) -> Result<u32, ModelError>;

    /// Embeds each text; row `i` of the result belongs to `texts[i]`, L2-normalised.
    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError>;

    /// Scores each document by how well it answers the query, from 0 to 1; score `i` belongs to
    /// `documents[i]`. An adapter that does not say otherwise has no scores to give.
    async fn rerank(&self, query: &str, documents: &[String]) -> Result<Vec<f32>, ModelError> {
        let _ = (query, documents);
        let kind = ModelErrorKind::Unsupported("it reranks nothing".to_owned());
        Err(ModelError::new(kind, "rerank with", "the model"))
    }
}

/// The events of one answer.
pub type GenerateStream = BoxStream<'static, Result<GenerateEvent, ModelError>>;

/// What a model can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Capabilities {
    /// Answers chats.
    pub generate: bool,
    /// Continues plain text.
    pub complete: bool,
    /// Embeds texts.
    pub embed: bool,
    /// Scores documents for a query.
    pub rerank: bool,
    /// Asks for tools.
    pub tools: bool,
    /// Can be made to ask for a tool.
    pub tool_choice: bool,
    /// Sees images.
    pub images: bool,
    /// Keeps an answer to JSON, or to a schema.
    pub formats: bool,
    /// Keeps an answer to a regular expression, or to a grammar.
    pub grammars: bool,
    /// Whether counts are the model's own; others are estimates, rather too high than too low.
    pub exact_counts: bool,
    /// Tokens of prompt and answer together at most.
    pub context_tokens: u32,
}

impl Capabilities {
    /// Refuses what the model cannot do.
    pub(crate) fn check(&self, job: &Job) -> Result<(), ModelError> {
        let missing = match &job.prompt {
            Prompt::Chat { .. } if !self.generate => Some("it does not chat"),
            Prompt::Text(_) if !self.complete => Some("it answers chats and continues no text"),
            Prompt::Chat { tools, .. } if !tools.is_empty() && !self.tools => {
                Some("it calls no tools")
            }
            Prompt::Chat { messages, .. } if has_images(messages) && !self.images => {
                Some("it sees no images")
            }
            _ if job.tool_choice != ToolChoice::Auto && !self.tool_choice => {
                Some("it chooses itself whether to call a tool")
            }
            _ if matches!(
                job.format,
                AnswerFormat::Regex(_) | AnswerFormat::Grammar(_)
            ) =>
            {
                (!self.grammars).then_some("it keeps to no expression and no grammar")
            }
            _ if job.format != AnswerFormat::Text && !self.formats => {
                Some("its answers are text: it keeps to no other format")
            }
            _ => None,
        };
        missing.map_or(Ok(()), |why| {
            let kind = ModelErrorKind::Unsupported(why.to_owned());
            Err(ModelError::new(kind, "ask", "the model"))
        })
    }

    /// What all of several models can do.
    pub(crate) fn shared(self, other: Self) -> Self {
        Self {
            generate: self.generate && other.generate,
            complete: self.complete && other.complete,
            embed: self.embed && other.embed,
            rerank: self.rerank && other.rerank,
            tools: self.tools && other.tools,
            tool_choice: self.tool_choice && other.tool_choice,
            images: self.images && other.images,
            formats: self.formats && other.formats,
            grammars: self.grammars && other.grammars,
            exact_counts: self.exact_counts && other.exact_counts,
            context_tokens: self.context_tokens.min(other.context_tokens),
        }
    }
}

fn has_images(messages: &[Message]) -> bool {
    messages.iter().any(|message| !message.images.is_empty())
}

/// One answer to give.
#[derive(Clone, Debug)]
pub struct Job {
    /// What to answer.
    pub prompt: Prompt,
    /// Whether a tool must be called.
    pub tool_choice: ToolChoice,
    /// What the answer must be.
    pub format: AnswerFormat,
    /// How each token is chosen.
    pub sampling: Sampling,
    /// Texts that end the answer before they appear in it.
    pub stop: Vec<String>,
    /// Tokens of the answer at most; what the context leaves if not said.
    pub max_tokens: Option<u32>,
    /// Goes on past the model's own end of text, and writes special tokens out.
    pub ignore_end: bool,
    /// Gives the id of each token too.
    pub token_ids: bool,
    /// How it waits for its turn.
    pub waiting: Waiting,
    /// Ends the answer early.
    pub cancel: CancellationToken,
}

/// What a model is shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Prompt {
    /// A chat, put into the model's own template.
    Chat {
        /// The messages.
        messages: Vec<Message>,
        /// What it may call.
        tools: Vec<ToolSpec>,
    },
    /// Text as it is.
    Text(String),
}
