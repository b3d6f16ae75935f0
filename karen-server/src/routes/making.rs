//! Models made of others.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use karen_core::infer::{Comparison, MakeEvent, Making, ModelError, ModelName};
use karen_core::{Code, Permission};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::models::ModelBody;
use crate::app::App;
use crate::extract::{Caller, Json, Path};
use crate::problem::Problem;
use crate::sse::{self, wants_events};

pub(crate) fn lasting_routes() -> Routes {
    Routes::new()
        .routes(routes!(quantize_model))
        .routes(routes!(distill_model))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct QuantizeRequest {
    /// How the numbers are to be packed: `Q8_0`, `Q6_K`, `Q5_K_M`, `Q5_K_S`, `Q5_0`, `Q4_K_M`, `Q4_K_S`,
    /// `Q4_0`, `Q3_K_M` or `Q2_K`.
    #[schema(example = "Q4_K_M")]
    to: String,
    /// What to call the new model; made from both if absent.
    name: Option<String>,
}

/// Pack a GGUF model's numbers into fewer bits
///
/// Writes a new model into the data folder, compares it with the old one, which stays, and adds it.
/// With `Accept: text/event-stream` the answer tells how far it is: events `made` with `done` of about
/// `all` bytes, `checking`, `checked` with the perplexity of both on the same text, then `done` with the
/// model, or `error`. It ends with its request.
#[utoipa::path(
    post, path = "/api/v1/models/{name}/quantize", tag = "models",
    responses((status = 201, body = ModelBody)),
)]
async fn quantize_model(
    State(app): State<App>,
    Caller(session): Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(asked): Json<QuantizeRequest>,
) -> Result<Response, Problem> {
    session.principal().require(Permission::ModelsWrite)?;
    let (source, to) = (ModelName::parse(&name)?, asked.to.parse()?);
    let name = asked.name.as_deref().map(ModelName::parse).transpose()?;
    let making = app.karen.models().quantize(source, to, name);
    made(app, &headers, making).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DistillRequest {
    /// Numbers of a vector at most; 256 if absent.
    #[serde(default = "dim")]
    #[schema(example = 256, minimum = 1, maximum = 4096)]
    dim: u16,
    /// What to call the new model; made from its source if absent.
    name: Option<String>,
}

fn dim() -> u16 {
    256
}

/// Make a static embedder of an encoder
///
/// Writes it into the data folder, checks it, and adds it. With `Accept: text/event-stream` the answer
/// tells how far it is: events `made` with `done` of `all` tokens, `checked` with how near texts are to
/// those of 32 bits, then `done` with the model, or `error`. It ends with its request.
#[utoipa::path(
    post, path = "/api/v1/models/{name}/distill", tag = "models",
    responses((status = 201, body = ModelBody)),
)]
async fn distill_model(
    State(app): State<App>,
    Caller(session): Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(asked): Json<DistillRequest>,
) -> Result<Response, Problem> {
    session.principal().require(Permission::ModelsWrite)?;
    let source = ModelName::parse(&name)?;
    let name = asked.name.as_deref().map(ModelName::parse).transpose()?;
    let making = app.karen.models().distill(source, asked.dim.into(), name);
    made(app, &headers, making).await
}

/// The events of the making, or only the model that comes of it.
async fn made(app: App, headers: &HeaderMap, mut making: Making) -> Result<Response, Problem> {
    if wants_events(headers) {
        let events = making.map(move |event| frame(&app, event));
        return Ok(sse::stream_events(events).into_response());
    }
    while let Some(event) = making.next().await {
        if let MakeEvent::Done { model } = event? {
            let body = Json(ModelBody::of(&app, *model));
            return Ok((StatusCode::CREATED, body).into_response());
        }
    }
    Err(Problem::new(Code::Internal, "it ended without a word"))
}

fn frame(app: &App, event: Result<MakeEvent, ModelError>) -> Event {
    match event {
        Ok(MakeEvent::Made { done, all }) => {
            sse::json_frame("made", &json!({ "done": done, "all": all }))
        }
        Ok(MakeEvent::Checking) => sse::json_frame("checking", &json!({})),
        Ok(MakeEvent::Checked(Comparison::Perplexity { source, made })) => {
            let measured = json!({ "measure": "perplexity", "source": source, "made": made });
            sse::json_frame("checked", &measured)
        }
        Ok(MakeEvent::Checked(Comparison::Cosine { least })) => {
            sse::json_frame("checked", &json!({ "measure": "cosine", "made": least }))
        }
        Ok(MakeEvent::Done { model }) => sse::json_frame("done", &ModelBody::of(app, *model)),
        Ok(_) => Event::default().comment("more"),
        Err(error) => sse::problem_frame(&Problem::from(karen_core::Error::from(error))),
    }
}
