//! Listening to a turn that another instance runs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{StreamExt, try_unfold};
use tokio::time::sleep;

use super::replay::rest;
use super::{NumberedEvent, Turn, TurnEvent, TurnState, TurnStream};
use crate::karen::Shared;
use crate::{Result, Scope, TurnRef};

/// How often the log is looked into: about as often as it is written.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Events that are read at once.
const EVENTS_MAX: u32 = 1_000;

/// Where a listener has come to.
struct Place {
    karen: Arc<Shared>,
    scope: Scope,
    turn: Turn,
    after: u64,
    read: VecDeque<NumberedEvent>,
    is_over: bool,
}

/// Follows the log of a turn from the event after number `after`, until its `Done` is there: of the
/// instance that runs it, or when that has died of the one that mends it.
pub(crate) fn follow(karen: Arc<Shared>, scope: Scope, turn: Turn, after: u64) -> TurnStream {
    let reference = TurnRef::finished(&turn);
    let place = Place {
        karen,
        scope,
        turn,
        after,
        read: VecDeque::new(),
        is_over: false,
    };
    let events = try_unfold(place, |mut place| async move {
        let event = place.next().await?;
        Ok(event.map(|event| (event, place)))
    });
    TurnStream::followed(reference, events.boxed())
}

impl Place {
    async fn next(&mut self) -> Result<Option<NumberedEvent>> {
        while self.read.is_empty() && !self.is_over {
            self.look().await?;
        }
        let event = self.read.pop_front();
        if let Some(event) = &event {
            self.after = event.number;
            self.is_over |= matches!(event.event, TurnEvent::Done { .. });
        }
        Ok(event)
    }

    /// Reads what there is, or waits a while.
    async fn look(&mut self) -> Result<()> {
        let log = &self.karen.turn_log;
        let known = log.get(&self.scope, &self.turn.id).await?;
        match known.map(|turn| turn.state) {
            // Deleted with its conversation: there is no end to wait for.
            None => self.is_over = true,
            Some(TurnState::Finished) => {
                let rest = rest(&self.karen, &self.scope, &self.turn.id, self.after);
                self.read.extend(rest.await?);
                self.is_over = true;
            }
            Some(TurnState::Running) => {
                let events = log.events(&self.scope, &self.turn.id, self.after, EVENTS_MAX);
                self.read.extend(events.await?);
                if self.read.is_empty() {
                    sleep(LOOK_EVERY).await;
                }
            }
        }
        Ok(())
    }
}
