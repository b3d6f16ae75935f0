//! The models as the settings have them.

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use karen_infer::{
    Budget, HubConfig, InProcessCache, LlamaSettings, ModelName, Models, ModelsConfig,
    RemoteConfig, ResponseCache, SemanticConfig,
};

use crate::Result;
use crate::config::{Config, ModelSettings};
use crate::folder::DataFolder;

/// The name under which the demonstration model is listed.
const DEMO_MODEL: &str = "karen-demo";
/// Longer answers are rare, and would push many others out.
#[cfg(feature = "redis")]
const SHARED_ANSWER_BYTES_MAX: usize = 1 << 20;

/// Opens the models of a folder, and adds those that the settings name.
pub(crate) async fn open_models(
    config: &Config,
    folder: Option<&DataFolder>,
    budget: Arc<dyn Budget>,
) -> Result<Models> {
    let settings = &config.models;
    let models = Models::open(ModelsConfig {
        folder: folder.map(|folder| folder.path().join("models")),
        threads: NonZero::new(settings.threads as usize),
        context_tokens: NonZero::new(settings.context_tokens),
        cache_tokens: NonZero::new(settings.cache_tokens),
        parallel: NonZero::new(settings.parallel as usize),
        memory_bytes_max: (settings.memory_mib > 0)
            .then(|| settings.memory_mib.saturating_mul(1 << 20)),
        idle: (settings.idle_minutes > 0)
            .then(|| Duration::from_secs(60 * u64::from(settings.idle_minutes))),
        llama: llama_settings(settings),
        remote: remote_config(settings),
        hub: hub_config(settings),
        cooldown: Duration::from_secs(u64::from(settings.cooldown_seconds)),
        cache: cache(config)?,
        semantic: settings.cache_similar.then(SemanticConfig::default),
        prices: settings.prices.clone(),
        budget: Some(budget),
    })
    .await?;
    if !settings.folder.as_os_str().is_empty() {
        scan(&models, settings).await?;
    }
    for (name, remote) in &settings.remote {
        models.add_remote_for_now(name, remote.clone())?;
    }
    if models.default_name().is_none() && !settings.demo.as_os_str().is_empty() {
        models
            .add_for_now(&settings.demo, &ModelName::parse(DEMO_MODEL)?)
            .await?;
    }
    models.set_routes_for_now(settings.routes.clone())?;
    if !settings.default.is_empty() {
        models.set_default(&ModelName::parse(&settings.default)?)?;
    }
    Ok(models)
}

/// One file that is no model keeps the others from nobody.
async fn scan(models: &Models, settings: &ModelSettings) -> Result<()> {
    for (path, error) in models.scan_for_now(&settings.folder).await?.refused {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(path = %path.display(), error, "a file of models.folder is not added");
    }
    Ok(())
}

fn llama_settings(settings: &ModelSettings) -> LlamaSettings {
    LlamaSettings {
        cache_numbers: settings.cache_numbers,
        flash_attention: settings.flash_attention,
        mmap: settings.mmap,
        mlock: settings.mlock,
        warm_up: settings.warm_up,
        prefix_mib: settings.prefix_mib,
        ..LlamaSettings::default()
    }
}

fn remote_config(settings: &ModelSettings) -> RemoteConfig {
    RemoteConfig {
        silence: Duration::from_secs(u64::from(settings.silence_seconds)),
        retries: settings.retries,
        proxy: (!settings.proxy.is_empty()).then(|| settings.proxy.clone()),
        ..RemoteConfig::default()
    }
}

/// A token goes to Hugging Face alone, unless somebody says otherwise.
fn hub_config(settings: &ModelSettings) -> HubConfig {
    let usual = HubConfig::default();
    let token_env = match settings.hub_token_env.as_str() {
        "" => usual.token_env.filter(|_| settings.hub == usual.url),
        name => Some(name.to_owned()),
    };
    HubConfig {
        url: settings.hub.clone(),
        token_env,
    }
}

/// In this process, or where instances share a Redis, there.
fn cache(config: &Config) -> Result<Option<Arc<dyn ResponseCache>>> {
    let settings = &config.models;
    let bytes = (settings.cache_mib as usize).saturating_mul(1 << 20);
    let lifetime = Duration::from_secs(60 * u64::from(settings.cache_minutes));
    if bytes == 0 {
        return Ok(None);
    }
    if !config.redis.urls.is_empty() {
        return shared_cache(config, lifetime).map(Some);
    }
    Ok(Some(Arc::new(InProcessCache::new(bytes, lifetime))))
}

#[cfg(feature = "redis")]
fn shared_cache(config: &Config, lifetime: Duration) -> Result<Arc<dyn ResponseCache>> {
    let cache = karen_infer::RedisCache::open(karen_infer::RedisCacheConfig {
        redis: karen_infer::RedisConfig::new(&config.data.namespace, config.redis.nodes()),
        lifetime,
        answer_bytes_max: SHARED_ANSWER_BYTES_MAX,
    })?;
    Ok(Arc::new(cache))
}

#[cfg(not(feature = "redis"))]
fn shared_cache(_: &Config, _: Duration) -> Result<Arc<dyn ResponseCache>> {
    unreachable!("the settings name no Redis where it is not built in")
}
