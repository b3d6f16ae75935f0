//! How models run.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::{
    Budget, HubConfig, LlamaSettings, ModelName, Price, RemoteConfig, ResponseCache, SemanticConfig,
};

/// How [`Models`](crate::Models) run. Absent settings are chosen.
#[derive(Clone)]
pub struct ModelsConfig {
    /// Where the registry is kept; `None` keeps it in memory.
    pub folder: Option<PathBuf>,
    /// Threads of each engine. Chosen: one less than the cores, at least one. An engine that has to
    /// share its last core waits for it at every step.
    pub threads: Option<NonZeroUsize>,
    /// Tokens of context of each model. Chosen: what it was trained for, 8,192 at most.
    pub context_tokens: Option<NonZeroU32>,
    /// Tokens that a model remembers of all its answers together. Chosen: as many as one context; less
    /// than that has no effect. More lets long answers be given at once, and takes memory.
    pub cache_tokens: Option<NonZeroU32>,
    /// Answers that a model gives at once, 64 at most; others wait. Chosen: 8.
    pub parallel: Option<NonZeroUsize>,
    /// How llama.cpp runs models that have no settings of their own.
    pub llama: LlamaSettings,
    /// Bytes that the loaded models may take together, as estimated. Those not asked for longest make
    /// room; a model that still does not fit is refused before it loads. `None` for no limit.
    pub memory_bytes_max: Option<u64>,
    /// How long a model stays loaded that nobody asks. `None` for as long as the program runs.
    pub idle: Option<Duration>,
    /// How providers are reached.
    pub remote: RemoteConfig,
    /// Where models are pulled from.
    pub hub: HubConfig,
    /// How long a route passes over a model that failed, where its provider names no time.
    pub cooldown: Duration,
    /// Answers that were given before; `None` asks the model each time.
    pub cache: Option<Arc<dyn ResponseCache>>,
    /// Gives an answer of the cache also to questions that mean the same; `None` to the same question
    /// alone. Without a cache it has no effect.
    pub semantic: Option<SemanticConfig>,
    /// What tokens of models cost, by the name of the model: it takes the place of what
    /// [`RemoteModel::price`](crate::RemoteModel::price) says.
    pub prices: BTreeMap<ModelName, Price>,
    /// What callers may spend; `None` for as much as they like.
    pub budget: Option<Arc<dyn Budget>>,
}

impl Default for ModelsConfig {
    fn default() -> Self {
        Self {
            folder: None,
            threads: None,
            context_tokens: None,
            cache_tokens: None,
            parallel: None,
            llama: LlamaSettings::default(),
            memory_bytes_max: None,
            idle: None,
            remote: RemoteConfig::default(),
            hub: HubConfig::default(),
            cooldown: Duration::from_secs(30),
            cache: None,
            semantic: None,
            prices: BTreeMap::new(),
            budget: None,
        }
    }
}
