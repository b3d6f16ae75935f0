//! One turn: a message in, numbered events out, everything kept on the way.

mod answer;
mod begin;
mod call;
mod event;
mod follow;
mod journal;
mod keep;
mod live;
mod log;
mod options;
mod prompt;
mod recovery;
mod replay;
mod sql;
mod stream;

pub use event::{Finish, NumberedEvent, RecalledItem, TurnEvent, TurnFailure};
pub use log::{Turn, TurnLog, TurnState};
pub use stream::TurnStream;

pub(crate) use begin::{begin, title};
pub(crate) use follow::follow;
pub(crate) use live::{LiveTurn, LiveTurns};
pub(crate) use options::TurnOptions;
pub(crate) use recovery::recover;
pub(crate) use replay::replay;
pub(crate) use sql::SqlTurnLog;
