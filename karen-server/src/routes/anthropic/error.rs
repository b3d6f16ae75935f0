//! Anthropic's shape of errors.

use axum::http::StatusCode;
use karen_core::Code;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
#[schema(as = AnthropicError)]
pub(crate) struct ErrorBody {
    /// Always `error`.
    #[serde(rename = "type")]
    kind: &'static str,
    error: ErrorDetail,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AnthropicErrorDetail)]
struct ErrorDetail {
    /// The class of error.
    #[serde(rename = "type")]
    kind: &'static str,
    /// A sentence for people, with the place that is wrong.
    message: String,
}

impl ErrorBody {
    pub(crate) fn of(problem: &Problem) -> Self {
        let place = problem.faults.first().map(|fault| fault.pointer.as_str());
        let place = place.map(|pointer| pointer.trim_start_matches('/').replace('/', "."));
        let message = match place.filter(|name| !name.is_empty()) {
            Some(place) => format!("{place}: {}", problem.detail),
            None => problem.detail.clone().into_owned(),
        };
        let kind = kind(problem);
        Self {
            kind: "error",
            error: ErrorDetail { kind, message },
        }
    }
}

fn kind(problem: &Problem) -> &'static str {
    match problem.code {
        Code::Unauthenticated => "authentication_error",
        Code::Forbidden => "permission_error",
        Code::NotFound | Code::ModelMissing => "not_found_error",
        Code::RateLimited | Code::Quota => "rate_limit_error",
        Code::TooLarge => "request_too_large",
        Code::Timeout => "timeout_error",
        _ if problem.status == StatusCode::SERVICE_UNAVAILABLE => "overloaded_error",
        _ if problem.status.is_server_error() => "api_error",
        _ => "invalid_request_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_anthropics_clients_see_is_this() {
        let problem = Problem::new(Code::ModelMissing, "there is no model x").at("/model");
        let body = serde_json::to_value(ErrorBody::of(&problem)).expect("json");
        let expected = serde_json::json!({ "type": "error", "error": {
            "type": "not_found_error",
            "message": "model: there is no model x",
        }});
        assert_eq!(body, expected);
    }
}
