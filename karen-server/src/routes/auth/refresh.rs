//! Staying in: the next access token.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use karen_core::Code;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{SignedInBody, goes_on};
use crate::app::App;
use crate::cookie;
use crate::extract::Json;
use crate::problem::Problem;

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshRequest {
    /// Not needed by browsers, which send it as a cookie.
    refresh_token: Option<String>,
}

/// Get the next access token
#[utoipa::path(
    post, path = "/api/v1/auth/refresh", tag = "auth",
    responses((status = 200, body = SignedInBody)),
)]
pub(super) async fn refresh(
    State(app): State<App>,
    headers: HeaderMap,
    request: Option<Json<RefreshRequest>>,
) -> Result<Response, Problem> {
    let given = request.and_then(|Json(request)| request.refresh_token);
    let token = given
        .as_deref()
        .or_else(|| cookie::token(&headers))
        .ok_or_else(|| {
            Problem::new(
                Code::Unauthenticated,
                "a refresh token is needed: log in again",
            )
        })?;
    match app.karen.auth().refresh(token).await {
        Ok(signed) => Ok(goes_on(&app, &headers, signed)),
        Err(error) => Ok(refused(Problem::from(error), &headers)),
    }
}

/// A cookie that is no good any more is taken back along with the refusal.
fn refused(problem: Problem, headers: &HeaderMap) -> Response {
    if problem.code != Code::Unauthenticated {
        return problem.into_response();
    }
    ([(SET_COOKIE, cookie::forget(headers))], problem).into_response()
}
