//! Which erasures were asked for, and how far they are.

use karen_auth::{AccountId, TenantId};
use karen_sql::{Database, SqlError};
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Erased, Receipt};
use crate::id::ErasureId;
use crate::{Code, Error, Result, Scope};

/// An erasure that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Erasure {
    pub(crate) id: ErasureId,
    pub(crate) tenant: TenantId,
    /// None for the whole tenant.
    pub(crate) account: Option<AccountId>,
    /// The tenant of whoever asked.
    pub(crate) home: TenantId,
    pub(crate) asked_by: AccountId,
    pub(crate) asked_at: i64,
}

impl Erasure {
    /// What it is about, for the audit log.
    pub(super) fn subject(&self) -> &str {
        let account = self.account.as_ref().map(AccountId::as_str);
        account.unwrap_or(self.tenant.as_str())
    }

    pub(super) fn covers(&self, scope: &Scope) -> bool {
        let is_theirs = |account: &AccountId| account.as_str() == scope.user();
        self.tenant.as_str() == scope.tenant() && self.account.as_ref().is_none_or(is_theirs)
    }
}

/// The erasures, in SQLite or PostgreSQL. One that was begun is carried out, whatever happens.
#[derive(Clone, Debug)]
pub(crate) struct Erasures(Database);

impl Erasures {
    pub(crate) fn new(database: Database) -> Self {
        Self(database)
    }

    pub(crate) async fn begin(&self, erasure: &Erasure) -> Result<()> {
        let mut tx = self.0.write().await?;
        sqlx::query(
            "INSERT INTO core_erasures (id, tenant, account, home, asked_by, asked_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(erasure.id.as_str())
        .bind(erasure.tenant.as_str())
        .bind(erasure.account.as_ref().map(AccountId::as_str))
        .bind(erasure.home.as_str())
        .bind(erasure.asked_by.as_str())
        .bind(erasure.asked_at)
        .execute(&mut *tx)
        .await
        .map_err(|e| SqlError::of("begin", erasure.id.as_str(), e))?;
        Ok(tx.commit().await?)
    }

    /// Those that have no receipt, oldest first.
    pub(super) async fn unfinished(&self) -> Result<Vec<Erasure>> {
        let mut reader = self.0.read().await?;
        let rows = sqlx::query("SELECT * FROM core_erasures WHERE receipt IS NULL ORDER BY id")
            .fetch_all(&mut *reader)
            .await
            .map_err(|e| SqlError::of("list", "unfinished erasures", e))?;
        rows.iter().map(erasure).collect()
    }

    /// Keeps how much there is to erase, unless it was counted before; gives what is kept.
    pub(super) async fn count(&self, id: &ErasureId, found: Erased) -> Result<Erased> {
        self.put(id, "erased", json(&found)).await?;
        Ok(self.field(id, "erased").await?.unwrap_or(found))
    }

    pub(super) async fn counted(&self, id: &ErasureId) -> Result<Option<Erased>> {
        self.field(id, "erased").await
    }

    /// Ends it, unless another instance has; gives the receipt that is kept.
    pub(super) async fn finish(&self, receipt: Receipt) -> Result<Receipt> {
        self.put(&receipt.id, "receipt", json(&receipt)).await?;
        let kept = self.field(&receipt.id, "receipt").await?;
        Ok(kept.unwrap_or(receipt))
    }

    pub(super) async fn receipts(
        &self,
        home: &TenantId,
        after: Option<&ErasureId>,
        limit: u32,
    ) -> Result<Vec<Receipt>> {
        let mut reader = self.0.read().await?;
        let rows = sqlx::query(
            "SELECT receipt FROM core_erasures
             WHERE home = $1 AND id > $2 AND receipt IS NOT NULL ORDER BY id LIMIT $3",
        )
        .bind(home.as_str())
        .bind(after.map_or("", ErasureId::as_str))
        .bind(i64::from(limit))
        .fetch_all(&mut *reader)
        .await
        .map_err(|e| SqlError::of("list", "receipts", e))?;
        let receipts = rows.iter().map(|row| read(row, "receipt"));
        receipts.filter_map(Result::transpose).collect()
    }

    /// Fills a field that is empty.
    async fn put(&self, id: &ErasureId, field: &'static str, value: String) -> Result<()> {
        let statement = match field {
            "erased" => "UPDATE core_erasures SET erased = $1 WHERE id = $2 AND erased IS NULL",
            _ => "UPDATE core_erasures SET receipt = $1 WHERE id = $2 AND receipt IS NULL",
        };
        let mut tx = self.0.write().await?;
        sqlx::query(statement)
            .bind(value)
            .bind(id.as_str())
            .execute(&mut *tx)
            .await
            .map_err(|e| SqlError::of("update", id.as_str(), e))?;
        Ok(tx.commit().await?)
    }

    async fn field<T: DeserializeOwned>(
        &self,
        id: &ErasureId,
        field: &'static str,
    ) -> Result<Option<T>> {
        let mut reader = self.0.read().await?;
        let row = sqlx::query("SELECT erased, receipt FROM core_erasures WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&mut *reader)
            .await
            .map_err(|e| SqlError::of("read", id.as_str(), e))?;
        row.as_ref().map_or(Ok(None), |row| read(row, field))
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("plain data")
}

fn read<T: DeserializeOwned>(row: &AnyRow, field: &str) -> Result<Option<T>> {
    let text: Option<String> = row
        .try_get(field)
        .map_err(|e| SqlError::of("read", field, e))?;
    let parsed = text.as_deref().map(serde_json::from_str).transpose();
    parsed.map_err(|e| Error::new(Code::Corrupt, "a stored erasure cannot be read").caused_by(e))
}

fn erasure(row: &AnyRow) -> Result<Erasure> {
    let text = |field: &str| {
        let read = row.try_get::<Option<String>, _>(field);
        read.map_err(|e| SqlError::of("read", field, e))
    };
    let id = |field: &str| Ok::<_, Error>(text(field)?.unwrap_or_default());
    Ok(Erasure {
        id: ErasureId::stored(id("id")?),
        tenant: TenantId::parse(&id("tenant")?)?,
        account: text("account")?
            .as_deref()
            .map(AccountId::parse)
            .transpose()?,
        home: TenantId::parse(&id("home")?)?,
        asked_by: AccountId::parse(&id("asked_by")?)?,
        asked_at: row
            .try_get("asked_at")
            .map_err(|e| SqlError::of("read", "asked_at", e))?,
    })
}
