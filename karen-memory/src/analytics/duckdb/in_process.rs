//! Rows in this process's memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{MEMORIES, blocking, in_memory, question, run, stage};
use crate::analytics::{Analytics, Answer, Batch, Breadth, Mark, RecallCount, Row, RowChange};
use crate::scope::Owner;
use crate::{MemoryError, RecordId, Scope, TenantId, UserId};

/// Rows that are gone when the process ends; DuckDB reads them for each question.
#[derive(Clone, Default)]
pub struct InProcessAnalytics {
    users: Arc<Mutex<HashMap<Owner, Kept>>>,
}

/// What is kept of one user.
struct Kept {
    scope: Scope,
    mark: Mark,
    rows: HashMap<RecordId, Row>,
    recalls: Vec<RecallCount>,
}

impl InProcessAnalytics {
    /// No code panics while it holds this lock.
    fn users(&self) -> MutexGuard<'_, HashMap<Owner, Kept>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rows that a question sees, as batches that put them, and the counts.
    fn seen(&self, scope: &Scope, breadth: Breadth) -> (Vec<Batch>, Vec<RecallCount>) {
        let users = self.users();
        let is_seen = |kept: &&Kept| {
            kept.scope.tenant() == scope.tenant()
                && (breadth == Breadth::Tenant || kept.scope.user() == scope.user())
        };
        let seen: Vec<&Kept> = users.values().filter(is_seen).collect();
        let batch = |kept: &&Kept| Batch {
            scope: kept.scope.clone(),
            changes: kept.rows.values().cloned().map(RowChange::Put).collect(),
            mark: kept.mark,
        };
        let recalls = seen.iter().flat_map(|kept| kept.recalls.clone());
        (seen.iter().map(batch).collect(), recalls.collect())
    }
}

impl Kept {
    fn new(scope: &Scope) -> Self {
        Self {
            scope: scope.whole(),
            mark: Mark::default(),
            rows: HashMap::new(),
            recalls: Vec::new(),
        }
    }
}

#[async_trait]
impl Analytics for InProcessAnalytics {
    fn is_shared(&self) -> bool {
        false
    }

    async fn marks(&self, tenant: &TenantId, users: &[UserId]) -> Result<Vec<Mark>, MemoryError> {
        let kept = self.users();
        let mark = |user: &UserId| {
            let owner = Scope::new(tenant.clone(), user.clone()).owner();
            kept.get(&owner).map(|kept| kept.mark).unwrap_or_default()
        };
        Ok(users.iter().map(mark).collect())
    }

    async fn apply(&self, batches: Vec<Batch>) -> Result<(), MemoryError> {
        let mut users = self.users();
        for batch in batches {
            let new = || Kept::new(&batch.scope);
            let kept = users.entry(batch.scope.owner()).or_insert_with(new);
            for change in batch.changes {
                match change {
                    RowChange::Put(row) => drop(kept.rows.insert(row.id.clone(), row)),
                    RowChange::Delete(id) => drop(kept.rows.remove(&id)),
                }
            }
            kept.mark = batch.mark;
        }
        Ok(())
    }

    async fn count(&self, recalls: Vec<RecallCount>) -> Result<(), MemoryError> {
        let mut users = self.users();
        for count in recalls {
            let new = || Kept::new(&count.scope);
            let kept = users.entry(count.scope.owner()).or_insert_with(new);
            match kept.recalls.iter_mut().find(|c| c.hour == count.hour) {
                Some(sum) => sum.add(&count),
                None => kept.recalls.push(count),
            }
        }
        Ok(())
    }

    async fn ask(
        &self,
        scope: &Scope,
        breadth: Breadth,
        question: &str,
    ) -> Result<Answer, MemoryError> {
        let (batches, recalls) = self.seen(scope, breadth);
        let copied = blocking(move || {
            let connection = in_memory()?;
            stage::changes(&connection, &batches)?;
            stage::counts(&connection, &recalls)?;
            let copy = format!(
                "CREATE TEMP TABLE kept_memories ({MEMORIES}); INSERT INTO kept_memories {};
                 CREATE TABLE memories AS SELECT * EXCLUDE tenant FROM kept_memories;
                 CREATE TABLE recalls AS SELECT * EXCLUDE tenant FROM counted;
                 DROP TABLE kept_memories; DROP TABLE changed; DROP TABLE counted",
                stage::PUT
            );
            run(&connection, "read", &copy)?;
            Ok(connection)
        })
        .await?;
        question::ask(copied, question).await
    }

    async fn forget(&self, scope: &Scope) -> Result<(), MemoryError> {
        self.users().remove(&scope.owner());
        Ok(())
    }

    async fn clear(&self) -> Result<(), MemoryError> {
        self.users().clear();
        Ok(())
    }
}
