//! Questions about all records at once.

use super::{Memory, warn};
use crate::analytics::AnalyticsProjection;
use crate::{Answer, Breadth, Lag, MemoryError, MemoryErrorKind, Report, Scope};

impl Memory {
    /// Answers a `SELECT` in DuckDB's SQL over two tables that hold no word of what is remembered:
    /// `memories` (`user_id`, `id`, `kind`, `session`, `agent`, `said_at`, `recorded_at`, `valid_from`,
    /// `valid_to`, `retired_at`, `archived_at`, `superseded_by`, `importance`, `pinned`, `uses`, `used_at`,
    /// `bytes`, `tags`, `proofs`) and `recalls` (`user_id`, `hour`, `recalls`, `hits`, `items`, `partial`).
    ///
    /// It sees the rows of the scope's user in every session, or of the whole tenant, and nothing else.
    ///
    /// # Errors
    /// `Invalid` for what is no question, or takes more than 10 s or a gibibyte; `Unsupported` without
    /// [analytics](crate::MemoryConfig::analytics); `Full`, `ReadOnly`, `Unavailable`.
    pub async fn ask(
        &self,
        scope: &Scope,
        breadth: Breadth,
        question: &str,
    ) -> Result<Answer, MemoryError> {
        self.analytics()?.ask(scope, breadth, question).await
    }

    /// Answers the question of a report.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn report(
        &self,
        scope: &Scope,
        breadth: Breadth,
        report: &Report,
    ) -> Result<Answer, MemoryError> {
        self.ask(scope, breadth, report.sql).await
    }

    /// Brings to analytics what was written and recalled through this memory and is not there yet. A
    /// question does so too for those that it is about; this is for whoever has the time in between.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`; what is not brought waits on.
    pub async fn catch_up_analytics(&self) -> Result<(), MemoryError> {
        match &self.shared.analytics {
            Some(analytics) => analytics.catch_up_waiting().await,
            None => Ok(()),
        }
    }

    /// How far analytics are behind what was written through this memory; `None` without any.
    #[must_use]
    pub fn analytics_lag(&self) -> Option<Lag> {
        let backlog = &self.shared.projector.backlog;
        let lag = || backlog.analytics.lag();
        self.shared.analytics.is_some().then(lag)
    }

    pub(super) async fn count_recalls(&self) {
        if let Some(analytics) = &self.shared.analytics
            && let Err(error) = analytics.hand_on().await
        {
            // It is a statistic, and closing goes on without it.
            warn(&error, "recalls are not counted");
        }
    }

    fn analytics(&self) -> Result<&AnalyticsProjection, MemoryError> {
        let missing = || {
            let subject = "a question: analytics are off";
            MemoryError::new(MemoryErrorKind::Unsupported, "answer", subject)
        };
        self.shared.analytics.as_ref().ok_or_else(missing)
    }
}
