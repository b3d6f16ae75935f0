//! What happens around every handler, from the outside in.

mod deadline;
mod guard;
mod headers;
mod measure;
mod problems;
mod request_id;

pub(crate) use deadline::deadline;
pub use guard::ACT_FOR;
pub(crate) use guard::{guard, principal_of};
pub(crate) use headers::protect;
pub(crate) use measure::measure;
pub(crate) use problems::{caught, render};
pub(crate) use request_id::{CorrelationId, correlate};
