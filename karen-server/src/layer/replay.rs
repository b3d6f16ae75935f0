//! Calls that make something, done once however often they are sent.
//!
//! A client whose connection broke cannot know whether its call arrived: it sends it again under
//! the same `Idempotency-Key`, and is answered as it was the first time
//! (draft-ietf-httpapi-idempotency-key-header). What was refused is tried again.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use karen_core::{Call, Claim, Code, Session};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::extract::{bytes_of, idempotency_key};
use crate::problem::Problem;

/// Answers to calls that make something are some hundred bytes long.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// An answer as it was given.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

pub(crate) async fn replay(request: Request, next: Next) -> Result<Response, Problem> {
    let key = idempotency_key(request.headers());
    let session = request.extensions().get::<Session>().cloned();
    let (Some(key), Some(session), &Method::POST) = (key, session, request.method()) else {
        return Ok(next.run(request).await);
    };
    let name = digest(&[request.uri().path().as_bytes(), key.as_bytes()]);
    let (parts, body) = request.into_parts();
    let body = bytes_of(Request::from_parts(parts.clone(), body)).await?;
    match session.claim(&name, &digest(&[&body])).await? {
        Claim::First(call) => {
            let request = Request::from_parts(parts, Body::from(body));
            kept(call, next.run(request).await).await
        }
        Claim::Done(answer) => again(&answer),
        Claim::Running => Err(refuse(
            StatusCode::CONFLICT,
            "the same call is still running: ask again in a moment",
        )),
        Claim::Other => Err(refuse(
            StatusCode::UNPROCESSABLE_ENTITY,
            "this Idempotency-Key was used for another body: use a fresh one",
        )),
    }
}

/// Their lengths stand between the parts, so that no two lists read alike.
fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The answer, after it is kept if it made something.
async fn kept(call: Call, answer: Response) -> Result<Response, Problem> {
    if !answer.status().is_success() {
        return Ok(answer);
    }
    let (parts, body) = answer.into_parts();
    let bytes = to_bytes(body, ANSWER_BYTES_MAX).await.map_err(|e| {
        let error = &e as &dyn std::error::Error;
        tracing::error!(error, "an answer was not kept");
        Problem::new(Code::Internal, "the answer cannot be kept")
    })?;
    let headers = parts.headers.iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?;
        (name != CONTENT_LENGTH).then(|| (name.to_string(), value.to_owned()))
    });
    let kept = Kept {
        status: parts.status.as_u16(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&bytes).into_owned(),
    };
    let kept = serde_json::to_vec(&kept).expect("texts and numbers");
    call.keep(&kept).await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn again(answer: &[u8]) -> Result<Response, Problem> {
    let unreadable = |_| Problem::new(Code::Corrupt, "the answer that was kept cannot be read");
    let kept: Kept = serde_json::from_slice(answer).map_err(unreadable)?;
    let mut answer = Response::new(Body::from(kept.body));
    *answer.status_mut() = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().append(name, value);
        }
    }
    let replayed = HeaderValue::from_static("true");
    answer.headers_mut().insert(REPLAYED, replayed);
    Ok(answer)
}

fn refuse(status: StatusCode, detail: &'static str) -> Problem {
    let code = match status {
        StatusCode::CONFLICT => Code::Conflict,
        _ => Code::InvalidArgument,
    };
    Problem::new(code, detail).status(status)
}
