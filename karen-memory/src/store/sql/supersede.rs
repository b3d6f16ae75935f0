//! A fact takes the place of those that it makes untrue.

use karen_sql::{SqlError, Tx};
use sqlx::AssertSqlSafe;

use super::row::{self, COLUMNS};
use super::{link, revise};
use crate::claim::{Claim, Judgement};
use crate::store::{Link, Relation, Revision};
use crate::{MemoryError, Record, Remembered, Scope};

/// Ends what `record` supersedes, and notes what it conflicts with.
pub(super) async fn settle(
    tx: &mut Tx,
    scope: &Scope,
    record: &Record,
    sequence: &mut i64,
) -> Result<Remembered, MemoryError> {
    let mut remembered = Remembered::stored(record.id.clone());
    let Some(claim) = Claim::of(record) else {
        return Ok(remembered);
    };
    let mut links = Vec::new();
    for old in of_slot(tx, scope, &claim.slot(), record).await? {
        let is_later = record.lifetime.valid_from > old.lifetime.valid_from;
        let judgement = Claim::of(&old).map(|old| claim.judge(&old, is_later));
        let relation = match judgement {
            Some(Judgement::Supersedes) => Relation::Supersedes,
            Some(Judgement::Conflicts) => Relation::Conflicts,
            _ => continue,
        };
        links.push(Link {
            from: record.id.clone(),
            to: old.id.clone(),
            relation,
        });
        if relation == Relation::Conflicts {
            remembered.conflicts.push(old.id);
            continue;
        }
        remembered.supersedes.push(old.id.clone());
        let retire = Revision::Retire {
            valid_to: record.lifetime.valid_from,
            superseded_by: Some(record.id.clone()),
        };
        let known = record.lifetime.recorded_at;
        revise::apply(tx, scope, old, &retire, known, sequence).await?;
    }
    link::put(tx, scope, &links).await?;
    Ok(remembered)
}

/// The open facts of a slot, oldest first, but for one.
async fn of_slot(
    tx: &mut Tx,
    scope: &Scope,
    slot: &str,
    but: &Record,
) -> Result<Vec<Record>, MemoryError> {
    let rows = sqlx::query(AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM memory_records
         WHERE tenant = $1 AND user_id = $2 AND slot = $3 AND id <> $4
           AND retired_at IS NULL AND valid_to IS NULL
         ORDER BY at, id"
    )))
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(slot)
    .bind(but.id.as_str())
    .fetch_all(&mut **tx)
    .await
    .map_err(|e| SqlError::of("find", "claims", e))?;
    rows.iter().map(row::record).collect()
}
