//! The port behind which turns are logged.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::NumberedEvent;
use crate::id::{ConversationId, MessageId, TurnId};
use crate::{Result, Scope};

/// A turn as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Its id.
    pub id: TurnId,
    /// Where it takes place.
    pub conversation: ConversationId,
    /// The id of the user's message.
    pub message: MessageId,
    /// The id that the answer has or will have.
    pub answer: MessageId,
    /// What the user said: enough to restore the message after a crash.
    pub prompt: String,
    /// Whether memory is given it and the answer, also after a crash.
    pub remember: bool,
    /// How far it came.
    pub state: TurnState,
    /// Unix milliseconds.
    pub created_at: i64,
    /// The instance that runs it.
    pub instance: String,
}

/// How far a turn came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TurnState {
    /// Still going.
    Running,
    /// Its `Done` is logged, whatever it says.
    Finished,
}

/// Keeps turns and their events. Every call but [`running`](TurnLog::running) reaches the rows of
/// its scope only.
///
/// What an implementation owes its callers, and [`testing::turn_log`] checks:
/// - a call that returned `Ok` is durable, and the next call on any instance sees it;
/// - [`append`](TurnLog::append) keeps all of its events or none, and an event whose number is
///   already there stays as it was;
/// - [`finish`](TurnLog::finish) keeps its events and the state in one step;
/// - a turn of another scope behaves as one that does not exist.
///
/// [`testing::turn_log`]: crate::testing::turn_log
#[async_trait]
pub trait TurnLog: Send + Sync {
    /// Keeps a new turn.
    async fn begin(&self, scope: &Scope, turn: &Turn) -> Result<()>;

    /// One turn.
    async fn get(&self, scope: &Scope, id: &TurnId) -> Result<Option<Turn>>;

    /// Adds events to a turn.
    ///
    /// # Errors
    /// `NOT_FOUND` if the scope has no such turn.
    async fn append(&self, scope: &Scope, id: &TurnId, events: &[NumberedEvent]) -> Result<()>;

    /// Adds the last events and marks the turn as finished.
    ///
    /// # Errors
    /// As [`append`](TurnLog::append).
    async fn finish(&self, scope: &Scope, id: &TurnId, events: &[NumberedEvent]) -> Result<()>;

    /// Up to `limit` events with numbers above `after`, in order.
    async fn events(
        &self,
        scope: &Scope,
        id: &TurnId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<NumberedEvent>>;

    /// Every turn of any scope that has not finished, oldest first.
    async fn running(&self) -> Result<Vec<(Scope, Turn)>>;

    /// How many turns the scope has.
    async fn count(&self, scope: &Scope) -> Result<u64>;

    /// Deletes every turn of the scope with its events.
    async fn erase(&self, scope: &Scope) -> Result<()>;
}
