//! What is kept of people, taken along and erased.

use std::sync::Arc;

use karen_bindings::{KeptLine, Pump};
use pyo3::prelude::*;

use crate::pending::{Outcome, Pending};

/// Everything that is kept of one person, or of a tenant.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Privacy {
    privacy: karen_bindings::Privacy,
}

impl Privacy {
    pub(crate) fn new(privacy: karen_bindings::Privacy) -> Self {
        Self { privacy }
    }

    fn get(&self) -> karen_bindings::Privacy {
        self.privacy.clone()
    }
}

#[pymethods]
impl Privacy {
    fn export(&self, tenant: Option<String>) -> Pending {
        let privacy = self.get();
        Pending::new(async move {
            let lines = privacy.export(tenant.as_deref()).await?;
            Ok(Outcome::Lines(lines))
        })
    }

    fn erase(&self) -> Pending {
        let privacy = self.get();
        Pending::data(async move { privacy.erase().await })
    }

    fn erase_user(&self, account: String) -> Pending {
        let privacy = self.get();
        Pending::data(async move { privacy.erase_user(&account).await })
    }

    fn erase_tenant(&self, tenant: String) -> Pending {
        let privacy = self.get();
        Pending::data(async move { privacy.erase_tenant(&tenant).await })
    }

    fn receipts(&self, after: Option<String>, limit: u32) -> Pending {
        let privacy = self.get();
        Pending::data(async move { privacy.receipts(after.as_deref(), limit).await })
    }
}

/// Lines as they are read.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Lines {
    lines: Arc<Pump<KeptLine>>,
}

impl Lines {
    pub(crate) fn new(lines: Pump<KeptLine>) -> Self {
        Self {
            lines: Arc::new(lines),
        }
    }
}

#[pymethods]
impl Lines {
    /// The next lines; an empty list after the last.
    fn next(&self) -> Pending {
        let lines = Arc::clone(&self.lines);
        Pending::data(async move { lines.next().await })
    }
}
