//! The bytes of a request, within the limits of size and time.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use karen_core::Code;

use crate::problem::Problem;

/// Nobody may hold a connection by sending ever so slowly.
const PATIENCE: Duration = Duration::from_secs(60);

/// The body as text.
pub(crate) async fn text_of(request: Request) -> Result<String, Problem> {
    let bytes = bytes_of(request).await?;
    String::from_utf8(bytes.into()).map_err(|_| {
        let problem = Problem::new(Code::InvalidArgument, "the body is not valid UTF-8");
        problem.status(StatusCode::BAD_REQUEST)
    })
}

pub(crate) async fn bytes_of(request: Request) -> Result<Bytes, Problem> {
    let read = tokio::time::timeout(PATIENCE, Bytes::from_request(request, &())).await;
    let late = |_| {
        let problem = Problem::new(Code::Timeout, "the body did not arrive within 60 seconds");
        problem.status(StatusCode::REQUEST_TIMEOUT)
    };
    read.map_err(late)?.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::new(
                Code::TooLarge,
                "the body is larger than server.body_bytes_max allows",
            )
        } else {
            let problem = Problem::new(Code::InvalidArgument, "the body did not arrive whole");
            problem.status(StatusCode::BAD_REQUEST)
        }
    })
}
