//! The handle to all models: which there are, which are loaded.

mod ask;
mod attempt;
mod config;
mod cooldown;
mod entry;
mod info;
mod make;
mod measured;
mod pull;
mod resident;
mod routes;
mod scan;
mod shared;

use std::path::Path;
use std::sync::Arc;

pub use self::config::ModelsConfig;
use self::entry::{Entry, Source};
pub use self::info::{ModelFormat, ModelInfo, ModelState};
pub use self::routes::RouteInfo;
pub use self::scan::Scanned;
use self::shared::{Shared, missing};
use crate::registry::{FileFormat, FileModel, NamedRemote, Registered, Registry};
use crate::route::RouteInUse;
use crate::{LlamaSettings, ModelAdapter, ModelError, ModelErrorKind, ModelName, RemoteModel};

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
            let entry = models.shared.entry(registered, true)?;
            models.shared.lock().insert(entry);
        }
        {
            let mut entries = models.shared.lock();
            entries.default = registry.default;
            let routes = registry.routes.into_iter();
            entries.routes = routes
                .map(|(name, route)| (name, RouteInUse::new(route, true)))
                .collect();
        }
        models.shared.residents.tend();
        Ok(models)
    }

    /// Adds a GGUF file, or a folder as Hugging Face has models, which stays where it is, and keeps it
    /// in the registry. Its name is `name`, else what its header says, else its file's or folder's.
    ///
    /// # Errors
    /// `Invalid` when the file is absent, `Load` when it is no model, or damaged; `Conflict` when the
    /// name is taken; `Unsupported` for a kind of model that is not run here, or whose engine
    /// (llama.cpp, candle) is not built in.
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
        let file = FileModel::of(path, name.cloned()).await?;
        self.add_registered(Registered::File(file), is_kept)
    }

    /// Adds a provider's model under a name, and keeps it in the registry, without its key. The
    /// provider is not asked.
    ///
    /// # Errors
    /// `Invalid` when the description is; `Conflict` when the name is taken; `Unsupported` when the
    /// feature `remote` is not built in.
    pub fn add_remote(
        &self,
        name: &ModelName,
        remote: RemoteModel,
    ) -> Result<ModelInfo, ModelError> {
        self.add_provided(name, remote, true)
    }

    /// As [`add_remote`](Models::add_remote), until the program ends.
    ///
    /// # Errors
    /// As [`add_remote`](Models::add_remote).
    pub fn add_remote_for_now(
        &self,
        name: &ModelName,
        remote: RemoteModel,
    ) -> Result<ModelInfo, ModelError> {
        self.add_provided(name, remote, false)
    }

    fn add_provided(
        &self,
        name: &ModelName,
        remote: RemoteModel,
        is_kept: bool,
    ) -> Result<ModelInfo, ModelError> {
        let name = name.clone();
        self.add_registered(Registered::Remote(NamedRemote { name, remote }), is_kept)
    }

    fn add_registered(
        &self,
        registered: Registered,
        is_kept: bool,
    ) -> Result<ModelInfo, ModelError> {
        let (name, entry) = self.shared.entry(registered, is_kept)?;
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
            resident: None,
            source: Source::Adapter,
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
                .is_some_and(|entry| matches!(entry.source, Source::BuiltIn))
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

    /// Everything that can be asked: the models in the order of adding, the built-in ones first; then
    /// the routes by name.
    #[must_use]
    pub fn list(&self) -> Vec<ModelInfo> {
        let entries = self.shared.lock();
        let models = entries
            .order
            .iter()
            .map(|name| entries.by_name[name].info(name));
        let routes = entries
            .routes
            .keys()
            .filter_map(|name| entries.route_info(name));
        models.chain(routes).collect()
    }

    /// One model. A route can do what all of its models can, in the smallest of their contexts.
    ///
    /// # Errors
    /// `Missing`.
    pub fn info(&self, name: &ModelName) -> Result<ModelInfo, ModelError> {
        let route = self.shared.lock().route_info(name);
        route.map_or_else(|| self.shared.get(name).map(|entry| entry.info(name)), Ok)
    }

    /// The adapter of one model, to be asked as it is.
    ///
    /// # Errors
    /// `Missing`.
    pub fn adapter(&self, name: &ModelName) -> Result<Arc<dyn ModelAdapter>, ModelError> {
        Ok(self.shared.get(name)?.adapter)
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
        let set = entries.default.as_ref().filter(|name| entries.has(name));
        set.or_else(|| entries.order.iter().find(generates))
            .cloned()
    }

    /// Sets the model that answers when none is named, and keeps that.
    ///
    /// # Errors
    /// `Missing`, `Unavailable` when the registry cannot be written.
    pub fn set_default(&self, name: &ModelName) -> Result<(), ModelError> {
        self.info(name)?;
        self.shared.lock().default = Some(name.clone());
        self.shared.keep()
    }

    /// Loads a model now instead of at its first use; of a route, the first one listed.
    ///
    /// # Errors
    /// `Missing`, `Invalid`, `Load`; `Denied` when a provider's key is not there.
    pub async fn load(&self, name: &ModelName) -> Result<(), ModelError> {
        self.adapter(&self.first(name)?)?.load().await
    }

    /// Gives a model's memory back; it loads again at its next use. Of a route, that of the first
    /// one listed.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn unload(&self, name: &ModelName) -> Result<(), ModelError> {
        self.adapter(&self.first(name)?)?.unload().await;
        Ok(())
    }

    /// Keeps a model loaded once it is, or lets it be unloaded for others and when nobody asks for it;
    /// kept in the registry with the model. Only models that run here can be pinned.
    ///
    /// # Errors
    /// `Missing`, `Invalid` for a model that takes no memory here, `Unavailable` when the registry
    /// cannot be written.
    pub fn set_pinned(&self, name: &ModelName, is_pinned: bool) -> Result<ModelInfo, ModelError> {
        {
            let mut entries = self.shared.lock();
            let entry = entries.by_name.get_mut(name);
            let entry = entry.ok_or_else(|| missing(name.as_str()))?;
            let (Source::File(file), Some(resident)) = (&mut entry.source, &entry.resident) else {
                let why = "it takes no memory here that others could need".to_owned();
                let kind = ModelErrorKind::Invalid(why);
                return Err(ModelError::new(kind, "pin", name.as_str()));
            };
            file.pinned = is_pinned;
            resident.set_pinned(is_pinned);
        }
        self.shared.keep()?;
        self.info(name)
    }

    /// How llama.cpp runs a GGUF model.
    ///
    /// # Errors
    /// `Missing`; `Invalid` for a model that llama.cpp does not run.
    pub fn llama(&self, name: &ModelName) -> Result<LlamaSettings, ModelError> {
        match &self.shared.get(name)?.source {
            Source::File(file) if file.format == FileFormat::Gguf => {
                Ok(self.shared.llama(file).clone())
            }
            _ => Err(not_llama(name)),
        }
    }

    /// Has llama.cpp run a GGUF model in a way of its own, or with `None` as the others; kept in the
    /// registry with the model. What it answers meanwhile is given as before, and it loads anew at its
    /// next use.
    ///
    /// # Errors
    /// `Missing`; `Invalid` for a model that llama.cpp does not run, and for settings that contradict
    /// each other; `Unavailable` when the registry cannot be written.
    pub async fn set_llama(
        &self,
        name: &ModelName,
        settings: Option<LlamaSettings>,
    ) -> Result<ModelInfo, ModelError> {
        let known = self.shared.get(name)?;
        let Source::File(mut file) = known.source else {
            return Err(not_llama(name));
        };
        if file.format != FileFormat::Gguf {
            return Err(not_llama(name));
        }
        file.llama = settings;
        let (_, entry) = self.shared.entry(Registered::File(file), known.is_kept)?;
        let replaced = self.shared.lock().by_name.insert(name.clone(), entry);
        if let Some(replaced) = replaced {
            replaced.adapter.unload().await;
        }
        self.shared.keep()?;
        self.info(name)
    }

    /// Bytes that the loaded models take, as estimated, and those that they may take together.
    #[must_use]
    pub fn memory(&self) -> (u64, Option<u64>) {
        let residents = &self.shared.residents;
        (residents.bytes(), residents.bytes_max())
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

fn not_llama(name: &ModelName) -> ModelError {
    let kind = ModelErrorKind::Invalid("llama.cpp does not run it".to_owned());
    ModelError::new(kind, "set how to run", name.as_str())
}
