//! What happens around every handler, from the outside in.

mod deadline;
mod guard;
mod headers;
mod limit;
mod locate;
mod measure;
mod problems;
mod replay;
mod request_id;
mod revoke;

pub(crate) use deadline::deadline;
pub use guard::ACT_FOR;
pub(crate) use guard::{guard, principal_of};
pub(crate) use headers::protect;
pub(crate) use limit::{limit_calls, limit_visits};
pub(crate) use locate::locate;
pub(crate) use measure::measure;
pub(crate) use problems::{caught, render};
pub(crate) use replay::replay;
pub(crate) use request_id::{CorrelationId, correlate};
