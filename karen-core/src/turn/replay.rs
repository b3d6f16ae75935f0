//! Listening to a turn that is over.

use super::{NumberedEvent, Turn, TurnStream};
use crate::id::TurnId;
use crate::karen::Shared;
use crate::{Result, Scope, TurnRef};

/// Events of a finished turn that are read from the log at once.
const EVENTS_MAX: u32 = 100_000;

/// What the log has of a turn, from the event after number `after`.
pub(crate) async fn replay(
    karen: &Shared,
    scope: &Scope,
    turn: &Turn,
    after: u64,
) -> Result<TurnStream> {
    let events = rest(karen, scope, &turn.id, after).await?;
    Ok(TurnStream::logged(TurnRef::finished(turn), events))
}

/// The events of a finished turn after number `after`. Whoever saw more than a crash has kept is still
/// told how the turn ended.
pub(super) async fn rest(
    karen: &Shared,
    scope: &Scope,
    id: &TurnId,
    after: u64,
) -> Result<Vec<NumberedEvent>> {
    let log = &karen.turn_log;
    let mut events = log.events(scope, id, after, EVENTS_MAX).await?;
    if events.is_empty() {
        let all = log.events(scope, id, 0, EVENTS_MAX).await?;
        events.extend(all.into_iter().next_back());
    }
    Ok(events)
}
