//! SCIM's shape of errors: RFC 7644 section 3.12.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;

const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Why a directory's request failed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ScimError)]
pub(crate) struct ErrorBody<'a> {
    schemas: [&'static str; 1],
    /// The HTTP status, as text.
    #[schema(example = "400")]
    status: String,
    /// What is wrong with the request, by SCIM's names.
    #[serde(skip_serializing_if = "Option::is_none")]
    scim_type: Option<ErrorType>,
    /// A sentence for people.
    detail: &'a str,
}

/// What is wrong with a request, by SCIM's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ScimErrorType)]
pub(crate) enum ErrorType {
    InvalidFilter,
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    Mutability,
    NoTarget,
    Uniqueness,
}

impl<'a> ErrorBody<'a> {
    pub(crate) fn of(problem: &'a Problem, named: Option<ErrorType>) -> Self {
        let usual = match problem.status {
            StatusCode::UNPROCESSABLE_ENTITY => Some(ErrorType::InvalidValue),
            StatusCode::BAD_REQUEST => Some(ErrorType::InvalidSyntax),
            _ => None,
        };
        Self {
            schemas: [SCHEMA],
            status: status(problem.status).as_str().to_owned(),
            scim_type: named.or(usual),
            detail: &problem.detail,
        }
    }
}

/// SCIM answers 400 to all that is wrong with a request.
pub(crate) fn status(status: StatusCode) -> StatusCode {
    match status {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        other => other,
    }
}

/// A problem of which SCIM has a name; both travel as extensions of the response.
pub(super) struct Refusal {
    problem: Problem,
    named: Option<ErrorType>,
}

impl Refusal {
    pub(super) fn named(named: ErrorType, problem: impl Into<Problem>) -> Self {
        Self {
            problem: problem.into(),
            named: Some(named),
        }
    }
}

impl<E: Into<Problem>> From<E> for Refusal {
    fn from(problem: E) -> Self {
        Self {
            problem: problem.into(),
            named: None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.problem.into_response();
        if let Some(named) = self.named {
            response.extensions_mut().insert(named);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use karen_core::Code;

    use super::*;

    #[test]
    fn a_directory_sees_this() {
        let problem = Problem::new(Code::InvalidArgument, "it does not look like an address");
        let body = serde_json::to_value(ErrorBody::of(&problem, None)).expect("json");
        let expected = serde_json::json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": "400",
            "scimType": "invalidValue",
            "detail": "it does not look like an address",
        });
        assert_eq!(body, expected);
        let problem = Problem::new(Code::NotFound, "there is no such account");
        let body = serde_json::to_value(ErrorBody::of(&problem, None)).expect("json");
        assert_eq!(
            (&body["status"], body.get("scimType")),
            (&"404".into(), None)
        );
    }
}
