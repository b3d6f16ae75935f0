//! The models, as OpenAI's clients list them.

use axum::extract::State;
use karen_core::infer::ModelName;
use karen_core::{Code, Permission};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::app::App;
use crate::extract::{Caller, Json, Path};
use crate::problem::Problem;
use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(openai_models))
        .routes(routes!(openai_model))
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiModel)]
struct ModelBody {
    id: String,
    /// Always `model`.
    object: &'static str,
    /// Unix seconds; 0, for it is not known.
    created: i64,
    owned_by: &'static str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiModelList)]
struct ModelList {
    /// Always `list`.
    object: &'static str,
    data: Vec<ModelBody>,
}

/// The models, for OpenAI's clients
#[utoipa::path(
    get, path = "/v1/models", tag = "openai",
    responses((status = 200, body = ModelList)),
)]
async fn openai_models(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<ModelList>, Problem> {
    session.principal().require(Permission::ModelsRead)?;
    let data = app
        .karen
        .models()
        .list()
        .iter()
        .map(|info| ModelBody::of(&info.name))
        .collect();
    Ok(Json(ModelList {
        object: "list",
        data,
    }))
}

/// One model, for OpenAI's clients
#[utoipa::path(
    get, path = "/v1/models/{id}", tag = "openai",
    responses((status = 200, body = ModelBody)),
)]
async fn openai_model(
    State(app): State<App>,
    Caller(session): Caller,
    Path(id): Path<String>,
) -> Result<Json<ModelBody>, Problem> {
    session.principal().require(Permission::ModelsRead)?;
    let known = app
        .karen
        .models()
        .list()
        .into_iter()
        .find(|info| info.name.as_str() == id);
    let info = known.ok_or_else(|| {
        Problem::new(
            Code::ModelMissing,
            "there is no such model: list them with GET /v1/models",
        )
    })?;
    Ok(Json(ModelBody::of(&info.name)))
}

impl ModelBody {
    fn of(name: &ModelName) -> Self {
        Self {
            id: name.to_string(),
            object: "model",
            created: 0,
            owned_by: "karen",
        }
    }
}
