//! OpenAI's shape of errors.

use axum::response::sse::Event;
use karen_core::Code;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::sse;

#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiError)]
pub(crate) struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Clone, Serialize, ToSchema)]
#[schema(as = OpenAiErrorDetail)]
pub(super) struct ErrorDetail {
    /// A sentence for people.
    message: String,
    /// The class of error.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The parameter that is wrong.
    param: Option<String>,
    /// OpenAI's name where it has one, else Karen's.
    code: &'static str,
}

impl ErrorBody {
    pub(crate) fn of(problem: &Problem) -> Self {
        Self {
            error: ErrorDetail::of(problem),
        }
    }
}

impl ErrorDetail {
    pub(super) fn of(problem: &Problem) -> Self {
        let first = problem.faults.first();
        let param = first.map(|fault| fault.pointer.trim_start_matches('/').replace('/', "."));
        Self {
            message: problem.detail.clone().into_owned(),
            kind: kind(problem),
            param: param.filter(|name| !name.is_empty()),
            code: code(problem.code),
        }
    }
}

/// What ends a stream that failed.
pub(super) fn failed(error: karen_core::Error) -> Event {
    let problem = Problem::from(error);
    problem.log();
    sse::data_frame(&ErrorBody::of(&problem))
}

fn kind(problem: &Problem) -> &'static str {
    match problem.code {
        Code::Unauthenticated => "authentication_error",
        Code::Forbidden => "permission_error",
        Code::RateLimited => "rate_limit_error",
        Code::Quota => "insufficient_quota",
        _ if problem.status.is_server_error() => "server_error",
        _ => "invalid_request_error",
    }
}

fn code(code: Code) -> &'static str {
    match code {
        Code::Unauthenticated => "invalid_api_key",
        Code::ModelMissing => "model_not_found",
        Code::RateLimited => "rate_limit_exceeded",
        Code::Quota => "insufficient_quota",
        other => other.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_openai_clients_see_is_this() {
        let problem = Problem::new(Code::ModelMissing, "there is no model x").at("/model");
        let body = serde_json::to_value(ErrorBody::of(&problem)).expect("json");
        let expected = serde_json::json!({ "error": {
            "message": "there is no model x",
            "type": "invalid_request_error",
            "param": "model",
            "code": "model_not_found",
        }});
        assert_eq!(body, expected);
    }
}
