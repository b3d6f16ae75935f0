//! Embeddings as Gemini writes them.

use serde::{Deserialize, Serialize};

use super::content::Part;
use crate::remote::wire::malformed;
use crate::{ModelError, RemoteModel};

#[derive(Serialize)]
pub(super) struct BatchBody {
    requests: Vec<EmbedRequest>,
}

#[derive(Serialize)]
struct EmbedRequest {
    model: String,
    content: Content,
}

#[derive(Serialize)]
struct Content {
    parts: [Part; 1],
}

#[derive(Deserialize)]
struct Batch {
    #[serde(default)]
    embeddings: Vec<Embedding>,
}

#[derive(Deserialize)]
struct Embedding {
    values: Vec<f32>,
}

impl BatchBody {
    pub(super) fn of(model: &RemoteModel, texts: &[String]) -> Self {
        let request = |text: &String| EmbedRequest {
            model: format!("models/{}", model.model),
            content: Content {
                parts: [Part::text(text)],
            },
        };
        Self {
            requests: texts.iter().map(request).collect(),
        }
    }
}

pub(super) fn read(body: &[u8]) -> Result<Vec<Vec<f32>>, ModelError> {
    let batch: Batch = serde_json::from_slice(body).map_err(malformed)?;
    Ok(batch.embeddings.into_iter().map(|row| row.values).collect())
}
