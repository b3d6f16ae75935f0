//! What a directory learns of the server: RFC 7643 sections 5 to 7.

use axum::extract::State;
use axum::response::IntoResponse;
use karen_core::Code;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::users::ScimList;
use super::{Scim, user};
use crate::app::App;
use crate::extract::Path;
use crate::problem::Problem;

/// What the server can do.
const PROVIDER_CONFIG: &str = include_str!("provider_config.json");
const RESOURCE_TYPE: &str = include_str!("resource_type.json");
const USER_SCHEMA: &str = include_str!("user_schema.json");

/// A document about the server; its attributes are those of RFC 7643.
#[derive(Serialize, ToSchema)]
struct ScimDocument {
    schemas: Vec<String>,
    #[serde(flatten)]
    attributes: Value,
}

/// What the server can do for a directory
#[utoipa::path(
    get, path = "/scim/v2/ServiceProviderConfig", tag = "scim",
    responses((status = 200, body = ScimDocument, content_type = "application/scim+json")),
)]
pub(super) async fn provider_config(State(app): State<App>) -> impl IntoResponse {
    Scim(document(&app, PROVIDER_CONFIG, "ServiceProviderConfig"))
}

/// Which kinds of resources there are: users
#[utoipa::path(
    get, path = "/scim/v2/ResourceTypes", tag = "scim",
    responses((status = 200, body = ScimList, content_type = "application/scim+json")),
)]
pub(super) async fn resource_types(State(app): State<App>) -> impl IntoResponse {
    let only = document(&app, RESOURCE_TYPE, "ResourceTypes/User");
    Scim(ScimList::whole(vec![only]))
}

/// One kind of resource
#[utoipa::path(
    get, path = "/scim/v2/ResourceTypes/{name}", tag = "scim",
    responses((status = 200, body = ScimDocument, content_type = "application/scim+json")),
)]
pub(super) async fn resource_type(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    match name == "User" {
        true => Ok(Scim(document(&app, RESOURCE_TYPE, "ResourceTypes/User"))),
        false => Err(absent()),
    }
}

/// Which attributes resources have
#[utoipa::path(
    get, path = "/scim/v2/Schemas", tag = "scim",
    responses((status = 200, body = ScimList, content_type = "application/scim+json")),
)]
pub(super) async fn schemas(State(app): State<App>) -> impl IntoResponse {
    Scim(ScimList::whole(vec![user_schema(&app)]))
}

/// Which attributes one kind of resource has
#[utoipa::path(
    get, path = "/scim/v2/Schemas/{name}", tag = "scim",
    responses((status = 200, body = ScimDocument, content_type = "application/scim+json")),
)]
pub(super) async fn schema(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    match name == user::SCHEMA {
        true => Ok(Scim(user_schema(&app))),
        false => Err(absent()),
    }
}

fn user_schema(app: &App) -> Value {
    document(app, USER_SCHEMA, &format!("Schemas/{}", user::SCHEMA))
}

/// A document with the place where it is read.
fn document(app: &App, text: &str, place: &str) -> Value {
    let mut document: Value = serde_json::from_str(text).expect("a file of this crate");
    let base = app.karen.config().server.public_url.clone();
    let location = format!("{}/scim/v2/{place}", base.trim_end_matches('/'));
    document["meta"]["location"] = Value::String(location);
    document
}

fn absent() -> Problem {
    Problem::new(Code::NotFound, "there are users, and nothing else")
}
