//! Carrying a memory elsewhere, whole.

use super::Memory;
use crate::{
    ExportPage, Exported, Imported, MemoryError, MemoryErrorKind, Page, Record, RecordStore, Scope,
};

impl Memory {
    /// A page of the scope as lines of JSON. Importing them elsewhere and exporting that gives the
    /// same bytes.
    ///
    /// # Errors
    /// `Invalid` for a limit outside 1 to [`Page::LIMIT_MAX`].
    pub async fn export(&self, scope: &Scope, page: Page) -> Result<ExportPage, MemoryError> {
        let page = self.shared.store.list(scope, page).await?;
        let mut lines = Vec::with_capacity(page.records.len());
        for record in page.records {
            let exported = self.exported(scope, record).await?;
            lines.push(serde_json::to_string(&exported).expect("records are plain data"));
        }
        Ok(ExportPage {
            lines,
            next: page.next,
        })
    }

    /// Keeps what [`export`](Self::export) gave, all or nothing of these lines. Records that are there
    /// stay as they are.
    ///
    /// # Errors
    /// `Invalid` for a line that is no export or that [`remember`](Self::remember) would refuse;
    /// `TooLarge`, `Full`, `ReadOnly`.
    pub async fn import(&self, scope: &Scope, lines: &[&str]) -> Result<Imported, MemoryError> {
        let mut exported: Vec<Exported> = Vec::with_capacity(lines.len());
        for (number, line) in lines.iter().enumerate() {
            let subject = || format!("line {}", number + 1);
            let read = serde_json::from_str(line).map_err(|error| {
                MemoryError::new(MemoryErrorKind::Invalid, "import", subject()).caused_by(error)
            })?;
            exported.push(read);
        }
        for Exported { record, .. } in &exported {
            self.check(record)?;
        }
        self.shared.store.import(scope, exported).await
    }

    async fn exported(&self, scope: &Scope, record: Record) -> Result<Exported, MemoryError> {
        let store = &self.shared.store;
        let mut links = store.links(scope, &record.id).await?;
        links.retain(|link| link.from == record.id);
        Ok(Exported {
            history: store.history(scope, &record.id).await?,
            record,
            links,
        })
    }
}
