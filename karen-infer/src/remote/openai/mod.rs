//! OpenAI's chat completions and embeddings, as many servers speak them; and its responses.

mod answer;
mod embeddings;
mod message;
mod request;
mod responses;

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

use self::answer::ChatAnswer;
pub(super) use self::responses::ResponsesWire;
use super::key;
use super::wire::{Call, Wire};
use crate::{Job, ModelError, RemoteModel};

/// OpenAI's API.
pub(super) struct OpenAiWire;

impl Wire for OpenAiWire {
    type Answer = ChatAnswer;

    const TEXTS_MAX: usize = 2048;

    fn key(key: &str) -> Result<(HeaderName, HeaderValue), ModelError> {
        Ok((AUTHORIZATION, key::header(&format!("Bearer {key}"))?))
    }

    fn generate(model: &RemoteModel, job: &Job) -> Result<Call, ModelError> {
        let body = request::ChatBody::of(model, job)?;
        Ok(Call::new("chat/completions".to_owned(), &body))
    }

    fn embed(model: &RemoteModel, texts: &[String]) -> Result<Call, ModelError> {
        let body = embeddings::EmbeddingsBody::of(model, texts);
        Ok(Call::new("embeddings".to_owned(), &body))
    }

    fn embeddings(body: &[u8]) -> Result<Vec<Vec<f32>>, ModelError> {
        embeddings::read(body)
    }
}
