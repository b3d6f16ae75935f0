//! Turns stay forgotten: the name of their source outlives them, so that ingesting the same message
//! again does not bring it back.

use karen_sql::{SqlError, Tx};

use super::{row, session};
use crate::{MemoryError, RecordId, Scope};

/// Notes the turns of the scope that are about to be deleted: one, or all of them.
pub(super) async fn note(
    tx: &mut Tx,
    scope: &Scope,
    id: Option<&RecordId>,
) -> Result<(), SqlError> {
    let id = id.map_or("", RecordId::as_str);
    sqlx::query(
        "INSERT INTO memory_forgotten (tenant, user_id, identity, record_id)
         SELECT tenant, user_id, identity, id FROM memory_records
         WHERE tenant = $1 AND user_id = $2 AND ($3 = '' OR session = $4)
           AND ($5 = '' OR id = $6) AND kind = 'turn' AND source IS NOT NULL",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(session(scope))
    .bind(session(scope))
    .bind(id)
    .bind(id)
    .execute(&mut **tx)
    .await
    .map_err(|e| SqlError::of("note", "forgotten turns", e))?;
    Ok(())
}

/// The id that a forgotten turn had.
pub(super) async fn find(
    tx: &mut Tx,
    scope: &Scope,
    identity: &str,
) -> Result<Option<RecordId>, MemoryError> {
    let row = sqlx::query(
        "SELECT record_id AS id FROM memory_forgotten
         WHERE tenant = $1 AND user_id = $2 AND identity = $3",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(identity)
    .fetch_optional(&mut **tx)
    .await
    .map_err(|e| SqlError::of("find", "a forgotten turn", e))?;
    row.as_ref().map(row::id).transpose()
}
