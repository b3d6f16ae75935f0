//! Which model answers, for clients that look at headers: bodies are of a provider's shape.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use futures::{Stream, StreamExt, stream};
use karen_core::Answering;
use karen_core::infer::{GenerateEvent, Served};

use crate::problem::Problem;

const ASKED: HeaderName = HeaderName::from_static("karen-model-asked");
const ANSWERED: HeaderName = HeaderName::from_static("karen-model-answered");
const WHY: HeaderName = HeaderName::from_static("karen-model-why");
const PASSED_OVER: HeaderName = HeaderName::from_static("karen-model-passed-over");
const CACHE: HeaderName = HeaderName::from_static("karen-cache");

/// The headers of an answer, and its events. What fails before the first word is still worth a status
/// of its own.
pub(super) async fn begin(
    mut answering: Answering,
) -> Result<
    (
        HeaderMap,
        impl Stream<Item = karen_core::Result<GenerateEvent>>,
    ),
    Problem,
> {
    let headers = headers(answering.served());
    let first = answering.next().await.transpose()?;
    Ok((headers, stream::iter(first.map(Ok)).chain(answering)))
}

/// What was asked for, what answered and why; the models that a route passed over, by name.
fn headers(served: &Served) -> HeaderMap {
    let passed_over: Vec<&str> = served
        .passed_over
        .iter()
        .map(|p| p.model.as_str())
        .collect();
    let mut headers = HeaderMap::new();
    let mut add = |name, text: &str| {
        let value = HeaderValue::from_str(text).expect("names of models are letters and digits");
        headers.insert(name, value);
    };
    add(
        ASKED,
        served
            .asked
            .as_ref()
            .map_or("default", |name| name.as_str()),
    );
    add(ANSWERED, served.answered.as_str());
    add(WHY, served.why.as_str());
    if !passed_over.is_empty() {
        add(PASSED_OVER, &passed_over.join(", "));
    }
    if served.from_cache {
        add(CACHE, if served.is_similar { "similar" } else { "hit" });
    }
    headers
}
