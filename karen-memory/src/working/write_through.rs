//! The truth with working memory before it: writes pass through both, and are noted for the indexes;
//! recent records come from working memory while it knows them.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Lease, RECENT_MAX, Recent, WorkingMemory};
use crate::backlog::Backlog;
use crate::{
    Consent, Exported, Imported, KnownEmbedder, Link, LogEntry, MemoryError, MemoryErrorKind, Page,
    ProjectorTurn, Record, RecordId, RecordPage, RecordStore, Remembered, Retention, Revision,
    Scope, Stats, TenantId, UserId, Version,
};

/// A record store whose changes working memory hears of.
pub(crate) struct WriteThrough {
    store: Arc<dyn RecordStore>,
    pub(crate) working: Arc<dyn WorkingMemory>,
    backlog: Arc<Backlog>,
}

impl WriteThrough {
    pub(crate) fn new(
        store: Arc<dyn RecordStore>,
        working: Arc<dyn WorkingMemory>,
        backlog: Arc<Backlog>,
    ) -> Self {
        Self {
            store,
            working,
            backlog,
        }
    }

    /// The newest records of the scope's session, the newest first.
    pub(crate) async fn recent(
        &self,
        scope: &Scope,
        limit: u32,
    ) -> Result<Vec<Record>, MemoryError> {
        if scope.session().is_none() || !(1..=RECENT_MAX).contains(&limit) {
            let subject = format!("{limit} recent records: name a session, and 1 to {RECENT_MAX}");
            return Err(MemoryError::new(MemoryErrorKind::Invalid, "read", subject));
        }
        let recent = self.working.recent(scope).await.unwrap_or_else(|error| {
            lags("recent records come from the database", &error);
            Recent::Unknown(None)
        });
        let mut records = match recent {
            Recent::Held(records) => records,
            Recent::Unknown(lease) => self.read(scope, lease).await?,
        };
        records.sort_unstable_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        records.truncate(limit as usize);
        Ok(records)
    }

    async fn read(&self, scope: &Scope, lease: Option<Lease>) -> Result<Vec<Record>, MemoryError> {
        let limit = RECENT_MAX;
        let page = Page {
            limit,
            ..Page::default()
        };
        let records = self.store.list(scope, page).await?.records;
        if let Some(lease) = lease
            && let Err(error) = self.working.fill(scope, &lease, &records).await
        {
            lags("recent records are not kept", &error);
        }
        Ok(records)
    }

    /// `None` when working memory does not answer: the truth goes on without it.
    async fn begin(&self, scope: &Scope) -> Option<Lease> {
        let lease = self.working.begin(scope).await;
        lease
            .inspect_err(|error| lags("a change is not announced", error))
            .ok()
    }

    /// Ends a change that took nothing away. Where that cannot be said, other instances may lag
    /// behind, and that is all.
    async fn told(&self, scope: &Scope, lease: Option<Lease>, added: &[Record]) {
        self.backlog.note(scope);
        if let Err(error) = self.working.end(scope, lease.as_ref(), added).await {
            lags("other instances may miss the newest records", &error);
        }
    }

    /// Ends a change that took something away. Where that cannot be said, the caller hears of it:
    /// other instances may still show what is gone.
    async fn forgotten<T>(
        &self,
        scope: &Scope,
        lease: Option<Lease>,
        outcome: Result<T, MemoryError>,
    ) -> Result<T, MemoryError> {
        self.backlog.note(scope);
        let ended = self.working.end(scope, lease.as_ref(), &[]).await;
        let outcome = outcome?;
        ended?;
        Ok(outcome)
    }
}

#[async_trait]
impl RecordStore for WriteThrough {
    async fn append(
        &self,
        scope: &Scope,
        records: Vec<Record>,
    ) -> Result<Vec<Remembered>, MemoryError> {
        let lease = self.begin(scope).await;
        let outcome = self.store.append(scope, records.clone()).await;
        let added = outcome
            .as_ref()
            .map_or_else(|_| Vec::new(), |remembered| added(records, remembered));
        self.told(scope, lease, &added).await;
        outcome
    }

    async fn get(&self, scope: &Scope, ids: &[RecordId]) -> Result<Vec<Record>, MemoryError> {
        self.store.get(scope, ids).await
    }

    async fn list(&self, scope: &Scope, page: Page) -> Result<RecordPage, MemoryError> {
        self.store.list(scope, page).await
    }

    async fn count(&self, scope: &Scope) -> Result<u64, MemoryError> {
        self.store.count(scope).await
    }

    async fn as_known(
        &self,
        scope: &Scope,
        ids: &[RecordId],
        known: i64,
    ) -> Result<Vec<Record>, MemoryError> {
        self.store.as_known(scope, ids, known).await
    }

    async fn instructions(&self, scope: &Scope, now: i64) -> Result<Vec<Record>, MemoryError> {
        self.store.instructions(scope, now).await
    }

    async fn stats(&self, scope: &Scope, now: i64) -> Result<Stats, MemoryError> {
        self.store.stats(scope, now).await
    }

    async fn revise(
        &self,
        scope: &Scope,
        id: &RecordId,
        revision: &Revision,
        now: i64,
    ) -> Result<Option<Record>, MemoryError> {
        let lease = self.begin(scope).await;
        let outcome = self.store.revise(scope, id, revision, now).await;
        if matches!(revision, Revision::Use) {
            self.told(scope, lease, &[]).await;
            return outcome;
        }
        self.forgotten(scope, lease, outcome).await
    }

    async fn history(&self, scope: &Scope, id: &RecordId) -> Result<Vec<Version>, MemoryError> {
        self.store.history(scope, id).await
    }

    async fn links(&self, scope: &Scope, id: &RecordId) -> Result<Vec<Link>, MemoryError> {
        self.store.links(scope, id).await
    }

    async fn link(&self, scope: &Scope, links: &[Link]) -> Result<(), MemoryError> {
        self.store.link(scope, links).await
    }

    async fn consent(&self, scope: &Scope) -> Result<Consent, MemoryError> {
        self.store.consent(scope).await
    }

    async fn set_consent(&self, scope: &Scope, consent: Consent) -> Result<(), MemoryError> {
        self.store.set_consent(scope, consent).await
    }

    async fn import(
        &self,
        scope: &Scope,
        exported: Vec<Exported>,
    ) -> Result<Imported, MemoryError> {
        let lease = self.begin(scope).await;
        let outcome = self.store.import(scope, exported).await;
        self.forgotten(scope, lease, outcome).await
    }

    async fn retention(&self, scope: &Scope) -> Result<Retention, MemoryError> {
        self.store.retention(scope).await
    }

    async fn set_retention(&self, scope: &Scope, retention: Retention) -> Result<(), MemoryError> {
        self.store.set_retention(scope, retention).await
    }

    async fn job_mark(&self, scope: &Scope, job: &str) -> Result<i64, MemoryError> {
        self.store.job_mark(scope, job).await
    }

    async fn set_job_mark(&self, scope: &Scope, job: &str, mark: i64) -> Result<(), MemoryError> {
        self.store.set_job_mark(scope, job, mark).await
    }

    async fn erase(&self, scope: &Scope) -> Result<u64, MemoryError> {
        let lease = self.begin(scope).await;
        let outcome = self.store.erase(scope).await;
        self.forgotten(scope, lease, outcome).await
    }

    async fn users(&self, tenant: &TenantId) -> Result<Vec<UserId>, MemoryError> {
        self.store.users(tenant).await
    }

    async fn bytes(&self, tenant: &TenantId) -> Result<u64, MemoryError> {
        self.store.bytes(tenant).await
    }

    async fn heads(&self, tenant: &TenantId) -> Result<Vec<(UserId, i64)>, MemoryError> {
        self.store.heads(tenant).await
    }

    async fn delete(&self, scope: &Scope, id: &RecordId) -> Result<bool, MemoryError> {
        let lease = self.begin(scope).await;
        let outcome = self.store.delete(scope, id).await;
        self.forgotten(scope, lease, outcome).await
    }

    async fn delete_all(&self, scope: &Scope) -> Result<u64, MemoryError> {
        let lease = self.begin(scope).await;
        let outcome = self.store.delete_all(scope).await;
        self.forgotten(scope, lease, outcome).await
    }

    async fn log_after(
        &self,
        scope: &Scope,
        after: i64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, MemoryError> {
        self.store.log_after(scope, after, limit).await
    }

    async fn head(&self, scope: &Scope) -> Result<i64, MemoryError> {
        self.store.head(scope).await
    }

    async fn everybody(
        &self,
        after: Option<&Scope>,
        limit: u32,
    ) -> Result<Vec<Scope>, MemoryError> {
        self.store.everybody(after, limit).await
    }

    async fn embedders(&self) -> Result<Vec<KnownEmbedder>, MemoryError> {
        self.store.embedders().await
    }

    async fn note_embedder(&self, embedder: &KnownEmbedder) -> Result<(), MemoryError> {
        self.store.note_embedder(embedder).await
    }

    async fn settle_embedder(&self, id: &str) -> Result<(), MemoryError> {
        self.store.settle_embedder(id).await
    }

    async fn projector_turn(
        &self,
        scope: &Scope,
        index: &str,
    ) -> Result<ProjectorTurn, MemoryError> {
        self.store.projector_turn(scope, index).await
    }
}

/// The records that were stored; none where others changed with them.
fn added(records: Vec<Record>, remembered: &[Remembered]) -> Vec<Record> {
    if remembered.iter().any(|one| !one.supersedes.is_empty()) {
        return Vec::new();
    }
    let pairs = records.into_iter().zip(remembered);
    let stored = pairs.filter(|(_, one)| one.stored);
    stored.map(|(record, _)| record).collect()
}

fn lags(what: &'static str, error: &MemoryError) {
    tracing::warn!(
        error = error as &dyn std::error::Error,
        "working memory does not answer: {what}"
    );
}
