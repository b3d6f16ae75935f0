//! The providers of models, and how their models are described.

use std::path::PathBuf;

use axum::extract::State;
use karen_core::Permission;
use karen_core::infer::{Price, Provider, RemoteModel};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use crate::app::App;
use crate::extract::{Caller, Json};
use crate::problem::Problem;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(list_providers))
}

/// A model that a provider runs. The key itself is never part of it.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = RemoteModel)]
#[serde(deny_unknown_fields)]
pub(super) struct RemoteBody {
    /// `openai`, also for servers that speak as OpenAI does, or `gemini`.
    #[schema(value_type = String)]
    provider: Provider,
    /// What the provider calls it.
    model: String,
    /// Where the API begins; the provider's own if absent.
    base_url: Option<String>,
    /// The server's environment variable that holds the key; the provider's usual one if this and
    /// `key_file` are absent and `base_url` is too.
    key_env: Option<String>,
    /// A file on the server's machine that holds the key.
    #[schema(value_type = Option<String>)]
    key_file: Option<PathBuf>,
    /// Tokens of prompt and answer together at most.
    context_tokens: Option<u32>,
    /// It embeds texts and answers no chats.
    embeds: Option<bool>,
    /// It thinks before it answers, and takes no temperature and no penalties.
    #[serde(default)]
    reasons: bool,
    /// Its answers come whole.
    #[serde(default)]
    answers_whole: bool,
    price: Option<PriceBody>,
}

/// Millionths of a currency unit for a million tokens.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = Price)]
#[serde(deny_unknown_fields)]
struct PriceBody {
    prompt_micros: u64,
    completion_micros: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Provider)]
struct ProviderBody {
    /// `openai` or `gemini`.
    name: &'static str,
    /// Where its own API begins.
    base_url: &'static str,
    /// The variable that its key is usually in.
    key_env: &'static str,
    /// The models that are asked through its API.
    models: Vec<ProvidedBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ProvidedModel)]
struct ProvidedBody {
    /// What it is called here.
    name: String,
    /// Where it is asked.
    base_url: String,
    /// Whether its key can be read.
    has_key: bool,
}

#[derive(Serialize, ToSchema)]
struct ProviderList {
    data: Vec<ProviderBody>,
}

/// The providers of models
#[utoipa::path(
    get, path = "/api/v1/providers", tag = "models",
    responses((status = 200, body = ProviderList)),
)]
async fn list_providers(
    State(app): State<App>,
    Caller(session): Caller,
) -> Result<Json<ProviderList>, Problem> {
    session.principal().require(Permission::ModelsRead)?;
    let mut data = Vec::new();
    for provider in Provider::ALL {
        data.push(ProviderBody {
            name: provider.as_str(),
            base_url: provider.base_url(),
            key_env: provider.key_env(),
            models: provided(&app, *provider).await?,
        });
    }
    Ok(Json(ProviderList { data }))
}

async fn provided(app: &App, provider: Provider) -> Result<Vec<ProvidedBody>, Problem> {
    let models = app.karen.models();
    let mut provided = Vec::new();
    for info in models.list() {
        let Some(remote) = info.remote.filter(|remote| remote.provider == provider) else {
            continue;
        };
        provided.push(ProvidedBody {
            base_url: remote.url().to_owned(),
            // Loading looks for the key, and asks nobody.
            has_key: models.load(&info.name).await.is_ok(),
            name: info.name.to_string(),
        });
    }
    Ok(provided)
}

impl RemoteBody {
    pub(super) fn of(remote: RemoteModel) -> Self {
        Self {
            provider: remote.provider,
            model: remote.model,
            base_url: remote.base_url,
            key_env: remote.key_env,
            key_file: remote.key_file,
            context_tokens: remote.context_tokens,
            embeds: Some(remote.embeds),
            reasons: remote.reasons,
            answers_whole: remote.answers_whole,
            price: remote.price.map(|price| PriceBody {
                prompt_micros: price.prompt_micros,
                completion_micros: price.completion_micros,
            }),
        }
    }

    pub(super) fn read(self) -> RemoteModel {
        let usual = RemoteModel::new(self.provider, self.model);
        let is_elsewhere = self.base_url.is_some() || self.key_file.is_some();
        RemoteModel {
            base_url: self.base_url,
            // A key goes to its provider alone, unless somebody says otherwise.
            key_env: self.key_env.or(usual.key_env.filter(|_| !is_elsewhere)),
            key_file: self.key_file,
            context_tokens: self.context_tokens,
            embeds: self.embeds.unwrap_or(usual.embeds),
            reasons: self.reasons,
            answers_whole: self.answers_whole,
            price: self.price.map(|price| Price {
                prompt_micros: price.prompt_micros,
                completion_micros: price.completion_micros,
            }),
            model: usual.model,
            provider: usual.provider,
        }
    }
}
