//! Replies: what follows a question answers it, also where it repeats none of its words.
//!
//! Who answers leaves out what was just said ("Where did you buy the lamp?" "At the flea market."), so
//! what the question shares with a query counts in part for the record right after it (adjacency pairs,
//! Schegloff and Sacks 1973).

use std::collections::HashMap;

use super::priors::asks;
use super::{Channel, Recalled};
use crate::Place;

/// The part of a question's words that counts for its reply: it may be about something else.
const SHARE: f32 = 0.25;

/// Whether a question is among the records.
pub(crate) fn may_be_among(items: &[Recalled]) -> bool {
    items.iter().any(|item| asks(&item.record))
}

/// Adds to replies what their questions are worth; `places` are where the records stand.
pub(crate) fn weigh(items: &mut [Recalled], places: &[Option<Place>]) {
    let stand = items.iter().zip(places);
    let questions: HashMap<Place, f32> = stand
        .filter(|(item, _)| asks(&item.record))
        .filter_map(|(item, place)| {
            Some((
                place.clone()?,
                item.worth(Channel::Turn) + item.worth(Channel::Dense),
            ))
        })
        .collect();
    for (item, place) in items.iter_mut().zip(places) {
        let Some(asked) = place.as_ref().and_then(Place::before) else {
            continue;
        };
        let worth = questions.get(&asked).copied().unwrap_or_default();
        if worth > 0.0 && !asks(&item.record) {
            item.add(Channel::Reply, SHARE * worth);
        }
    }
}
