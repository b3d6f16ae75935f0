//! The suite of [`EventBus`].

use futures::StreamExt;

use super::scopes;
use crate::event::{Event, EventBus, EventKind};
use crate::id::TurnId;

/// More than any listener may be behind.
const FLOOD: usize = 10_000;

/// Checks the contract that [`EventBus`] states.
///
/// # Panics
/// With what is not as promised.
pub async fn event_bus(bus: &dyn EventBus) {
    let [scope, ..] = scopes();
    let event = || Event {
        scope: scope.clone(),
        kind: EventKind::TurnFinished {
            turn: TurnId::fresh(),
        },
    };
    let mut first = bus.subscribe().await.expect("subscribes");
    let mut second = bus.subscribe().await.expect("subscribes");
    let events = [event(), event(), event()];
    for event in &events {
        bus.publish(event.clone()).await.expect("publishes");
    }
    for listener in [&mut first, &mut second] {
        let heard: Vec<Event> = listener.take(events.len()).collect().await;
        assert_eq!(heard, events, "everybody hears everything, in order");
    }
    // `second` does not listen: it must hold nobody up.
    let last = event();
    for _ in 0..FLOOD {
        bus.publish(last.clone())
            .await
            .expect("publishes in spite of a slow listener");
    }
    assert_eq!(
        second.next().await,
        Some(last),
        "a slow listener hears again after a gap"
    );
}
