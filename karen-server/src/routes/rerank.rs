//! Reranking, in the shape that Cohere's and Jina's clients know.

use axum::extract::State;
use karen_core::infer::ModelName;
use karen_core::{Code, Permission};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::app::App;
use crate::extract::{Caller, Json};
use crate::problem::Problem;
use crate::routes::Routes;

/// Cohere's own limit.
const DOCUMENTS_MAX: usize = 1000;

pub(crate) fn routes() -> Routes {
    Routes::new().routes(routes!(rerank))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RerankRequest {
    /// A model that reranks.
    model: String,
    /// What the documents are to answer.
    query: String,
    /// 1 to 1,000.
    #[schema(min_items = 1, max_items = 1000)]
    documents: Vec<Document>,
    /// Results at most; all of them if absent.
    #[schema(minimum = 1)]
    top_n: Option<usize>,
    /// Whether each result repeats its document.
    #[serde(default)]
    return_documents: bool,
}

/// A text, alone or in an object.
#[derive(Deserialize, ToSchema)]
#[schema(as = RerankDocument)]
#[serde(untagged)]
enum Document {
    Text(String),
    Object(DocumentText),
}

#[derive(Deserialize, Serialize, ToSchema)]
#[schema(as = RerankDocumentText)]
#[serde(deny_unknown_fields)]
struct DocumentText {
    text: String,
}

#[derive(Serialize, ToSchema)]
struct RerankList {
    /// Always `list`.
    object: &'static str,
    model: String,
    /// The best first; of equal ones, the one that was given first.
    results: Vec<RerankResult>,
}

#[derive(Serialize, ToSchema)]
struct RerankResult {
    /// The place of the document in the request, from 0.
    index: usize,
    /// How well it answers the query, from 0 to 1.
    relevance_score: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<DocumentText>,
}

/// Score documents for a query, for Cohere's and Jina's clients
#[utoipa::path(
    post, path = "/v1/rerank", tag = "openai",
    responses((status = 200, body = RerankList)),
)]
async fn rerank(
    State(app): State<App>,
    Caller(session): Caller,
    Json(request): Json<RerankRequest>,
) -> Result<Json<RerankList>, Problem> {
    session.principal().require(Permission::ModelsUse)?;
    request.check()?;
    let missing =
        |_| Problem::new(Code::ModelMissing, "there is no model of this name").at("/model");
    let name = ModelName::parse(&request.model).map_err(missing)?;
    let documents: Vec<String> = request.documents.into_iter().map(Document::text).collect();
    let models = app.karen.models();
    let scores = models.rerank(&name, &request.query, &documents).await?;
    let mut ranked: Vec<(usize, f32)> = scores.into_iter().enumerate().collect();
    ranked.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    ranked.truncate(request.top_n.unwrap_or(usize::MAX));
    let result = |(index, relevance_score): (usize, f32)| RerankResult {
        index,
        relevance_score,
        document: request.return_documents.then(|| DocumentText {
            text: documents[index].clone(),
        }),
    };
    Ok(Json(RerankList {
        object: "list",
        model: request.model,
        results: ranked.into_iter().map(result).collect(),
    }))
}

impl RerankRequest {
    fn check(&self) -> Result<(), Problem> {
        let documents = self.documents.len();
        if !(1..=DOCUMENTS_MAX).contains(&documents) {
            let detail =
                format!("there are {documents} documents, and may be 1 to {DOCUMENTS_MAX}");
            return Err(Problem::new(Code::InvalidArgument, detail).at("/documents"));
        }
        if self.top_n == Some(0) {
            let detail = "top_n is 0, and must be 1 at least";
            return Err(Problem::new(Code::InvalidArgument, detail).at("/top_n"));
        }
        Ok(())
    }
}

impl Document {
    fn text(self) -> String {
        match self {
            Self::Text(text) | Self::Object(DocumentText { text }) => text,
        }
    }
}
