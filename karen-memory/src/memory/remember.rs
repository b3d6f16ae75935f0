//! Keeping what is told.

use karen_sql::now_ms;

use super::{Memory, key};
use crate::{
    Consent, MemoryError, MemoryErrorKind, NewRecord, Record, RecordId, RecordStore, Refusal,
    Remembered, Revision, Scope, Turn,
};

impl Memory {
    /// Keeps a record, unless memory holds it already or it is no news: the program's own text, or
    /// what a recall said a moment ago. What repeats a record counts as a use of it.
    ///
    /// With an [idempotency key](NewRecord::idempotency_key), what was kept the first time is kept
    /// still, and is no repetition.
    ///
    /// Two who tell nearly the same at once may both be kept; the same words are kept once.
    ///
    /// # Errors
    /// `Invalid` for a text of nothing but white space, an importance outside 0 to 1 or an end before
    /// its beginning, `Conflict` for a key that another record was written with, `TooLarge`, `Full`,
    /// `ReadOnly`.
    pub async fn remember(
        &self,
        scope: &Scope,
        record: NewRecord,
    ) -> Result<Remembered, MemoryError> {
        let remembered = self.remember_all(scope, vec![record]).await?;
        let one = remembered.into_iter().next();
        one.ok_or_else(|| MemoryError::new(MemoryErrorKind::Internal, "append", "a record"))
    }

    /// Keeps records, all or nothing of those that [`remember`](Self::remember) would keep; answers
    /// in their order.
    ///
    /// # Errors
    /// As [`remember`](Self::remember).
    pub async fn remember_all(
        &self,
        scope: &Scope,
        records: Vec<NewRecord>,
    ) -> Result<Vec<Remembered>, MemoryError> {
        let keyed = key::check(&records)?;
        let records: Vec<Record> = records.into_iter().map(|r| r.into_record(scope)).collect();
        for record in &records {
            self.check(record)?;
        }
        let consents = self.consent(scope).await? == Consent::Remember;
        let (mut kept, mut answers) = (Vec::new(), Vec::new());
        for (record, is_keyed) in records.into_iter().zip(keyed) {
            let before = match is_keyed {
                true => self.written_before(scope, &record).await?,
                false => None,
            };
            let answer = match before {
                Some(before) => Some(before),
                None if consents => self.refusal(scope, &record, &kept).await?,
                None => Some(Remembered::refused(record.id.clone(), Refusal::Consent)),
            };
            if answer.is_none() {
                kept.push(record);
            }
            answers.push(answer);
        }
        let mut appended = match kept.is_empty() {
            true => Vec::new(),
            false => self.shared.store.append(scope, kept).await?,
        }
        .into_iter();
        let mut remembered = Vec::with_capacity(answers.len());
        for answer in answers {
            remembered.extend(answer.or_else(|| appended.next()));
        }
        self.reinforce(scope, &remembered).await?;
        Ok(remembered)
    }

    /// Being told again is a use.
    async fn reinforce(&self, scope: &Scope, told: &[Remembered]) -> Result<(), MemoryError> {
        let store = &self.shared.store;
        for id in told.iter().filter_map(|one| one.reinforces.as_ref()) {
            store
                .revise(&scope.whole(), id, &Revision::Use, now_ms())
                .await?;
        }
        Ok(())
    }

    /// Keeps what was said, all or nothing; gives the records in the order of `turns`. A turn that
    /// was kept before gives its record; one that was forgotten stays so, and gives the id it had.
    /// Turns of a session that is not to be remembered are passed over and give none.
    ///
    /// # Errors
    /// As [`remember`](Self::remember), and `Invalid` for a turn of another session than the scope's.
    pub async fn ingest(
        &self,
        scope: &Scope,
        turns: Vec<Turn>,
    ) -> Result<Vec<RecordId>, MemoryError> {
        let said = turns.into_iter().map(|turn| turn.into_record(scope));
        let records: Vec<Record> = said.collect();
        for record in &records {
            self.check(record)?;
            if scope.session().is_some() && scope.session() != record.session.as_ref() {
                return Err(invalid(
                    "ingest",
                    "a turn of another session than the scope's",
                ));
            }
        }
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let remembered = self.shared.store.append(scope, records).await?;
        let may_be_kept = |one: &Remembered| one.refusal != Some(Refusal::Consent);
        let kept = remembered.into_iter().filter(may_be_kept);
        Ok(kept.map(|one| one.id).collect())
    }

    pub(super) fn check(&self, record: &Record) -> Result<(), MemoryError> {
        let bytes = record.text.len() + record.caption.as_ref().map_or(0, String::len);
        if record.text.trim().is_empty() && record.caption.is_none() {
            return Err(invalid("remember", "an empty text"));
        }
        if !(0.0..=1.0).contains(&record.importance) {
            return Err(invalid("remember", "an importance outside 0 to 1"));
        }
        let lifetime = &record.lifetime;
        if lifetime
            .valid_to
            .is_some_and(|end| end < lifetime.valid_from)
        {
            return Err(invalid("remember", "an end before its beginning"));
        }
        if bytes > self.shared.text_bytes_max {
            let limit = self.shared.text_bytes_max;
            let subject = format!("a text of {bytes} bytes (the limit is {limit})");
            return Err(MemoryError::new(
                MemoryErrorKind::TooLarge,
                "remember",
                subject,
            ));
        }
        Ok(())
    }
}

fn invalid(operation: &'static str, subject: &str) -> MemoryError {
    MemoryError::new(MemoryErrorKind::Invalid, operation, subject)
}
