//! One turn: a message in, numbered events out, everything kept on the way.

mod answer;
mod event;
mod journal;
mod live;
mod log;
mod prompt;
mod recovery;
mod sql;
mod stream;

pub use event::{Finish, NumberedEvent, RecalledItem, TurnEvent};
pub use log::{Turn, TurnLog, TurnState};
pub use stream::TurnStream;

pub(crate) use answer::{TurnOptions, begin};
pub(crate) use live::LiveTurns;
pub(crate) use recovery::recover;
pub(crate) use sql::SqlTurnLog;
