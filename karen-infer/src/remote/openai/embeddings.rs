//! Embeddings as OpenAI writes them.

use serde::{Deserialize, Serialize};

use crate::remote::wire::malformed;
use crate::{ModelError, RemoteModel};

#[derive(Serialize)]
pub(super) struct EmbeddingsBody<'a> {
    model: &'a str,
    input: &'a [String],
    /// Numbers: not every server packs them.
    encoding_format: &'static str,
}

#[derive(Deserialize)]
struct Embeddings {
    data: Vec<Embedding>,
}

#[derive(Deserialize)]
struct Embedding {
    #[serde(default)]
    index: usize,
    embedding: Vec<f32>,
}

impl<'a> EmbeddingsBody<'a> {
    pub(super) fn of(model: &'a RemoteModel, texts: &'a [String]) -> Self {
        Self {
            model: &model.model,
            input: texts,
            encoding_format: "float",
        }
    }
}

pub(super) fn read(body: &[u8]) -> Result<Vec<Vec<f32>>, ModelError> {
    let mut read: Embeddings = serde_json::from_slice(body).map_err(malformed)?;
    read.data.sort_by_key(|embedding| embedding.index);
    Ok(read.data.into_iter().map(|row| row.embedding).collect())
}
