//! What users decided about being remembered.

use karen_sql::{SqlError, now_ms};
use sqlx::AnyConnection;

use super::{row, session};
use crate::consent::Consents;
use crate::{Consent, MemoryError, Scope, SessionId};

/// Every decision of the scope's user.
pub(super) async fn read(
    connection: &mut AnyConnection,
    scope: &Scope,
) -> Result<Consents, MemoryError> {
    let rows = sqlx::query(
        "SELECT session, may_remember FROM memory_consents
         WHERE tenant = $1 AND user_id = $2 ORDER BY session",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .fetch_all(connection)
    .await
    .map_err(|e| SqlError::of("read", "consents", e))?;
    let mut consents = Consents::default();
    for row in &rows {
        let consent = match row::number(row, "may_remember")? {
            0 => Consent::DoNotRemember,
            _ => Consent::Remember,
        };
        match row::text(row, "session")?.as_str() {
            "" => consents.everything = consent,
            name => consents.sessions.push((SessionId::new(name), consent)),
        }
    }
    Ok(consents)
}

/// Decides for the scope: a session, or everything.
pub(super) async fn put(
    connection: &mut AnyConnection,
    scope: &Scope,
    consent: Consent,
) -> Result<(), SqlError> {
    sqlx::query(
        "INSERT INTO memory_consents (tenant, user_id, session, may_remember, changed_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant, user_id, session) DO UPDATE
         SET may_remember = excluded.may_remember, changed_at = excluded.changed_at",
    )
    .bind(scope.tenant().as_str())
    .bind(scope.user().as_str())
    .bind(session(scope))
    .bind(i64::from(consent == Consent::Remember))
    .bind(now_ms())
    .execute(connection)
    .await
    .map_err(|e| SqlError::of("put", "a consent", e))?;
    Ok(())
}
