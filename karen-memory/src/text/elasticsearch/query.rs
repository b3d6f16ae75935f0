//! Questions to the index, and the hits read back.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::document::{OwnerKey, session_name};
use super::{HITS_MAX, SESSIONS_MAX};
use crate::text::TextHit;
use crate::{Filter, MemoryError, MemoryErrorKind, RecordId, When};

/// The fields of the two middle scales.
const WINDOWS: [&str; 2] = ["near", "around"];

/// Every record of some sessions, in order.
pub(super) fn members(owner: &OwnerKey, sessions: &BTreeSet<String>) -> Value {
    json!({
        "size": HITS_MAX,
        "_source": {"excludes": WINDOWS},
        "sort": ["at", "record"],
        "query": {"bool": {"filter": [
            {"term": {"owner": owner.as_str()}},
            {"terms": {"session": sessions}},
            {"exists": {"field": "record"}},
        ]}},
    })
}

/// Every document of a user but the mark.
pub(super) fn everything(owner: &OwnerKey) -> Value {
    json!({
        "size": HITS_MAX,
        "_source": false,
        "query": {"bool": {"filter": [{"term": {"owner": owner.as_str()}}]}},
    })
}

/// The sessions that share most with a query.
pub(super) fn sessions(owner: &OwnerKey, terms: &[String]) -> Value {
    json!({
        "size": SESSIONS_MAX,
        "_source": ["session"],
        "sort": ["_score", "session"],
        "query": {"bool": {
            "filter": [{"term": {"owner": owner.as_str()}}],
            "must": [any("words", terms)],
        }},
    })
}

/// The records that share most with a query: in their own words, in their windows', in their
/// session's.
pub(super) fn records(
    owner: &OwnerKey,
    terms: &[String],
    sessions: &HashMap<String, f32>,
    filter: &Filter,
    limit: usize,
) -> Value {
    let own = terms
        .iter()
        .map(|term| json!({"term": {"turn": {"value": term, "_name": format!("turn:{term}")}}}));
    let windows = WINDOWS.map(|field| {
        let mut window = any(field, terms);
        window["bool"]["_name"] = json!(field);
        window
    });
    let of_sessions = sessions.iter().map(|(name, score)| {
        json!({"constant_score": {"filter": {"term": {"session": name}}, "boost": score}})
    });
    let should: Vec<Value> = own.chain(windows).chain(of_sessions).collect();
    json!({
        "size": limit,
        "_source": ["record", "session"],
        "sort": ["_score", "record"],
        "query": {"bool": {
            "filter": admitting(owner, filter),
            "must_not": [{"terms": {"source": filter.exclude_sources}}],
            "should": should,
            "minimum_should_match": 1,
        }},
    })
}

/// Any of the words, each scored.
fn any(field: &str, terms: &[String]) -> Value {
    let terms: Vec<Value> = terms.iter().map(|t| json!({"term": {field: t}})).collect();
    json!({"bool": {"should": terms}})
}

fn admitting(owner: &OwnerKey, filter: &Filter) -> Vec<Value> {
    let mut conditions = vec![
        json!({"term": {"owner": owner.as_str()}}),
        json!({"exists": {"field": "record"}}),
    ];
    if let Some(session) = &filter.session {
        conditions.push(json!({"term": {"session": session_name(session.as_str())}}));
    }
    if let Some(agent) = &filter.agent {
        conditions.push(json!({"term": {"agent": agent}}));
    }
    if !filter.kinds.is_empty() {
        conditions.push(json!({"terms": {"kind": filter.kinds}}));
    }
    if !filter.sources.is_empty() {
        conditions.push(json!({"terms": {"source": filter.sources}}));
    }
    if let Some(from) = filter.said_from {
        conditions.push(json!({"range": {"at": {"gte": from}}}));
    }
    if let Some(before) = filter.said_before {
        conditions.push(json!({"range": {"at": {"lt": before}}}));
    }
    conditions.push(json!({"range": {"importance": {"gte": filter.importance_min}}}));
    conditions.extend(filter.tags.iter().map(|tag| json!({"term": {"tags": tag}})));
    conditions.extend(living(filter.when));
    conditions
}

/// [`When::admits`] as conditions.
fn living(when: When) -> Vec<Value> {
    let none_of = |conditions: Value| json!({"bool": {"must_not": conditions}});
    let over_by = |moment: i64| json!({"range": {"valid_to": {"lte": moment}}});
    match when {
        When::Present(now) => vec![none_of(json!([
            {"exists": {"field": "retired_at"}},
            {"exists": {"field": "archived_at"}},
            over_by(now),
        ]))],
        When::AsOf { valid, known } => vec![
            json!({"range": {"recorded_at": {"lte": known}}}),
            json!({"range": {"valid_from": {"lte": valid}}}),
            json!({"bool": {"should": [
                none_of(json!([over_by(valid)])),
                {"range": {"retired_at": {"gt": known}}},
            ]}}),
        ],
        When::Ever => Vec::new(),
    }
}

/// A hit of [`records`]: what each scale adds is in the scores of the named parts of the query.
pub(super) fn hit(
    hit: &Value,
    terms: &[String],
    sessions: &HashMap<String, f32>,
) -> Result<TextHit, MemoryError> {
    let source = &hit["_source"];
    let id = source["record"].as_str().ok_or_else(|| {
        let subject = "a hit of the index of words";
        MemoryError::new(MemoryErrorKind::Corrupt, "read", subject)
    })?;
    let part = |name: &str| hit["matched_queries"][name].as_f64().unwrap_or_default() as f32;
    let own: Vec<(&String, f32)> = terms
        .iter()
        .map(|term| (term, part(&format!("turn:{term}"))))
        .filter(|(_, score)| *score > 0.0)
        .collect();
    let session = source["session"].as_str().and_then(|s| sessions.get(s));
    Ok(TextHit {
        id: RecordId::parse(id)?,
        scores: [
            own.iter().map(|(_, score)| score).sum(),
            part(WINDOWS[0]),
            part(WINDOWS[1]),
            session.copied().unwrap_or_default(),
        ],
        terms: own.into_iter().map(|(term, _)| term.clone()).collect(),
    })
}
