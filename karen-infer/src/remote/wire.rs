//! What sets one provider's API apart from another's.

use reqwest::header::{HeaderName, HeaderValue};

use crate::{FinishReason, GenerateEvent, Job, ModelError, ModelErrorKind, RemoteModel, Usage};

/// A provider's API: how requests are written and answers are read. It does no I/O.
pub(super) trait Wire: Send + Sync + 'static {
    /// Reads the answer to one request.
    type Answer: AnswerReader;

    /// Texts that one request can embed.
    const TEXTS_MAX: usize;

    /// The header that carries the key.
    fn key(key: &str) -> Result<(HeaderName, HeaderValue), ModelError>;

    /// The request for an answer.
    fn generate(model: &RemoteModel, job: &Job) -> Result<Call, ModelError>;

    /// What reads the answer.
    fn reader(_job: &Job) -> Self::Answer {
        Self::Answer::default()
    }

    /// The request for the embeddings of at most [`TEXTS_MAX`](Wire::TEXTS_MAX) texts.
    fn embed(model: &RemoteModel, texts: &[String]) -> Result<Call, ModelError>;

    /// The embeddings, in the order of the texts.
    fn embeddings(body: &[u8]) -> Result<Vec<Vec<f32>>, ModelError>;
}

/// A request: where it goes, behind the base URL, and its JSON.
pub(super) struct Call {
    pub(super) path: String,
    pub(super) body: Vec<u8>,
}

/// Reads an answer, piece by piece or whole.
pub(super) trait AnswerReader: Default + Send + 'static {
    /// Reads one piece of JSON; gives the texts and calls in it.
    fn read(&mut self, piece: &str) -> Result<Vec<GenerateEvent>, ModelError>;

    /// Whether nothing can follow.
    fn is_over(&self) -> bool {
        false
    }

    /// What was still held back, calls that were open, what it took, and why it ended; `None` for an answer that was cut
    /// off.
    fn end(self) -> Result<Option<Ending>, ModelError>;
}

/// How an answer ended.
pub(super) struct Ending {
    pub(super) calls: Vec<GenerateEvent>,
    pub(super) usage: Option<Usage>,
    pub(super) finish: FinishReason,
}

impl Call {
    pub(super) fn new(path: String, body: &impl serde::Serialize) -> Self {
        Self {
            path,
            body: serde_json::to_vec(body).expect("plain data with text keys"),
        }
    }
}

/// The provider does not keep to its protocol.
pub(super) fn malformed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ModelError {
    ModelError::new(ModelErrorKind::Malformed, "read", "the provider's answer").caused_by(source)
}
