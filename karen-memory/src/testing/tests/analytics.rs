//! The suite of analytics passes on what this crate ships, and fails on what is broken.

use async_trait::async_trait;

use super::fails;
use crate::testing::analytics;
use crate::{
    Analytics, Answer, Batch, Breadth, DuckDbFile, InProcessAnalytics, Mark, MemoryError,
    ParquetFolder, RecallCount, RowChange, Scope, TenantId, UserId,
};

/// A promise that a store breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    KeepsDeleted,
    ShowsTheTenant,
    ShowsEverybody,
    AnswersAnything,
    CountsTwice,
    KeepsForgotten,
    KeepsMarks,
    Stays,
}

impl Fault {
    const ALL: [Self; 8] = [
        Self::KeepsDeleted,
        Self::ShowsTheTenant,
        Self::ShowsEverybody,
        Self::AnswersAnything,
        Self::CountsTwice,
        Self::KeepsForgotten,
        Self::KeepsMarks,
        Self::Stays,
    ];
}

struct Broken {
    inner: InProcessAnalytics,
    fault: Fault,
}

impl Broken {
    fn scope(&self, scope: &Scope) -> Scope {
        match self.fault {
            Fault::ShowsEverybody => Scope::new(TenantId::new("all"), scope.user().clone()),
            _ => scope.clone(),
        }
    }
}

#[async_trait]
impl Analytics for Broken {
    fn is_shared(&self) -> bool {
        self.inner.is_shared()
    }

    async fn marks(&self, tenant: &TenantId, users: &[UserId]) -> Result<Vec<Mark>, MemoryError> {
        let scope = self.scope(&Scope::new(tenant.clone(), UserId::new("any")));
        self.inner.marks(scope.tenant(), users).await
    }

    async fn apply(&self, mut batches: Vec<Batch>) -> Result<(), MemoryError> {
        for batch in &mut batches {
            batch.scope = self.scope(&batch.scope);
            if self.fault == Fault::KeepsDeleted {
                let is_put = |change: &RowChange| matches!(change, RowChange::Put(_));
                batch.changes.retain(is_put);
            }
            if self.fault == Fault::Stays {
                batch.mark = Mark::default();
            }
        }
        self.inner.apply(batches).await
    }

    async fn count(&self, recalls: Vec<RecallCount>) -> Result<(), MemoryError> {
        if self.fault == Fault::CountsTwice {
            self.inner.count(recalls.clone()).await?;
        }
        self.inner.count(recalls).await
    }

    async fn ask(
        &self,
        scope: &Scope,
        breadth: Breadth,
        question: &str,
    ) -> Result<Answer, MemoryError> {
        let breadth = match self.fault {
            Fault::ShowsTheTenant => Breadth::Tenant,
            _ => breadth,
        };
        let answer = self.inner.ask(&self.scope(scope), breadth, question).await;
        match self.fault {
            Fault::AnswersAnything => Ok(answer.unwrap_or_default()),
            _ => answer,
        }
    }

    async fn forget(&self, scope: &Scope) -> Result<(), MemoryError> {
        match self.fault {
            Fault::KeepsForgotten => Ok(()),
            _ => self.inner.forget(&self.scope(scope)).await,
        }
    }

    async fn clear(&self) -> Result<(), MemoryError> {
        match self.fault {
            Fault::KeepsMarks => Ok(()),
            _ => self.inner.clear().await,
        }
    }
}

#[tokio::test]
async fn a_duckdb_file_keeps_the_contract_of_analytics() {
    let folder = tempfile::tempdir().expect("folder");
    analytics(&DuckDbFile::new(folder.path().join("analytics.duckdb"))).await;
}

#[tokio::test]
async fn rows_in_this_process_keep_the_contract_of_analytics() {
    analytics(&InProcessAnalytics::default()).await;
}

#[tokio::test]
async fn parquet_files_keep_the_contract_of_analytics() {
    let folder = tempfile::tempdir().expect("folder");
    analytics(&ParquetFolder::new(folder.path().join("it's shared"))).await;
}

#[tokio::test]
async fn analytics_that_break_a_promise_are_noticed() {
    for fault in Fault::ALL {
        let inner = InProcessAnalytics::default();
        let broken = Broken { inner, fault };
        let noticed = fails(async move { analytics(&broken).await }).await;
        assert!(noticed, "{fault:?}");
    }
}
