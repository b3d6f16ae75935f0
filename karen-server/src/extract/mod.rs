//! What handlers take from a request, each refusing with a [`Problem`](crate::problem::Problem).

mod body;
mod caller;
mod idempotency;
mod json;
mod path;
mod query;
mod visitor;

pub(crate) use body::{bytes_of, text_of};
pub(crate) use caller::Caller;
pub(crate) use idempotency::idempotency_key;
pub(crate) use json::Json;
pub(crate) use path::Path;
pub(crate) use query::Query;
pub(crate) use visitor::Visitor;
