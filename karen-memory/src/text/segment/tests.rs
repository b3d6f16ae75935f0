use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::RecordKind;
use crate::testing::facets;

const WORDS: usize = 40;
const SESSIONS: usize = 6;

/// A change of a record that may be there already, perhaps in another session.
fn change(random: &mut StdRng, ids: &[RecordId]) -> TextChange {
    let id = ids[random.random_range(0..ids.len())].clone();
    if random.random_ratio(1, 4) {
        return TextChange::Delete(id);
    }
    let session = random.random_range(0..=SESSIONS);
    let words = random.random_range(1..12);
    TextChange::Put {
        id,
        facets: facets_in((session > 0).then(|| format!("s{session}"))),
        at: random.random_range(0..50),
        text: text(random, words),
    }
}

fn facets_in(session: Option<String>) -> Facets {
    facets(RecordKind::Turn, session.as_deref(), None)
}

/// Few words are common, and many are rare.
fn text(random: &mut StdRng, words: usize) -> String {
    let word = |_| format!("w{}", random.random_range(0..WORDS).pow(2) / WORDS);
    (0..words).map(word).collect::<Vec<_>>().join(" ")
}

fn everything(segment: &Segment, query: &str) -> Vec<TextHit> {
    segment.search(query, &Filter::default(), usize::MAX / 2)
}

#[test]
fn a_segment_that_changed_answers_as_one_made_of_what_it_holds() {
    let mut random = StdRng::seed_from_u64(7);
    let ids: Vec<RecordId> = (0..60).map(|_| RecordId::fresh()).collect();
    let mut changed = Segment::default();
    let mut held: BTreeMap<RecordId, TextChange> = BTreeMap::new();
    for _ in 0..200 {
        let batch: Vec<_> = (0..random.random_range(1..6))
            .map(|_| change(&mut random, &ids))
            .collect();
        for change in &batch {
            match change {
                TextChange::Put { id, .. } => held.insert(id.clone(), change.clone()),
                TextChange::Delete(id) => held.remove(id),
            };
        }
        changed.apply(batch);
        let mut fresh = Segment::default();
        fresh.apply(held.values().cloned().collect());
        let query = text(&mut random, 4);
        let (expect, found) = (everything(&fresh, &query), everything(&changed, &query));
        assert_eq!(found.len(), expect.len(), "{query}");
        for (found, expect) in found.iter().zip(&expect) {
            let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-4;
            assert_eq!((&found.id, &found.terms), (&expect.id, &expect.terms));
            assert!(found.scores.iter().zip(&expect.scores).all(close));
        }
        for id in &ids {
            assert_eq!(changed.place(id), fresh.place(id));
        }
    }
}

#[test]
fn a_search_that_leaves_sessions_out_finds_the_same_as_one_through_everything() {
    let mut random = StdRng::seed_from_u64(11);
    let mut segment = Segment::default();
    for session in 0..300 {
        let turn = |at: i64| TextChange::Put {
            id: RecordId::fresh(),
            facets: facets_in(Some(format!("s{session}"))),
            at,
            text: text(&mut random, 9),
        };
        segment.apply((0..8).map(turn).collect());
    }
    for _ in 0..100 {
        let query = text(&mut random, 3);
        let all = everything(&segment, &query);
        for limit in [1, 10, 100] {
            let found = segment.search(&query, &Filter::default(), limit);
            assert_eq!(found, all[..limit.min(all.len())], "{query}");
        }
    }
}

#[test]
fn a_word_that_nobody_has_any_more_is_not_held() {
    let mut segment = Segment::default();
    let id = RecordId::fresh();
    let note = |text: &str| TextChange::Put {
        id: id.clone(),
        facets: facets_in(None),
        at: 1,
        text: text.to_owned(),
    };
    segment.apply(vec![note("xylophone lessons")]);
    assert!(segment.words.get("xylophon").is_some());
    segment.apply(vec![note("piano lessons")]);
    assert!(segment.words.get("xylophon").is_none());
    assert!(segment.words.get("piano").is_some());
    segment.apply(vec![TextChange::Delete(id)]);
    assert!(segment.words.get("piano").is_none());
    assert_eq!(segment.totals.documents, 0);
}
