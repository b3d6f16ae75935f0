//! Taking over a chat history.

use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use karen_core::{Code, ImportProgress, Imported, Session};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use crate::extract::{Caller, Json, text_of};
use crate::problem::Problem;
use crate::sse;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(import))
}

/// What an import did.
#[derive(Serialize, ToSchema)]
#[schema(as = Imported)]
struct ImportedBody {
    /// Conversations that are here and were not before.
    conversations: u64,
    /// Messages in them.
    messages: u64,
    /// Conversations that had been imported before.
    skipped: u64,
}

/// How far an import is.
#[derive(Serialize)]
struct ProgressBody {
    done: usize,
    all: usize,
}

/// Take over a chat history
///
/// Takes OpenAI's `conversations.json`, or lines of `{"role", "content", "conversation"?, "at"?}`.
/// Importing the same file again changes nothing. With `Accept: text/event-stream` the answer tells
/// how far the import is: events `progress`, then `imported` or `error`.
#[utoipa::path(
    post, path = "/api/v1/import", tag = "import",
    request_body(content((String = "application/json"), (String = "application/x-ndjson"))),
    responses((status = 200, body = ImportedBody)),
)]
async fn import(Caller(session): Caller, request: Request) -> Result<Response, Problem> {
    check_type(request.headers())?;
    let watched = sse::wants_events(request.headers());
    let text = text_of(request).await?;
    if watched {
        return Ok(watch(session, text));
    }
    let imported = session.import(&text, |_| {}).await?;
    Ok(Json(ImportedBody::from(imported)).into_response())
}

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = given
        .and_then(|text| text.split(';').next())
        .unwrap_or_default()
        .trim();
    if [
        "application/json",
        "application/x-ndjson",
        "application/jsonl",
    ]
    .contains(&essence)
    {
        return Ok(());
    }
    let detail = "send the history as Content-Type: application/json or application/x-ndjson";
    let problem = Problem::new(Code::InvalidArgument, detail);
    Err(problem.status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
}

/// Imports on its own, whether or not somebody goes on watching.
fn watch(session: Session, text: String) -> Response {
    let (reports, progress) = mpsc::unbounded_channel();
    let import = tokio::spawn(async move {
        let report = move |progress| {
            // Nobody who watches any more is no reason to stop.
            let _ = reports.send(progress);
        };
        session.import(&text, report).await
    });
    let result = async move {
        let imported = import
            .await
            .map_err(|_| Problem::new(Code::Internal, "the import broke"));
        imported.and_then(|imported| imported.map_err(Problem::from))
    };
    let progress = UnboundedReceiverStream::new(progress).map(progress_frame);
    let end = stream::once(async { result_frame(result.await) });
    sse::stream_events(progress.chain(end)).into_response()
}

fn progress_frame(ImportProgress { done, all }: ImportProgress) -> Event {
    sse::json_frame("progress", &ProgressBody { done, all })
}

fn result_frame(result: Result<Imported, Problem>) -> Event {
    match result {
        Ok(imported) => sse::json_frame("imported", &ImportedBody::from(imported)),
        Err(problem) => sse::problem_frame(&problem),
    }
}

impl From<Imported> for ImportedBody {
    fn from(imported: Imported) -> Self {
        Self {
            conversations: imported.conversations,
            messages: imported.messages,
            skipped: imported.skipped,
        }
    }
}
