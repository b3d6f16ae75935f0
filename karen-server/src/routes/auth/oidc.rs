//! Signing in by way of a provider: the browser leaves for it, and comes back with its answer.

use axum::extract::{Query, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use karen_core::auth::{LogIn, OidcAnswer, OidcDone, OidcStart};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::kept_cookies;
use crate::app::App;
use crate::cookie::flow;
use crate::extract::{Caller, Json, Path, Visitor};
use crate::problem::Problem;

/// A provider that people may sign in with.
#[derive(Serialize, ToSchema)]
#[schema(as = SignInProvider)]
struct Provider {
    #[schema(example = "corp")]
    name: String,
    /// What people know it by.
    #[schema(example = "Example Corp")]
    label: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SignInProviderList)]
pub(super) struct ProviderList {
    data: Vec<Provider>,
}

/// Where the browser goes next.
#[derive(Serialize, ToSchema)]
pub(super) struct Departure {
    #[schema(example = "https://accounts.example.com/authorize?response_type=code")]
    url: String,
}

/// A provider that signs the account in.
#[derive(Serialize, ToSchema)]
struct LinkBody {
    /// Absent when it is not in the settings any more.
    #[schema(example = "corp")]
    provider: Option<String>,
    #[schema(example = "https://accounts.example.com")]
    issuer: String,
    /// Unix milliseconds.
    since: i64,
}

#[derive(Serialize, ToSchema)]
pub(super) struct LinkList {
    data: Vec<LinkBody>,
}

/// What a provider sends a browser back with (RFC 6749 section 4.1.2, RFC 9207).
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Returned {
    #[serde(default)]
    state: String,
    code: Option<String>,
    iss: Option<String>,
}

/// List the providers that people may sign in with
#[utoipa::path(
    get, path = "/api/v1/auth/oidc", tag = "auth",
    responses((status = 200, body = ProviderList)),
)]
pub(super) async fn list_sign_in_providers(State(app): State<App>) -> Json<ProviderList> {
    let providers = app.karen.auth().oidc_providers();
    let provider = |info: karen_core::auth::OidcProviderInfo| Provider {
        name: info.name,
        label: info.label,
    };
    Json(ProviderList {
        data: providers.into_iter().map(provider).collect(),
    })
}

/// Begin to sign in with a provider
///
/// The answer sets a cookie for the browser that asks; it goes to `url`, and comes back signed in.
#[utoipa::path(
    post, path = "/api/v1/auth/oidc/{provider}", tag = "auth",
    params(("provider" = String, Path, example = "corp")),
    responses((status = 200, body = Departure)),
)]
pub(super) async fn begin_sign_in(
    State(app): State<App>,
    Path(provider): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let back = back(&app, &provider);
    let start = app.karen.auth().begin_oidc(&provider, &back).await?;
    Ok(departure(start, &headers))
}

/// Begin to link one's account with a provider
#[utoipa::path(
    post, path = "/api/v1/me/links/{provider}", tag = "me",
    params(("provider" = String, Path, example = "corp")),
    responses((status = 200, body = Departure)),
)]
pub(super) async fn begin_link(
    State(app): State<App>,
    Caller(session): Caller,
    Path(provider): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (auth, back) = (app.karen.auth(), back(&app, &provider));
    let start = auth.begin_oidc_link(session.principal(), &provider, &back);
    Ok(departure(start.await?, &headers))
}

/// List the providers that one's account is linked with
#[utoipa::path(
    get, path = "/api/v1/me/links", tag = "me",
    responses((status = 200, body = LinkList)),
)]
pub(super) async fn list_links(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<LinkList>, Problem> {
    let auth = app.karen.auth();
    let links = auth.oidc_links(session.principal()).await?;
    let body = |link: karen_core::auth::Link| LinkBody {
        provider: auth.oidc_provider_of(&link),
        issuer: link.issuer,
        since: link.since_ms,
    };
    Ok(Json(LinkList {
        data: links.into_iter().map(body).collect(),
    }))
}

/// End the link of one's account with a provider
#[utoipa::path(
    delete, path = "/api/v1/me/links/{provider}", tag = "me",
    params(("provider" = String, Path, example = "corp")),
    responses((status = 204)),
)]
pub(super) async fn end_link(
    State(app): State<App>,
    Caller(session): Caller,
    Path(provider): Path<String>,
) -> Result<StatusCode, Problem> {
    let auth = app.karen.auth();
    auth.unlink_oidc(session.principal(), &provider).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where a provider sends the browser back to
///
/// It always leads to the page: signed in, asked for a code, or told what went wrong.
#[utoipa::path(
    get, path = "/api/v1/auth/oidc/{provider}/callback", tag = "auth",
    params(("provider" = String, Path, example = "corp"), Returned),
    responses((status = 303, description = "To the page",
               headers(("Location" = String, description = "Somewhere on this server")))),
)]
pub(super) async fn come_back(
    State(app): State<App>,
    Path(provider): Path<String>,
    Visitor(device): Visitor,
    Query(returned): Query<Returned>,
    headers: HeaderMap,
) -> Response {
    let (back, sealed) = (back(&app, &provider), flow::token(&headers));
    let answer = OidcAnswer {
        state: returned.state,
        code: returned.code,
        iss: returned.iss,
    };
    let auth = app.karen.auth();
    let done = auth.finish_oidc(
        &provider,
        sealed.unwrap_or_default(),
        &answer,
        &back,
        device,
    );
    let mut response = match done.await {
        Ok(OidcDone::LogIn(begun)) => begun_log_in(&app, &headers, &begun),
        Ok(OidcDone::Linked) => to_page("#/account"),
        Ok(other) => unreachable!("a sign-in ends with {other:?}"),
        Err(error) => to_page(&format!("#refused={}", Problem::from(error).code.as_str())),
    };
    response
        .headers_mut()
        .append(SET_COOKIE, flow::forget(&headers));
    response
}

fn begun_log_in(app: &App, headers: &HeaderMap, begun: &LogIn) -> Response {
    match begun {
        LogIn::SignedIn(signed) => {
            // The provider's page leads here without the cookies of before, which are strict.
            let cookies = AppendHeaders(kept_cookies(app, headers, signed));
            (cookies, to_page("#signed-in")).into_response()
        }
        LogIn::CodeNeeded(challenge) => to_page(&format!("#code={}", challenge.expose())),
        other => unreachable!("a login stands at {other:?}"),
    }
}

/// What the provider was told when Karen was registered there.
fn back(app: &App, provider: &str) -> String {
    let public = app.karen.config().server.public_url.trim_end_matches('/');
    format!("{public}/api/v1/auth/oidc/{provider}/callback")
}

fn departure(start: OidcStart, headers: &HeaderMap) -> Response {
    let cookie = (SET_COOKIE, flow::keep(start.flow.expose(), headers));
    ([cookie], Json(Departure { url: start.url })).into_response()
}

/// A relative address: whatever the request says, it stays on this server.
fn to_page(fragment: &str) -> Response {
    let page = HeaderValue::from_str(&format!("/{fragment}")).expect("fragments are plain ASCII");
    (StatusCode::SEE_OTHER, [(LOCATION, page)]).into_response()
}
