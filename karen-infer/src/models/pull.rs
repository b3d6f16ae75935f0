//! Models from a hub.

use super::Models;
use crate::{HubModel, ModelName, Pull};

impl Models {
    /// Fetches a model from the hub into the models' folder, compares it with the hub's checksums, and
    /// adds it: a GGUF file, or a folder of safetensors. It is called `name`, else as
    /// [`add`](Models::add) would call it, and a folder as its repository. A pull that is dropped or
    /// cut off goes on from there when it is asked for again; pulls take turns.
    ///
    /// # Errors
    /// In the stream: `Invalid` when there is no such model, or several files that it could be;
    /// `Denied`, `RateLimited`, `Timeout`, `Unavailable`, `Malformed` as the hub answers; `Damaged`
    /// when what came is not what it announced; `Full`, `ReadOnly`; and those of
    /// [`add`](Models::add). `Unsupported` without a folder, or without the feature `remote`.
    #[must_use = "a pull goes on while its events are read"]
    pub fn pull(&self, model: HubModel, name: Option<ModelName>) -> Pull {
        let models = self.clone();
        Pull::new(move |teller| pulled::pull(models, model, name, teller))
    }
}

#[cfg(feature = "remote")]
mod pulled {
    use std::path::Path;

    use super::Models;
    use crate::hub::{self, Hub};
    use crate::models::shared::taken;
    use crate::told::Teller;
    use crate::{HubModel, ModelError, ModelErrorKind, ModelInfo, ModelName, PullEvent};

    /// The folder of pulled models in that of all.
    const FOLDER: &str = "hub";

    pub(super) async fn pull(
        models: Models,
        model: HubModel,
        name: Option<ModelName>,
        teller: Teller<PullEvent>,
    ) -> Result<ModelInfo, ModelError> {
        let config = &models.shared.config;
        let folder = config.folder.as_ref().ok_or_else(no_folder)?.join(FOLDER);
        let _turn = models.shared.pulls.lock().await;
        let hub = Hub::open(&config.hub, &config.remote).await?;
        let listing = hub.list(&model).await?;
        let commit = listing.commit.clone();
        let choice = hub::choose(&model, listing)?;
        let name = name.or_else(|| choice.own_name(&model));
        let is_taken = |name: &ModelName| models.shared.lock().has(name);
        let path = hub::target(&model, (&commit, &choice), &folder);
        let known = added_from(&models, &path, name.as_ref());
        // Told before gigabytes are fetched for nothing.
        if let Some(name) = name
            .as_ref()
            .filter(|name| known.is_none() && is_taken(name))
        {
            return Err(taken(name));
        }
        hub::place(&hub, &model, (&commit, &choice), &folder, &teller).await?;
        match known {
            Some(info) => Ok(info),
            None => models.add(&path, name.as_ref()).await,
        }
    }

    /// A model that was added from this path, if that is what it is to be called.
    fn added_from(models: &Models, path: &Path, name: Option<&ModelName>) -> Option<ModelInfo> {
        let from = |info: &ModelInfo| info.path.as_deref() == Some(path);
        let named = |info: &ModelInfo| name.is_none_or(|name| *name == info.name);
        models
            .list()
            .into_iter()
            .find(|info| from(info) && named(info))
    }

    fn no_folder() -> ModelError {
        let why = "these models are kept in memory: open them with a folder".to_owned();
        ModelError::new(ModelErrorKind::Unsupported(why), "pull", "a model")
    }
}

#[cfg(not(feature = "remote"))]
mod pulled {
    use super::Models;
    use crate::told::Teller;
    use crate::{HubModel, ModelError, ModelErrorKind, ModelInfo, ModelName, PullEvent};

    pub(super) async fn pull(
        _models: Models,
        model: HubModel,
        _name: Option<ModelName>,
        _teller: Teller<PullEvent>,
    ) -> Result<ModelInfo, ModelError> {
        let why = "pulling models needs the feature `remote`: build with it".to_owned();
        let kind = ModelErrorKind::Unsupported(why);
        Err(ModelError::new(kind, "pull", model.to_string()))
    }
}
