//! The accounts of a tenant, in a directory's hands.

use axum::extract::State;
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use karen_core::auth::{
    Account, AccountId, AuthError, AuthErrorKind, Directory, DirectoryEntry, Email,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Scim;
use super::error::{ErrorType, Refusal};
use super::filter::user_name;
use super::patch::ScimPatch;
use super::projection::Projection;
use super::user::{ScimUser, ScimUserRequest};
use crate::app::App;
use crate::extract::{Caller, Json, Path, Query};

const LIST_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const COUNT_USUAL: u32 = 100;
const COUNT_MAX: u32 = 200;

/// A part of what there is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScimList {
    schemas: [&'static str; 1],
    /// How many there are in all.
    total_results: u64,
    /// The number of the first one here, from 1.
    start_index: u64,
    items_per_page: usize,
    #[serde(rename = "Resources")]
    #[schema(value_type = Vec<Object>)]
    resources: Vec<Value>,
}

impl ScimList {
    pub(super) fn whole(resources: Vec<Value>) -> Self {
        Self::page(resources, 1, None)
    }

    fn page(resources: Vec<Value>, start_index: u64, total: Option<u64>) -> Self {
        let here = resources.len();
        Self {
            schemas: [LIST_SCHEMA],
            total_results: total.unwrap_or(here as u64),
            start_index,
            items_per_page: here,
            resources,
        }
    }
}

/// Which users are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `userName eq "grace@example.com"`.
    filter: Option<String>,
    /// The number of the first one, from 1.
    start_index: Option<i64>,
    /// How many at most, to 200; 100 if absent, and none asks how many there are.
    count: Option<i64>,
    /// These attributes alone, separated by commas.
    attributes: Option<String>,
    /// All attributes but these, separated by commas.
    excluded_attributes: Option<String>,
}

impl Wanted {
    /// How many to skip; a number below 1 is 1 (RFC 7644 section 3.4.2.4).
    fn skipped(&self) -> u32 {
        let first = self.start_index.unwrap_or(1).max(1);
        u32::try_from(first - 1).unwrap_or(u32::MAX)
    }

    fn count(&self) -> u32 {
        let usual = i64::from(COUNT_USUAL);
        let count = self.count.unwrap_or(usual).clamp(0, i64::from(COUNT_MAX));
        u32::try_from(count).unwrap_or(COUNT_MAX)
    }
}

/// The users of the tenant, or the one of a name
#[utoipa::path(
    get, path = "/scim/v2/Users", tag = "scim",
    params(Wanted),
    responses((status = 200, body = ScimList, content_type = "application/scim+json")),
)]
pub(super) async fn list_scim_users(
    State(app): State<App>,
    Caller(session): Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Scim<ScimList>, Refusal> {
    let directory = app.karen.auth().directory(session.principal()).await?;
    let (skipped, count) = (wanted.skipped(), wanted.count());
    let (accounts, total) = match (&wanted.filter, count) {
        (Some(filter), _) => {
            let found = named(&directory, &user_name(filter)?).await?;
            let total = u64::from(found.is_some());
            let is_asked = skipped == 0 && count > 0;
            (found.into_iter().filter(|_| is_asked).collect(), total)
        }
        (None, 0) => (Vec::new(), directory.count().await?),
        (None, _) => directory.list(skipped, count).await?,
    };
    let projection = Projection {
        attributes: wanted.attributes,
        excluded_attributes: wanted.excluded_attributes,
    };
    let users = accounts
        .iter()
        .map(|account| projection.of(&seen(&app, account)));
    Ok(Scim(ScimList::page(
        users.collect(),
        u64::from(skipped) + 1,
        Some(total),
    )))
}

/// What is no address is nobody's.
async fn named(directory: &Directory<'_>, name: &str) -> Result<Option<Account>, AuthError> {
    match Email::parse(name) {
        Ok(email) => directory.find(&email).await,
        Err(_) => Ok(None),
    }
}

/// Make an account for somebody
///
/// Nobody knows its password: its owner chooses one by way of a mail.
#[utoipa::path(
    post, path = "/scim/v2/Users", tag = "scim",
    request_body(content((ScimUserRequest = "application/scim+json"), (ScimUserRequest = "application/json"))),
    responses((status = 201, body = ScimUser, content_type = "application/scim+json",
        headers(("ETag" = String), ("Location" = String)))),
)]
pub(super) async fn create_scim_user(
    State(app): State<App>,
    Caller(session): Caller,
    Json(request): Json<ScimUserRequest>,
) -> Result<Response, Refusal> {
    let directory = app.karen.auth().directory(session.principal()).await?;
    let made = directory.create(request.entry(None)?).await;
    let made = made.map_err(|error| match error.kind() {
        AuthErrorKind::Conflict => Refusal::named(ErrorType::Uniqueness, error),
        _ => error.into(),
    })?;
    let user = seen(&app, &made);
    let headers = [
        (ETAG, user.tag().as_str().to_owned()),
        (LOCATION, user.location().to_owned()),
    ];
    Ok((StatusCode::CREATED, headers, Scim(user)).into_response())
}

/// A user
#[utoipa::path(
    get, path = "/scim/v2/Users/{id}", tag = "scim",
    params(Projection),
    responses((status = 200, body = ScimUser, content_type = "application/scim+json",
        headers(("ETag" = String)))),
)]
pub(super) async fn get_scim_user(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
    Query(projection): Query<Projection>,
) -> Result<Response, Refusal> {
    let directory = app.karen.auth().directory(session.principal()).await?;
    let account = directory.get(&id_of(&id)?).await?;
    let user = seen(&app, &account);
    let tag = [(ETAG, user.tag().as_str().to_owned())];
    Ok((tag, Scim(projection.of(&user))).into_response())
}

/// Make a user what the directory says
#[utoipa::path(
    put, path = "/scim/v2/Users/{id}", tag = "scim",
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    request_body(content((ScimUserRequest = "application/scim+json"), (ScimUserRequest = "application/json", example = json!({
            "userName": "gwen@example.com", "displayName": "Gwen", "active": true,
        })))),
    responses((status = 200, body = ScimUser, content_type = "application/scim+json",
        headers(("ETag" = String)))),
)]
pub(super) async fn replace_scim_user(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(request): Json<ScimUserRequest>,
) -> Result<Response, Refusal> {
    let directory = app.karen.auth().directory(session.principal()).await?;
    let account = directory.get(&id_of(&id)?).await?;
    let entry = request.entry(Some(&account))?;
    change(&app, &directory, &headers, &account, entry).await
}

/// Change some of a user; `active` false ends its sessions and keys at once
#[utoipa::path(
    patch, path = "/scim/v2/Users/{id}", tag = "scim",
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    request_body(content((ScimPatch = "application/scim+json"), (ScimPatch = "application/json", example = json!({
            "Operations": [{ "op": "replace", "path": "active", "value": false }],
        })))),
    responses((status = 200, body = ScimUser, content_type = "application/scim+json",
        headers(("ETag" = String)))),
)]
pub(super) async fn patch_scim_user(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(patch): Json<ScimPatch>,
) -> Result<Response, Refusal> {
    let directory = app.karen.auth().directory(session.principal()).await?;
    let account = directory.get(&id_of(&id)?).await?;
    let entry = patch.entry(&account)?;
    change(&app, &directory, &headers, &account, entry).await
}

/// Delete a user, with everything that is kept of the person in the tenant
#[utoipa::path(
    delete, path = "/scim/v2/Users/{id}", tag = "scim",
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses((status = 204)),
)]
pub(super) async fn delete_scim_user(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let directory = app.karen.auth().directory(session.principal()).await?;
    let account = directory.get(&id_of(&id)?).await?;
    seen(&app, &account).tag().require(&headers)?;
    session.privacy().deprovision(&account.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change(
    app: &App,
    directory: &Directory<'_>,
    headers: &HeaderMap,
    account: &Account,
    entry: DirectoryEntry,
) -> Result<Response, Refusal> {
    seen(app, account).tag().require(headers)?;
    let changed = directory.change(account, entry).await.map_err(|error| {
        // The store alone knows that an address is taken.
        let is_taken = std::error::Error::source(&error).is_some();
        match error.kind() == AuthErrorKind::Conflict && is_taken {
            true => Refusal::named(ErrorType::Uniqueness, error),
            false => error.into(),
        }
    })?;
    let user = seen(app, &changed);
    let tag = [(ETAG, user.tag().as_str().to_owned())];
    Ok((tag, Scim(user)).into_response())
}

fn seen(app: &App, account: &Account) -> ScimUser {
    ScimUser::of(account, &app.karen.config().server.public_url)
}

/// What is no id is nobody's.
fn id_of(text: &str) -> Result<AccountId, AuthError> {
    AccountId::parse(text).map_err(|_| {
        let reason = "there is no such account";
        AuthError::new(AuthErrorKind::NotFound, "find the account", reason)
    })
}
