//! Whether what is stored is whole.

use axum::extract::State;
use karen_core::Permission;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use crate::app::App;
use crate::extract::{Caller, Json};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(integrity))
}

/// What was found.
#[derive(Serialize, ToSchema)]
struct Integrity {
    /// Always `whole`: damage is a problem of code `CORRUPT`.
    database: &'static str,
}

/// Check every page of the database
#[utoipa::path(get, path = "/api/v1/integrity", tag = "health", responses((status = 200, body = Integrity)))]
async fn integrity(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<Integrity>, Problem> {
    session.principal().require(Permission::SystemRead)?;
    app.karen.verify().await?;
    Ok(Json(Integrity { database: "whole" }))
}
