//! What one embedder makes of the log.

use std::sync::Arc;

use super::lease::{Lease, Leases};
use super::{BATCH, logged};
use crate::{
    Change, Embedder, Facets, Filter, LogEntry, MemoryError, MemoryErrorKind, Record, RecordId,
    RecordStore, Scope, VectorChange, VectorIndex,
};

/// An embedder, and the index of its vectors.
pub(crate) struct Vectors {
    pub(crate) embedder: Arc<dyn Embedder>,
    pub(crate) index: Arc<dyn VectorIndex>,
    leases: Leases,
}

impl Vectors {
    pub(crate) fn new(embedder: Arc<dyn Embedder>, index: Arc<dyn VectorIndex>) -> Self {
        let name = format!("vectors {}", embedder.id());
        let leases = Leases::new(name, index.server().is_some());
        Self {
            embedder,
            index,
            leases,
        }
    }

    /// Embeds what is in the log.
    pub(crate) async fn catch_up(
        &self,
        store: &dyn RecordStore,
        scope: &Scope,
    ) -> Result<(), MemoryError> {
        let mut lease = self.leases.take(store, scope).await?;
        while self.step(store, scope, &mut lease).await? {}
        Ok(())
    }

    /// Embeds what is next in the log; whether there is more. Others may embed between two calls.
    pub(crate) async fn catch_up_a_little(
        &self,
        store: &dyn RecordStore,
        scope: &Scope,
    ) -> Result<bool, MemoryError> {
        let mut lease = self.leases.take(store, scope).await?;
        self.step(store, scope, &mut lease).await
    }

    /// The records nearest to a text, of everything that is in the log.
    pub(crate) async fn nearest(
        &self,
        store: &dyn RecordStore,
        scope: &Scope,
        text: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<(RecordId, f32)>, MemoryError> {
        self.catch_up(store, scope).await?;
        let vectors = self.embedder.embed(&[text.to_owned()]).await?;
        let vector = vectors.first().map_or(&[][..], Vec::as_slice);
        self.index.search(scope, vector, filter, limit).await
    }

    /// Entries of the log that are not applied yet.
    pub(crate) async fn lag(
        &self,
        store: &dyn RecordStore,
        scope: &Scope,
    ) -> Result<i64, MemoryError> {
        let mark = self.index.mark(scope).await?;
        Ok(store.head(scope).await? - mark)
    }

    async fn step(
        &self,
        store: &dyn RecordStore,
        scope: &Scope,
        lease: &mut Lease,
    ) -> Result<bool, MemoryError> {
        let mut mark = self.index.mark(scope).await?;
        if !*lease.is_confirmed {
            let marked = logged(store, scope, mark).await?;
            self.index.confirm(scope, marked.as_ref()).await?;
            mark = self.index.mark(scope).await?;
            *lease.is_confirmed = true;
        }
        let entries = store.log_after(scope, mark, BATCH).await?;
        let Some(last) = entries.last() else {
            return Ok(false);
        };
        let has_more = entries.len() == BATCH as usize;
        mark = last.sequence;
        let changes = changes(entries, self.embedder.as_ref()).await?;
        self.index.apply(scope, changes, mark).await?;
        Ok(has_more)
    }
}

async fn changes(
    entries: Vec<LogEntry>,
    embedder: &dyn Embedder,
) -> Result<Vec<VectorChange>, MemoryError> {
    let put = |entry: &LogEntry| match &entry.change {
        Change::Put(record) => Some(meaning(record)),
        Change::Delete(_) => None,
    };
    let texts: Vec<String> = entries.iter().filter_map(put).collect();
    let vectors = embedder.embed(&texts).await?;
    if vectors.len() != texts.len() {
        let subject = format!("{} texts as {} vectors", texts.len(), vectors.len());
        return Err(MemoryError::new(
            MemoryErrorKind::Internal,
            "embed",
            subject,
        ));
    }
    let mut vectors = vectors.into_iter();
    let change = |entry: LogEntry| match entry.change {
        Change::Put(record) => Some(VectorChange::Put {
            facets: Facets::from(&record),
            id: record.id,
            vector: vectors.next()?,
        }),
        Change::Delete(id) => Some(VectorChange::Delete(id)),
    };
    Ok(entries.into_iter().filter_map(change).collect())
}

/// What is embedded: who said what. Dates say nothing of a meaning.
fn meaning(record: &Record) -> String {
    let caption = record.caption.as_deref().unwrap_or_default();
    format!("{}: {} {caption}", record.speaker, record.text)
}
