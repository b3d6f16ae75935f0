//! Words in Elasticsearch 8: BM25 of our own stems at the four scales.
//!
//! A record's document holds its stems and those of its windows; a session's holds all of them. A
//! search asks for sessions first, and then for records, each with the score of its session.
//!
//! Elasticsearch weighs words by how rare they are in the whole index, and drops what was deleted
//! from its files when it merges them; neither shows in an answer whose words are another user's.

mod arrange;
mod client;
mod document;
mod query;
mod schema;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::analysis::stems;
use super::{Place, TextChange, TextHit, TextIndex};
use crate::servers::later;
use crate::{Filter, MemoryError, RecordId, Scope};
use arrange::{Session, rearranged};
use client::Client;
use document::{Member, OwnerKey};

pub use client::ElasticsearchConfig;

/// Stems of a query that are asked for: more than a question has, fewer than Elasticsearch takes.
const TERMS_MAX: usize = 128;
/// Sessions that lend their score to their records.
const SESSIONS_MAX: usize = 200;
/// Hits that Elasticsearch gives at once.
const HITS_MAX: usize = 10_000;

/// Words of every user in one index of an Elasticsearch server.
pub struct ElasticsearchIndex {
    client: Client,
}

impl ElasticsearchIndex {
    /// Makes the index where there is none; while the server does not answer, that is left to the
    /// first call that it answers.
    ///
    /// # Errors
    /// `Invalid` for an address that is none, or a server that does not let us in.
    pub async fn open(config: ElasticsearchConfig) -> Result<Self, MemoryError> {
        let client = Client::new(config)?;
        later(client.create().await)?;
        Ok(Self { client })
    }

    /// Those of the records that the index holds.
    async fn members(
        &self,
        owner: &OwnerKey,
        ids: &[&RecordId],
    ) -> Result<Vec<Member>, MemoryError> {
        let names = ids.iter().map(|id| owner.record(id));
        let documents = self.client.get(owner, names.collect()).await?;
        let found = documents.into_iter().flatten();
        found.map(|source| Member::read(&source)).collect()
    }

    /// The sessions as they stand.
    async fn sessions(
        &self,
        owner: &OwnerKey,
        names: BTreeSet<String>,
    ) -> Result<BTreeMap<String, Session>, MemoryError> {
        let mut sessions: BTreeMap<String, Session> =
            names.iter().map(|name| (name.clone(), vec![])).collect();
        let mut query = query::members(owner, &names);
        loop {
            let hits = self.client.search(owner, &query).await?;
            for hit in &hits {
                let member = Member::read(&hit["_source"])?;
                sessions
                    .entry(member.session.clone())
                    .or_default()
                    .push(member);
            }
            match hits.last() {
                Some(last) if hits.len() == HITS_MAX => {
                    query["search_after"] = last["sort"].clone()
                }
                _ => return Ok(sessions),
            }
        }
    }

    /// Drops everything of a user; the mark last, so that what is cut short is done again.
    async fn forget(&self, owner: &OwnerKey) -> Result<(), MemoryError> {
        let query = query::everything(owner);
        loop {
            let hits = self.client.search(owner, &query).await?;
            let names = hits.iter().filter_map(|hit| hit["_id"].as_str());
            let gone: Vec<_> = names.map(|name| (name.to_owned(), None)).collect();
            if gone.is_empty() {
                return self.client.write(owner, &[(owner.mark(), None)]).await;
            }
            self.client.write(owner, &gone).await?;
        }
    }

    /// What each session scores.
    async fn session_scores(
        &self,
        owner: &OwnerKey,
        terms: &[String],
    ) -> Result<HashMap<String, f32>, MemoryError> {
        let hits = self
            .client
            .search(owner, &query::sessions(owner, terms))
            .await?;
        let score = |hit: &Value| {
            let name = hit["_source"]["session"].as_str()?;
            Some((name.to_owned(), hit["_score"].as_f64()? as f32))
        };
        Ok(hits.iter().filter_map(score).collect())
    }
}

#[async_trait]
impl TextIndex for ElasticsearchIndex {
    async fn mark(&self, scope: &Scope) -> Result<i64, MemoryError> {
        let owner = OwnerKey::of(scope);
        let found = self.client.get(&owner, vec![owner.mark()]).await?;
        let mark = found.into_iter().flatten().next();
        Ok(mark.and_then(|m| m["mark"].as_i64()).unwrap_or_default())
    }

    async fn confirm(&self, scope: &Scope, marked: Option<&RecordId>) -> Result<(), MemoryError> {
        let owner = OwnerKey::of(scope);
        let found = self.client.get(&owner, vec![owner.mark()]).await?;
        let Some(mark) = found.into_iter().flatten().next() else {
            return Ok(());
        };
        match mark["record"].as_str() == marked.map(RecordId::as_str) {
            true => Ok(()),
            false => self.forget(&owner).await,
        }
    }

    async fn apply(
        &self,
        scope: &Scope,
        changes: Vec<TextChange>,
        mark: i64,
    ) -> Result<(), MemoryError> {
        let owner = OwnerKey::of(scope);
        let marked = changes.last().map(|change| change.id().clone());
        let changes: BTreeMap<RecordId, Option<Member>> =
            changes.into_iter().map(Member::of).collect();
        let ids: Vec<&RecordId> = changes.keys().collect();
        let known = self.members(&owner, &ids).await?;
        let arriving = changes.values().flatten();
        let touched = known.iter().chain(arriving).map(|m| m.session.clone());
        let sessions = self.sessions(&owner, touched.collect()).await?;
        let documents = rearranged(&owner, sessions, &changes);
        self.client.write(&owner, &documents).await?;
        let mark = json!({"mark": mark, "record": marked});
        self.client.put(&owner, owner.mark(), &mark).await
    }

    async fn search(
        &self,
        scope: &Scope,
        query: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<TextHit>, MemoryError> {
        let owner = OwnerKey::of(scope);
        let mut seen = BTreeSet::new();
        let mut terms = stems(query);
        terms.retain(|term| seen.insert(term.clone()));
        terms.truncate(TERMS_MAX);
        if terms.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let sessions = self.session_scores(&owner, &terms).await?;
        let query = query::records(&owner, &terms, &sessions, filter, limit.min(HITS_MAX));
        let found = self.client.search(&owner, &query).await?;
        let hits: Result<Vec<TextHit>, _> = found
            .iter()
            .map(|hit| query::hit(hit, &terms, &sessions))
            .collect();
        let mut hits = hits?;
        let sum = |hit: &TextHit| hit.scores.iter().sum::<f32>();
        hits.sort_unstable_by(|a, b| sum(b).total_cmp(&sum(a)).then_with(|| a.id.cmp(&b.id)));
        Ok(hits)
    }

    async fn places(
        &self,
        scope: &Scope,
        ids: &[RecordId],
    ) -> Result<Vec<Option<Place>>, MemoryError> {
        let owner = OwnerKey::of(scope);
        let names = ids.iter().map(|id| owner.record(id));
        let documents = self.client.get(&owner, names.collect()).await?;
        let place = |source: Option<Value>| {
            let source = source?;
            Some(Place {
                session: source["session"].as_str()?.to_owned(),
                position: usize::try_from(source["position"].as_u64()?).ok()?,
            })
        };
        Ok(documents.into_iter().map(place).collect())
    }

    fn server(&self) -> Option<&'static str> {
        Some("elasticsearch")
    }

    async fn ping(&self) -> Result<(), MemoryError> {
        self.client.ping().await
    }

    async fn clear(&self) -> Result<(), MemoryError> {
        self.client.clear().await
    }
}
