//! What a user is told, each of it kept once.

use std::collections::HashMap;

use karen_sql::{Database, SqlError, Tx};
use sqlx::AssertSqlSafe;

use super::put::{self, New};
use super::write::{lock_and_move_head, move_head};
use super::{IDS_PER_STATEMENT, consent, places, row, supersede};
use crate::{MemoryError, Record, RecordId, Refusal, Remembered, Scope};

pub(super) async fn append(
    database: &Database,
    scope: &Scope,
    records: Vec<Record>,
) -> Result<Vec<Remembered>, MemoryError> {
    let told: Vec<New<'_>> = records.iter().map(New::of).collect();
    let mut tx = database.write().await?;
    let expected = i64::try_from(told.len()).expect("a batch fits in memory");
    let before = lock_and_move_head(&mut tx, scope, expected).await?;
    let consents = consent::read(&mut tx, scope).await?;
    let mut known = Known::among(&mut tx, scope, &told).await?;
    let (mut answers, mut fresh) = (Vec::with_capacity(told.len()), Vec::new());
    for new in told {
        let answer = match consents.may_remember(new.record.session.as_ref()) {
            true => known.answer(&new.identity),
            false => Some(Remembered::refused(new.record.id.clone(), Refusal::Consent)),
        };
        if answer.is_none() {
            known.keep(&new);
            fresh.push(new);
        }
        answers.push(answer);
    }
    let mut sequence = before;
    let stored = store(&mut tx, scope, &fresh, &mut sequence).await?;
    if sequence != before + expected {
        move_head(&mut tx, scope, sequence).await?;
    }
    tx.commit().await?;
    let mut stored = stored.into_iter();
    let answers = answers.into_iter();
    Ok(answers
        .filter_map(|answer| answer.or_else(|| stored.next()))
        .collect())
}

/// Many in a statement; but a claim is settled with those that were told before it.
async fn store(
    tx: &mut Tx,
    scope: &Scope,
    fresh: &[New<'_>],
    sequence: &mut i64,
) -> Result<Vec<Remembered>, MemoryError> {
    let mut stored = Vec::with_capacity(fresh.len());
    for run in fresh.split_inclusive(|new| new.slot.is_some()) {
        put::insert(tx, scope, run).await?;
        let ids: Vec<&RecordId> = run.iter().map(|new| &new.record.id).collect();
        put::log(tx, scope, sequence, &ids).await?;
        let (last, before) = run.split_last().expect("a run holds a record");
        stored.extend(
            before
                .iter()
                .map(|new| Remembered::stored(new.record.id.clone())),
        );
        stored.push(supersede::settle(tx, scope, last.record, sequence).await?);
    }
    Ok(stored)
}

/// Which identities are known among those that are told.
#[derive(Default)]
struct Known {
    kept: HashMap<String, RecordId>,
    forgotten: HashMap<String, RecordId>,
}

impl Known {
    async fn among(tx: &mut Tx, scope: &Scope, told: &[New<'_>]) -> Result<Self, MemoryError> {
        let mut known = Self::default();
        for told in told.chunks(IDS_PER_STATEMENT) {
            known.look_up(tx, scope, told).await?;
        }
        Ok(known)
    }

    async fn look_up(
        &mut self,
        tx: &mut Tx,
        scope: &Scope,
        told: &[New<'_>],
    ) -> Result<(), MemoryError> {
        let of = |e| SqlError::of("find", "what is known", e);
        let told_in = places(3, told.len());
        let statement = format!(
            "SELECT identity, id, 0 AS is_forgotten FROM memory_records
             WHERE tenant = $1 AND user_id = $2 AND identity IN ({told_in})
             UNION ALL SELECT identity, record_id, 1 FROM memory_forgotten
             WHERE tenant = $1 AND user_id = $2 AND identity IN ({told_in})"
        );
        let mut query = sqlx::query(AssertSqlSafe(statement))
            .persistent(told.len() == 1)
            .bind(scope.tenant().as_str())
            .bind(scope.user().as_str());
        for new in told {
            query = query.bind(new.identity.as_str());
        }
        for row in &query.fetch_all(&mut **tx).await.map_err(of)? {
            let known = match row::number(row, "is_forgotten")? {
                0 => &mut self.kept,
                _ => &mut self.forgotten,
            };
            known.insert(row::text(row, "identity")?, row::id(row)?);
        }
        Ok(())
    }

    fn answer(&self, identity: &str) -> Option<Remembered> {
        if let Some(id) = self.kept.get(identity) {
            return Some(Remembered::reinforcing(id.clone(), Refusal::Same));
        }
        let id = self.forgotten.get(identity)?;
        Some(Remembered::refused(id.clone(), Refusal::Forgotten))
    }

    fn keep(&mut self, new: &New<'_>) {
        self.kept
            .insert(new.identity.clone(), new.record.id.clone());
    }
}
