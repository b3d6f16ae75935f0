//! Google's Gemini: `generateContent`, its stream, and embeddings.

mod answer;
mod call_id;
mod content;
mod embeddings;
mod request;

use reqwest::header::{HeaderName, HeaderValue};

use self::answer::ContentAnswer;
use super::key;
use super::wire::{Call, Wire};
use crate::{Job, ModelError, RemoteModel};

/// Gemini's API, version `v1beta`.
pub(super) struct GeminiWire;

impl Wire for GeminiWire {
    type Answer = ContentAnswer;

    const TEXTS_MAX: usize = 100;

    /// Never as a parameter of the address, which ends in logs.
    fn key(key: &str) -> Result<(HeaderName, HeaderValue), ModelError> {
        let name = HeaderName::from_static("x-goog-api-key");
        Ok((name, key::header(key)?))
    }

    fn generate(model: &RemoteModel, job: &Job) -> Result<Call, ModelError> {
        let method = if model.answers_whole {
            "generateContent"
        } else {
            // Without `alt` it is one JSON list, in pieces.
            "streamGenerateContent?alt=sse"
        };
        let path = format!("models/{}:{method}", model.model);
        Ok(Call::new(path, &request::ContentBody::of(model, job)?))
    }

    fn embed(model: &RemoteModel, texts: &[String]) -> Result<Call, ModelError> {
        let path = format!("models/{}:batchEmbedContents", model.model);
        Ok(Call::new(path, &embeddings::BatchBody::of(model, texts)))
    }

    fn embeddings(body: &[u8]) -> Result<Vec<Vec<f32>>, ModelError> {
        embeddings::read(body)
    }
}
