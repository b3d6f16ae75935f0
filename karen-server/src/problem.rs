//! What went wrong, as clients see it: problem details of RFC 9457.
//!
//! A handler returns a [`Problem`]; it travels as an extension of its response until the layer
//! that knows the request's path and correlation id writes it down.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use karen_core::auth::{AuthError, AuthErrorKind};
use karen_core::infer::ModelError;
use karen_core::{Code, Error};
use serde::Serialize;
use utoipa::ToSchema;

/// A failure on its way to the client, and to the log.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) status: StatusCode,
    pub(crate) detail: Cow<'static, str>,
    pub(crate) faults: Vec<Fault>,
    wait: Option<Duration>,
    cause: Option<Arc<Error>>,
}

/// One wrong place in a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Fault {
    /// Where: a JSON pointer (RFC 6901) into the body.
    pub(crate) pointer: String,
    /// What is wrong there.
    pub(crate) detail: String,
}

/// Problem details, RFC 9457.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The name of the status.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// A sentence for people: what failed, and what to do about it.
    detail: &'a str,
    /// The path that was asked for.
    instance: &'a str,
    /// A stable name of the failure, for programs.
    code: &'static str,
    /// Finds the request in the server's log; also in the header `X-Request-Id`.
    correlation_id: &'a str,
    /// The wrong places of the request, where they are known.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Fault],
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            status: status_of(code),
            detail: detail.into(),
            faults: Vec::new(),
            wait: None,
            cause: None,
        }
    }

    /// Answers with a status of HTTP's own instead of the code's.
    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Names the place that is wrong.
    pub(crate) fn at(mut self, pointer: impl Into<String>) -> Self {
        self.faults.push(Fault {
            pointer: pointer.into(),
            detail: self.detail.clone().into_owned(),
        });
        self
    }

    pub(crate) fn body<'a>(&'a self, path: &'a str, correlation: &'a str) -> ProblemBody<'a> {
        ProblemBody {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: &self.detail,
            instance: path,
            code: self.code.as_str(),
            correlation_id: correlation,
            errors: &self.faults,
        }
    }

    /// Tells the log what the client is not told: the whole chain of causes.
    pub(crate) fn log(&self) {
        let cause = self
            .cause
            .as_deref()
            .map(|cause| cause as &(dyn StdError + 'static));
        let (code, status) = (self.code.as_str(), self.status.as_u16());
        if self.status.is_server_error() {
            tracing::error!(code, status, error = cause, "a request failed");
        } else {
            tracing::debug!(code, status, error = cause, "a request was refused");
        }
    }
}

/// The one place where a code becomes a status.
pub(crate) fn status_of(code: Code) -> StatusCode {
    match code {
        Code::NotFound | Code::ModelMissing => StatusCode::NOT_FOUND,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden | Code::LoginNotRecent => StatusCode::FORBIDDEN,
        Code::InvalidArgument | Code::ModelLoad => StatusCode::UNPROCESSABLE_ENTITY,
        Code::Conflict | Code::Cancelled => StatusCode::CONFLICT,
        Code::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Code::Quota | Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::PluginFailed => StatusCode::BAD_GATEWAY,
        Code::Unavailable | Code::ReadOnly | Code::TooNew => StatusCode::SERVICE_UNAVAILABLE,
        Code::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        Code::Locked => StatusCode::LOCKED,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::Unsupported => StatusCode::NOT_IMPLEMENTED,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let problem = Self::new(error.code(), error.to_string());
        Self {
            wait: error.wait(),
            cause: Some(Arc::new(error)),
            ..problem
        }
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        let is_stale = error.kind() == AuthErrorKind::Stale;
        let problem = Self::from(Error::from(error));
        match is_stale {
            true => problem.status(StatusCode::PRECONDITION_FAILED),
            false => problem,
        }
    }
}

impl From<ModelError> for Problem {
    fn from(error: ModelError) -> Self {
        Error::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        if let Some(wait) = self.wait {
            // Whole seconds, never too early.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_status_of_an_error() {
        for code in Code::ALL {
            let status = status_of(*code);
            assert!(
                status.is_client_error() || status.is_server_error(),
                "{code}: {status}"
            );
        }
    }

    #[test]
    fn what_a_client_sees_is_this() {
        let problem = Problem::new(Code::InvalidArgument, "limit is 0, and may be 1 to 200");
        let body =
            serde_json::to_value(problem.at("/limit").body("/api/v1/x", "abc")).expect("json");
        let expected = serde_json::json!({
            "type": "about:blank",
            "title": "Unprocessable Entity",
            "status": 422,
            "detail": "limit is 0, and may be 1 to 200",
            "instance": "/api/v1/x",
            "code": "INVALID_ARGUMENT",
            "correlation_id": "abc",
            "errors": [{ "pointer": "/limit", "detail": "limit is 0, and may be 1 to 200" }],
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn waiting_is_rounded_up_to_whole_seconds() {
        let error =
            Error::new(Code::RateLimited, "slow down").retry_after(Duration::from_millis(1500));
        let response = Problem::from(error).into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "2");
    }
}
