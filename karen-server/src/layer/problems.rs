//! Writes problems down, in the shape that the path's clients expect.

use std::any::Any;

use axum::Json;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use karen_core::Code;

use super::CorrelationId;
use crate::problem::Problem;
use crate::routes::{anthropic, openai, scim};

const SCIM_JSON: HeaderValue = HeaderValue::from_static("application/scim+json");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

pub(crate) async fn render(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let id = request.extensions().get::<CorrelationId>().cloned();
    let mut response = next.run(request).await;
    let Some(mut problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let is_providers = anthropic::owns(&path) || openai::owns(&path);
    if is_providers {
        problem.status = as_providers_do(problem.status);
        *response.status_mut() = problem.status;
    }
    let named = response.extensions_mut().remove::<scim::ErrorType>();
    problem.log();
    let written = if anthropic::owns(&path) {
        Json(anthropic::ErrorBody::of(&problem)).into_response()
    } else if is_providers {
        Json(openai::ErrorBody::of(&problem)).into_response()
    } else if scim::owns(&path) {
        *response.status_mut() = scim::status(problem.status);
        let body = Json(scim::ErrorBody::of(&problem, named));
        ([(CONTENT_TYPE, SCIM_JSON)], body).into_response()
    } else {
        let id = id.as_ref().map_or("", CorrelationId::as_str);
        (
            [(CONTENT_TYPE, PROBLEM_JSON)],
            Json(problem.body(&path, id)),
        )
            .into_response()
    };
    carry(written, response)
}

/// Providers answer 400 to all that is wrong with a request, and their clients try again after what
/// is the server's fault.
fn as_providers_do(status: StatusCode) -> StatusCode {
    match status {
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::NOT_IMPLEMENTED => StatusCode::BAD_REQUEST,
        other => other,
    }
}

/// The body of `written` in a response that keeps the status and headers it had.
fn carry(written: Response, mut response: Response) -> Response {
    let (parts, body) = written.into_parts();
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.extend(parts.headers);
    *response.body_mut() = body;
    response
}

/// A panic of a handler, as a problem. The message stays in the log.
pub(crate) fn caught(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("no text"), "a handler panicked");
    Problem::new(
        Code::Internal,
        "this is a mistake of Karen's: the log says more",
    )
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_problem_that_keeps_its_text_to_itself() {
        let response = caught(Box::new("secret text".to_owned()));
        let problem = response.extensions().get::<Problem>().expect("a problem");
        assert_eq!(problem.code, Code::Internal);
        assert!(!problem.detail.contains("secret"));
    }
}
