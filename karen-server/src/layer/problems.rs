//! Writes problems down, in the shape that the path's clients expect.

use std::any::Any;

use axum::Json;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use karen_core::Code;

use super::CorrelationId;
use crate::problem::Problem;
use crate::routes::openai;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

pub(crate) async fn render(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let id = request.extensions().get::<CorrelationId>().cloned();
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    problem.log();
    let written = if openai::owns(&path) {
        Json(openai::ErrorBody::of(&problem)).into_response()
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
