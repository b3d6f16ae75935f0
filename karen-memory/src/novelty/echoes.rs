//! What memory itself said a moment ago: whoever reads it back must not teach it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::{Statement, sentences};
use crate::scope::Owner;
use crate::{Record, RecordId, Scope};

/// Records remembered as said, a user.
const SAID_MAX: usize = 64;

/// The records that the last recalls gave, by user; their texts stay in the store.
#[derive(Debug, Default)]
pub(crate) struct Echoes {
    said: Mutex<HashMap<Owner, VecDeque<RecordId>>>,
}

impl Echoes {
    /// Notes what a recall gave, best first.
    pub(crate) fn note<'a>(&self, scope: &Scope, ids: impl Iterator<Item = &'a RecordId>) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let said = said.entry(scope.owner()).or_default();
        for id in ids.take(SAID_MAX) {
            said.retain(|other| other != id);
            said.push_back(id.clone());
        }
        let over = said.len().saturating_sub(SAID_MAX);
        said.drain(..over);
    }

    pub(crate) fn ids(&self, scope: &Scope) -> Vec<RecordId> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let ids = said.get(&scope.owner());
        ids.map_or_else(Vec::new, |ids| ids.iter().cloned().collect())
    }
}

/// The record that `text` reads back, if every sentence of it is one of `said`; lines of a prompt
/// may stand around it.
pub(crate) fn echoed<'a>(text: &str, said: &'a [Record]) -> Option<&'a Record> {
    let known: Vec<(Statement, &Record)> = said
        .iter()
        .map(|record| (Statement::of(&record.text), record))
        .collect();
    let mut first = None;
    for sentence in sentences(text).filter(|sentence| !is_heading(sentence)) {
        let statement = Statement::of(without_speaker(sentence));
        let source = known
            .iter()
            .find(|(known, _)| statement.is_covered_by(known));
        let (_, record) = source?;
        first.get_or_insert(*record);
    }
    first
}

/// A line of a date, or a title: it says nothing.
fn is_heading(sentence: &str) -> bool {
    let is_date_part = |c: char| c.is_ascii_digit() || c == '-';
    sentence.chars().all(is_date_part) || sentence.ends_with(':')
}

/// `- Ada: text` says `text`.
fn without_speaker(line: &str) -> &str {
    let line = line.trim_start_matches(['-', '*', ' ']);
    match line.split_once(": ") {
        Some((speaker, said)) if speaker.split_whitespace().count() == 1 => said,
        _ => line,
    }
}
