//! Searching memory.

use karen_core::memory::{AgentId, Pack, Query, Recall, Recalled, RecordKind};
use karen_core::{ConversationId, Memories, Session};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::body::MemoryBody;
use crate::extract::{Caller, Json};
use crate::problem::Problem;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(search))
}

/// A question to memory, and what may be an answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "query": "What is my dog called?", "limit": 5 }))]
struct SearchRequest {
    query: String,
    /// 1 to 200; 10 if absent.
    #[serde(default = "default_limit")]
    #[schema(default = 10, minimum = 1, maximum = 200)]
    limit: usize,
    /// Passes over the best so many, 1,000 at most: the next page.
    #[serde(default)]
    #[schema(default = 0, maximum = 1000)]
    skip: usize,
    /// What belongs to this conversation only.
    conversation: Option<String>,
    /// These kinds only; all but instructions if absent.
    #[schema(value_type = Option<Vec<String>>)]
    kinds: Option<Vec<RecordKind>>,
    /// Labelled with all of these.
    #[serde(default)]
    tags: Vec<String>,
    /// Made from one of these only.
    #[serde(default)]
    sources: Vec<String>,
    /// Written by this agent only.
    agent: Option<String>,
    /// Said at this unix millisecond or later.
    said_from: Option<i64>,
    /// Said before this unix millisecond.
    said_before: Option<i64>,
    /// This important at least, 0 to 1.
    #[serde(default)]
    importance_min: f32,
    /// Memory as it was.
    as_of: Option<AsOf>,
    /// What holds no longer, too.
    #[serde(default)]
    include_superseded: bool,
    /// Nothing of a lower score.
    score_min: Option<f32>,
    /// Follows the names in what is found first, for questions whose answer lies in two places.
    #[serde(default)]
    hop: bool,
    /// `false` gives the nearest memories even when none is relevant.
    #[serde(default = "relevant_only")]
    #[schema(default = true)]
    relevant_only: bool,
    /// Asks for lines of a prompt with what was found, of so many tokens at most.
    pack_tokens: Option<u32>,
}

/// A time to look at memory from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AsOf {
    /// What held at this unix millisecond.
    valid: i64,
    /// As it was known at this one; at the same, if absent.
    known: Option<i64>,
}

fn default_limit() -> usize {
    10
}

fn relevant_only() -> bool {
    true
}

/// What was found.
#[derive(Serialize, ToSchema)]
struct SearchResult {
    /// Best first; empty when nothing is relevant.
    data: Vec<FoundBody>,
    /// The standing instructions, whatever the question.
    instructions: Vec<MemoryBody>,
    /// Channels of ranking that could not be asked: what they alone would have found is missing.
    missing: Vec<String>,
    /// Lines of a prompt, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pack: Option<PackBody>,
}

/// A memory, and why it was found.
#[derive(Serialize, ToSchema)]
#[schema(as = Found)]
struct FoundBody {
    #[serde(flatten)]
    memory: MemoryBody,
    /// Comparable within one search only.
    score: f32,
    /// Stems of the query that it shares.
    terms: Vec<String>,
    /// How much each channel of ranking gave it: pairs of a name and a number.
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    channels: Vec<(String, f32)>,
    /// How alike the meanings are, -1 to 1; null where they were not compared.
    cosine: Option<f32>,
}

/// Lines of a prompt.
#[derive(Serialize, ToSchema)]
#[schema(as = Pack)]
struct PackBody {
    text: String,
    tokens: u32,
    /// The memories in the lines, in their order.
    ids: Vec<String>,
}

/// Search what is remembered
///
/// Every result says why it was found. When nothing is relevant the answer is empty.
#[utoipa::path(
    post, path = "/api/v1/memory/search", tag = "memory",
    responses((status = 200, body = SearchResult)),
)]
async fn search(
    Caller(session): Caller,
    Json(request): Json<SearchRequest>,
) -> Result<Json<SearchResult>, Problem> {
    let memories = memories_of(&session, request.conversation.as_deref())?;
    let pack_tokens = request.pack_tokens;
    let recall = memories.search(request.query()).await?;
    let pack = pack_tokens.map(|tokens| memories.pack(&recall, tokens).into());
    Ok(Json(SearchResult {
        pack,
        ..recall.into()
    }))
}

/// Everything of the caller's, or what belongs to a conversation.
pub(super) fn memories_of(
    session: &Session,
    conversation: Option<&str>,
) -> Result<Memories, Problem> {
    let memories = session.memories();
    Ok(match conversation {
        Some(id) => memories.of_conversation(ConversationId::parse(id)?),
        None => memories,
    })
}

impl SearchRequest {
    fn query(self) -> Query {
        let mut query = Query::new(self.query)
            .limit(self.limit)
            .skip(self.skip)
            .tags(self.tags)
            .sources(self.sources)
            .said(self.said_from.unwrap_or(i64::MIN)..self.said_before.unwrap_or(i64::MAX))
            .importance_min(self.importance_min);
        if let Some(kinds) = self.kinds {
            query = query.kinds(kinds);
        }
        if let Some(agent) = self.agent {
            query = query.agent(AgentId::new(agent));
        }
        if self.include_superseded {
            query = query.include_superseded();
        }
        if let Some(AsOf { valid, known }) = self.as_of {
            query = query.as_of(valid, known.unwrap_or(valid));
        }
        if let Some(score) = self.score_min {
            query = query.score_min(score);
        }
        if self.hop {
            query = query.with_hop();
        }
        match self.relevant_only {
            true => query,
            false => query.without_floor(),
        }
    }
}

impl From<Recall> for SearchResult {
    fn from(recall: Recall) -> Self {
        let missing = recall.missing.iter().map(ToString::to_string);
        Self {
            data: recall.items.into_iter().map(FoundBody::from).collect(),
            instructions: recall.instructions.into_iter().map(Into::into).collect(),
            missing: missing.collect(),
            pack: None,
        }
    }
}

impl From<Recalled> for FoundBody {
    fn from(recalled: Recalled) -> Self {
        let channels = recalled.why.channels.into_iter();
        Self {
            memory: recalled.record.into(),
            score: recalled.score,
            terms: recalled.why.terms,
            channels: channels
                .map(|(channel, score)| (channel.to_string(), score))
                .collect(),
            cosine: recalled.why.cosine,
        }
    }
}

impl From<Pack> for PackBody {
    fn from(pack: Pack) -> Self {
        let ids = pack.items.iter().map(|item| item.record.id.to_string());
        Self {
            ids: ids.collect(),
            text: pack.text,
            tokens: pack.tokens,
        }
    }
}
