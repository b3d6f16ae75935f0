//! The models.

use karen_bindings::core::ToolSpec;
use karen_bindings::core::infer::{Capabilities, Message};
use karen_bindings::{AnswerOptions, HostAdapter, RemoteOptions, RouteOptions};
use pyo3::prelude::*;

use crate::error::raise;
use crate::host::Model;
use crate::pending::{Outcome, Pending};
use crate::streams::Pull;
use crate::value::{give, read};

/// The models of one Karen.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Models {
    models: karen_bindings::Models,
}

impl Models {
    pub(crate) fn new(models: karen_bindings::Models) -> Self {
        Self { models }
    }
}

#[pymethods]
impl Models {
    fn list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        give(py, self.models.list())
    }

    fn get<'py>(&self, py: Python<'py>, name: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
        give(py, self.models.get(name))
    }

    fn default_name(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let name = self.models.default_name();
        name.map_err(|failure| raise(py, &failure))
    }

    fn set_default(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        let set = self.models.set_default(name);
        set.map_err(|failure| raise(py, &failure))
    }

    fn add(&self, path: String, name: Option<String>, is_kept: bool) -> Pending {
        let models = self.models.clone();
        Pending::data(async move { models.add(path.as_ref(), name.as_deref(), is_kept).await })
    }

    fn add_remote<'py>(
        &self,
        py: Python<'py>,
        name: Option<&str>,
        remote: &Bound<'_, PyAny>,
        is_kept: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let remote: RemoteOptions = read(remote)?;
        give(py, self.models.add_remote(name, remote, is_kept))
    }

    fn scan(&self, folder: String, is_kept: bool) -> Pending {
        let models = self.models.clone();
        Pending::data(async move { models.scan(folder.as_ref(), is_kept).await })
    }

    fn set_pinned<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        is_pinned: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        give(py, self.models.set_pinned(name, is_pinned))
    }

    fn memory<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        give(py, self.models.memory())
    }

    fn pull(&self, py: Python<'_>, model: &str, name: Option<&str>) -> PyResult<Pull> {
        let pull = self.models.pull(model, name);
        pull.map(Pull::new).map_err(|failure| raise(py, &failure))
    }

    fn routes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        give(py, self.models.routes())
    }

    fn set_route(
        &self,
        py: Python<'_>,
        name: &str,
        route: &Bound<'_, PyAny>,
        is_kept: bool,
    ) -> PyResult<()> {
        let route: RouteOptions = read(route)?;
        let set = self.models.set_route(name, &route, is_kept);
        set.map_err(|failure| raise(py, &failure))
    }

    fn remove_route(&self, py: Python<'_>, name: &str) -> PyResult<bool> {
        let removed = self.models.remove_route(name);
        removed.map_err(|failure| raise(py, &failure))
    }

    /// `host` has a method for each of `load`, `unload`, `generate`, `count` and `embed`.
    fn register(
        &self,
        py: Python<'_>,
        name: &str,
        host: Py<PyAny>,
        generates: bool,
        embeds: bool,
        context_tokens: u32,
    ) -> PyResult<()> {
        let capabilities = Capabilities {
            generate: generates,
            complete: generates,
            tools: generates,
            embed: embeds,
            context_tokens,
            ..Capabilities::default()
        };
        let adapter = HostAdapter::new(Model::new(host), capabilities);
        let registered = self.models.register(name, adapter);
        registered.map_err(|failure| raise(py, &failure))
    }

    fn remove(&self, name: String) -> Pending {
        let models = self.models.clone();
        Pending::data(async move { models.remove(&name).await })
    }

    fn load(&self, name: String) -> Pending {
        let models = self.models.clone();
        Pending::data(async move { models.load(&name).await })
    }

    fn unload(&self, name: String) -> Pending {
        let models = self.models.clone();
        Pending::data(async move { models.unload(&name).await })
    }

    fn embed(&self, name: String, texts: Vec<String>) -> Pending {
        let models = self.models.clone();
        Pending::data(async move { models.embed(&name, &texts).await })
    }

    fn rerank(&self, name: String, query: String, documents: Vec<String>) -> Pending {
        let models = self.models.clone();
        Pending::data(async move { models.rerank(&name, &query, &documents).await })
    }

    fn count_text(&self, name: String, text: String) -> Pending {
        let models = self.models.clone();
        Pending::data(async move { models.count_text(&name, &text).await })
    }

    fn count_prompt(
        &self,
        name: String,
        messages: &Bound<'_, PyAny>,
        tools: &Bound<'_, PyAny>,
    ) -> PyResult<Pending> {
        let (messages, tools): (Vec<Message>, Vec<ToolSpec>) = (read(messages)?, read(tools)?);
        let models = self.models.clone();
        Ok(Pending::data(async move {
            models.count_prompt(&name, &messages, &tools).await
        }))
    }

    fn complete(&self, prompt: String, options: &Bound<'_, PyAny>) -> PyResult<Pending> {
        let (models, options): (_, AnswerOptions) = (self.models.clone(), read(options)?);
        Ok(Pending::new(async move {
            Ok(Outcome::Answer(models.complete(prompt, options).await?))
        }))
    }
}
