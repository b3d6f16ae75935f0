//! What the handles share: the models, and how they run.

#[cfg(feature = "llama")]
use std::num::NonZeroU32;
#[cfg(any(feature = "llama", feature = "candle"))]
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
#[cfg(any(feature = "llama", feature = "candle"))]
use std::thread;

use super::config::ModelsConfig;
use super::cooldown::Cooldowns;
use super::entry::{Entries, Entry, Source};
use super::resident::{Resident, Residents};
use crate::cache::Questions;
use crate::estimate::MemoryEstimate;
use crate::folder::STATIC;
#[cfg(any(feature = "llama", feature = "candle"))]
use crate::registry::Task;
use crate::registry::{FileFormat, FileModel, NamedRemote, Registered};
#[cfg(feature = "remote")]
use crate::remote::Connections;
use crate::static_adapter::StaticAdapter;
use crate::{LlamaSettings, ModelAdapter, ModelError, ModelErrorKind, ModelName};

/// Context of a model that was trained for more: its KV cache would take gigabytes unasked.
#[cfg(any(feature = "llama", feature = "candle"))]
const CONTEXT_TOKENS_DEFAULT_MAX: u32 = 8192;
/// Answers that a model gives at once: beyond a few, each only gets slower.
#[cfg(feature = "llama")]
const PARALLEL_DEFAULT: usize = 8;
/// Each of them takes a token of every step of the engine.
#[cfg(feature = "llama")]
const PARALLEL_MAX: usize = 64;
/// What the built-in embedder is listed as.
const STATIC_MODEL: &str = "karen-static";

pub(super) struct Shared {
    pub(super) config: ModelsConfig,
    pub(super) cooldowns: Cooldowns,
    pub(super) residents: Arc<Residents>,
    /// The questions whose answers the cache has, where others that mean the same get them too.
    pub(super) questions: Option<Arc<Questions>>,
    entries: Mutex<Entries>,
    /// Held by whoever makes a model.
    #[cfg(any(feature = "llama", feature = "candle"))]
    pub(super) makes: tokio::sync::Mutex<()>,
    /// Held by the pull whose turn it is.
    #[cfg(feature = "remote")]
    pub(super) pulls: tokio::sync::Mutex<()>,
    #[cfg(feature = "remote")]
    connections: Arc<Connections>,
}

impl Shared {
    /// With the built-in models only.
    pub(super) fn new(config: ModelsConfig) -> Self {
        let shared = Self {
            #[cfg(any(feature = "llama", feature = "candle"))]
            makes: tokio::sync::Mutex::default(),
            #[cfg(feature = "remote")]
            pulls: tokio::sync::Mutex::default(),
            #[cfg(feature = "remote")]
            connections: Arc::new(Connections::new(config.remote.clone())),
            questions: config
                .semantic
                .clone()
                .map(|config| Arc::new(Questions::new(config))),
            residents: Residents::new(config.memory_bytes_max, config.idle),
            config,
            cooldowns: Cooldowns::default(),
            entries: Mutex::default(),
        };
        shared.add_built_in();
        shared
    }

    /// No code panics while it holds this lock, and the entries are whole at any time.
    pub(super) fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, name: &ModelName) -> Result<Entry, ModelError> {
        self.lock()
            .by_name
            .get(name)
            .cloned()
            .ok_or_else(|| missing(name.as_str()))
    }

    fn add_built_in(&self) {
        let name = ModelName::parse(STATIC_MODEL).expect("a constant that is a name");
        let entry = Entry {
            adapter: Arc::new(StaticAdapter::default()),
            resident: None,
            source: Source::BuiltIn,
            is_kept: false,
        };
        self.lock().insert((name, entry));
    }

    pub(super) fn insert_new(&self, name: ModelName, entry: Entry) -> Result<(), ModelError> {
        let mut entries = self.lock();
        if entries.has(&name) {
            return Err(taken(&name));
        }
        entries.insert((name, entry));
        Ok(())
    }

    /// Writes down what is to be there after the next opening.
    pub(super) fn keep(&self) -> Result<(), ModelError> {
        match &self.config.folder {
            Some(folder) => self.lock().registry().write(folder),
            None => Ok(()),
        }
    }

    #[cfg(any(feature = "llama", feature = "candle"))]
    fn context_tokens(&self, trained: u32) -> u32 {
        let chosen = || trained.min(CONTEXT_TOKENS_DEFAULT_MAX);
        self.config
            .context_tokens
            .map_or_else(chosen, |set| set.get().min(trained))
    }

    #[cfg(any(feature = "llama", feature = "candle"))]
    pub(super) fn threads(&self) -> usize {
        let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.config
            .threads
            .map_or_else(|| (cores() - 1).max(1), NonZeroUsize::get)
    }

    #[cfg(feature = "llama")]
    fn cache_tokens(&self, context_tokens: u32) -> u32 {
        let set = self.config.cache_tokens.map_or(0, NonZeroU32::get);
        set.max(context_tokens)
    }

    #[cfg(feature = "llama")]
    fn parallel(&self) -> usize {
        let parallel = self
            .config
            .parallel
            .map_or(PARALLEL_DEFAULT, NonZeroUsize::get);
        parallel.min(PARALLEL_MAX)
    }

    /// A model of the registry, ready to be listed.
    pub(super) fn entry(
        &self,
        registered: Registered,
        is_kept: bool,
    ) -> Result<(ModelName, Entry), ModelError> {
        match registered {
            Registered::File(file) => {
                let resident = self.resident(&file)?;
                let entry = Entry {
                    adapter: Arc::new(resident.clone()),
                    resident: Some(resident),
                    source: Source::File(file.clone()),
                    is_kept,
                };
                Ok((file.name, entry))
            }
            Registered::Remote(remote) => self.remote_entry(remote, is_kept),
        }
    }

    fn resident(&self, file: &FileModel) -> Result<Resident, ModelError> {
        let adapter = match file.format {
            FileFormat::Gguf => self.gguf_adapter(file)?,
            FileFormat::Safetensors if file.architecture == STATIC => {
                Arc::new(StaticAdapter::of(file.path.clone()))
            }
            FileFormat::Safetensors => self.folder_adapter(file)?,
        };
        let needs_bytes = self.estimate(file).bytes();
        let resident = self
            .residents
            .enter(&file.name, adapter, needs_bytes, file.pinned);
        Ok(resident)
    }

    /// What a model will take in memory.
    fn estimate(&self, file: &FileModel) -> MemoryEstimate {
        match file.format {
            FileFormat::Gguf => self.gguf_estimate(file),
            FileFormat::Safetensors if file.architecture == STATIC => {
                MemoryEstimate::of_weights(file.size_bytes)
            }
            FileFormat::Safetensors => MemoryEstimate::of_parameters(file.parameters)
                .unwrap_or_else(|| MemoryEstimate::of_weights(file.size_bytes)),
        }
    }

    #[cfg(feature = "llama")]
    fn gguf_estimate(&self, file: &FileModel) -> MemoryEstimate {
        let Some(shape) = &file.shape else {
            return MemoryEstimate::of_weights(file.size_bytes);
        };
        let cells = self.cache_tokens(self.gguf_context(file));
        let settings = self.llama(file);
        let mut estimate = shape.estimate(file.size_bytes, cells.into(), settings.cache_numbers);
        estimate.cache_bytes += u64::from(settings.prefix_mib) << 20;
        estimate
    }

    #[cfg(not(feature = "llama"))]
    fn gguf_estimate(&self, file: &FileModel) -> MemoryEstimate {
        MemoryEstimate::of_weights(file.size_bytes)
    }

    /// How llama.cpp runs a model: in a way of its own, or as all.
    pub(super) fn llama<'a>(&'a self, file: &'a FileModel) -> &'a LlamaSettings {
        file.llama.as_ref().unwrap_or(&self.config.llama)
    }

    #[cfg(feature = "llama")]
    fn gguf_context(&self, file: &FileModel) -> u32 {
        let trained = file.context_tokens;
        let set = self.llama(file).context_tokens;
        set.map_or_else(
            || self.context_tokens(trained),
            |set| set.get().min(trained),
        )
    }

    #[cfg(feature = "llama")]
    fn gguf_adapter(&self, file: &FileModel) -> Result<Arc<dyn ModelAdapter>, ModelError> {
        let context_tokens = self.gguf_context(file);
        let settings = self.llama(file).clone();
        let options = crate::llama::EngineOptions {
            threads: settings
                .threads
                .map_or_else(|| self.threads(), NonZeroUsize::get),
            context_tokens,
            cache_tokens: self.cache_tokens(context_tokens),
            parallel: self.parallel(),
            settings,
        };
        options.settings.validate()?;
        let path = file.path.clone();
        Ok(match file.task {
            Task::Generate => Arc::new(crate::llama::LlamaAdapter::new(path, options)),
            task => Arc::new(crate::llama::EncoderAdapter::new(path, task, options)),
        })
    }

    #[cfg(not(feature = "llama"))]
    fn gguf_adapter(&self, file: &FileModel) -> Result<Arc<dyn ModelAdapter>, ModelError> {
        let why = "GGUF models need the feature `llama`: build with it";
        Err(not_built_in(why, &file.name))
    }

    #[cfg(feature = "candle")]
    fn folder_adapter(&self, file: &FileModel) -> Result<Arc<dyn ModelAdapter>, ModelError> {
        if file.task == Task::Generate {
            let context_tokens = self.context_tokens(file.context_tokens);
            let path = file.path.clone();
            let adapter = crate::candle::DecoderAdapter::new(path, context_tokens, self.threads());
            return Ok(Arc::new(adapter));
        }
        let adapter = crate::candle::EncoderAdapter::new(file, self.threads());
        Ok(Arc::new(adapter))
    }

    #[cfg(not(feature = "candle"))]
    fn folder_adapter(&self, file: &FileModel) -> Result<Arc<dyn ModelAdapter>, ModelError> {
        let why = "folders of safetensors need the feature `candle`: build with it, or convert the model to GGUF";
        Err(not_built_in(why, &file.name))
    }

    #[cfg(feature = "remote")]
    fn remote_entry(
        &self,
        named: NamedRemote,
        is_kept: bool,
    ) -> Result<(ModelName, Entry), ModelError> {
        named.remote.validate()?;
        let entry = Entry {
            adapter: crate::remote::adapter(named.remote.clone(), &self.connections),
            resident: None,
            source: Source::Remote(named.remote),
            is_kept,
        };
        Ok((named.name, entry))
    }

    #[cfg(not(feature = "remote"))]
    fn remote_entry(
        &self,
        named: NamedRemote,
        _kept: bool,
    ) -> Result<(ModelName, Entry), ModelError> {
        let why = "models of providers need the feature `remote`: build with it";
        Err(not_built_in(why, &named.name))
    }
}

#[cfg(not(all(feature = "llama", feature = "candle", feature = "remote")))]
fn not_built_in(why: &str, name: &ModelName) -> ModelError {
    let kind = ModelErrorKind::Unsupported(why.to_owned());
    ModelError::new(kind, "use", name.as_str())
}

pub(super) fn taken(name: &ModelName) -> ModelError {
    ModelError::new(ModelErrorKind::Conflict, "add", name.as_str())
}

pub(super) fn missing(subject: &str) -> ModelError {
    ModelError::new(ModelErrorKind::Missing, "find", subject)
}
