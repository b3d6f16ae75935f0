//! Models that providers run, and names that stand for models.

use std::collections::BTreeMap;
use std::path::PathBuf;

use karen_core::infer::{Choose, ModelInfo, ModelName, Price, Provider, RemoteModel, Route};
use serde::{Deserialize, Serialize};

use super::Models;
use crate::Failure;

/// A provider's model. A host passes what was said.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoteOptions {
    /// `openai`, also for servers that speak as `OpenAI` does, or `gemini`.
    pub provider: Provider,
    /// What the provider calls it.
    pub model: String,
    /// Where the API begins; the provider's own if not said.
    pub base_url: Option<String>,
    /// The variable that holds the key; the provider's usual one if neither this, nor `key_file`,
    /// nor `base_url` is said: a key goes to its provider alone, unless somebody says otherwise.
    pub key_env: Option<String>,
    /// The file that holds the key.
    pub key_file: Option<PathBuf>,
    /// Tokens of prompt and answer together at most.
    pub context_tokens: Option<u32>,
    /// It embeds texts and answers no chats.
    pub embeds: Option<bool>,
    /// It thinks before it answers, and takes no temperature and no penalties.
    pub reasons: bool,
    /// Its answers come whole.
    pub answers_whole: bool,
    /// What its tokens cost.
    pub price: Option<Price>,
}

/// How a name is answered. A host passes what was said.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RouteOptions {
    /// How the first target is chosen.
    pub choose: Choose,
    /// Models, or further routes.
    pub targets: Vec<String>,
    /// Shares, one a target; equal if empty.
    pub weights: Vec<u32>,
}

/// A name that stands for models.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RouteInfo {
    /// What is asked for.
    pub name: String,
    /// How the first target is chosen.
    pub choose: Choose,
    /// Models, or further routes.
    pub targets: Vec<String>,
    /// Shares, one a target; equal if empty.
    pub weights: Vec<u32>,
    /// Whether it is kept after this Karen is closed.
    pub is_kept: bool,
    /// Models behind it that failed, and seconds for which they are still passed over.
    pub cooling: BTreeMap<String, f64>,
}

impl Models {
    /// Adds a provider's model without asking the provider; `is_kept` also after this Karen is
    /// closed, without its key.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `CONFLICT`, `UNSUPPORTED` without the feature `remote`.
    pub fn add_remote(
        &self,
        name: Option<&str>,
        remote: RemoteOptions,
        is_kept: bool,
    ) -> Result<ModelInfo, Failure> {
        let remote = RemoteModel::from(remote);
        let name = name.map_or_else(|| remote.own_name(), ModelName::parse)?;
        let models = self.core()?;
        let added = match is_kept {
            true => models.add_remote(&name, remote),
            false => models.add_remote_for_now(&name, remote),
        };
        Ok(added?)
    }

    /// The routes, by name.
    ///
    /// # Errors
    /// `UNSUPPORTED` in a child process.
    pub fn routes(&self) -> Result<Vec<RouteInfo>, Failure> {
        let routes = self.core()?.routes();
        Ok(routes.into_iter().map(Into::into).collect())
    }

    /// Sets what a name stands for; `is_kept` also after this Karen is closed.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `MODEL_MISSING` for a target, `CONFLICT` for the name of a model.
    pub fn set_route(
        &self,
        name: &str,
        route: &RouteOptions,
        is_kept: bool,
    ) -> Result<(), Failure> {
        let (name, models) = (ModelName::parse(name)?, self.core()?);
        let targets = route.targets.iter().map(|target| ModelName::parse(target));
        let route = Route {
            choose: route.choose,
            targets: targets.collect::<Result<_, _>>()?,
            weights: route.weights.clone(),
        };
        let set = match is_kept {
            true => models.set_route(&name, route),
            false => models.set_routes_for_now(BTreeMap::from([(name, route)])),
        };
        Ok(set?)
    }

    /// Takes a route away; its models stay. `false` if there was none.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `UNAVAILABLE`.
    pub fn remove_route(&self, name: &str) -> Result<bool, Failure> {
        Ok(self.core()?.remove_route(&ModelName::parse(name)?)?)
    }
}

impl From<RemoteOptions> for RemoteModel {
    fn from(options: RemoteOptions) -> Self {
        let usual = Self::new(options.provider, options.model);
        let is_elsewhere = options.base_url.is_some() || options.key_file.is_some();
        Self {
            base_url: options.base_url,
            key_env: options.key_env.or(usual.key_env.filter(|_| !is_elsewhere)),
            key_file: options.key_file,
            context_tokens: options.context_tokens,
            embeds: options.embeds.unwrap_or(usual.embeds),
            reasons: options.reasons,
            answers_whole: options.answers_whole,
            price: options.price,
            model: usual.model,
            provider: usual.provider,
        }
    }
}

impl From<karen_core::infer::RouteInfo> for RouteInfo {
    fn from(info: karen_core::infer::RouteInfo) -> Self {
        let cooling = info.cooling.into_iter();
        Self {
            name: info.name.to_string(),
            choose: info.route.choose,
            targets: info.route.targets.iter().map(ToString::to_string).collect(),
            weights: info.route.weights,
            is_kept: info.is_kept,
            cooling: cooling
                .map(|(model, left)| (model.to_string(), left.as_secs_f64()))
                .collect(),
        }
    }
}
