//! Saying something to Karen.

use karen_infer::{ModelName, Sampling};
use tokio_util::sync::CancellationToken;

use super::Session;
use crate::Result;
use crate::id::{ConversationId, TurnId};
use crate::turn::{LiveTurn, Turn, TurnOptions, TurnStream, begin};

/// A message about to be said, and how it is to be answered.
#[must_use = "nothing is said until `stream` or `text` is called"]
pub struct Chat {
    session: Session,
    message: String,
    options: TurnOptions,
    model: Option<String>,
}

impl Chat {
    pub(super) fn new(session: Session, message: String) -> Self {
        Self {
            session,
            message,
            options: TurnOptions::default(),
            model: None,
        }
    }

    /// Goes on with a conversation instead of beginning one.
    pub fn conversation(mut self, id: ConversationId) -> Self {
        self.options.conversation = Some(id);
        self
    }

    /// Asks for a model by name.
    pub fn model(mut self, name: impl Into<String>) -> Self {
        self.model = Some(name.into());
        self
    }

    /// Tokens of the answer at most.
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.options.answer_tokens = Some(tokens);
        self
    }

    /// How the next token is chosen.
    pub fn sampling(mut self, sampling: Sampling) -> Self {
        self.options.sampling = Some(sampling);
        self
    }

    /// Texts that end the answer before they appear in it.
    pub fn stop<T: Into<String>>(mut self, texts: impl IntoIterator<Item = T>) -> Self {
        self.options.stop = texts.into_iter().map(Into::into).collect();
        self
    }

    /// Whether this turn is remembered; as configured if not said.
    pub fn remember(mut self, remember: bool) -> Self {
        self.options.remember = Some(remember);
        self
    }

    /// Says the message once, however often it is sent with this key (1 to 255 bytes): sent again,
    /// it gives the events of the first time, from the beginning.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.options.idempotency_key = Some(key.into());
        self
    }

    /// Says it. When this returns the message is durable, and the turn goes on by itself: dropping
    /// the stream does not stop it.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `TOO_LARGE`, `NOT_FOUND` (conversation), `MODEL_MISSING`, `CONFLICT`
    /// (a turn is running there, or the key was used for another message), `RATE_LIMITED`, `QUOTA`, `FORBIDDEN`, `STORAGE_FULL`.
    pub async fn stream(mut self) -> Result<TurnStream> {
        if let Some(name) = self.model {
            self.options.model = Some(ModelName::parse(&name)?);
        }
        let Session {
            karen, principal, ..
        } = self.session;
        begin(karen, principal, self.message, self.options).await
    }

    /// Says it and waits for the whole answer.
    ///
    /// # Errors
    /// As [`stream`](Chat::stream), and what ended the turn if it failed.
    pub async fn text(self) -> Result<String> {
        self.stream().await?.text().await
    }
}

/// A turn by name, with the means to stop it.
#[derive(Clone, Debug)]
pub struct TurnRef {
    id: TurnId,
    conversation: ConversationId,
    cancel: CancellationToken,
}

impl TurnRef {
    pub(crate) fn of(live: &LiveTurn) -> Self {
        Self {
            id: live.turn.id.clone(),
            conversation: live.turn.conversation.clone(),
            cancel: live.cancel.clone(),
        }
    }

    pub(crate) fn finished(turn: &Turn) -> Self {
        Self {
            id: turn.id.clone(),
            conversation: turn.conversation.clone(),
            cancel: CancellationToken::new(),
        }
    }

    /// The turn.
    #[must_use]
    pub fn id(&self) -> &TurnId {
        &self.id
    }

    /// Where it takes place.
    #[must_use]
    pub fn conversation(&self) -> &ConversationId {
        &self.conversation
    }

    /// Stops it; what it said is kept. Nothing happens if it is over.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }
}
