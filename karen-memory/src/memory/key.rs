//! Writing twice what is to be written once.

use std::collections::HashSet;

use super::Memory;
use crate::{MemoryError, MemoryErrorKind, NewRecord, Record, Remembered, Scope};

/// Which of the records have an idempotency key.
pub(super) fn check(records: &[NewRecord]) -> Result<Vec<bool>, MemoryError> {
    let mut seen = HashSet::new();
    for key in records.iter().filter_map(|record| record.key.as_deref()) {
        if key.is_empty() || key.len() > NewRecord::KEY_BYTES_MAX {
            let subject = format!("an idempotency key of {} bytes", key.len());
            return Err(error(MemoryErrorKind::Invalid, subject));
        }
        if !seen.insert(key) {
            let subject = "two records with one idempotency key";
            return Err(error(MemoryErrorKind::Invalid, subject.to_owned()));
        }
    }
    Ok(records.iter().map(|record| record.key.is_some()).collect())
}

impl Memory {
    /// What the same writing of a record gave before; `None` if it is the first.
    pub(super) async fn written_before(
        &self,
        scope: &Scope,
        record: &Record,
    ) -> Result<Option<Remembered>, MemoryError> {
        let whole = scope.whole();
        let Some(present) = self.get(&whole, &record.id).await? else {
            return Ok(None);
        };
        let history = self.history(&whole, &record.id).await?;
        let written = history.first().map_or(&present, |first| &first.record);
        if (written.kind, &written.text) != (record.kind, &record.text) {
            let subject = "an idempotency key that another record was written with";
            return Err(error(MemoryErrorKind::Conflict, subject.to_owned()));
        }
        Ok(Some(Remembered::stored(present.id)))
    }
}

fn error(kind: MemoryErrorKind, subject: String) -> MemoryError {
    MemoryError::new(kind, "remember", subject)
}
