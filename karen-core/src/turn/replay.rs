//! Listening to a turn that is over.

use super::{Turn, TurnStream};
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
    let log = &karen.turn_log;
    let mut events = log.events(scope, &turn.id, after, EVENTS_MAX).await?;
    if events.is_empty() {
        // Whoever saw more than a crash has kept is still told how the turn ended.
        let all = log.events(scope, &turn.id, 0, EVENTS_MAX).await?;
        events.extend(all.into_iter().next_back());
    }
    Ok(TurnStream::logged(TurnRef::finished(turn), events))
}
