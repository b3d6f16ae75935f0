//! Recalling what matters to a question.

use karen_sql::now_ms;

use super::{Memory, warn};
use crate::pack::pack;
use crate::recall::{MEANINGS_MAX, Similar, WORDS_MAX, finish, fuse, hop, rank, reply};
use crate::{
    Channel, Filter, MemoryError, Pack, Place, Query, Recall, Record, RecordId, RecordStore, Scope,
    TextHit, When,
};

/// Fused candidates whose records are read, at least: enough for the priors to reorder.
const SHORTLIST_MIN: usize = 50;

impl Memory {
    /// The records that matter most to a question; none when nothing is relevant: no word is shared
    /// with a record or its neighbours, and no meaning is alike. Standing instructions come whatever
    /// the question.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`. A failing embedder, or an index that does not answer while the other
    /// does, is none: [`Recall::missing`] tells.
    pub async fn recall(&self, scope: &Scope, query: Query) -> Result<Recall, MemoryError> {
        let now = query.asked_at().unwrap_or_else(now_ms);
        let (found, instructions) = tokio::join!(
            self.search(scope, &query, query.text(), now),
            self.shared.store.instructions(scope, now),
        );
        let mut recall = found?;
        if let Some(text) = query.has_hop().then(|| hop::expand(&query, &recall.items)) {
            let beyond = self.search(scope, &query, &text, now).await?;
            recall.items = hop::join(recall.items, beyond.items);
        }
        recall.items = finish(&query, recall.items, now);
        let recalled = recall.items.iter().map(|item| &item.record.id);
        self.shared.echoes.note(scope, recalled);
        recall.instructions = instructions?;
        if let Some(analytics) = &self.shared.analytics {
            analytics.note(scope, &recall, now_ms());
        }
        Ok(recall)
    }

    /// The records of a recall as lines of a prompt, `tokens_max` at most.
    #[must_use]
    pub fn pack(&self, recall: &Recall, tokens_max: u32) -> Pack {
        pack(recall, tokens_max, self.shared.tokens.as_ref())
    }

    /// What is relevant to `text`, in no particular order.
    async fn search(
        &self,
        scope: &Scope,
        query: &Query,
        text: &str,
        now: i64,
    ) -> Result<Recall, MemoryError> {
        let filter = query.filter(scope, now);
        let words = self.hits(scope, text, &filter, WORDS_MAX).await;
        let meanings = self.similar(scope, text, &filter).await;
        let (hits, similar, missing) = match (words, meanings) {
            (Ok(hits), Ok(similar)) => (hits, similar, Vec::new()),
            (Ok(hits), Err(error)) => {
                warn(&error, "recalling by words alone");
                (hits, None, vec![Channel::Dense])
            }
            (Err(error), Ok(Some(similar))) => {
                warn(&error, "recalling by meaning alone");
                (Vec::new(), Some(similar), Channel::WORDS.to_vec())
            }
            (Err(error), _) => return Err(error),
        };
        let mut candidates = fuse(hits, similar);
        candidates.truncate(query.places().end.saturating_mul(2).max(SHORTLIST_MIN));
        let ids: Vec<RecordId> = candidates.iter().map(|c| c.id.clone()).collect();
        let records = self.read(scope, &ids, filter.when).await?;
        let mut items = rank(query, candidates, records, now);
        if reply::may_be_among(&items) {
            let ids: Vec<RecordId> = items.iter().map(|item| item.record.id.clone()).collect();
            reply::weigh(&mut items, &self.places(scope, &ids).await);
        }
        Ok(Recall {
            items,
            missing,
            ..Recall::default()
        })
    }

    /// Where records stand; unknown to an index that does not answer.
    async fn places(&self, scope: &Scope, ids: &[RecordId]) -> Vec<Option<Place>> {
        let places = self.shared.projector.text.places(scope, ids).await;
        places.unwrap_or_else(|error| {
            warn(&error, "neighbours are not known");
            vec![None; ids.len()]
        })
    }

    /// The records as `when` sees them.
    async fn read(
        &self,
        scope: &Scope,
        ids: &[RecordId],
        when: When,
    ) -> Result<Vec<Record>, MemoryError> {
        let mut records = self.shared.store.get(scope, ids).await?;
        self.as_seen(scope, &mut records, when).await?;
        Ok(records)
    }

    /// Makes records what they were at the time that is asked about.
    pub(super) async fn as_seen(
        &self,
        scope: &Scope,
        records: &mut [Record],
        when: When,
    ) -> Result<(), MemoryError> {
        let When::AsOf { known, .. } = when else {
            return Ok(());
        };
        let ids: Vec<RecordId> = records.iter().map(|record| record.id.clone()).collect();
        for earlier in self.shared.store.as_known(scope, &ids, known).await? {
            let place = records.iter_mut().find(|record| record.id == earlier.id);
            place
                .into_iter()
                .for_each(|record| *record = earlier.clone());
        }
        Ok(())
    }

    /// What an index of words finds that knows of every write.
    pub(super) async fn hits(
        &self,
        scope: &Scope,
        text: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<TextHit>, MemoryError> {
        let projector = &self.shared.projector;
        projector.catch_up_text(scope).await?;
        projector.text.search(scope, text, filter, limit).await
    }

    async fn similar(
        &self,
        scope: &Scope,
        text: &str,
        filter: &Filter,
    ) -> Result<Option<Vec<Similar>>, MemoryError> {
        let projector = &self.shared.projector;
        let found = projector.nearest(scope, text, filter, MEANINGS_MAX).await?;
        let Some(found) = found else {
            return Ok(None);
        };
        let (ids, cosines): (Vec<RecordId>, Vec<f32>) = found.into_iter().unzip();
        let places = self.places(scope, &ids).await;
        let similar = ids.into_iter().zip(cosines).zip(places);
        let similar = similar.map(|((id, cosine), place)| Similar { id, cosine, place });
        Ok(Some(similar.collect()))
    }
}
