//! Vectors scanned one by one: quick enough for a million of a user.

mod segment;
mod signs;

use std::path::Path;

use async_trait::async_trait;

use super::{VectorChange, VectorIndex};
use crate::segments::{Segments, digest};
use crate::{Filter, MemoryError, RecordId, Scope};
use segment::Segment;

/// Ends with the last version that writes segments in another way; the embedder follows.
const FORMAT: &str = "vectors 1";

/// Vectors of this process, eight bits a number, one segment a user: in memory, and in a file a user
/// if there is a folder for them.
///
/// A number keeps its value to within 1/254 of the largest in its vector; one of a query, to within
/// 1/8,000 for vectors of up to 2,048 numbers. Of up to 65,536 records of a user all are scored; of more, those
/// that are likeliest by the signs of their numbers: four for each that is asked for, and a thousand at least.
#[derive(Debug, Default)]
pub struct FlatIndex {
    segments: Segments<Segment>,
}

impl FlatIndex {
    /// Kept in files of `folder`; vectors of another [`embedder`](crate::Embedder::id) are not taken
    /// from there. This process alone may write there.
    #[must_use]
    pub fn in_folder(folder: &Path, embedder: &str) -> Self {
        let format = format!("{FORMAT} {embedder}");
        Self {
            segments: Segments::in_folder(folder, &extension(embedder), &format),
        }
    }
}

/// Vectors of two embedders lie side by side while one takes the other's place.
fn extension(embedder: &str) -> String {
    let name = u32::from_be_bytes(digest(&[embedder]));
    format!("{name:08x}.vectors")
}

#[async_trait]
impl VectorIndex for FlatIndex {
    async fn mark(&self, scope: &Scope) -> Result<i64, MemoryError> {
        Ok(self.segments.mark(scope).await)
    }

    async fn confirm(&self, scope: &Scope, marked: Option<&RecordId>) -> Result<(), MemoryError> {
        self.segments.confirm(scope, marked).await
    }

    async fn apply(
        &self,
        scope: &Scope,
        changes: Vec<VectorChange>,
        mark: i64,
    ) -> Result<(), MemoryError> {
        self.segments.apply(scope, changes, mark).await
    }

    async fn search(
        &self,
        scope: &Scope,
        vector: &[f32],
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<(RecordId, f32)>, MemoryError> {
        let search = |segment: &Segment| segment.search(vector, filter, limit);
        Ok(self.segments.look(scope, search).await)
    }

    async fn clear(&self) -> Result<(), MemoryError> {
        self.segments.clear()
    }

    async fn close(&self) {
        self.segments.close();
    }
}
