//! Which documents change when records come and go: those, and the neighbours whose windows they are
//! in.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use serde_json::{Value, json};

use super::document::{Member, OwnerKey};
use crate::RecordId;
use crate::text::REACHES;

/// Records of a session, in time and then by id.
pub(super) type Session = Vec<Member>;

/// Names of documents with what they become; what is gone comes first, since a record may have moved
/// to another session.
pub(super) fn rearranged(
    owner: &OwnerKey,
    sessions: BTreeMap<String, Session>,
    changes: &BTreeMap<RecordId, Option<Member>>,
) -> Vec<(String, Option<Value>)> {
    let mut documents = Vec::new();
    for (name, before) in sessions {
        let after = changed(&name, &before, changes);
        if after == before {
            continue;
        }
        let kept: HashSet<&RecordId> = after.iter().map(|m| &m.id).collect();
        let gone = before.iter().filter(|m| !kept.contains(&m.id));
        documents.extend(gone.map(|member| (owner.record(&member.id), None)));
        documents.extend(records(owner, &before, &after));
        let words = Some(&after).filter(|after| !after.is_empty());
        let session = words.map(|after| session(owner, &name, after));
        documents.push((owner.session(&name), session));
    }
    documents.sort_by_key(|(_, document)| document.is_some());
    documents
}

fn changed(name: &str, before: &[Member], changes: &BTreeMap<RecordId, Option<Member>>) -> Session {
    let untouched = before.iter().filter(|m| !changes.contains_key(&m.id));
    let arriving = changes.values().flatten().filter(|m| m.session == name);
    let mut after: Session = untouched.chain(arriving).cloned().collect();
    after.sort_by(|a, b| (a.traits.at, &a.id).cmp(&(b.traits.at, &b.id)));
    after
}

/// Documents of the records that stand elsewhere, or among others, than before.
fn records<'a>(
    owner: &'a OwnerKey,
    before: &'a [Member],
    after: &'a [Member],
) -> impl Iterator<Item = (String, Option<Value>)> + 'a {
    let stood: HashMap<&RecordId, usize> =
        before.iter().enumerate().map(|(i, m)| (&m.id, i)).collect();
    let widest = REACHES[2];
    let is_new = move |position: &usize| {
        let position = *position;
        let now = &after[window(position, widest, after.len())];
        let Some(&stood) = stood.get(&after[position].id) else {
            return true;
        };
        stood != position || before[window(stood, widest, before.len())] != *now
    };
    let written = (0..after.len()).filter(is_new);
    written.map(move |i| (owner.record(&after[i].id), Some(record(owner, after, i))))
}

fn record(owner: &OwnerKey, session: &[Member], position: usize) -> Value {
    let member = &session[position];
    let around = |reach| words(&session[window(position, reach, session.len())]);
    let mut document = json!(member.traits);
    document["owner"] = json!(owner.as_str());
    document["record"] = json!(member.id);
    document["session"] = json!(member.session);
    document["position"] = json!(position);
    document["turn"] = json!(member.words);
    document["near"] = json!(around(REACHES[1]));
    document["around"] = json!(around(REACHES[2]));
    document
}

fn session(owner: &OwnerKey, name: &str, members: &[Member]) -> Value {
    json!({"owner": owner.as_str(), "session": name, "words": words(members)})
}

fn words(members: &[Member]) -> String {
    let words: Vec<&str> = members.iter().map(|m| m.words.as_str()).collect();
    words.join(" ")
}

fn window(position: usize, reach: usize, len: usize) -> Range<usize> {
    position.saturating_sub(reach)..(position + reach + 1).min(len)
}
