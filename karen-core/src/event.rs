//! News for whoever is interested: what happened, after it is durable.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

use crate::id::TurnId;
use crate::{Result, Scope};

/// Events that a listener may be behind by before it misses some.
const BACKLOG: usize = 1024;

/// Something that happened to somebody's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whose data.
    pub scope: Scope,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// A turn came to its end; its answer and memories are kept.
    TurnFinished {
        /// Which.
        turn: TurnId,
    },
    /// Something was remembered or forgotten outside of a turn.
    MemoryChanged,
}

/// Spreads events. It is a bell, not a record: who was not listening asks the stores.
///
/// What an implementation owes its callers, and [`testing::event_bus`] checks:
/// - everybody who subscribed before an event was published gets it, in the order of publishing;
/// - a listener that is too slow misses events and holds nobody up.
///
/// [`testing::event_bus`]: crate::testing::event_bus
#[async_trait]
pub trait EventBus: Send + Sync {
    /// Rings the bell.
    async fn publish(&self, event: Event) -> Result<()>;

    /// Everything published from here on, until the bus is gone.
    async fn subscribe(&self) -> Result<BoxStream<'static, Event>>;
}

/// [`EventBus`] within one process.
#[derive(Clone, Debug)]
pub(crate) struct InProcessEventBus {
    sender: Arc<broadcast::Sender<Event>>,
}

impl Default for InProcessEventBus {
    fn default() -> Self {
        Self {
            sender: Arc::new(broadcast::Sender::new(BACKLOG)),
        }
    }
}

#[async_trait]
impl EventBus for InProcessEventBus {
    async fn publish(&self, event: Event) -> Result<()> {
        // An error says that nobody listens, which is no failure of a bell.
        let _ = self.sender.send(event);
        Ok(())
    }

    async fn subscribe(&self) -> Result<BoxStream<'static, Event>> {
        let events = BroadcastStream::new(self.sender.subscribe());
        // What a slow listener missed is reported as an error in its place: it is left out.
        Ok(events.filter_map(|event| async { event.ok() }).boxed())
    }
}
