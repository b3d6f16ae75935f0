//! A model of the host's: what it is asked, and how it answers.

use karen_core::infer::{Job, Message, Prompt, Sampling, ToolCall, ToolSpec, Usage};
use serde::Serialize;
use tokio::sync::mpsc;

use super::{HostError, Reply};

/// A model of the host's. Each call comes on a thread where it may block; calls may overlap.
pub trait HostModel: Send + Sync + 'static {
    /// Makes it ready.
    fn load(&self, reply: Reply<()>);

    /// Gives its memory back.
    fn unload(&self, reply: Reply<()>);

    /// Answers, piece by piece.
    fn generate(&self, request: HostRequest, pieces: Pieces);

    /// Tokens of a prompt.
    fn count(&self, request: HostRequest, reply: Reply<u32>);

    /// Embeds each text.
    fn embed(&self, texts: Vec<String>, reply: Reply<Vec<Vec<f32>>>);
}

/// What a model of the host's is asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HostRequest {
    /// The chat; empty when a text is to be continued.
    pub messages: Vec<Message>,
    /// What the model may call.
    pub tools: Vec<ToolSpec>,
    /// The text to continue, when there is no chat.
    pub text: Option<String>,
    /// How each token is to be chosen.
    pub sampling: Sampling,
    /// Texts that end the answer; what is said after one is left out in any case.
    pub stop: Vec<String>,
    /// Pieces of the answer at most; more are not taken.
    pub max_tokens: Option<u32>,
}

impl HostRequest {
    pub(super) fn of_job(job: &Job) -> Self {
        Self {
            sampling: job.sampling.clone(),
            stop: job.stop.clone(),
            max_tokens: job.max_tokens,
            ..Self::of_prompt(&job.prompt)
        }
    }

    pub(super) fn of_prompt(prompt: &Prompt) -> Self {
        let (messages, tools, text) = match prompt {
            Prompt::Chat { messages, tools } => (messages.clone(), tools.clone(), None),
            Prompt::Text(text) => (Vec::new(), Vec::new(), Some(text.clone())),
        };
        Self {
            messages,
            tools,
            text,
            sampling: Sampling::default(),
            stop: Vec::new(),
            max_tokens: None,
        }
    }
}

/// A piece of a host's answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text, counted as one token.
    Text(String),
    /// What it thinks before it answers; counted as one token.
    Thought(String),
    /// A tool to call.
    ToolCall(ToolCall),
    /// What it took, where the host knows better than by counting pieces.
    Usage(Usage),
}

/// Where a host puts the pieces of its answer. Dropping it ends the answer.
#[derive(Clone, Debug)]
pub struct Pieces {
    sender: mpsc::Sender<Result<Piece, HostError>>,
}

/// Pieces that a host may be ahead of its listener.
const AHEAD_MAX: usize = 64;

impl Pieces {
    pub(super) fn channel() -> (Self, mpsc::Receiver<Result<Piece, HostError>>) {
        let (sender, receiver) = mpsc::channel(AHEAD_MAX);
        (Self { sender }, receiver)
    }

    /// Gives a piece, and blocks while too many wait; `false` when no more are wanted.
    #[must_use]
    pub fn send(&self, piece: Result<Piece, HostError>) -> bool {
        self.sender.blocking_send(piece).is_ok()
    }

    /// Gives a piece if there is room for it; `false` when no more are wanted.
    ///
    /// # Errors
    /// The piece, when too many wait.
    pub fn try_send(
        &self,
        piece: Result<Piece, HostError>,
    ) -> Result<bool, Result<Piece, HostError>> {
        match self.sender.try_send(piece) {
            Ok(()) => Ok(true),
            Err(mpsc::error::TrySendError::Closed(_)) => Ok(false),
            Err(mpsc::error::TrySendError::Full(piece)) => Err(piece),
        }
    }

    /// As [`send`](Pieces::send), for a host that waits without blocking.
    pub async fn wait_send(&self, piece: Result<Piece, HostError>) -> bool {
        self.sender.send(piece).await.is_ok()
    }
}
