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
use super::providers::RemoteBody;
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
    /// `gguf`, `safetensors`, `builtin`, `adapter`, `openai`, `gemini` or `route`.
    #[schema(value_type = String)]
    format: ModelFormat,
    /// Bytes of the file, or of a folder's weights; 0 where there is none.
    size_bytes: u64,
    /// Tokens of prompt and answer together at most.
    context_tokens: u32,
    /// `absent` (its file is gone), `idle` (it loads at its first use) or `warm`.
    #[schema(value_type = String)]
    state: ModelState,
    capabilities: CapabilitiesBody,
    /// Where a provider runs it; null for other models.
    remote: Option<RemoteBody>,
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
    /// Scores documents for a query.
    rerank: bool,
    /// Asks for tools.
    tools: bool,
    /// Can be made to ask for a tool.
    tool_choice: bool,
    /// Sees images.
    images: bool,
    /// Keeps an answer to JSON, or to a schema.
    formats: bool,
    /// Keeps an answer to a regular expression, or to a grammar.
    grammars: bool,
    /// Whether tokens are counted as the model counts, or estimated.
    exact_counts: bool,
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
    /// A GGUF file, or a folder as Hugging Face has models, on the server's machine; this or `remote`.
    #[schema(value_type = Option<String>)]
    path: Option<PathBuf>,
    /// A provider's model; this or `path`.
    remote: Option<RemoteBody>,
    /// What to call it; made from the file's or the provider's name if absent.
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
    let models = app.karen.models();
    let info = match (new.path, new.remote) {
        (Some(path), None) => models.add(&path, name.as_ref()).await?,
        (None, Some(remote)) => {
            // Whoever names variables and files of the server may as well change its settings.
            session.principal().require(Permission::SystemWrite)?;
            let remote = remote.read();
            let name = name.map_or_else(|| remote.own_name(), Ok)?;
            models.add_remote(&name, remote)?
        }
        _ => {
            let detail = "a model is a file or a provider's: give path or remote";
            return Err(Problem::new(Code::InvalidArgument, detail));
        }
    };
    Ok((StatusCode::CREATED, Json(ModelBody::of(&app, info))))
}

/// Remove a model or a route; a model's file stays
#[utoipa::path(delete, path = "/api/v1/models/{name}", tag = "models", responses((status = 204)))]
async fn remove_model(
    State(app): State<App>,
    Caller(session): Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    session.principal().require(Permission::ModelsWrite)?;
    let (models, name) = (app.karen.models(), ModelName::parse(&name)?);
    if models.remove(&name).await? || models.remove_route(&name)? {
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
                rerank: info.capabilities.rerank,
                tools: info.capabilities.tools,
                tool_choice: info.capabilities.tool_choice,
                images: info.capabilities.images,
                formats: info.capabilities.formats,
                grammars: info.capabilities.grammars,
                exact_counts: info.capabilities.exact_counts,
            },
            remote: info.remote.map(RemoteBody::of),
        }
    }
}
