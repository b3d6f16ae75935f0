//! One hop: names in what a question finds lead to what else is said of them.

use std::collections::BTreeMap;

use super::{Channel, Query, Recalled};
use crate::RecordId;
use crate::text::words;

/// Records whose names are followed.
const SEEDS: usize = 3;
/// Names followed at most: the first ones matter most.
const NAMES_MAX: usize = 6;
/// What the second search weighs against the first.
const WEIGHT: f32 = 0.5;

/// The question with the names of the first records that it found.
pub(crate) fn expand(query: &Query, items: &[Recalled]) -> String {
    let mut seeds: Vec<&Recalled> = items.iter().collect();
    seeds.sort_by(|a, b| b.score.total_cmp(&a.score));
    let asked = words(query.text());
    let mut names: Vec<&str> = Vec::new();
    for name in seeds
        .into_iter()
        .take(SEEDS)
        .flat_map(|s| self::names(&s.record.text))
    {
        let is_asked = words(name).iter().all(|word| asked.contains(word));
        if !is_asked && !names.contains(&name) {
            names.push(name);
        }
    }
    names.truncate(NAMES_MAX);
    format!("{} {}", query.text(), names.join(" "))
}

/// Words that begin with a capital letter within a sentence.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let mut starts = true;
    text.split_whitespace().filter_map(move |word| {
        let begins = std::mem::replace(&mut starts, word.ends_with(['.', '!', '?', ':']));
        let name = word.trim_matches(|c: char| !c.is_alphanumeric());
        let is_capital = name.chars().next().is_some_and(char::is_uppercase);
        (is_capital && !begins && name.chars().count() > 1).then_some(name)
    })
}

/// What both searches found, the second at half the weight.
pub(crate) fn join(first: Vec<Recalled>, second: Vec<Recalled>) -> Vec<Recalled> {
    let least = |items: &[Recalled]| items.iter().map(|i| i.score).reduce(f32::min);
    let (floor, beyond) = (
        least(&first).unwrap_or_default(),
        least(&second).unwrap_or_default(),
    );
    let mut joined: BTreeMap<RecordId, Recalled> = first
        .into_iter()
        .map(|item| (item.record.id.clone(), item))
        .collect();
    for item in second {
        let gain = WEIGHT * (item.score - beyond);
        let place = joined.entry(item.record.id.clone()).or_insert_with(|| {
            let mut unseen = item;
            unseen.why.channels.clear();
            unseen.add(Channel::Hop, floor);
            unseen
        });
        place.add(Channel::Hop, gain);
    }
    joined.into_values().collect()
}
