//! Reports and questions about all memories at once.

use karen_core::memory::{Answer, Breadth, Report};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::extract::{Caller, Json, Path, Query};
use crate::problem::Problem;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(list_memory_reports))
}

pub(super) fn lasting_routes() -> Routes {
    Routes::new()
        .routes(routes!(get_memory_report))
        .routes(routes!(query_memory))
}

/// Whose memories are looked at.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = MemoryBreadth)]
enum BreadthName {
    /// One's own.
    #[default]
    User,
    /// Everybody's in the tenant, for who may see its accounts.
    Tenant,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ReportQuery {
    /// `user` for one's own memories, or `tenant`; `user` if absent.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    of: BreadthName,
}

/// A question about all memories.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MemoryQuestion)]
struct QuestionBody {
    /// A `SELECT` in DuckDB's SQL, of 65,536 bytes at most. The tables are `memories` (`user_id`, `id`,
    /// `kind`, `session`, `agent`, `said_at`, `recorded_at`, `valid_from`, `valid_to`, `retired_at`,
    /// `archived_at`, `superseded_by`, `importance`, `pinned`, `uses`, `used_at`, `bytes`, `tags`,
    /// `proofs`) and `recalls` (`user_id`, `hour`, `recalls`, `hits`, `items`, `partial`).
    #[schema(example = "SELECT kind, count(*) AS memories FROM memories GROUP BY kind")]
    sql: String,
    /// `user` for one's own memories, or `tenant`; `user` if absent.
    #[serde(default)]
    of: BreadthName,
}

/// A report.
#[derive(Serialize, ToSchema)]
#[schema(as = MemoryReport)]
struct ReportBody {
    name: &'static str,
    /// What it tells.
    about: &'static str,
    /// The question that it asks.
    sql: &'static str,
}

#[derive(Serialize, ToSchema)]
struct MemoryReports {
    data: Vec<ReportBody>,
}

/// What a question is answered.
#[derive(Serialize, ToSchema)]
#[schema(as = MemoryAnswer)]
struct AnswerBody {
    columns: Vec<String>,
    /// A value for each column.
    rows: Vec<Vec<Value>>,
    /// Whether there are more rows than the 10,000 that are given.
    truncated: bool,
    /// Changes of memories that the answer does not know of yet.
    behind: u64,
}

/// The reports that there are
#[utoipa::path(
    get, path = "/api/v1/memory/reports", tag = "memory",
    responses((status = 200, body = MemoryReports)),
)]
async fn list_memory_reports(Caller(session): Caller) -> Result<Json<MemoryReports>, Problem> {
    let reports = session.memories().reports()?;
    let data = reports.iter().map(ReportBody::from).collect();
    Ok(Json(MemoryReports { data }))
}

/// A report about all memories
///
/// It is made of ids, kinds, lengths, times and counts, and of no words.
#[utoipa::path(
    get, path = "/api/v1/memory/reports/{name}", tag = "memory",
    params(ReportQuery),
    responses((status = 200, body = AnswerBody)),
)]
async fn get_memory_report(
    Caller(session): Caller,
    Path(name): Path<String>,
    Query(query): Query<ReportQuery>,
) -> Result<Json<AnswerBody>, Problem> {
    let answer = session.memories().report(query.of.into(), &name).await?;
    Ok(Json(answer.into()))
}

/// Ask a question about all memories in SQL
///
/// It sees ids, kinds, lengths, times and counts, and no words; it changes nothing, and reaches neither
/// files nor the network. An answer takes 10 seconds at most.
#[utoipa::path(
    post, path = "/api/v1/memory/query", tag = "memory",
    responses((status = 200, body = AnswerBody)),
)]
async fn query_memory(
    Caller(session): Caller,
    Json(question): Json<QuestionBody>,
) -> Result<Json<AnswerBody>, Problem> {
    let memories = session.memories();
    let answer = memories.ask(question.of.into(), &question.sql).await?;
    Ok(Json(answer.into()))
}

impl From<BreadthName> for Breadth {
    fn from(name: BreadthName) -> Self {
        match name {
            BreadthName::User => Self::User,
            BreadthName::Tenant => Self::Tenant,
        }
    }
}

impl From<&Report> for ReportBody {
    fn from(report: &Report) -> Self {
        let Report { name, about, sql } = *report;
        Self { name, about, sql }
    }
}

impl From<Answer> for AnswerBody {
    fn from(answer: Answer) -> Self {
        Self {
            columns: answer.columns,
            rows: answer.rows,
            truncated: answer.truncated,
            behind: answer.behind,
        }
    }
}
