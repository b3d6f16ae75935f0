//! Embeddings, from the built-in embedder or from a model that embeds.

use axum::extract::State;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use karen_core::infer::{ModelName, Models};
use karen_core::{Code, Permission};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::app::App;
use crate::extract::{Caller, Json};
use crate::problem::Problem;
use crate::routes::Routes;

/// OpenAI's own limit.
const TEXTS_MAX: usize = 2048;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(embeddings))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiEmbeddingRequest)]
#[serde(deny_unknown_fields)]
struct EmbeddingRequest {
    /// `karen-static` is always there.
    model: String,
    input: Input,
    #[serde(default)]
    encoding_format: Encoding,
    /// Must be what the model gives.
    dimensions: Option<usize>,
    /// Accepted and not used.
    #[serde(rename = "user")]
    _user: Option<String>,
}

/// One text or many.
#[derive(Deserialize, ToSchema)]
#[schema(as = OpenAiEmbeddingInput)]
#[serde(untagged)]
enum Input {
    One(String),
    Many(Vec<String>),
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[schema(as = OpenAiEncoding)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Float,
    Base64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiEmbeddingList)]
struct EmbeddingList {
    /// Always `list`.
    object: &'static str,
    data: Vec<Embedding>,
    model: String,
    usage: EmbeddingUsage,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiEmbedding)]
struct Embedding {
    /// Always `embedding`.
    object: &'static str,
    index: usize,
    embedding: Vector,
}

/// Numbers, or little-endian 32-bit floats in base64.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiVector)]
#[serde(untagged)]
enum Vector {
    Float(Vec<f32>),
    Base64(String),
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiEmbeddingUsage)]
struct EmbeddingUsage {
    prompt_tokens: u32,
    total_tokens: u32,
}

/// Embed texts, for OpenAI's clients
#[utoipa::path(
    post, path = "/v1/embeddings", tag = "openai",
    responses((status = 200, body = EmbeddingList)),
)]
async fn embeddings(
    State(app): State<App>,
    Caller(session): Caller,
    Json(request): Json<EmbeddingRequest>,
) -> Result<Json<EmbeddingList>, Problem> {
    session.principal().require(Permission::ModelsUse)?;
    let texts = request.input.into_texts()?;
    let (models, name) = (app.karen.models(), named(&request.model)?);
    let rows = models.embed(&name, &texts).await?;
    check_dimensions(request.dimensions, &rows)?;
    let tokens = count(models, &name, &texts).await?;
    let vectors = rows
        .into_iter()
        .map(|row| Vector::of(row, request.encoding_format));
    let embedding = |(index, embedding)| Embedding {
        object: "embedding",
        index,
        embedding,
    };
    Ok(Json(EmbeddingList {
        object: "list",
        data: vectors.enumerate().map(embedding).collect(),
        model: request.model,
        usage: EmbeddingUsage {
            prompt_tokens: tokens,
            total_tokens: tokens,
        },
    }))
}

fn named(model: &str) -> Result<ModelName, Problem> {
    let missing =
        |_| Problem::new(Code::ModelMissing, "there is no model of this name").at("/model");
    ModelName::parse(model).map_err(missing)
}

async fn count(models: &Models, name: &ModelName, texts: &[String]) -> Result<u32, Problem> {
    let mut tokens = 0;
    for text in texts {
        tokens += models.count_text(name, text).await?;
    }
    Ok(tokens)
}

fn check_dimensions(wanted: Option<usize>, rows: &[Vec<f32>]) -> Result<(), Problem> {
    match (wanted, rows.first()) {
        (Some(wanted), Some(row)) if wanted != row.len() => {
            let detail = format!("this model gives {} dimensions", row.len());
            Err(Problem::new(Code::InvalidArgument, detail).at("/dimensions"))
        }
        _ => Ok(()),
    }
}

impl Input {
    fn into_texts(self) -> Result<Vec<String>, Problem> {
        let texts = match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        };
        if (1..=TEXTS_MAX).contains(&texts.len()) {
            return Ok(texts);
        }
        let detail = format!(
            "input has {} texts, and may have 1 to {TEXTS_MAX}",
            texts.len()
        );
        Err(Problem::new(Code::InvalidArgument, detail).at("/input"))
    }
}

impl Vector {
    fn of(row: Vec<f32>, encoding: Encoding) -> Self {
        match encoding {
            Encoding::Float => Self::Float(row),
            Encoding::Base64 => {
                let bytes: Vec<u8> = row.iter().flat_map(|value| value.to_le_bytes()).collect();
                Self::Base64(BASE64_STANDARD.encode(bytes))
            }
        }
    }
}
