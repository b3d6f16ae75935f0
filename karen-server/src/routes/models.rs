//! The models that Karen can ask.

use std::path::PathBuf;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use karen_core::infer::{
    HubModel, ModelError, ModelFormat, ModelInfo, ModelName, ModelState, PullEvent,
};
use karen_core::{Code, Permission};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::providers::RemoteBody;
use crate::app::App;
use crate::demo::is_demo;
use crate::extract::{Caller, Json, Path};
use crate::problem::Problem;
use crate::sse::{self, wants_events};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_models, add_model))
        .routes(routes!(get_model, change_model, remove_model))
        .routes(routes!(unload_model))
}

pub(crate) fn lasting_routes() -> Routes {
    Routes::new()
        .routes(routes!(pull_model))
        .routes(routes!(scan_models))
        .routes(routes!(load_model))
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
    /// The family, such as `llama`, where a file tells it.
    architecture: Option<String>,
    /// How its numbers are packed, such as `Q4_K_M`, where a file tells it.
    quantization: Option<String>,
    /// Numbers that it consists of; 0 where that is not known.
    parameters: u64,
    /// Bytes that it takes in memory when it is loaded, as estimated; 0 where it takes none here.
    memory_bytes: u64,
    /// Whether it is unloaded for no other.
    pinned: bool,
    /// `absent` (its file is gone), `idle` (it loads at its first use), `loading`, `warm`, `evicting`
    /// or `failed` (the next use tries again).
    #[schema(value_type = String)]
    state: ModelState,
    /// Why it did not load.
    failure: Option<String>,
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
    /// Bytes that the loaded models take, as estimated.
    memory_bytes: u64,
    /// Bytes that they may take together; null for no limit.
    memory_bytes_max: Option<u64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangedModel {
    /// Whether it is unloaded for no other, nor when nobody asks for it.
    pinned: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Folder {
    /// A folder on the server's machine.
    #[schema(value_type = String)]
    path: PathBuf,
}

/// What a look into a folder found.
#[derive(Serialize, ToSchema)]
#[schema(as = ScannedModels)]
struct ScannedBody {
    /// The models that were not known before.
    added: Vec<ModelBody>,
    /// What looks like a model and is none that can be added.
    refused: Vec<RefusedBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RefusedModel)]
struct RefusedBody {
    path: String,
    code: String,
    detail: String,
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

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PulledModel {
    /// `hf:ORG/REPO` or `hf:ORG/REPO:FILE`, either with `@REVISION` behind the repository; a part of a
    /// file's name is enough where no other has it, such as `Q4_K_M`.
    model: String,
    /// What to call it; made from what was pulled if absent.
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
    let (memory_bytes, memory_bytes_max) = models.memory();
    Ok(Json(ModelList {
        data,
        default,
        memory_bytes,
        memory_bytes_max,
    }))
}

/// One model
#[utoipa::path(
    get, path = "/api/v1/models/{name}", tag = "models",
    responses((status = 200, body = ModelBody)),
)]
async fn get_model(
    State(app): State<App>,
    Caller(session): Caller,
    Path(name): Path<String>,
) -> Result<Json<ModelBody>, Problem> {
    session.principal().require(Permission::ModelsRead)?;
    let info = app.karen.models().info(&ModelName::parse(&name)?)?;
    Ok(Json(ModelBody::of(&app, info)))
}

/// Pin a model, or let it be unloaded for others
#[utoipa::path(
    patch, path = "/api/v1/models/{name}", tag = "models",
    responses((status = 200, body = ModelBody)),
)]
async fn change_model(
    State(app): State<App>,
    Caller(session): Caller,
    Path(name): Path<String>,
    Json(change): Json<ChangedModel>,
) -> Result<Json<ModelBody>, Problem> {
    session.principal().require(Permission::ModelsWrite)?;
    let (models, name) = (app.karen.models(), ModelName::parse(&name)?);
    let info = models.set_pinned(&name, change.pinned)?;
    Ok(Json(ModelBody::of(&app, info)))
}

/// Load a model now instead of at its first use
#[utoipa::path(
    post, path = "/api/v1/models/{name}/load", tag = "models",
    responses((status = 200, body = ModelBody)),
)]
async fn load_model(
    State(app): State<App>,
    Caller(session): Caller,
    Path(name): Path<String>,
) -> Result<Json<ModelBody>, Problem> {
    session.principal().require(Permission::ModelsWrite)?;
    let (models, name) = (app.karen.models(), ModelName::parse(&name)?);
    models.load(&name).await?;
    Ok(Json(ModelBody::of(&app, models.info(&name)?)))
}

/// Give a model's memory back; it loads again at its next use
#[utoipa::path(
    post, path = "/api/v1/models/{name}/unload", tag = "models",
    responses((status = 200, body = ModelBody)),
)]
async fn unload_model(
    State(app): State<App>,
    Caller(session): Caller,
    Path(name): Path<String>,
) -> Result<Json<ModelBody>, Problem> {
    session.principal().require(Permission::ModelsWrite)?;
    let (models, name) = (app.karen.models(), ModelName::parse(&name)?);
    models.unload(&name).await?;
    Ok(Json(ModelBody::of(&app, models.info(&name)?)))
}

/// Add every model of a folder that is not known yet
///
/// The GGUF files in it and in the folders in it, and those of these folders that hold safetensors.
#[utoipa::path(
    post, path = "/api/v1/models/scan", tag = "models",
    responses((status = 200, body = ScannedBody)),
)]
async fn scan_models(
    State(app): State<App>,
    Caller(session): Caller,
    Json(folder): Json<Folder>,
) -> Result<Json<ScannedBody>, Problem> {
    session.principal().require(Permission::ModelsWrite)?;
    let scanned = app.karen.models().scan(&folder.path).await?;
    let added = scanned.added.into_iter();
    let refused = scanned.refused.into_iter().map(|(path, error)| {
        let error = karen_core::Error::from(error);
        RefusedBody {
            path: path.display().to_string(),
            code: error.code().to_string(),
            detail: error.to_string(),
        }
    });
    Ok(Json(ScannedBody {
        added: added.map(|info| ModelBody::of(&app, info)).collect(),
        refused: refused.collect(),
    }))
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

/// Pull a model from the hub
///
/// Fetches it into the data folder, compares it with the hub's checksums, and adds it. With
/// `Accept: text/event-stream` the answer tells how far it is: events `listed`, `fetched` and
/// `checking`, then `done` with the model, or `error`. A pull ends with its request, and goes on from
/// there when it is asked for again.
#[utoipa::path(
    post, path = "/api/v1/models/pull", tag = "models",
    responses((status = 201, body = ModelBody)),
)]
async fn pull_model(
    State(app): State<App>,
    Caller(session): Caller,
    headers: HeaderMap,
    Json(asked): Json<PulledModel>,
) -> Result<Response, Problem> {
    session.principal().require(Permission::ModelsWrite)?;
    let name = asked.name.as_deref().map(ModelName::parse).transpose()?;
    let mut pull = app
        .karen
        .models()
        .pull(HubModel::parse(&asked.model)?, name);
    if wants_events(&headers) {
        let events = pull.map(move |event| pull_frame(&app, event));
        return Ok(sse::stream_events(events).into_response());
    }
    while let Some(event) = pull.next().await {
        if let PullEvent::Done { model } = event? {
            let body = Json(ModelBody::of(&app, *model));
            return Ok((StatusCode::CREATED, body).into_response());
        }
    }
    Err(Problem::new(
        Code::Internal,
        "the pull ended without a word",
    ))
}

fn pull_frame(app: &App, event: Result<PullEvent, ModelError>) -> Event {
    match event {
        Ok(PullEvent::Listed {
            commit,
            files,
            bytes,
        }) => sse::json_frame(
            "listed",
            &json!({"commit": commit, "files": files, "bytes": bytes}),
        ),
        Ok(PullEvent::Fetched {
            file,
            done_bytes,
            bytes,
        }) => {
            let far = json!({"file": file, "done_bytes": done_bytes, "bytes": bytes});
            sse::json_frame("fetched", &far)
        }
        Ok(PullEvent::Checking { file }) => sse::json_frame("checking", &json!({ "file": file })),
        Ok(PullEvent::Done { model }) => sse::json_frame("done", &ModelBody::of(app, *model)),
        Ok(_) => Event::default().comment("more"),
        Err(error) => sse::problem_frame(&Problem::from(karen_core::Error::from(error))),
    }
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
    pub(crate) fn of(app: &App, info: ModelInfo) -> Self {
        Self {
            demo: is_demo(&app.karen, &info),
            name: info.name.to_string(),
            format: info.format,
            size_bytes: info.size_bytes,
            context_tokens: info.context_tokens,
            architecture: info.architecture,
            quantization: info.quantization,
            parameters: info.parameters,
            memory_bytes: info.memory_bytes,
            pinned: info.is_pinned,
            state: info.state,
            failure: info.failure,
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
