//! Carrying memories elsewhere.

use karen_auth::Permission;
use karen_memory::{ExportPage, Imported, Page};

use super::Memories;
use crate::Result;

impl Memories {
    /// A page as lines of JSON, with everything that became of each memory. Importing them elsewhere
    /// and exporting that gives the same bytes.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn export(&self, page: Page) -> Result<ExportPage> {
        let (memory, scope) = self.allowed(Permission::MemoryRead)?;
        Ok(memory.export(&scope, page).await?)
    }

    /// Keeps what [`export`](Self::export) gave, all or nothing of these lines. What is there stays as
    /// it is.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT` for a line that no export gave, `TOO_LARGE`.
    pub async fn import(&self, lines: &[&str]) -> Result<Imported> {
        let (memory, scope) = self.allowed(Permission::MemoryWrite)?;
        self.admit(lines.iter().map(|line| line.len()).sum())
            .await?;
        let imported = memory.import(&scope, lines).await?;
        self.changed().await;
        Ok(imported)
    }
}
