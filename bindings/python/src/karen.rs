//! The handle.

use karen_bindings::core::{Code, ToolSpec};
use karen_bindings::{HostTool, Settings};
use pyo3::prelude::*;
use serde_json::{Map, Value};

use crate::accounts::{Accounts, Mail, Roles, SecondFactors, Tenants};
use crate::duckdb;
use crate::error::raise;
use crate::host::Function;
use crate::models::Models;
use crate::pending::{Outcome, Pending};
use crate::value::{give, read};

/// The version of this build.
#[pyfunction]
pub(crate) fn version() -> &'static str {
    karen_bindings::version()
}

/// Every error code with its help, in the order of the documentation.
#[pyfunction]
pub(crate) fn codes() -> Vec<(&'static str, &'static str)> {
    let all = Code::ALL.iter().copied();
    all.map(|code| (code.as_str(), karen_bindings::help(code)))
        .collect()
}

/// Opens Karen: `file` is a karen.toml, `settings` win over it; `library` is DuckDB's, where it is installed.
#[pyfunction]
pub(crate) fn open(
    file: Option<String>,
    settings: &Bound<'_, PyAny>,
    library: Option<String>,
) -> PyResult<Pending> {
    let settings: Map<String, Value> = read(settings)?;
    let start = file.map_or_else(Settings::default, |file| Settings::default().file(file));
    let start = match library {
        Some(library) => {
            duckdb::found_at(library.into());
            start
        }
        None => start.without_analytics(duckdb::missing()),
    };
    let all = settings
        .into_iter()
        .fold(start, |all, (name, value)| all.set(name, value));
    Ok(Pending::new(async move {
        Ok(Outcome::Karen(karen_bindings::Karen::open(all).await?))
    }))
}

/// Karen, opened.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Karen {
    karen: karen_bindings::Karen,
}

impl Karen {
    pub(crate) fn new(karen: karen_bindings::Karen) -> Self {
        Self { karen }
    }
}

#[pymethods]
impl Karen {
    fn session(&self, token: Option<String>) -> Pending {
        let karen = self.karen.clone();
        Pending::new(async move {
            let session = karen.session(token.as_deref()).await?;
            Ok(Outcome::Session(session))
        })
    }

    fn models(&self) -> Models {
        Models::new(self.karen.models())
    }

    fn accounts(&self) -> Accounts {
        Accounts::new(self.karen.accounts())
    }

    fn second_factors(&self) -> SecondFactors {
        SecondFactors::new(self.karen.second_factors())
    }

    fn roles(&self) -> Roles {
        Roles::new(self.karen.roles())
    }

    fn tenants(&self) -> Tenants {
        Tenants::new(self.karen.tenants())
    }

    fn mail(&self) -> Mail {
        Mail::new(self.karen.mail())
    }

    /// `call` is given the arguments, the user's id and a `Reply`.
    fn register_tool(
        &self,
        py: Python<'_>,
        spec: &Bound<'_, PyAny>,
        call: Py<PyAny>,
    ) -> PyResult<()> {
        let spec: ToolSpec = read(spec)?;
        let tool = HostTool::new(spec, Function::new(call));
        self.karen
            .register_tool(tool)
            .map_err(|failure| raise(py, &failure))
    }

    fn unregister_tool(&self, py: Python<'_>, name: &str) -> PyResult<bool> {
        let gone = self.karen.unregister_tool(name);
        gone.map_err(|failure| raise(py, &failure))
    }

    fn tools<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        give(py, self.karen.tools())
    }

    fn folder(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let folder = self.karen.folder();
        folder.map_err(|failure| raise(py, &failure))
    }

    fn config<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        give(py, self.karen.config())
    }

    fn live_turns(&self, py: Python<'_>) -> PyResult<usize> {
        let count = self.karen.live_turns();
        count.map_err(|failure| raise(py, &failure))
    }

    fn health(&self) -> Pending {
        let karen = self.karen.clone();
        Pending::data(async move { karen.health().await })
    }

    fn verify(&self) -> Pending {
        let karen = self.karen.clone();
        Pending::data(async move { karen.verify().await })
    }

    fn events(&self) -> Pending {
        let karen = self.karen.clone();
        Pending::new(async move { Ok(Outcome::Events(karen.events().await?)) })
    }

    fn close(&self) -> Pending {
        let karen = self.karen.clone();
        Pending::data(async move { karen.close().await })
    }
}
