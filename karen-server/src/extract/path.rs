//! The variable parts of a path.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use karen_core::Code;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// Path parameters.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let axum::extract::Path(value) = axum::extract::Path::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::new(Code::InvalidArgument, "the path cannot be read as text"))?;
        Ok(Self(value))
    }
}
