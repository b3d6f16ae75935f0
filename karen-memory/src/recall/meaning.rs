//! Meaning at the scales of words: the record, its neighbours, its session.
//!
//! A window is as close as the closest of its records. Averages blur what one turn says (opsem finds
//! 13 to 24 points between the two).

use std::collections::{BTreeMap, HashMap};

use crate::{Place, RecordId};

/// A record that an index of vectors found, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Similar {
    pub(crate) id: RecordId,
    pub(crate) cosine: f32,
    /// Unknown to an index of words that lags behind.
    pub(crate) place: Option<Place>,
}

/// Cosines of what was found, by record and by place.
#[derive(Default)]
pub(crate) struct Meanings {
    by_id: BTreeMap<RecordId, (f32, Option<Place>)>,
    /// By session, and there by position.
    by_place: HashMap<String, BTreeMap<usize, f32>>,
    lowest: f32,
}

impl Meanings {
    pub(crate) fn of(similar: Vec<Similar>) -> Self {
        let lowest = similar.iter().map(|s| s.cosine).reduce(f32::min);
        let mut meanings = Self {
            lowest: lowest.unwrap_or_default(),
            ..Self::default()
        };
        for Similar { id, cosine, place } in similar {
            if let Some(Place { session, position }) = place.clone() {
                let session = meanings.by_place.entry(session).or_default();
                session.insert(position, cosine);
            }
            meanings.by_id.insert(id, (cosine, place));
        }
        meanings
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &RecordId> {
        self.by_id.keys()
    }

    pub(crate) fn cosine(&self, id: &RecordId) -> Option<f32> {
        self.by_id.get(id).map(|(cosine, _)| *cosine)
    }

    /// The record's cosine, the best of it and its neighbours, the best of its session. A record
    /// that the index left out is no more alike than the last it gave.
    pub(crate) fn scales(&self, id: &RecordId) -> [f32; 3] {
        let Some((cosine, place)) = self.by_id.get(id) else {
            return [self.lowest; 3];
        };
        let Some(Place { session, position }) = place else {
            return [*cosine; 3];
        };
        let session = &self.by_place[session];
        let near = session.range(position.saturating_sub(1)..=position + 1);
        [*cosine, best(near.map(|(_, c)| c)), best(session.values())]
    }
}

fn best<'a>(cosines: impl Iterator<Item = &'a f32>) -> f32 {
    cosines.copied().fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_as_close_as_the_closest_of_its_records() {
        let ids: Vec<RecordId> = (0..5).map(|_| RecordId::fresh()).collect();
        let stand = |session: &str, position| {
            let session = session.to_owned();
            Some(Place { session, position })
        };
        let found = [
            (0.1, stand("a", 0)),
            (0.9, stand("a", 1)),
            (0.2, stand("a", 3)),
            (0.5, stand("b", 0)),
            (0.4, None),
        ];
        let similar = ids.iter().zip(found).map(|(id, (cosine, place))| Similar {
            id: id.clone(),
            cosine,
            place,
        });
        let meanings = Meanings::of(similar.collect());
        let expect = [
            [0.1, 0.9, 0.9],
            [0.9, 0.9, 0.9],
            [0.2, 0.2, 0.9],
            [0.5, 0.5, 0.5],
            [0.4, 0.4, 0.4],
        ];
        for (id, expect) in ids.iter().zip(expect) {
            assert_eq!(meanings.scales(id), expect);
        }
        assert_eq!(meanings.scales(&RecordId::fresh()), [0.1; 3], "left out");
    }
}
