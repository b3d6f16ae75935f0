//! Questions about all memories at once.

use karen_auth::Permission;
use karen_memory::{Answer, Breadth, Memory, Report, Scope};

use super::Memories;
use crate::{Code, Error, Result};

impl Memories {
    /// The reports that there are.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub fn reports(&self) -> Result<&'static [Report]> {
        self.allowed(Permission::MemoryRead)?;
        Ok(Report::ALL)
    }

    /// Answers a `SELECT` in DuckDB's SQL over the tables `memories` and `recalls`, which hold ids, kinds,
    /// lengths, times and counts, and no words: see [`karen_memory::Memory::ask`]. It sees everything of
    /// the principal's, in every conversation, or of everybody in the tenant.
    ///
    /// # Errors
    /// `FORBIDDEN`, which [`Breadth::Tenant`] is without the permission to see the tenant's accounts;
    /// `INVALID_ARGUMENT` for what is no question, or takes too long; `UNSUPPORTED` where analytics are
    /// off.
    pub async fn ask(&self, breadth: Breadth, question: &str) -> Result<Answer> {
        let (memory, scope) = self.may_ask(breadth)?;
        Ok(memory.ask(&scope, breadth, question).await?)
    }

    /// Answers one of the [reports](Self::reports), by its name.
    ///
    /// # Errors
    /// As [`ask`](Self::ask); `NOT_FOUND` for another name.
    pub async fn report(&self, breadth: Breadth, name: &str) -> Result<Answer> {
        let (memory, scope) = self.may_ask(breadth)?;
        let unknown = || Error::new(Code::NotFound, format!("there is no report {name:?}"));
        let report = Report::named(name).ok_or_else(unknown)?;
        Ok(memory.report(&scope, breadth, report).await?)
    }

    fn may_ask(&self, breadth: Breadth) -> Result<(&Memory, Scope)> {
        if breadth == Breadth::Tenant {
            self.session.principal.require(Permission::UsersRead)?;
        }
        self.allowed(Permission::MemoryRead)
    }
}
