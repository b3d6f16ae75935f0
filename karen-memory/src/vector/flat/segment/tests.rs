use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::segments::Segment as _;
use crate::{Lifetime, RecordKind, When};

const DIM: usize = 64;
const ROWS: usize = 6_000;
/// Subjects that vectors are about: near ones and far ones, as with texts.
const SUBJECTS: usize = 40;
const ASKED: usize = 10;

fn facets(kind: RecordKind) -> Facets {
    Facets {
        session: None,
        agent: None,
        kind,
        tags: Vec::new(),
        source: None,
        at: 0,
        importance: 0.5,
        lifetime: Lifetime::since(0, 0),
    }
}

fn numbers(random: &mut StdRng) -> Vec<f32> {
    (0..DIM).map(|_| random.random_range(-1.0..1.0)).collect()
}

/// Near one of the subjects, of length 1.
fn about(subject: &[f32], random: &mut StdRng) -> Vec<f32> {
    let noise = numbers(random);
    let mixed = subject.iter().zip(noise).map(|(s, n)| s + n);
    let mut vector: Vec<f32> = mixed.collect();
    let length = vector.iter().map(|n| n * n).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|n| *n /= length);
    vector
}

/// Many records, one in fifty of them a fact, with their signs; and questions about them.
fn world() -> (Segment, Vec<Vec<f32>>) {
    let mut random = StdRng::seed_from_u64(7);
    let subjects: Vec<Vec<f32>> = (0..SUBJECTS).map(|_| numbers(&mut random)).collect();
    let mut segment = Segment::default();
    for row in 0..ROWS {
        let kind = if row % 50 == 0 {
            RecordKind::Fact
        } else {
            RecordKind::Turn
        };
        let vector = about(&subjects[row % SUBJECTS], &mut random);
        segment.put(RecordId::fresh(), facets(kind), &vector);
    }
    segment.signs = Some(Signs::of(&segment.codes, DIM));
    let questions = subjects.iter().map(|s| about(s, &mut random)).collect();
    (segment, questions)
}

/// The same without signs.
fn scan(
    segment: &mut Segment,
    question: &[f32],
    filter: &Filter,
    limit: usize,
) -> Vec<(RecordId, f32)> {
    let signs = segment.signs.take();
    let found = segment.search(question, filter, limit);
    segment.signs = signs;
    found
}

#[test]
fn the_nearest_by_signs_are_the_nearest_of_all() {
    let (mut segment, questions) = world();
    let any = Filter::default();
    let mut same = 0;
    for question in &questions {
        let found = segment.search(question, &any, ASKED);
        let all = scan(&mut segment, question, &any, ASKED);
        assert_eq!(found[0], all[0], "the nearest of all");
        same += all.iter().filter(|one| found.contains(one)).count();
    }
    // Ten of six thousand, looked for among the thousand that are likeliest.
    assert!(same * 100 >= questions.len() * ASKED * 99, "{same}");
}

#[test]
fn a_search_that_scores_every_row_again_gives_what_a_scan_gives() {
    let (mut segment, questions) = world();
    for question in &questions[..3] {
        let found = segment.search(question, &Filter::default(), ROWS / LIKELY);
        let all = scan(&mut segment, question, &Filter::default(), ROWS / LIKELY);
        assert_eq!(found, all);
    }
}

#[test]
fn a_filter_costs_no_answer_that_it_admits() {
    let (mut segment, questions) = world();
    let facts = Filter {
        kinds: vec![RecordKind::Fact],
        when: When::Ever,
        ..Filter::default()
    };
    for question in &questions {
        let found = segment.search(question, &facts, ROWS);
        assert_eq!(found.len(), ROWS / 50);
        assert_eq!(found, scan(&mut segment, question, &facts, ROWS));
    }
}

#[test]
fn what_was_deleted_or_changed_is_found_as_it_is() {
    let (mut segment, questions) = world();
    let any = Filter::default();
    let nearest = segment.search(&questions[0], &any, 2);
    let [gone, moved] = [0, 1].map(|place| nearest[place].0.clone());
    let away: Vec<f32> = questions[0].iter().map(|n| -n).collect();
    segment.apply(vec![
        VectorChange::Delete(gone.clone()),
        VectorChange::Put {
            id: moved.clone(),
            facets: facets(RecordKind::Fact),
            vector: away.clone(),
        },
    ]);
    let found = segment.search(&questions[0], &any, ASKED);
    assert!(found.iter().all(|(id, _)| *id != gone && *id != moved));
    assert_eq!(segment.search(&away, &any, 1)[0].0, moved);
}

#[test]
fn signs_come_once_there_are_many_rows_and_again_when_they_are_read() {
    let mut random = StdRng::seed_from_u64(9);
    let mut segment = Segment::default();
    let mut last = None;
    for _ in 0..=SCORED_MAX {
        assert!(segment.signs.is_none());
        let vector = about(&[0.0; 8], &mut random);
        let id = RecordId::fresh();
        segment.put(id.clone(), facets(RecordKind::Fact), &vector);
        last = Some((id, vector));
    }
    assert!(segment.signs.is_some());
    let (id, vector) = last.expect("many rows");
    let mut read = Segment::default();
    let mut part = Vec::new();
    for number in segment.parts() {
        part.clear();
        segment.write(number, &mut part);
        read.read(number, &part).expect("a part");
    }
    read.complete().expect("whole");
    assert!(read.signs.is_some());
    let found = segment.search(&vector, &Filter::default(), ASKED);
    assert!(found.iter().any(|(found, _)| *found == id));
    assert_eq!(found, read.search(&vector, &Filter::default(), ASKED));
}
