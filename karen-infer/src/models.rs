//! The handle to all models: which there are, which are loaded, asking one.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::registry::{Registered, Registry, checked_header};
use crate::static_adapter::StaticAdapter;
use crate::{
    Capabilities, CompletionRequest, GenerateRequest, GenerateStream, Generation, Job, Message,
    ModelAdapter, ModelError, ModelErrorKind, ModelName, Prompt, ToolSpec,
};

/// Context of a model that was trained for more: its KV cache would take gigabytes unasked.
const CONTEXT_TOKENS_DEFAULT_MAX: u32 = 8192;
/// What the built-in embedder is listed as.
const STATIC_MODEL: &str = "karen-static";

/// The models of a program. Clones share them.
#[derive(Clone)]
pub struct Models {
    shared: Arc<Shared>,
}

/// How [`Models`] run. Absent settings are chosen.
#[derive(Clone, Debug, Default)]
pub struct ModelsConfig {
    /// Where the registry is kept; `None` keeps it in memory.
    pub folder: Option<PathBuf>,
    /// Threads of each engine. Chosen: one less than the cores, at least one. An engine that has to
    /// share its last core waits for it at every step.
    pub threads: Option<NonZeroUsize>,
    /// Tokens of context of each model. Chosen: what it was trained for, 8,192 at most.
    pub context_tokens: Option<NonZeroU32>,
}

/// A model as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelInfo {
    /// What it is called.
    pub name: ModelName,
    /// What it is made of.
    pub format: ModelFormat,
    /// Its file.
    pub path: Option<PathBuf>,
    /// The family, such as `llama`, where a file tells it.
    pub architecture: Option<String>,
    /// Bytes of its file.
    pub size_bytes: u64,
    /// Tokens of prompt and answer together at most.
    pub context_tokens: u32,
    /// What it can do.
    pub capabilities: Capabilities,
    /// How ready it is.
    pub state: ModelState,
}

/// What a model is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelFormat {
    /// A GGUF file.
    Gguf,
    /// Part of the program.
    BuiltIn,
    /// An adapter that the program registered.
    Adapter,
}

/// How ready a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelState {
    /// Its file is gone.
    Absent,
    /// It loads at its first use.
    Idle,
    /// It is in memory.
    Warm,
}

struct Shared {
    config: ModelsConfig,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    by_name: BTreeMap<ModelName, Entry>,
    /// In the order of adding: the first that can generate is the default unless one is set.
    order: Vec<ModelName>,
    default: Option<ModelName>,
}

#[derive(Clone)]
struct Entry {
    adapter: Arc<dyn ModelAdapter>,
    format: ModelFormat,
    file: Option<Registered>,
    /// Whether the registry's file lists it.
    is_kept: bool,
}

impl Models {
    /// Opens the models of a folder. No model is read.
    ///
    /// # Errors
    /// `Corrupt` when the registry cannot be understood, `TooNew` when a newer program wrote it.
    pub async fn open(config: ModelsConfig) -> Result<Self, ModelError> {
        let registry = match &config.folder {
            Some(folder) => Registry::read(folder)?,
            None => Registry::default(),
        };
        let models = Self {
            shared: Arc::new(Shared {
                config,
                entries: Mutex::default(),
            }),
        };
        models.shared.add_built_in();
        for registered in registry.models {
            let entry = models.shared.file_entry(registered, true)?;
            models.shared.lock().insert(entry);
        }
        models.shared.lock().default = registry.default;
        Ok(models)
    }

    /// Adds a GGUF file, which stays where it is, and keeps it in the registry. Its name is `name`,
    /// else what its header says, else its file's.
    ///
    /// # Errors
    /// `Invalid` when the file is absent, `Load` when it is no GGUF or cut short; `Conflict` when
    /// the name is taken; `Unsupported` when llama.cpp is not built in.
    pub async fn add(
        &self,
        path: &Path,
        name: Option<&ModelName>,
    ) -> Result<ModelInfo, ModelError> {
        self.add_file(path, name, true).await
    }

    /// As [`add`](Models::add), until the program ends.
    ///
    /// # Errors
    /// As [`add`](Models::add).
    pub async fn add_for_now(
        &self,
        path: &Path,
        name: &ModelName,
    ) -> Result<ModelInfo, ModelError> {
        self.add_file(path, Some(name), false).await
    }

    async fn add_file(
        &self,
        path: &Path,
        name: Option<&ModelName>,
        is_kept: bool,
    ) -> Result<ModelInfo, ModelError> {
        let registered = registered(path.to_owned(), name.cloned()).await?;
        let name = registered.name.clone();
        let (_, entry) = self.shared.file_entry(registered, is_kept)?;
        self.shared.insert_new(name.clone(), entry)?;
        if let Err(error) = self.shared.keep() {
            self.shared.lock().remove(&name);
            return Err(error);
        }
        self.info(&name)
    }

    /// Makes an adapter of one's own usable like any other, until the program ends.
    ///
    /// # Errors
    /// `Conflict` when the name is taken.
    pub fn register(
        &self,
        name: &ModelName,
        adapter: Arc<dyn ModelAdapter>,
    ) -> Result<(), ModelError> {
        let entry = Entry {
            adapter,
            format: ModelFormat::Adapter,
            file: None,
            is_kept: false,
        };
        self.shared.insert_new(name.clone(), entry)
    }

    /// Takes a model away and unloads it; its file stays. `false` if there was none.
    ///
    /// # Errors
    /// `Unavailable` when the registry cannot be written, `Invalid` for the built-in one.
    pub async fn remove(&self, name: &ModelName) -> Result<bool, ModelError> {
        let removed = {
            let mut entries = self.shared.lock();
            if entries
                .by_name
                .get(name)
                .is_some_and(|e| e.format == ModelFormat::BuiltIn)
            {
                let why = "it is part of the program".to_owned();
                return Err(ModelError::new(
                    ModelErrorKind::Invalid(why),
                    "remove",
                    name.as_str(),
                ));
            }
            entries.remove(name)
        };
        let Some(entry) = removed else {
            return Ok(false);
        };
        entry.adapter.unload().await;
        self.shared.keep()?;
        Ok(true)
    }

    /// Every model, in the order of adding; the built-in ones first.
    #[must_use]
    pub fn list(&self) -> Vec<ModelInfo> {
        let entries = self.shared.lock();
        entries
            .order
            .iter()
            .map(|name| info(name, &entries.by_name[name]))
            .collect()
    }

    /// One model.
    ///
    /// # Errors
    /// `Missing`.
    pub fn info(&self, name: &ModelName) -> Result<ModelInfo, ModelError> {
        self.shared.get(name).map(|entry| info(name, &entry))
    }

    /// The model that answers when `name` is asked for, or when none is.
    ///
    /// # Errors
    /// `Missing`.
    pub fn resolve(&self, name: Option<&ModelName>) -> Result<ModelInfo, ModelError> {
        match name {
            Some(name) => self.info(name),
            None => self.info(&self.default_name().ok_or_else(|| missing("a model"))?),
        }
    }

    /// The model that answers when none is named: the one set, or the first that can.
    #[must_use]
    pub fn default_name(&self) -> Option<ModelName> {
        let entries = self.shared.lock();
        let generates = |name: &&ModelName| entries.by_name[*name].adapter.capabilities().generate;
        let set = entries
            .default
            .as_ref()
            .filter(|name| entries.by_name.contains_key(name));
        set.or_else(|| entries.order.iter().find(generates))
            .cloned()
    }

    /// Sets the model that answers when none is named, and keeps that.
    ///
    /// # Errors
    /// `Missing`, `Unavailable` when the registry cannot be written.
    pub fn set_default(&self, name: &ModelName) -> Result<(), ModelError> {
        self.shared.get(name)?;
        self.shared.lock().default = Some(name.clone());
        self.shared.keep()
    }

    /// Loads a model now instead of at its first use.
    ///
    /// # Errors
    /// `Missing`, `Invalid`, `Load`.
    pub async fn load(&self, name: &ModelName) -> Result<(), ModelError> {
        self.shared.get(name)?.adapter.load().await
    }

    /// Gives a model's memory back; it loads again at its next use.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn unload(&self, name: &ModelName) -> Result<(), ModelError> {
        self.shared.get(name)?.adapter.unload().await;
        Ok(())
    }

    /// Answers a chat.
    ///
    /// # Errors
    /// `Missing`, `Load`, `PromptTooLong`, `Busy`, `Unsupported`, `Invalid`.
    pub async fn generate(&self, request: GenerateRequest) -> Result<Generation, ModelError> {
        let cancel = CancellationToken::new();
        let job = Job {
            prompt: Prompt::Chat {
                messages: request.messages,
                tools: request.tools,
            },
            sampling: request.sampling,
            stop: request.stop,
            max_tokens: request.max_tokens,
            ignore_end: false,
            token_ids: false,
            cancel: cancel.clone(),
        };
        self.start(request.model, job, cancel).await
    }

    /// Continues a text.
    ///
    /// # Errors
    /// As [`generate`](Models::generate).
    pub async fn complete(&self, request: CompletionRequest) -> Result<Generation, ModelError> {
        let cancel = CancellationToken::new();
        let job = Job {
            prompt: Prompt::Text(request.prompt),
            sampling: request.sampling,
            stop: request.stop,
            max_tokens: request.max_tokens,
            ignore_end: request.ignore_end,
            token_ids: request.token_ids,
            cancel: cancel.clone(),
        };
        self.start(request.model, job, cancel).await
    }

    /// Gives a job to a model as it is; [`generate`](Models::generate) and
    /// [`complete`](Models::complete) are made of it.
    ///
    /// # Errors
    /// As [`generate`](Models::generate).
    pub async fn ask(&self, name: &ModelName, job: Job) -> Result<GenerateStream, ModelError> {
        self.shared.get(name)?.adapter.generate(job).await
    }

    async fn start(
        &self,
        asked: Option<ModelName>,
        job: Job,
        cancel: CancellationToken,
    ) -> Result<Generation, ModelError> {
        let model = self.resolve(asked.as_ref())?.name;
        let events = self.ask(&model, job).await?;
        Ok(Generation::new(asked, model, events, cancel))
    }

    /// Tokens of a chat in the model's own template, exactly.
    ///
    /// # Errors
    /// As [`generate`](Models::generate).
    pub async fn count_prompt(
        &self,
        name: &ModelName,
        messages: &[Message],
        tools: &[ToolSpec],
    ) -> Result<u32, ModelError> {
        let prompt = Prompt::Chat {
            messages: messages.to_vec(),
            tools: tools.to_vec(),
        };
        self.count(name, &prompt).await
    }

    /// Tokens of a prompt, exactly.
    ///
    /// # Errors
    /// As [`generate`](Models::generate).
    pub async fn count(&self, name: &ModelName, prompt: &Prompt) -> Result<u32, ModelError> {
        self.shared.get(name)?.adapter.count(prompt).await
    }

    /// Tokens of a text, exactly.
    ///
    /// # Errors
    /// As [`generate`](Models::generate).
    pub async fn count_text(&self, name: &ModelName, text: &str) -> Result<u32, ModelError> {
        self.count(name, &Prompt::Text(text.to_owned())).await
    }

    /// Embeds each text with a model; row `i` of the result belongs to `texts[i]`, L2-normalised.
    ///
    /// # Errors
    /// `Missing`, `Unsupported`.
    pub async fn embed(
        &self,
        name: &ModelName,
        texts: &[String],
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        self.shared.get(name)?.adapter.embed(texts).await
    }

    /// Unloads every model.
    pub async fn close(&self) {
        let adapters: Vec<_> = self
            .shared
            .lock()
            .by_name
            .values()
            .map(|entry| Arc::clone(&entry.adapter))
            .collect();
        for adapter in adapters {
            adapter.unload().await;
        }
    }
}

impl Shared {
    /// No code panics while it holds this lock, and the entries are whole at any time.
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, name: &ModelName) -> Result<Entry, ModelError> {
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
            format: ModelFormat::BuiltIn,
            file: None,
            is_kept: false,
        };
        self.lock().insert((name, entry));
    }

    fn insert_new(&self, name: ModelName, entry: Entry) -> Result<(), ModelError> {
        let mut entries = self.lock();
        if entries.by_name.contains_key(&name) {
            return Err(ModelError::new(
                ModelErrorKind::Conflict,
                "add",
                name.as_str(),
            ));
        }
        entries.insert((name, entry));
        Ok(())
    }

    fn keep(&self) -> Result<(), ModelError> {
        let Some(folder) = &self.config.folder else {
            return Ok(());
        };
        let registry = {
            let entries = self.lock();
            let kept = entries.order.iter().map(|name| &entries.by_name[name]);
            let files = kept
                .filter(|entry| entry.is_kept)
                .filter_map(|entry| entry.file.clone());
            Registry::new(entries.default.clone(), files.collect())
        };
        registry.write(folder)
    }

    fn context_tokens(&self, trained: u32) -> u32 {
        let chosen = || trained.min(CONTEXT_TOKENS_DEFAULT_MAX);
        self.config
            .context_tokens
            .map_or_else(chosen, |set| set.get().min(trained))
    }

    fn threads(&self) -> usize {
        let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.config
            .threads
            .map_or_else(|| (cores() - 1).max(1), NonZeroUsize::get)
    }

    #[cfg(feature = "llama")]
    fn file_entry(
        &self,
        file: Registered,
        is_kept: bool,
    ) -> Result<(ModelName, Entry), ModelError> {
        let context_tokens = self.context_tokens(file.context_tokens);
        let adapter =
            crate::llama::LlamaAdapter::new(file.path.clone(), self.threads(), context_tokens);
        let entry = Entry {
            adapter: Arc::new(adapter),
            format: ModelFormat::Gguf,
            file: Some(file.clone()),
            is_kept,
        };
        Ok((file.name, entry))
    }

    #[cfg(not(feature = "llama"))]
    fn file_entry(&self, file: Registered, _kept: bool) -> Result<(ModelName, Entry), ModelError> {
        let why = "GGUF models need the feature `llama`: build with it".to_owned();
        Err(ModelError::new(
            ModelErrorKind::Unsupported(why),
            "use",
            file.name.as_str(),
        ))
    }
}

impl Entries {
    fn insert(&mut self, (name, entry): (ModelName, Entry)) {
        self.order.push(name.clone());
        self.by_name.insert(name, entry);
    }

    fn remove(&mut self, name: &ModelName) -> Option<Entry> {
        self.order.retain(|known| known != name);
        self.default.take_if(|default| default == name);
        self.by_name.remove(name)
    }
}

async fn registered(path: PathBuf, name: Option<ModelName>) -> Result<Registered, ModelError> {
    let path = std::path::absolute(&path).unwrap_or(path);
    let read = path.clone();
    let header = tokio::task::spawn_blocking(move || checked_header(&read)).await;
    let failed = |e| ModelError::new(ModelErrorKind::Internal, "read", "the file").caused_by(e);
    let header = header.map_err(failed)??;
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let own = header.name.as_deref().and_then(ModelName::near);
    let name = name
        .or(own)
        .or_else(|| stem.as_deref().and_then(ModelName::near));
    let nameless = || {
        let why = "it has no name: give it one".to_owned();
        ModelError::new(ModelErrorKind::Invalid(why), "add", "the model")
    };
    Ok(Registered {
        name: name.ok_or_else(nameless)?,
        path,
        architecture: header.architecture,
        context_tokens: header.context_tokens,
        size_bytes: header.size_bytes,
    })
}

fn info(name: &ModelName, entry: &Entry) -> ModelInfo {
    let capabilities = entry.adapter.capabilities();
    let file = entry.file.as_ref();
    ModelInfo {
        name: name.clone(),
        format: entry.format,
        path: file.map(|file| file.path.clone()),
        architecture: file.map(|file| file.architecture.clone()),
        size_bytes: file.map_or(0, |file| file.size_bytes),
        context_tokens: capabilities.context_tokens,
        capabilities,
        state: match file {
            Some(file) if !file.path.exists() => ModelState::Absent,
            _ if entry.adapter.is_loaded() => ModelState::Warm,
            _ => ModelState::Idle,
        },
    }
}

fn missing(subject: &str) -> ModelError {
    ModelError::new(ModelErrorKind::Missing, "find", subject)
}
