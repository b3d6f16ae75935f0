//! Turns stay forgotten: the name of their source outlives them, so that ingesting the same message
//! again does not bring it back.

use karen_sql::{SqlError, Tx};

use super::session;
use crate::{RecordId, Scope};

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
