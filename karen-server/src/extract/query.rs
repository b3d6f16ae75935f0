//! The part of an address after `?`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use karen_core::Code;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// Query parameters.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let parsed = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        match parsed {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let detail = std::error::Error::source(&rejection).map(ToString::to_string);
                let detail = detail.unwrap_or_else(|| rejection.body_text());
                Err(Problem::new(
                    Code::InvalidArgument,
                    format!("the query is wrong: {detail}"),
                ))
            }
        }
    }
}
