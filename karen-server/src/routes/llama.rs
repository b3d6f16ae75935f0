//! How llama.cpp runs a model.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use axum::extract::State;
use axum::http::StatusCode;
use karen_core::Permission;
use karen_core::infer::{CacheNumbers, FlashAttention, LlamaSettings, Lora, ModelName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use crate::app::App;
use crate::extract::{Caller, Json, Path};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(get_llama, set_llama, reset_llama))
}

/// How llama.cpp runs a model; what is absent is chosen.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = LlamaSettings)]
struct LlamaBody {
    /// Tokens of context, as many as the model was trained for at most; null for as many as others have.
    #[schema(value_type = Option<u32>, minimum = 1)]
    context_tokens: Option<NonZeroU32>,
    /// Threads of its engine; null for as many as others have.
    #[schema(value_type = Option<u32>, minimum = 1)]
    threads: Option<NonZeroUsize>,
    /// How the numbers of what it has read are kept: `f16`, `q8_0` or `q4_0`.
    #[schema(value_type = String)]
    cache_numbers: CacheNumbers,
    /// Whether attention is computed in blocks: `auto`, `on` or `off`.
    #[schema(value_type = String)]
    flash_attention: FlashAttention,
    /// Whether its file is mapped into memory, where processes share it.
    mmap: bool,
    /// Whether its weights are kept from being swapped out.
    mlock: bool,
    /// Whether it runs once when it loads.
    warm_up: bool,
    /// Mebibytes for what it has read of earlier chats and had to leave its cache.
    prefix_mib: u32,
    /// A change of its weights; null for none.
    lora: Option<LoraBody>,
}

/// A change of a model's weights.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Lora)]
struct LoraBody {
    /// A GGUF file on the server's machine.
    #[schema(value_type = String)]
    path: PathBuf,
    /// How much of it is applied; 1 for as much as it was trained for.
    #[serde(default = "whole")]
    scale: f32,
}

fn whole() -> f32 {
    1.0
}

/// How llama.cpp runs a model
#[utoipa::path(
    get, path = "/api/v1/models/{name}/llama", tag = "models",
    responses((status = 200, body = LlamaBody)),
)]
async fn get_llama(
    State(app): State<App>,
    Caller(session): Caller,
    Path(name): Path<String>,
) -> Result<Json<LlamaBody>, Problem> {
    session.principal().require(Permission::ModelsRead)?;
    let settings = app.karen.models().llama(&ModelName::parse(&name)?)?;
    Ok(Json(settings.into()))
}

/// Set how llama.cpp runs a model
///
/// What it answers meanwhile is given as before; it loads anew at its next use.
#[utoipa::path(
    put, path = "/api/v1/models/{name}/llama", tag = "models",
    responses((status = 200, body = LlamaBody)),
)]
async fn set_llama(
    State(app): State<App>,
    Caller(session): Caller,
    Path(name): Path<String>,
    Json(settings): Json<LlamaBody>,
) -> Result<Json<LlamaBody>, Problem> {
    session.principal().require(Permission::ModelsWrite)?;
    let (models, name) = (app.karen.models(), ModelName::parse(&name)?);
    models.set_llama(&name, Some(settings.into())).await?;
    Ok(Json(models.llama(&name)?.into()))
}

/// Have llama.cpp run a model as the others
#[utoipa::path(
    delete, path = "/api/v1/models/{name}/llama", tag = "models",
    responses((status = 204)),
)]
async fn reset_llama(
    State(app): State<App>,
    Caller(session): Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    session.principal().require(Permission::ModelsWrite)?;
    let name = ModelName::parse(&name)?;
    app.karen.models().set_llama(&name, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Default for LlamaBody {
    fn default() -> Self {
        LlamaSettings::default().into()
    }
}

impl From<LlamaSettings> for LlamaBody {
    fn from(settings: LlamaSettings) -> Self {
        Self {
            context_tokens: settings.context_tokens,
            threads: settings.threads,
            cache_numbers: settings.cache_numbers,
            flash_attention: settings.flash_attention,
            mmap: settings.mmap,
            mlock: settings.mlock,
            warm_up: settings.warm_up,
            prefix_mib: settings.prefix_mib,
            lora: settings
                .lora
                .map(|Lora { path, scale }| LoraBody { path, scale }),
        }
    }
}

impl From<LlamaBody> for LlamaSettings {
    fn from(body: LlamaBody) -> Self {
        Self {
            context_tokens: body.context_tokens,
            threads: body.threads,
            cache_numbers: body.cache_numbers,
            flash_attention: body.flash_attention,
            mmap: body.mmap,
            mlock: body.mlock,
            warm_up: body.warm_up,
            prefix_mib: body.prefix_mib,
            lora: body
                .lora
                .map(|LoraBody { path, scale }| Lora { path, scale }),
        }
    }
}
