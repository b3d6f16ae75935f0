//! Brings the rows of analytics up to the log of the truth, in batches.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{Mutex, Semaphore};

use super::{Analytics, Answer, Batch, Breadth, Mark, Row, RowChange, Tally};
use crate::backlog::Backlog;
use crate::scope::Owner;
use crate::{
    Change, LogEntry, MemoryError, Recall, RecordId, RecordStore, Scope, TenantId, UserId,
};

/// Entries applied at once, of one user or of many: opening the rows costs more than a few thousand.
const BATCH: usize = 8192;
/// Questions answered at once, each of which may take a gibibyte; others wait.
const QUESTIONS: usize = 2;

/// Applies the log to the rows, one caller at a time.
pub(crate) struct AnalyticsProjection {
    store: Arc<dyn RecordStore>,
    rows: Arc<dyn Analytics>,
    backlog: Arc<Backlog>,
    tally: Tally,
    /// Whose mark is known to be of this log.
    confirmed: Mutex<HashSet<Owner>>,
    questions: Semaphore,
}

impl AnalyticsProjection {
    pub(crate) fn new(
        store: Arc<dyn RecordStore>,
        rows: Arc<dyn Analytics>,
        backlog: Arc<Backlog>,
    ) -> Self {
        Self {
            store,
            rows,
            backlog,
            tally: Tally::default(),
            confirmed: Mutex::default(),
            questions: Semaphore::new(QUESTIONS),
        }
    }

    pub(crate) fn note(&self, scope: &Scope, recall: &Recall, now: i64) {
        self.tally.note(scope, recall, now);
    }

    /// Answers from what the log says now; where that cannot be applied, from what was, and says so.
    pub(crate) async fn ask(
        &self,
        scope: &Scope,
        breadth: Breadth,
        question: &str,
    ) -> Result<Answer, MemoryError> {
        let of = scope.user();
        let heads = self.store.heads(scope.tenant()).await?;
        let asked = |(user, _): &(UserId, i64)| breadth == Breadth::Tenant || user == of;
        let heads: Vec<(UserId, i64)> = heads.into_iter().filter(asked).collect();
        let caught_up = async {
            self.hand_on().await?;
            self.catch_up(scope.tenant(), &heads).await
        };
        let behind = match caught_up.await {
            Ok(()) => 0,
            Err(error) => {
                lags(&error);
                self.behind(scope.tenant(), &heads).await?
            }
        };
        let _place = self.questions.acquire().await;
        let answer = self.rows.ask(scope, breadth, question).await?;
        Ok(Answer { behind, ..answer })
    }

    /// Applies what was written through this process, and hands on what was counted.
    pub(crate) async fn catch_up_waiting(&self) -> Result<(), MemoryError> {
        self.hand_on().await?;
        let mut tenants: HashMap<TenantId, HashSet<UserId>> = HashMap::new();
        for scope in self.backlog.analytics.scopes() {
            let users = tenants.entry(scope.tenant().clone()).or_default();
            users.insert(scope.user().clone());
        }
        for (tenant, users) in tenants {
            let mut heads = self.store.heads(&tenant).await?;
            heads.retain(|(user, _)| users.contains(user));
            self.catch_up(&tenant, &heads).await?;
        }
        Ok(())
    }

    /// Hands on what was counted.
    pub(crate) async fn hand_on(&self) -> Result<(), MemoryError> {
        let counted = self.tally.take();
        if counted.is_empty() {
            return Ok(());
        }
        let handed_on = self.rows.count(counted.clone()).await;
        if handed_on.is_err() {
            self.tally.put_back(counted);
        }
        handed_on
    }

    /// Lets go of everything of the user.
    pub(crate) async fn forget(&self, scope: &Scope) -> Result<(), MemoryError> {
        let mut confirmed = self.confirmed.lock().await;
        self.tally.forget(scope);
        confirmed.remove(&scope.owner());
        self.rows.forget(scope).await
    }

    pub(crate) async fn rebuild(&self) -> Result<(), MemoryError> {
        let mut confirmed = self.confirmed.lock().await;
        confirmed.clear();
        self.rows.clear().await
    }

    async fn behind(&self, tenant: &TenantId, heads: &[(UserId, i64)]) -> Result<u64, MemoryError> {
        let users: Vec<UserId> = heads.iter().map(|(user, _)| user.clone()).collect();
        let marks = self.rows.marks(tenant, &users).await?;
        let behind = heads.iter().zip(marks);
        Ok(behind
            .map(|((_, head), mark)| head.saturating_sub(mark.sequence).unsigned_abs())
            .sum())
    }

    async fn catch_up(
        &self,
        tenant: &TenantId,
        heads: &[(UserId, i64)],
    ) -> Result<(), MemoryError> {
        let begun = Instant::now();
        let mut confirmed = self.confirmed.lock().await;
        let users: Vec<UserId> = heads.iter().map(|(user, _)| user.clone()).collect();
        let marks = self.rows.marks(tenant, &users).await?;
        let mut batches = Batches::new(&self.rows);
        for ((user, head), mut mark) in heads.iter().zip(marks) {
            let scope = Scope::new(tenant.clone(), user.clone());
            if mark.sequence > 0 && !confirmed.contains(&scope.owner()) {
                mark = self.confirm(&scope, mark).await?;
            }
            if *head > mark.sequence {
                self.follow(&scope, mark, &mut batches).await?;
            }
            confirmed.insert(scope.owner());
        }
        batches.apply().await?;
        for (user, _) in heads {
            let scope = Scope::new(tenant.clone(), user.clone());
            self.backlog.analytics.done(&scope, begun);
        }
        Ok(())
    }

    /// A mark that another log left, of a database that was put back or taken away, is worth nothing.
    async fn confirm(&self, scope: &Scope, mark: Mark) -> Result<Mark, MemoryError> {
        let at = self.store.log_after(scope, mark.sequence - 1, 1).await?;
        let is_of_log = at.first().is_some_and(|entry| marked(entry) == mark);
        if is_of_log {
            return Ok(mark);
        }
        self.rows.forget(scope).await?;
        Ok(Mark::default())
    }

    async fn follow(
        &self,
        scope: &Scope,
        mut mark: Mark,
        batches: &mut Batches<'_>,
    ) -> Result<(), MemoryError> {
        // Entries say what is true when they are read: of instances that share the rows, one at a time
        // reads and applies a user's.
        let turn = match self.rows.is_shared() {
            true => Some(self.store.projector_turn(scope, "analytics").await?),
            false => None,
        };
        if turn.is_some() {
            let users = [scope.user().clone()];
            let marks = self.rows.marks(scope.tenant(), &users).await?;
            mark = marks.first().copied().unwrap_or_default();
        }
        loop {
            let entries = self.log(scope, mark).await?;
            let Some(last) = entries.last() else {
                break;
            };
            let is_end = entries.len() < BATCH;
            mark = marked(last);
            batches.add(scope, entries, mark).await?;
            if is_end {
                break;
            }
        }
        match turn.is_some() {
            true => batches.apply().await,
            false => Ok(()),
        }
    }

    async fn log(&self, scope: &Scope, after: Mark) -> Result<Vec<LogEntry>, MemoryError> {
        let limit = u32::try_from(BATCH).expect("a few thousand");
        self.store.log_after(scope, after.sequence, limit).await
    }
}

fn lags(error: &MemoryError) {
    let cause = error as &dyn std::error::Error;
    tracing::warn!(error = cause, "analytics lag behind");
}

/// Batches of many users, applied together.
struct Batches<'a> {
    rows: &'a Arc<dyn Analytics>,
    held: Vec<Batch>,
    changes: usize,
}

impl<'a> Batches<'a> {
    fn new(rows: &'a Arc<dyn Analytics>) -> Self {
        Self {
            rows,
            held: Vec::new(),
            changes: 0,
        }
    }

    async fn add(
        &mut self,
        scope: &Scope,
        entries: Vec<LogEntry>,
        mark: Mark,
    ) -> Result<(), MemoryError> {
        // A user's next batch begins where the last one ended, and so goes alone.
        if self.held.iter().any(|batch| batch.scope == *scope) {
            self.apply().await?;
        }
        let changes = changes(entries);
        self.changes += changes.len();
        self.held.push(Batch {
            scope: scope.clone(),
            changes,
            mark,
        });
        match self.changes >= BATCH {
            true => self.apply().await,
            false => Ok(()),
        }
    }

    async fn apply(&mut self) -> Result<(), MemoryError> {
        self.changes = 0;
        match std::mem::take(&mut self.held) {
            held if held.is_empty() => Ok(()),
            held => self.rows.apply(held).await,
        }
    }
}

fn marked(entry: &LogEntry) -> Mark {
    let id = match &entry.change {
        Change::Put(record) => &record.id,
        Change::Delete(id) => id,
    };
    Mark::new(entry.sequence, id)
}

/// What the entries leave, each record once.
fn changes(entries: Vec<LogEntry>) -> Vec<RowChange> {
    let mut seen: HashSet<RecordId> = HashSet::new();
    let newest_first = entries.into_iter().rev();
    let change = |entry: LogEntry| match entry.change {
        Change::Put(record) => seen
            .insert(record.id.clone())
            .then(|| RowChange::Put(Row::from(&record))),
        Change::Delete(id) => seen.insert(id.clone()).then_some(RowChange::Delete(id)),
    };
    newest_first.filter_map(change).collect()
}
