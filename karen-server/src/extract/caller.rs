//! The session of whoever asks.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use karen_core::{Code, Session};

use crate::problem::Problem;

/// What the caller may do with their own data; the guard made it from their principal.
pub(crate) struct Caller(pub(crate) Session);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // A route that stands outside of the guard by mistake is closed, not open.
        let session = parts.extensions.get::<Session>().cloned();
        session.map(Self).ok_or_else(|| {
            Problem::new(Code::Unauthenticated, "this route has no guard: report it")
        })
    }
}
