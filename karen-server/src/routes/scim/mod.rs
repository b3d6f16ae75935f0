//! SCIM 2.0 (RFC 7643, RFC 7644): an operator's directory keeps the accounts of its tenant.
//!
//! `userName` is the address that the account logs in with, and `displayName` its name. Attributes that
//! Karen does not keep are ignored. Groups, bulk calls and sorting are not offered, and say so.

mod discovery;
mod error;
mod filter;
mod patch;
mod projection;
mod user;
mod users;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa_axum::routes;

use super::Routes;

pub(crate) use error::{ErrorBody, ErrorType, status};

const MEDIA: &str = "application/scim+json";

/// Whether a path belongs to SCIM's clients, who expect their own shape of errors.
pub(crate) fn owns(path: &str) -> bool {
    path == "/scim" || path.starts_with("/scim/")
}

/// What a directory reads, makes and changes.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(discovery::provider_config))
        .routes(routes!(discovery::resource_types))
        .routes(routes!(discovery::resource_type))
        .routes(routes!(discovery::schemas))
        .routes(routes!(discovery::schema))
        .routes(routes!(users::list_scim_users, users::create_scim_user))
        .routes(routes!(
            users::get_scim_user,
            users::replace_scim_user,
            users::patch_scim_user
        ))
}

/// What takes as long as there is much that is kept of somebody.
pub(crate) fn lasting_routes() -> Routes {
    Routes::new().routes(routes!(users::delete_scim_user))
}

/// JSON of SCIM's own type.
struct Scim<T>(T);

impl<T: Serialize> IntoResponse for Scim<T> {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, MEDIA)], axum::Json(self.0)).into_response()
    }
}
