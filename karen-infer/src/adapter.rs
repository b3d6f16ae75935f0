//! The port behind which a model runs.

use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio_util::sync::CancellationToken;

use crate::{GenerateEvent, Message, ModelError, Sampling, ToolSpec};

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
}

/// The events of one answer.
pub type GenerateStream = BoxStream<'static, Result<GenerateEvent, ModelError>>;

/// What a model can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Capabilities {
    /// Answers chats and continues text.
    pub generate: bool,
    /// Embeds texts.
    pub embed: bool,
    /// Tokens of prompt and answer together at most.
    pub context_tokens: u32,
}

/// One answer to give.
#[derive(Clone, Debug)]
pub struct Job {
    /// What to answer.
    pub prompt: Prompt,
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
