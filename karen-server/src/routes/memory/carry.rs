//! Carrying memories elsewhere.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures::{Stream, stream};
use karen_core::Memories;
use karen_core::memory::{Cursor, Imported, Page};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::extract::{Caller, Json, text_of};
use crate::problem::Problem;
use crate::routes::Routes;

/// Memories read at once.
const PAGE: u32 = 200;
const NDJSON: &str = "application/x-ndjson";

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(export_memory))
        .routes(routes!(import_memory))
}

/// What an import did.
#[derive(Serialize, ToSchema)]
#[schema(as = MemoryImported)]
struct ImportedBody {
    /// Memories that are here and were not before.
    stored: u64,
    /// Memories that were here, by their id or by what they say.
    known: u64,
}

/// Everything remembered, a line of JSON for each memory
///
/// With what it was and what it says of others, newest first. Importing it elsewhere and exporting
/// that gives the same bytes. A line that is cut off means that the export broke.
#[utoipa::path(
    get, path = "/api/v1/memory/export", tag = "memory",
    responses((status = 200, body = String, content_type = "application/x-ndjson")),
)]
async fn export_memory(Caller(session): Caller) -> Result<Response, Problem> {
    let memories = session.memories();
    let (first, after) = exported(&memories, None).await?;
    let rest = stream::try_unfold((memories, after), |(memories, after)| async move {
        let Some(after) = after else {
            return Ok(None);
        };
        let (lines, after) = exported(&memories, Some(after)).await?;
        Ok::<_, karen_core::Error>(Some((lines, (memories, after))))
    });
    Ok((
        [(CONTENT_TYPE, NDJSON)],
        Body::from_stream(joined(first, rest)),
    )
        .into_response())
}

fn joined<E>(
    first: Bytes,
    rest: impl Stream<Item = Result<Bytes, E>>,
) -> impl Stream<Item = Result<Bytes, E>> {
    use futures::StreamExt;

    stream::once(async { Ok(first) }).chain(rest)
}

/// A page as lines, and where the next one starts.
async fn exported(
    memories: &Memories,
    after: Option<Cursor>,
) -> karen_core::Result<(Bytes, Option<Cursor>)> {
    let page = Page {
        after,
        limit: PAGE,
        ..Page::default()
    };
    let page = memories.export(page).await?;
    let lines: String = page.lines.iter().map(|line| format!("{line}\n")).collect();
    Ok((lines.into(), page.next))
}

/// Take over an export, all of it or nothing
///
/// What is here stays as it is.
#[utoipa::path(
    post, path = "/api/v1/memory/import", tag = "memory",
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = ImportedBody)),
)]
async fn import_memory(
    Caller(session): Caller,
    request: Request,
) -> Result<Json<ImportedBody>, Problem> {
    let text = text_of(request).await?;
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    Ok(Json(session.memories().import(&lines).await?.into()))
}

impl From<Imported> for ImportedBody {
    fn from(imported: Imported) -> Self {
        Self {
            stored: imported.stored,
            known: imported.known,
        }
    }
}
