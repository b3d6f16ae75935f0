//! Vectors scanned one by one: exact, and quick enough for hundreds of thousands of a user.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;

use super::{VectorChange, VectorIndex};
use crate::scope::Owner;
use crate::{Facets, Filter, MemoryError, RecordId, Scope};

/// Vectors of this process, eight bits a number, one segment a user.
///
/// A number keeps its value to within 1/254 of the largest in its vector.
#[derive(Debug, Default)]
pub struct FlatIndex {
    segments: RwLock<HashMap<Owner, Segment>>,
}

#[derive(Debug, Default)]
struct Segment {
    mark: i64,
    rows: Vec<Row>,
    row_of: HashMap<RecordId, usize>,
}

#[derive(Debug)]
struct Row {
    id: RecordId,
    facets: Facets,
    scale: f32,
    codes: Box<[i8]>,
}

#[async_trait]
impl VectorIndex for FlatIndex {
    async fn mark(&self, scope: &Scope) -> Result<i64, MemoryError> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        Ok(segments.get(&scope.owner()).map_or(0, |s| s.mark))
    }

    async fn apply(
        &self,
        scope: &Scope,
        changes: Vec<VectorChange>,
        mark: i64,
    ) -> Result<(), MemoryError> {
        let mut segments = self
            .segments
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let segment = segments.entry(scope.owner()).or_default();
        for change in changes {
            segment.apply(change);
        }
        segment.mark = mark;
        Ok(())
    }

    async fn search(
        &self,
        scope: &Scope,
        vector: &[f32],
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<(RecordId, f32)>, MemoryError> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        let segment = segments.get(&scope.owner());
        Ok(segment.map_or_else(Vec::new, |s| s.search(vector, filter, limit)))
    }

    async fn clear(&self) -> Result<(), MemoryError> {
        let mut segments = self
            .segments
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        segments.clear();
        Ok(())
    }
}

impl Segment {
    fn apply(&mut self, change: VectorChange) {
        match change {
            VectorChange::Put { id, facets, vector } => {
                self.delete(&id);
                self.row_of.insert(id.clone(), self.rows.len());
                self.rows.push(Row::quantise(id, facets, &vector));
            }
            VectorChange::Delete(id) => self.delete(&id),
        }
    }

    fn delete(&mut self, id: &RecordId) {
        let Some(row) = self.row_of.remove(id) else {
            return;
        };
        self.rows.swap_remove(row);
        if let Some(moved) = self.rows.get(row) {
            self.row_of.insert(moved.id.clone(), row);
        }
    }

    fn search(&self, vector: &[f32], filter: &Filter, limit: usize) -> Vec<(RecordId, f32)> {
        let admitted = self.rows.iter().filter(|row| filter.admits(&row.facets));
        let mut scored: Vec<(&RecordId, f32)> =
            admitted.map(|row| (&row.id, row.dot(vector))).collect();
        let best_first = |a: &(&RecordId, f32), b: &(&RecordId, f32)| -> Ordering {
            b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0))
        };
        if scored.len() > limit && limit > 0 {
            scored.select_nth_unstable_by(limit - 1, best_first);
        }
        scored.truncate(limit);
        scored.sort_unstable_by(best_first);
        scored.into_iter().map(|(id, s)| (id.clone(), s)).collect()
    }
}

impl Row {
    fn quantise(id: RecordId, facets: Facets, vector: &[f32]) -> Self {
        let largest = vector.iter().fold(0.0_f32, |max, v| max.max(v.abs()));
        let scale = largest / f32::from(i8::MAX);
        let code = |v: &f32| {
            if scale > 0.0 {
                (v / scale).round() as i8
            } else {
                0
            }
        };
        Self {
            id,
            facets,
            scale,
            codes: vector.iter().map(code).collect(),
        }
    }

    fn dot(&self, vector: &[f32]) -> f32 {
        let products = self.codes.iter().zip(vector);
        let sum: f32 = products.map(|(code, v)| f32::from(*code) * v).sum();
        sum * self.scale
    }
}
