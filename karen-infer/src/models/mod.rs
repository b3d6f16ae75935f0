//! The handle to all models: which there are, which are loaded, asking one.

mod config;
mod entry;
mod info;
mod shared;

use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub use self::config::ModelsConfig;
use self::entry::Entry;
pub use self::info::{ModelFormat, ModelInfo, ModelState};
use self::shared::{Shared, missing};
use crate::registry::{Registered, Registry};
use crate::{
    CompletionRequest, GenerateRequest, GenerateStream, Generation, Job, Message, ModelAdapter,
    ModelError, ModelErrorKind, ModelName, Prompt, ToolSpec,
};

/// The models of a program. Clones share them.
#[derive(Clone)]
pub struct Models {
    shared: Arc<Shared>,
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
            shared: Arc::new(Shared::new(config)),
        };
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
        let registered = Registered::of(path, name.cloned()).await?;
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
            .map(|name| entries.by_name[name].info(name))
            .collect()
    }

    /// One model.
    ///
    /// # Errors
    /// `Missing`.
    pub fn info(&self, name: &ModelName) -> Result<ModelInfo, ModelError> {
        self.shared.get(name).map(|entry| entry.info(name))
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
