//! Turns in SQL.

use async_trait::async_trait;
use karen_sql::{Database, SqlError, Tx};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{NumberedEvent, Turn, TurnLog, TurnState};
use crate::id::{ConversationId, MessageId, TurnId};
use crate::{Code, Error, Result, Scope};

/// [`TurnLog`] on SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub(crate) struct SqlTurnLog {
    database: Database,
}

impl SqlTurnLog {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Adds the events that are not there yet, in a transaction that is still open.
    async fn add(&self, scope: &Scope, id: &TurnId, events: &[NumberedEvent]) -> Result<Tx> {
        let mut tx = self.database.write().await?;
        let Some(last) = last_number(&mut tx, scope, id).await? else {
            return Err(Error::new(Code::NotFound, "there is no such turn"));
        };
        let known = events.partition_point(|event| event.number <= last);
        insert(&mut tx, id, &events[known..]).await?;
        Ok(tx)
    }
}

#[async_trait]
impl TurnLog for SqlTurnLog {
    async fn begin(&self, scope: &Scope, turn: &Turn) -> Result<()> {
        let of = |e| SqlError::of("begin", turn.id.as_str(), e);
        let mut tx = self.database.write().await?;
        sqlx::query(
            "INSERT INTO core_turns
             (id, tenant, owner, conversation, message, answer, prompt, remember, state, created_at,
              instance)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(turn.id.as_str())
        .bind(scope.tenant())
        .bind(scope.user())
        .bind(turn.conversation.as_str())
        .bind(turn.message.as_str())
        .bind(turn.answer.as_str())
        .bind(&turn.prompt)
        .bind(i64::from(turn.remember))
        .bind(state_name(turn.state))
        .bind(turn.created_at)
        .bind(&turn.instance)
        .execute(&mut *tx)
        .await
        .map_err(of)?;
        Ok(tx.commit().await?)
    }

    async fn get(&self, scope: &Scope, id: &TurnId) -> Result<Option<Turn>> {
        let of = |e| SqlError::of("get", id.as_str(), e);
        let mut reader = self.database.read().await?;
        let row =
            sqlx::query("SELECT * FROM core_turns WHERE id = $1 AND tenant = $2 AND owner = $3")
                .bind(id.as_str())
                .bind(scope.tenant())
                .bind(scope.user())
                .fetch_optional(&mut *reader)
                .await
                .map_err(of)?;
        Ok(row.as_ref().map(turn).transpose().map_err(of)?)
    }

    async fn append(&self, scope: &Scope, id: &TurnId, events: &[NumberedEvent]) -> Result<()> {
        Ok(self.add(scope, id, events).await?.commit().await?)
    }

    async fn finish(&self, scope: &Scope, id: &TurnId, events: &[NumberedEvent]) -> Result<()> {
        let mut tx = self.add(scope, id, events).await?;
        sqlx::query("UPDATE core_turns SET state = 'finished' WHERE id = $1")
            .bind(id.as_str())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("finish", id.as_str(), e))?;
        Ok(tx.commit().await?)
    }

    async fn events(
        &self,
        scope: &Scope,
        id: &TurnId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<NumberedEvent>> {
        let of = |e| SqlError::of("list events of", id.as_str(), e);
        let mut reader = self.database.read().await?;
        let rows = sqlx::query(
            "SELECT e.events FROM core_turn_events e
             JOIN core_turns t ON t.id = e.turn
             WHERE e.turn = $1 AND t.tenant = $2 AND t.owner = $3 AND e.last > $4
             ORDER BY e.first LIMIT $5",
        )
        .bind(id.as_str())
        .bind(scope.tenant())
        .bind(scope.user())
        .bind(i64::try_from(after).unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(&mut *reader)
        .await
        .map_err(of)?;
        let mut events = Vec::new();
        for row in &rows {
            events.extend(batch(row)?.into_iter().filter(|e| e.number > after));
        }
        events.truncate(limit as usize);
        Ok(events)
    }

    async fn running(&self) -> Result<Vec<(Scope, Turn)>> {
        let of = |e| SqlError::of("list", "running turns", e);
        let mut reader = self.database.read().await?;
        let rows = sqlx::query("SELECT * FROM core_turns WHERE state = 'running' ORDER BY id")
            .fetch_all(&mut *reader)
            .await
            .map_err(of)?;
        let owned = |row: &AnyRow| {
            let scope = Scope::stored(row.try_get("tenant")?, row.try_get("owner")?);
            Ok((scope, turn(row)?))
        };
        Ok(rows
            .iter()
            .map(owned)
            .collect::<Result<_, _>>()
            .map_err(of)?)
    }

    async fn count(&self, scope: &Scope) -> Result<u64> {
        let of = |e| SqlError::of("count", "turns", e);
        let mut reader = self.database.read().await?;
        let row = sqlx::query(
            "SELECT COUNT(*) AS turns FROM core_turns WHERE tenant = $1 AND owner = $2",
        )
        .bind(scope.tenant())
        .bind(scope.user())
        .fetch_one(&mut *reader)
        .await
        .map_err(of)?;
        let count: i64 = row.try_get("turns").map_err(of)?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    async fn erase(&self, scope: &Scope) -> Result<()> {
        let mut tx = self.database.write().await?;
        // Events go with their turn.
        sqlx::query("DELETE FROM core_turns WHERE tenant = $1 AND owner = $2")
            .bind(scope.tenant())
            .bind(scope.user())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("erase", "turns", e))?;
        Ok(tx.commit().await?)
    }
}

/// The number of the turn's last event, 0 before the first; `None` if the scope has no such turn.
async fn last_number(tx: &mut AnyConnection, scope: &Scope, id: &TurnId) -> Result<Option<u64>> {
    let of = |e| SqlError::of("find", id.as_str(), e);
    let row = sqlx::query(
        "SELECT COALESCE((SELECT MAX(last) FROM core_turn_events WHERE turn = t.id), 0) AS last
         FROM core_turns t WHERE t.id = $1 AND t.tenant = $2 AND t.owner = $3",
    )
    .bind(id.as_str())
    .bind(scope.tenant())
    .bind(scope.user())
    .fetch_optional(tx)
    .await
    .map_err(of)?;
    let last = row.map(|row| row.try_get::<i64, _>("last")).transpose();
    Ok(last
        .map_err(of)?
        .map(|last| u64::try_from(last).unwrap_or_default()))
}

/// One row a batch: a row for each token would cost more than the token.
async fn insert(tx: &mut AnyConnection, id: &TurnId, events: &[NumberedEvent]) -> Result<()> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return Ok(());
    };
    let text = serde_json::to_string(events).expect("events are plain data");
    sqlx::query("INSERT INTO core_turn_events (turn, first, last, events) VALUES ($1, $2, $3, $4)")
        .bind(id.as_str())
        .bind(i64::try_from(first.number).unwrap_or(i64::MAX))
        .bind(i64::try_from(last.number).unwrap_or(i64::MAX))
        .bind(text)
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("append events to", id.as_str(), e))?;
    Ok(())
}

fn state_name(state: TurnState) -> &'static str {
    match state {
        TurnState::Running => "running",
        TurnState::Finished => "finished",
    }
}

fn turn(row: &AnyRow) -> Result<Turn, sqlx::Error> {
    let state: String = row.try_get("state")?;
    Ok(Turn {
        id: TurnId::stored(row.try_get("id")?),
        conversation: ConversationId::stored(row.try_get("conversation")?),
        message: MessageId::stored(row.try_get("message")?),
        answer: MessageId::stored(row.try_get("answer")?),
        prompt: row.try_get("prompt")?,
        remember: row.try_get::<i64, _>("remember")? != 0,
        state: if state == "running" {
            TurnState::Running
        } else {
            TurnState::Finished
        },
        created_at: row.try_get("created_at")?,
        instance: row.try_get("instance")?,
    })
}

fn batch(row: &AnyRow) -> Result<Vec<NumberedEvent>> {
    let text: String = row
        .try_get("events")
        .map_err(|e| SqlError::of("read", "events", e))?;
    serde_json::from_str(&text)
        .map_err(|e| Error::new(Code::Corrupt, "stored events cannot be read").caused_by(e))
}
