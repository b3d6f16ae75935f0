//! OpenAI's responses: <https://platform.openai.com/docs/api-reference/responses>. Nothing is stored there.

mod answer;
mod request;

use reqwest::header::{HeaderName, HeaderValue};

use self::answer::ResponseAnswer;
use super::OpenAiWire;
use crate::remote::wire::{Call, Wire};
use crate::{Job, ModelError, RemoteModel};

/// OpenAI's API for models that think and act in several steps.
pub(in crate::remote) struct ResponsesWire;

impl Wire for ResponsesWire {
    type Answer = ResponseAnswer;

    const TEXTS_MAX: usize = OpenAiWire::TEXTS_MAX;

    fn key(key: &str) -> Result<(HeaderName, HeaderValue), ModelError> {
        OpenAiWire::key(key)
    }

    fn generate(model: &RemoteModel, job: &Job) -> Result<Call, ModelError> {
        let body = request::ResponseBody::of(model, job)?;
        Ok(Call::new("responses".to_owned(), &body))
    }

    fn reader(job: &Job) -> ResponseAnswer {
        ResponseAnswer::new(&job.stop)
    }

    fn embed(model: &RemoteModel, texts: &[String]) -> Result<Call, ModelError> {
        OpenAiWire::embed(model, texts)
    }

    fn embeddings(body: &[u8]) -> Result<Vec<Vec<f32>>, ModelError> {
        OpenAiWire::embeddings(body)
    }
}
