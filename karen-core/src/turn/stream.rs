//! Listening to a turn, from any event on.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::Stream;
use futures::stream::{BoxStream, StreamExt, iter, unfold};

use super::live::LiveTurn;
use super::{NumberedEvent, TurnEvent};
use crate::id::{ConversationId, TurnId};
use crate::{Result, TurnRef};

/// The events of a turn, in order, ending after `Done`.
///
/// Dropping it stops listening, not the turn: [`TurnRef::cancel`] does that, and
/// [`Session::resume`](crate::Session::resume) listens again from any number.
pub struct TurnStream {
    turn: TurnRef,
    events: BoxStream<'static, Result<NumberedEvent>>,
}

impl TurnStream {
    /// Follows a turn of this process from the event after number `after`.
    pub(crate) fn live(turn: TurnRef, live: Arc<LiveTurn>, after: u64) -> Self {
        let next = usize::try_from(after).unwrap_or(usize::MAX);
        let count = live.listen();
        let events = unfold((live, count, next), |(live, mut count, next)| async move {
            loop {
                if let Some(event) = live.nth(next) {
                    return Some((Ok(event), (live, count, next + 1)));
                }
                if ended(&live, next) {
                    return None;
                }
                count.changed().await.expect("the turn is held here");
            }
        });
        Self {
            turn,
            events: events.boxed(),
        }
    }

    /// Replays events from the log.
    pub(crate) fn logged(turn: TurnRef, events: Vec<NumberedEvent>) -> Self {
        Self {
            turn,
            events: iter(events.into_iter().map(Ok)).boxed(),
        }
    }

    /// Events that come from elsewhere.
    pub(crate) fn followed(
        turn: TurnRef,
        events: BoxStream<'static, Result<NumberedEvent>>,
    ) -> Self {
        Self { turn, events }
    }

    /// The turn that is listened to.
    #[must_use]
    pub fn turn(&self) -> &TurnRef {
        &self.turn
    }

    /// The turn's id, to resume it by.
    #[must_use]
    pub fn id(&self) -> &TurnId {
        self.turn.id()
    }

    /// The conversation that the turn belongs to.
    #[must_use]
    pub fn conversation(&self) -> &ConversationId {
        self.turn.conversation()
    }

    /// Waits for the end and gives the answer's text.
    ///
    /// # Errors
    /// What ended the turn, if it failed.
    pub async fn text(mut self) -> Result<String> {
        let mut text = String::new();
        while let Some(event) = self.next().await {
            match event?.event {
                TurnEvent::Delta { text: piece } => text.push_str(&piece),
                TurnEvent::Done {
                    error: Some(failure),
                    ..
                } => return Err(failure.into()),
                _ => {}
            }
        }
        Ok(text)
    }
}

impl Stream for TurnStream {
    type Item = Result<NumberedEvent>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.events.poll_next_unpin(context)
    }
}

fn ended(live: &LiveTurn, next: usize) -> bool {
    let last = next.checked_sub(1).and_then(|index| live.nth(index));
    matches!(
        last,
        Some(NumberedEvent {
            event: TurnEvent::Done { .. },
            ..
        })
    )
}
