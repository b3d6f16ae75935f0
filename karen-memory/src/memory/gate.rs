//! Facts pass a gate before they are kept: see [`novelty`](crate::novelty).

use karen_sql::now_ms;

use super::{Memory, warn};
use crate::novelty::{COSINE_MIN, echoed, rearranged, repeats};
use crate::{
    Filter, MemoryError, Record, RecordId, RecordKind, RecordStore, Refusal, Remembered, Scope,
    When,
};

/// Records that a new one is compared with.
const NEIGHBOURS: usize = 16;

impl Memory {
    /// What becomes of a record that is not worth keeping; `None` for one that is. `batch` is kept
    /// with it.
    pub(super) async fn refusal(
        &self,
        scope: &Scope,
        record: &Record,
        batch: &[Record],
    ) -> Result<Option<Remembered>, MemoryError> {
        let whole = scope.whole();
        let text = record.text.as_str();
        if record.kind == RecordKind::Fact {
            if self.shared.boilerplate.holds(text) {
                let id = record.id.clone();
                return Ok(Some(Remembered::refused(id, Refusal::Boilerplate)));
            }
            let said = self.shared.echoes.ids(&whole);
            let mut said = self.shared.store.get(&whole, &said).await?;
            // What was true once may be true again.
            said.retain(|record| record.lifetime.is_present(now_ms()));
            if let Some(echo) = echoed(text, &said) {
                let id = echo.id.clone();
                return Ok(Some(Remembered::reinforcing(id, Refusal::Recalled)));
            }
        }
        let mut known = self.neighbours(&whole, record).await?;
        known.extend(
            batch
                .iter()
                .filter(|other| other.kind == record.kind)
                .cloned(),
        );
        let repeated = match repeats(text, &known) {
            Some(repeated) => Some(repeated),
            None => self
                .alike(text, &known)
                .await
                .map(|id| (id, Refusal::Alike)),
        };
        Ok(repeated.map(|(id, refusal)| Remembered::reinforcing(id, refusal)))
    }

    /// Present memories of the same kind that share words.
    async fn neighbours(&self, scope: &Scope, record: &Record) -> Result<Vec<Record>, MemoryError> {
        let filter = Filter {
            kinds: vec![record.kind],
            when: When::Present(now_ms()),
            ..Filter::default()
        };
        let hits = self.hits(scope, &record.text, &filter, NEIGHBOURS).await;
        let hits = hits.unwrap_or_else(|error| {
            // A write needs the truth alone, which knows the same words again by itself.
            warn(&error, "near duplicates are not looked for");
            Vec::new()
        });
        let ids: Vec<RecordId> = hits.into_iter().map(|hit| hit.id).collect();
        self.shared.store.get(scope, &ids).await
    }

    /// A record of the same words in another order that means the same. A write needs no model:
    /// where none answers, both are kept.
    async fn alike(&self, text: &str, known: &[Record]) -> Option<RecordId> {
        let embedder = self.shared.projector.embedder()?;
        for record in rearranged(text, known) {
            let texts = [text.to_owned(), record.text.clone()];
            let vectors = embedder.embed(&texts).await.ok()?;
            let [new, old] = vectors.as_slice() else {
                return None;
            };
            let cosine: f32 = new.iter().zip(old).map(|(a, b)| a * b).sum();
            if cosine >= COSINE_MIN {
                return Some(record.id.clone());
            }
        }
        None
    }
}
