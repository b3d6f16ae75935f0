//! Questions about all memories at once, as a host asks them.

use karen_core::memory::{Answer, Breadth, Report};

use crate::{Failure, Session};

impl Session {
    /// The reports that there are.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub fn memory_reports(&self) -> Result<&'static [Report], Failure> {
        Ok(self.memories(None)?.reports()?)
    }

    /// Answers a report, by its name; `of` is whose memories it is about, `user` or `tenant`.
    ///
    /// # Errors
    /// As [`ask_memory`](Self::ask_memory); `NOT_FOUND` for another name.
    pub async fn memory_report(&self, name: &str, of: &str) -> Result<Answer, Failure> {
        Ok(self.memories(None)?.report(breadth(of)?, name).await?)
    }

    /// Answers a `SELECT` in DuckDB's SQL over the tables `memories` and `recalls`; `of` is whose rows it
    /// sees, `user` or `tenant`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for what is no question, or takes too long; `FORBIDDEN`, `UNSUPPORTED` where
    /// analytics are off.
    pub async fn ask_memory(&self, question: &str, of: &str) -> Result<Answer, Failure> {
        Ok(self.memories(None)?.ask(breadth(of)?, question).await?)
    }
}

fn breadth(of: &str) -> Result<Breadth, Failure> {
    match of {
        "user" => Ok(Breadth::User),
        "tenant" => Ok(Breadth::Tenant),
        _ => Err(Failure::invalid(format!(
            "of is user or tenant, not {of:?}"
        ))),
    }
}
