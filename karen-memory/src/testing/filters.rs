//! Filters, and a crowd of which each admits some: what every index must tell apart.

use std::collections::BTreeSet;

use super::facets;
use crate::{AgentId, Facets, Filter, Lifetime, RecordId, RecordKind, SessionId, When};

/// Holds what languages of queries take for their own.
const AWKWARD: &str = r#"50% of "it" | a_b\c* 'AND' {1}"#;

/// Records to be told apart, which share nothing but their words or vectors.
pub(super) fn crowd() -> Vec<(RecordId, Facets)> {
    let crowd = origins().into_iter().chain(weights()).chain(lives());
    crowd.map(|facets| (RecordId::fresh(), facets)).collect()
}

/// A filter admits exactly those of the crowd that [`Filter::admits`], in whatever order.
pub(super) fn assert_admitted(
    filter: &Filter,
    crowd: &[(RecordId, Facets)],
    found: impl IntoIterator<Item = RecordId>,
) {
    let admitted = crowd.iter().filter(|(_, facets)| filter.admits(facets));
    let admitted: BTreeSet<RecordId> = admitted.map(|(id, _)| id.clone()).collect();
    let tells_apart = !admitted.is_empty() && admitted.len() < crowd.len();
    assert!(tells_apart, "{filter:?} is no case");
    let found: BTreeSet<RecordId> = found.into_iter().collect();
    assert_eq!(found, admitted, "{filter:?}");
}

/// Each of the conditions, at the moment where it turns.
pub(super) fn filters() -> Vec<Filter> {
    let mut filters = by_origin();
    filters.extend(by_weight());
    filters.extend(moments().map(|when| Filter {
        when,
        ..Filter::default()
    }));
    filters.push(Filter {
        agent: Some(AgentId::new("cook")),
        kinds: vec![RecordKind::Fact],
        said_before: Some(2),
        when: When::Present(19),
        ..Filter::default()
    });
    filters
}

fn note() -> Facets {
    facets(RecordKind::Fact, None, None)
}

fn origins() -> Vec<Facets> {
    let written_by = |agent| Facets {
        agent: Some(AgentId::new(agent)),
        ..note()
    };
    vec![
        note(),
        facets(RecordKind::Turn, Some("here"), Some("msg_1")),
        facets(RecordKind::Turn, Some(AWKWARD), Some(AWKWARD)),
        written_by("cook"),
        written_by(AWKWARD),
    ]
}

fn by_origin() -> Vec<Filter> {
    let names = ["here", AWKWARD].into_iter();
    let sessions = names.map(|name| Filter {
        session: Some(SessionId::new(name)),
        ..Filter::default()
    });
    let names = ["cook", AWKWARD].into_iter();
    let agents = names.map(|name| Filter {
        agent: Some(AgentId::new(name)),
        ..Filter::default()
    });
    let sources = vec![AWKWARD.to_owned(), "msg_9".to_owned()];
    let others = [
        Filter {
            kinds: vec![RecordKind::Turn],
            ..Filter::default()
        },
        Filter {
            sources: sources.clone(),
            ..Filter::default()
        },
        Filter {
            exclude_sources: sources,
            ..Filter::default()
        },
    ];
    sessions.chain(agents).chain(others).collect()
}

fn weights() -> Vec<Facets> {
    let labelled = |tags: &[&str]| Facets {
        tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
        ..note()
    };
    let weighing = |importance| Facets {
        importance,
        ..note()
    };
    vec![
        labelled(&["red"]),
        labelled(&["red", AWKWARD]),
        labelled(&["redder"]),
        weighing(0.3),
        weighing(1.0),
        Facets { at: 20, ..note() },
    ]
}

fn by_weight() -> Vec<Filter> {
    let labelled = |tags: &[&str]| Filter {
        tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
        ..Filter::default()
    };
    let weighing = |importance_min| Filter {
        importance_min,
        ..Filter::default()
    };
    let said = |said_from, said_before| Filter {
        said_from,
        said_before,
        ..Filter::default()
    };
    vec![
        labelled(&["red"]),
        labelled(&["red", AWKWARD]),
        weighing(0.4),
        weighing(1.0),
        said(Some(20), None),
        said(None, Some(20)),
        said(Some(19), Some(21)),
    ]
}

/// What still holds, what is to hold later, what ends, what is over, and what is put away.
fn lives() -> impl Iterator<Item = Facets> {
    let open = Lifetime::since(10, 12);
    let told = Lifetime {
        valid_to: Some(20),
        ..open
    };
    let retired = Lifetime {
        retired_at: Some(30),
        ..told
    };
    let never_held = Lifetime {
        retired_at: Some(30),
        ..open
    };
    let archived = Lifetime {
        archived_at: Some(15),
        ..open
    };
    let later = Lifetime::since(1_000, 12);
    let lives = [open, told, retired, never_held, archived, later];
    lives
        .into_iter()
        .map(|lifetime| Facets { lifetime, ..note() })
}

fn moments() -> impl Iterator<Item = When> {
    let pairs = [(9, 40), (10, 11), (10, 12), (19, 40), (20, 29), (20, 30)];
    let as_of = pairs.map(|(valid, known)| When::AsOf { valid, known });
    let present = [19, 20].map(When::Present);
    as_of.into_iter().chain(present)
}
