//! The models, as a host calls them.

mod provided;
mod pulling;
mod scanned;

use std::path::Path;
use std::sync::Arc;

use karen_core::infer::{CompletionRequest, Message, ModelInfo, ModelName, ToolSpec};

pub use provided::{RemoteOptions, RouteInfo, RouteOptions};
pub use pulling::PullStep;
pub use scanned::{Refused, Scanned};

use crate::host::HostAdapter;
use crate::{AnswerOptions, Answering, Failure, Karen};

/// The models of one Karen.
#[derive(Clone)]
pub struct Models {
    karen: Karen,
}

impl Models {
    pub(crate) fn new(karen: Karen) -> Self {
        Self { karen }
    }

    /// Every model, in the order of adding.
    ///
    /// # Errors
    /// `UNSUPPORTED` in a child process.
    pub fn list(&self) -> Result<Vec<ModelInfo>, Failure> {
        Ok(self.core()?.list())
    }

    /// One model; the default one if none is named.
    ///
    /// # Errors
    /// `MODEL_MISSING`, `INVALID_ARGUMENT`.
    pub fn get(&self, name: Option<&str>) -> Result<ModelInfo, Failure> {
        let name = name.map(ModelName::parse).transpose()?;
        Ok(self.core()?.resolve(name.as_ref())?)
    }

    /// Adds a GGUF file, or a folder as Hugging Face has models, which stays where it is; `is_kept` also after this Karen is closed.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `MODEL_LOAD`, `CONFLICT`, `UNSUPPORTED`.
    pub async fn add(
        &self,
        path: &Path,
        name: Option<&str>,
        is_kept: bool,
    ) -> Result<ModelInfo, Failure> {
        let name = name.map(ModelName::parse).transpose()?;
        let models = self.core()?;
        let added = match (name, is_kept) {
            (Some(name), false) => models.add_for_now(path, &name).await?,
            (None, false) => {
                return Err(Failure::invalid(
                    "a model for now needs a name: give it one",
                ));
            }
            (name, true) => models.add(path, name.as_ref()).await?,
        };
        Ok(added)
    }

    /// Adds every model of a folder that is not known yet; `is_kept` also after this Karen is closed.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`. What cannot be added is told beside what was.
    pub async fn scan(&self, folder: &Path, is_kept: bool) -> Result<Scanned, Failure> {
        let models = self.core()?;
        let scanned = match is_kept {
            true => models.scan(folder).await?,
            false => models.scan_for_now(folder).await?,
        };
        Ok(scanned.into())
    }

    /// Keeps a model loaded once it is, or lets it be unloaded for others.
    ///
    /// # Errors
    /// `MODEL_MISSING`, `INVALID_ARGUMENT`, `UNAVAILABLE`.
    pub fn set_pinned(&self, name: &str, is_pinned: bool) -> Result<ModelInfo, Failure> {
        Ok(self
            .core()?
            .set_pinned(&ModelName::parse(name)?, is_pinned)?)
    }

    /// Bytes that the loaded models take, as estimated, and those that they may take together.
    ///
    /// # Errors
    /// `UNSUPPORTED` in a child process.
    pub fn memory(&self) -> Result<(u64, Option<u64>), Failure> {
        Ok(self.core()?.memory())
    }

    /// Makes a model of the host's usable like any other.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `CONFLICT`.
    pub fn register(&self, name: &str, adapter: HostAdapter) -> Result<(), Failure> {
        let name = ModelName::parse(name)?;
        Ok(self.core()?.register(&name, Arc::new(adapter))?)
    }

    /// Takes a model away; `false` if there was none.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for the built-in one, `UNAVAILABLE`.
    pub async fn remove(&self, name: &str) -> Result<bool, Failure> {
        Ok(self.core()?.remove(&ModelName::parse(name)?).await?)
    }

    /// Loads a model now.
    ///
    /// # Errors
    /// `MODEL_MISSING`, `MODEL_LOAD`, `INVALID_ARGUMENT`.
    pub async fn load(&self, name: &str) -> Result<(), Failure> {
        Ok(self.core()?.load(&ModelName::parse(name)?).await?)
    }

    /// Gives a model's memory back.
    ///
    /// # Errors
    /// `MODEL_MISSING`, `INVALID_ARGUMENT`.
    pub async fn unload(&self, name: &str) -> Result<(), Failure> {
        Ok(self.core()?.unload(&ModelName::parse(name)?).await?)
    }

    /// The model that answers when none is named.
    ///
    /// # Errors
    /// `UNSUPPORTED` in a child process.
    pub fn default_name(&self) -> Result<Option<String>, Failure> {
        let name = self.core()?.default_name();
        Ok(name.map(String::from))
    }

    /// Sets the model that answers when none is named.
    ///
    /// # Errors
    /// `MODEL_MISSING`, `INVALID_ARGUMENT`, `UNAVAILABLE`.
    pub fn set_default(&self, name: &str) -> Result<(), Failure> {
        Ok(self.core()?.set_default(&ModelName::parse(name)?)?)
    }

    /// Embeds each text, L2-normalised.
    ///
    /// # Errors
    /// `MODEL_MISSING`, `UNSUPPORTED`, `INVALID_ARGUMENT`.
    pub async fn embed(&self, name: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, Failure> {
        Ok(self.core()?.embed(&ModelName::parse(name)?, texts).await?)
    }

    /// Scores each document by how well it answers the query, 0 to 1, in the documents' order.
    ///
    /// # Errors
    /// `MODEL_MISSING`, `MODEL_LOAD`, `TOO_LARGE`, `UNSUPPORTED`, `INVALID_ARGUMENT`.
    pub async fn rerank(
        &self,
        name: &str,
        query: &str,
        documents: &[String],
    ) -> Result<Vec<f32>, Failure> {
        let name = ModelName::parse(name)?;
        Ok(self.core()?.rerank(&name, query, documents).await?)
    }

    /// Tokens of a text.
    ///
    /// # Errors
    /// `MODEL_MISSING`, `MODEL_LOAD`, `UNSUPPORTED`, `INVALID_ARGUMENT`.
    pub async fn count_text(&self, name: &str, text: &str) -> Result<u32, Failure> {
        Ok(self
            .core()?
            .count_text(&ModelName::parse(name)?, text)
            .await?)
    }

    /// Tokens of a chat in the model's own template.
    ///
    /// # Errors
    /// As [`count_text`](Self::count_text).
    pub async fn count_prompt(
        &self,
        name: &str,
        messages: &[Message],
        tools: &[ToolSpec],
    ) -> Result<u32, Failure> {
        let name = ModelName::parse(name)?;
        Ok(self.core()?.count_prompt(&name, messages, tools).await?)
    }

    /// Continues a text; no chat template is applied.
    ///
    /// # Errors
    /// `MODEL_MISSING`, `MODEL_LOAD`, `TOO_LARGE`, `UNAVAILABLE`, `UNSUPPORTED`.
    pub async fn complete(
        &self,
        prompt: String,
        options: AnswerOptions,
    ) -> Result<Answering, Failure> {
        if !options.tools.is_empty() {
            return Err(Failure::invalid("a completion calls no tools"));
        }
        let request = CompletionRequest {
            model: options.model_name()?,
            prompt,
            sampling: options.sampling,
            stop: options.stop,
            max_tokens: options.max_tokens,
            ..CompletionRequest::default()
        };
        Ok(Answering::of_models(self.core()?.complete(request).await?))
    }

    fn core(&self) -> Result<&karen_core::infer::Models, Failure> {
        Ok(self.karen.core()?.models())
    }
}
