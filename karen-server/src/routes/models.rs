//! The models that Karen can ask.

use std::path::PathBuf;

use axum::extract::State;
use axum::http::StatusCode;
use karen_core::infer::{ModelFormat, ModelInfo, ModelName, ModelState};
use karen_core::{Code, Permission};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use crate::app::App;
use crate::demo::is_demo;
use crate::extract::{Caller, Json, Path};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_models, add_model))
        .routes(routes!(remove_model))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Model)]
pub(crate) struct ModelBody {
    name: String,
    /// `gguf`, `builtin` or `adapter`.
    #[schema(value_type = String)]
    format: ModelFormat,
    /// Bytes of the file; 0 where there is none.
    size_bytes: u64,
    /// Tokens of prompt and answer together at most.
    context_tokens: u32,
    /// `absent` (its file is gone), `idle` (it loads at its first use) or `warm`.
    #[schema(value_type = String)]
    state: ModelState,
    capabilities: CapabilitiesBody,
    /// Whether it only demonstrates that memory reaches the answer.
    demo: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Capabilities)]
struct CapabilitiesBody {
    /// Answers chats.
    generate: bool,
    /// Embeds texts.
    embed: bool,
}

#[derive(Serialize, ToSchema)]
struct ModelList {
    data: Vec<ModelBody>,
    /// The model that answers when none is named; null when there is none.
    default: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewModel {
    /// A GGUF file on the server's machine.
    #[schema(value_type = String)]
    path: PathBuf,
    /// What to call it; made from the file's name if absent.
    name: Option<String>,
}

/// The models
#[utoipa::path(
    get, path = "/api/v1/models", tag = "models",
    responses((status = 200, body = ModelList)),
)]
async fn list_models(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<ModelList>, Problem> {
    session.principal().require(Permission::ModelsRead)?;
    let models = app.karen.models();
    let data = models
        .list()
        .into_iter()
        .map(|info| ModelBody::of(&app, info))
        .collect();
    let default = models.default_name().map(|name| name.to_string());
    Ok(Json(ModelList { data, default }))
}

/// Add a model
#[utoipa::path(
    post, path = "/api/v1/models", tag = "models",
    responses((status = 201, body = ModelBody)),
)]
async fn add_model(
    State(app): State<App>,
    Caller(session): Caller,
    Json(new): Json<NewModel>,
) -> Result<(StatusCode, Json<ModelBody>), Problem> {
    session.principal().require(Permission::ModelsWrite)?;
    let name = new.name.as_deref().map(ModelName::parse).transpose()?;
    let info = app.karen.models().add(&new.path, name.as_ref()).await?;
    Ok((StatusCode::CREATED, Json(ModelBody::of(&app, info))))
}

/// Remove a model; its file stays
#[utoipa::path(delete, path = "/api/v1/models/{name}", tag = "models", responses((status = 204)))]
async fn remove_model(
    State(app): State<App>,
    Caller(session): Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    session.principal().require(Permission::ModelsWrite)?;
    if app.karen.models().remove(&ModelName::parse(&name)?).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(
        Code::ModelMissing,
        "there is no such model: list them with GET /api/v1/models",
    ))
}

impl ModelBody {
    fn of(app: &App, info: ModelInfo) -> Self {
        Self {
            demo: is_demo(&app.karen, &info),
            name: info.name.to_string(),
            format: info.format,
            size_bytes: info.size_bytes,
            context_tokens: info.context_tokens,
            state: info.state,
            capabilities: CapabilitiesBody {
                generate: info.capabilities.generate,
                embed: info.capabilities.embed,
            },
        }
    }
}
