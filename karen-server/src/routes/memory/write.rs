//! Remembering something.

use axum::http::{HeaderMap, StatusCode};
use karen_core::memory::{NewRecord, Refusal, Remembered};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::search::memories_of;
use crate::extract::{Caller, Json, idempotency_key};
use crate::problem::Problem;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(remember))
        .routes(routes!(remember_batch))
}

/// Something to remember. Times are unix milliseconds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "text": "My dog is called Biscuit.", "tags": ["pets"] }))]
struct NewMemory {
    text: String,
    /// `fact` if absent.
    #[serde(default)]
    kind: NewKind,
    /// The conversation that it belongs to.
    conversation: Option<String>,
    /// Who said it; `user` if absent.
    speaker: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    /// What it was made from.
    source: Option<String>,
    /// When it was said; now, if absent.
    at: Option<i64>,
    /// How much it matters, 0 to 1; 0.5 if absent.
    #[schema(minimum = 0, maximum = 1)]
    importance: Option<f32>,
    /// Never ages, and is never cleaned up.
    #[serde(default)]
    pinned: bool,
    /// From when it holds; from when it was said, if absent.
    valid_from: Option<i64>,
    /// Just before when it still holds; for good, if absent.
    valid_to: Option<i64>,
    /// The caller's own.
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum NewKind {
    /// A note.
    #[default]
    Fact,
    /// How to behave from now on, such as "always answer in French".
    Instruction,
}

/// Things to remember at once.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Batch {
    /// 1 to 1,000, of one conversation or of none.
    #[schema(min_items = 1, max_items = 1000)]
    memories: Vec<NewMemory>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Remembered)]
struct RememberedBody {
    id: String,
    /// `false` when it was not kept; `refusal` says why.
    stored: bool,
    /// The memory that it says again.
    #[serde(skip_serializing_if = "Option::is_none")]
    reinforces: Option<String>,
    /// Why it was not kept: `consent`, `forgotten`, `boilerplate`, `recalled`, `same`, `near`,
    /// `covered` or `alike`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    refusal: Option<Refusal>,
    /// Memories that hold no longer, because this one took their place.
    supersedes: Vec<String>,
    /// Memories that cannot be true together with this one.
    conflicts: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct RememberedList {
    /// In the order of the request.
    data: Vec<RememberedBody>,
}

/// Remember something
///
/// It is durable when the answer arrives, and the next search finds it. What is no news is not kept
/// again: the answer says which memory says it.
#[utoipa::path(
    post, path = "/api/v1/memory", tag = "memory",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "Written once, however often it is sent with this key, of 1 to 255 bytes")),
    responses((status = 201, body = RememberedBody)),
)]
async fn remember(
    Caller(session): Caller,
    headers: HeaderMap,
    Json(new): Json<NewMemory>,
) -> Result<(StatusCode, Json<RememberedBody>), Problem> {
    let memories = memories_of(&session, new.conversation.as_deref())?;
    let record = match idempotency_key(&headers) {
        Some(key) => new.record().idempotency_key(key),
        None => new.record(),
    };
    let remembered = memories.remember(record).await?;
    Ok((StatusCode::CREATED, Json(remembered.into())))
}

/// Remember many things at once
///
/// All of those that are news are kept, or none.
#[utoipa::path(
    post, path = "/api/v1/memory/batch", tag = "memory",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "Written once, however often the same batch is sent with this key, of 1 to \
            240 bytes")),
    responses((status = 201, body = RememberedList)),
)]
async fn remember_batch(
    Caller(session): Caller,
    headers: HeaderMap,
    Json(batch): Json<Batch>,
) -> Result<(StatusCode, Json<RememberedList>), Problem> {
    let conversation = batch.conversation()?;
    let memories = memories_of(&session, conversation.as_deref())?;
    let key = idempotency_key(&headers);
    let numbered = batch.memories.into_iter().enumerate();
    let records = numbered.map(|(index, new)| match &key {
        Some(key) => new.record().idempotency_key(format!("{key}#{index}")),
        None => new.record(),
    });
    let remembered = memories.remember_all(records.collect()).await?;
    let data = remembered.into_iter().map(RememberedBody::from).collect();
    Ok((StatusCode::CREATED, Json(RememberedList { data })))
}

impl Batch {
    /// The one conversation that all belong to.
    fn conversation(&self) -> Result<Option<String>, Problem> {
        let mut conversations = self.memories.iter().map(|new| &new.conversation);
        let first = conversations.next().cloned().flatten();
        match conversations.all(|other| *other == first) {
            true => Ok(first),
            false => {
                let detail = "a batch belongs to one conversation or to none: send one for each";
                Err(Problem::new(karen_core::Code::InvalidArgument, detail).at("/memories"))
            }
        }
    }
}

impl NewMemory {
    fn record(self) -> NewRecord {
        let record = match self.kind {
            NewKind::Fact => NewRecord::fact(self.text),
            NewKind::Instruction => NewRecord::instruction(self.text),
        };
        let record = record.tags(self.tags);
        let record = given(record, self.speaker, NewRecord::speaker);
        let record = given(record, self.source, NewRecord::source);
        let record = given(record, self.at, NewRecord::at);
        let record = given(record, self.importance, NewRecord::importance);
        let record = given(record, self.valid_from, NewRecord::valid_from);
        let record = given(record, self.valid_to, NewRecord::valid_to);
        let record = given(record, self.pinned.then_some(()), |record, ()| {
            record.pinned()
        });
        let metadata = self.metadata.into_iter();
        metadata.fold(record, |record, (key, value)| record.metadata(key, value))
    }
}

fn given<T>(
    record: NewRecord,
    value: Option<T>,
    set: impl FnOnce(NewRecord, T) -> NewRecord,
) -> NewRecord {
    match value {
        Some(value) => set(record, value),
        None => record,
    }
}

impl From<Remembered> for RememberedBody {
    fn from(remembered: Remembered) -> Self {
        let texts =
            |ids: Vec<karen_core::memory::RecordId>| ids.iter().map(ToString::to_string).collect();
        Self {
            id: remembered.id.to_string(),
            stored: remembered.stored,
            reinforces: remembered.reinforces.map(|id| id.to_string()),
            refusal: remembered.refusal,
            supersedes: texts(remembered.supersedes),
            conflicts: texts(remembered.conflicts),
        }
    }
}
