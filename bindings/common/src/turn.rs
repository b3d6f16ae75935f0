//! A turn as a host listens to it.

use futures::StreamExt;
use karen_core::infer::Sampling;
use karen_core::{Chat, ConversationId, TurnEvent, TurnRef, TurnStream};
use serde::{Deserialize, Serialize};

use crate::{Failure, Merge, Pump};

/// How one turn differs from the configuration. A host passes what was said.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChatOptions {
    /// The conversation to go on with; a new one if not said.
    pub conversation: Option<String>,
    /// The model to ask.
    pub model: Option<String>,
    /// Tokens of the answer at most.
    pub max_tokens: Option<u32>,
    /// How each token is chosen.
    pub sampling: Option<Sampling>,
    /// Texts that end the answer before they appear in it.
    pub stop: Vec<String>,
    /// Whether the turn is remembered; as configured if not said.
    pub remember: Option<bool>,
    /// What is sent again with the same key is said once.
    pub idempotency_key: Option<String>,
}

impl ChatOptions {
    pub(crate) fn apply(self, mut chat: Chat) -> Result<Chat, Failure> {
        if let Some(id) = &self.conversation {
            chat = chat.conversation(ConversationId::parse(id)?);
        }
        if let Some(name) = self.model {
            chat = chat.model(name);
        }
        if let Some(tokens) = self.max_tokens {
            chat = chat.max_tokens(tokens);
        }
        if let Some(sampling) = self.sampling {
            chat = chat.sampling(sampling);
        }
        if let Some(remember) = self.remember {
            chat = chat.remember(remember);
        }
        if let Some(key) = self.idempotency_key {
            chat = chat.idempotency_key(key);
        }
        Ok(chat.stop(self.stop))
    }
}

/// An event of a turn with its place. Merged pieces of an answer carry the place of the last, so
/// that listening again after it misses nothing and repeats nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TurnNumbered {
    /// Its place, counted from 1.
    pub number: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: TurnEvent,
}

impl Merge for TurnNumbered {
    fn merge(&mut self, next: Self) -> Result<(), Self> {
        let (TurnEvent::Delta { text }, TurnEvent::Delta { text: more }) =
            (&mut self.event, &next.event)
        else {
            return Err(next);
        };
        text.push_str(more);
        self.number = next.number;
        Ok(())
    }
}

/// A turn that is listened to. Dropping it stops listening, not the turn.
pub struct TurnEvents {
    session: karen_core::Session,
    turn: TurnRef,
    pump: Pump<TurnNumbered>,
}

impl TurnEvents {
    pub(crate) fn new(session: karen_core::Session, stream: TurnStream) -> Self {
        let turn = stream.turn().clone();
        let events = stream.map(|event| {
            let event = event?;
            Ok(TurnNumbered {
                number: event.number,
                event: event.event,
            })
        });
        Self {
            session,
            turn,
            pump: Pump::new(events),
        }
    }

    /// The turn's id, to listen to it again by.
    #[must_use]
    pub fn id(&self) -> &str {
        self.turn.id().as_str()
    }

    /// The conversation that it belongs to.
    #[must_use]
    pub fn conversation(&self) -> &str {
        self.turn.conversation().as_str()
    }

    /// Stops the turn; what it said is kept. A child process stops nothing of its parent's.
    pub fn cancel(&self) {
        if self.pump.is_own() {
            self.turn.cancel();
        }
    }

    /// The next events, none after `Done`. When `Done` is given the conversation can go on.
    ///
    /// # Errors
    /// What the turn's log reports; `UNSUPPORTED` in a child process.
    pub async fn next(&self) -> Result<Vec<TurnNumbered>, Failure> {
        let hop = self.pump.next().await?;
        if hop.iter().any(|event| is_done(&event.event)) {
            self.leave().await;
        }
        Ok(hop)
    }

    /// Core shows `Done` a moment before it lets the next turn into the conversation.
    async fn leave(&self) {
        let conversations = self.session.conversations();
        while conversations
            .running_turn(self.turn.conversation())
            .as_ref()
            == Some(self.turn.id())
        {
            tokio::task::yield_now().await;
        }
    }
}

fn is_done(event: &TurnEvent) -> bool {
    matches!(event, TurnEvent::Done { .. })
}
