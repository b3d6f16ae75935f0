//! The time that an answer may take to begin.

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use karen_core::Code;

use crate::problem::Problem;

/// Far above what any of these routes needs, below the patience of the usual proxies.
const LIMIT: Duration = Duration::from_secs(30);

/// For routes that answer at once; those that wait for a model stand outside of it.
pub(crate) async fn deadline(request: Request, next: Next) -> Result<Response, Problem> {
    let answer = tokio::time::timeout(LIMIT, next.run(request)).await;
    answer.map_err(|_| Problem::new(Code::Timeout, "it took longer than 30 seconds: try again"))
}
