//! Responses: stateless, and cancelled when the client goes away.

mod body;
mod input;
mod item;
mod output;
mod request;
mod stream;

use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use utoipa_axum::routes;

use self::body::ResponseBody;
use self::output::Output;
use self::request::ResponsesRequest;
use self::stream::StreamEvent;
use crate::extract::{Caller, Json};
use crate::problem::Problem;
use crate::routes::{Routes, served};

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(create_response))
}

/// Answer an input, for OpenAI's clients
///
/// Nothing is stored: each request brings the whole of what was said.
#[utoipa::path(
    post, path = "/v1/responses", tag = "openai",
    responses((status = 200, description = "The response", content(
        (ResponseBody = "application/json"), (StreamEvent = "text/event-stream"),
    ))),
)]
async fn create_response(
    Caller(session): Caller,
    Json(request): Json<ResponsesRequest>,
) -> Result<Response, Problem> {
    let streamed = request.stream;
    let body = ResponseBody::begin(&request);
    let answering = session.generate(request.read()?).await?;
    let mut output = Output::of(body.answered_by(answering.model()));
    let (served, mut events) = served::begin(answering).await?;
    if streamed {
        return Ok((served, stream::respond(output, events)).into_response());
    }
    while let Some(event) = events.next().await {
        output.take(event?);
    }
    Ok((served, Json(output.into_body())).into_response())
}
