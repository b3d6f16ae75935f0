//! Turns that run in this process: what they have said, and who listens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{NumberedEvent, Turn, TurnEvent};
use crate::id::{ConversationId, TurnId};
use crate::{Code, Error, Result, Scope};

/// A turn while it runs. Listeners come and go; the turn does not mind.
#[derive(Debug)]
pub(crate) struct LiveTurn {
    pub(crate) scope: Scope,
    pub(crate) turn: Turn,
    pub(crate) cancel: CancellationToken,
    said: Mutex<Vec<NumberedEvent>>,
    /// How many events there are; closed listeners are no error.
    count: watch::Sender<usize>,
}

impl LiveTurn {
    fn new(scope: Scope, turn: Turn) -> Self {
        Self {
            scope,
            turn,
            cancel: CancellationToken::new(),
            said: Mutex::default(),
            count: watch::Sender::new(0),
        }
    }

    /// Numbers an event and shows it to whoever listens.
    pub(crate) fn say(&self, event: TurnEvent) -> NumberedEvent {
        let mut said = lock(&self.said);
        let numbered = NumberedEvent {
            number: said.len() as u64 + 1,
            event,
        };
        said.push(numbered.clone());
        self.count.send_replace(said.len());
        numbered
    }

    pub(crate) fn listen(&self) -> watch::Receiver<usize> {
        self.count.subscribe()
    }

    pub(crate) fn nth(&self, index: usize) -> Option<NumberedEvent> {
        lock(&self.said).get(index).cloned()
    }
}

/// The turns of this process. A conversation has one at a time.
#[derive(Debug, Default)]
pub(crate) struct LiveTurns {
    turns: Mutex<HashMap<TurnId, Arc<LiveTurn>>>,
    changed: watch::Sender<()>,
}

impl LiveTurns {
    /// Enters a turn.
    ///
    /// # Errors
    /// `CONFLICT` while it or another one runs in the same conversation.
    pub(crate) fn enter(&self, scope: Scope, turn: Turn) -> Result<Arc<LiveTurn>> {
        let mut turns = lock(&self.turns);
        let is_same = |live: &Turn| live.id == turn.id || live.conversation == turn.conversation;
        if turns.values().any(|live| is_same(&live.turn)) {
            let message = "a turn is running in this conversation: wait for it or cancel it";
            return Err(Error::new(Code::Conflict, message));
        }
        let live = Arc::new(LiveTurn::new(scope, turn));
        turns.insert(live.turn.id.clone(), Arc::clone(&live));
        Ok(live)
    }

    pub(crate) fn leave(&self, id: &TurnId) {
        lock(&self.turns).remove(id);
        self.changed.send_replace(());
    }

    pub(crate) fn get(&self, scope: &Scope, id: &TurnId) -> Option<Arc<LiveTurn>> {
        let turns = lock(&self.turns);
        turns.get(id).filter(|live| live.scope == *scope).cloned()
    }

    pub(crate) fn of(&self, scope: &Scope, id: &ConversationId) -> Option<Arc<LiveTurn>> {
        let turns = lock(&self.turns);
        let mut all = turns.values();
        all.find(|live| live.scope == *scope && live.turn.conversation == *id)
            .cloned()
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.turns).len()
    }

    /// Cancels every turn and waits until each has kept what it said.
    pub(crate) async fn stop(&self) {
        self.stop_those(|_| true).await;
    }

    /// The same, of the turns in some scopes.
    pub(crate) async fn stop_those(&self, is_meant: impl Fn(&Scope) -> bool) {
        let mut changed = self.changed.subscribe();
        while self.cancel_those(&is_meant) > 0 {
            changed
                .changed()
                .await
                .expect("the sender lives as long as self");
        }
    }

    /// Answers how many there are.
    fn cancel_those(&self, is_meant: impl Fn(&Scope) -> bool) -> usize {
        let turns = lock(&self.turns);
        let meant = turns.values().filter(|live| is_meant(&live.scope));
        meant.inspect(|live| live.cancel.cancel()).count()
    }
}

/// No code panics while it holds one of these locks, and a list of events is whole at any time.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
