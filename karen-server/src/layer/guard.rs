//! Who is asking. A route is behind a principal because of where it stands in the router.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use karen_core::{Code, Principal};

use super::revoke::until_ended;
use crate::app::App;
use crate::peer::Peer;
use crate::problem::Problem;

/// Lets a request through with the session of its principal.
pub(crate) async fn guard(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let principal = principal_of(&app, request.headers(), request.extensions()).await?;
    request
        .extensions_mut()
        .insert(app.karen.session(principal.clone()));
    let response = next.run(request).await;
    let mut response = until_ended(response, app.karen.auth(), &principal);
    // What was told to one person is for no cache on the way.
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The header by which the owner of the data, over the local socket, acts for an account: its email.
pub const ACT_FOR: HeaderName = HeaderName::from_static("karen-act-for");

const KEY_NEEDED: &str = "a bearer token is needed: log in, or use an API key";

/// The header in which Anthropic's clients send a key.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The principal of the bearer token or API key, or the owner who asks over the local socket, perhaps for an
/// account.
pub(crate) async fn principal_of(
    app: &App,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<Principal, Problem> {
    let token = match (headers.get(AUTHORIZATION), headers.get(API_KEY)) {
        (Some(value), _) => Some(bearer(value)?),
        (None, Some(key)) => Some(key.to_str().map_err(|_| unauthenticated(KEY_NEEDED))?),
        (None, None) => None,
    };
    match (token, extensions.get::<Peer>()) {
        (Some(token), _) => Ok(app.karen.auth().authenticate(token).await?),
        (None, Some(Peer::Owner)) => owner(app, headers.get(ACT_FOR)).await,
        (None, _) => Err(unauthenticated(KEY_NEEDED)),
    }
}

async fn owner(app: &App, act_for: Option<&HeaderValue>) -> Result<Principal, Problem> {
    let owner = Principal::local();
    let Some(email) = act_for else {
        return Ok(owner);
    };
    let email = email.to_str().map_err(|_| {
        let detail = "the account to act for is named by its email";
        Problem::new(Code::InvalidArgument, detail)
    })?;
    Ok(app.karen.auth().act_for(&owner, email).await?)
}

fn bearer(value: &HeaderValue) -> Result<&str, Problem> {
    let text = value.to_str().ok().and_then(|text| text.split_once(' '));
    match text {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(unauthenticated(
            "the header Authorization takes the form: Bearer TOKEN",
        )),
    }
}

fn unauthenticated(detail: &'static str) -> Problem {
    Problem::new(Code::Unauthenticated, detail)
}
