//! Tokens, and the book of changes.

use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row};
use weir_core::units::UtcMs;

use super::dialect::Dialect;
use super::rows::{failed, from_sql, to_sql};
use crate::store::{Change, StoreError, StoredToken};

/// Changes that are kept.
pub const CHANGES_KEPT: u32 = 100_000;

const ADDING: &str = "storing a token";
const READING: &str = "reading tokens";
const NOTING: &str = "noting a change";
const CHANGES: &str = "reading changes";

const INSERT_TOKEN: &str = "INSERT INTO access_token (name, digest, scope, created_at, created_by, expires_at) \
     VALUES (?, ?, ?, ?, ?, ?)";
const INSERT_CHANGE: &str =
    "INSERT INTO audit (at, who, address, what, status, detail) VALUES (?, ?, ?, ?, 0, '')";

pub(super) async fn add_token(writer: &AnyPool, token: &StoredToken) -> Result<(), StoreError> {
    let done = sqlx::query(INSERT_TOKEN)
        .bind(&token.name)
        .bind(&token.digest)
        .bind(&token.scope)
        .bind(to_sql(token.created_at.0))
        .bind(&token.created_by)
        .bind(to_sql(token.expires_at.map_or(0, |at| at.0)))
        .execute(writer)
        .await;
    match done {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            Err(StoreError::Exists {
                what: "token",
                name: token.name.clone(),
            })
        }
        Err(error) => Err(failed(ADDING)(error)),
    }
}

pub(super) async fn tokens(readers: &AnyPool) -> Result<Vec<StoredToken>, StoreError> {
    let sql = "SELECT name, digest, scope, created_at, created_by, expires_at FROM access_token ORDER BY name";
    let rows = sqlx::query(sql)
        .fetch_all(readers)
        .await
        .map_err(failed(READING))?;
    rows.iter().map(read_token).collect()
}

fn read_token(row: &AnyRow) -> Result<StoredToken, StoreError> {
    let time = |column: &str| from_sql::<u64>("token", row.get(column)).map(UtcMs);
    Ok(StoredToken {
        name: row.get("name"),
        digest: row.get("digest"),
        scope: row.get("scope"),
        created_at: time("created_at")?,
        created_by: row.get("created_by"),
        expires_at: Some(time("expires_at")?).filter(|at| at.0 > 0),
    })
}

pub(super) async fn remove_token(writer: &AnyPool, name: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM access_token WHERE name = ?")
        .bind(name)
        .execute(writer)
        .await
        .map_err(failed(ADDING))?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn begin_change(
    (writer, dialect): (&AnyPool, Dialect),
    change: &Change,
) -> Result<u64, StoreError> {
    let mut transaction = dialect.begin(writer).await.map_err(failed(NOTING))?;
    let connection = &mut *transaction;
    sqlx::query(INSERT_CHANGE)
        .bind(to_sql(change.at.0))
        .bind(&change.who)
        .bind(&change.address)
        .bind(&change.what)
        .execute(&mut *connection)
        .await
        .map_err(failed(NOTING))?;
    // Read in the transaction of the insert, so it is its own.
    let id: i64 = sqlx::query_scalar(dialect.last_insert())
        .fetch_one(&mut *connection)
        .await
        .map_err(failed(NOTING))?;
    let last_dropped = id - i64::from(CHANGES_KEPT);
    if last_dropped > 0 {
        sqlx::query("DELETE FROM audit WHERE seq <= ?")
            .bind(last_dropped)
            .execute(&mut *connection)
            .await
            .map_err(failed(NOTING))?;
    }
    transaction.commit().await.map_err(failed(NOTING))?;
    from_sql("change", id)
}

pub(super) async fn end_change(
    writer: &AnyPool,
    id: u64,
    status: u16,
    detail: &str,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE audit SET status = ?, detail = ? WHERE seq = ?")
        .bind(i64::from(status))
        .bind(detail)
        .bind(to_sql(id))
        .execute(writer)
        .await
        .map_err(failed(NOTING))?;
    Ok(())
}

pub(super) async fn changes(
    readers: &AnyPool,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<Change>, StoreError> {
    let sql = "SELECT seq, at, who, address, what, status, detail FROM audit WHERE seq < ? \
               ORDER BY seq DESC LIMIT ?";
    let rows = sqlx::query(sql)
        .bind(to_sql(before.unwrap_or(u64::MAX)))
        .bind(i64::from(limit))
        .fetch_all(readers)
        .await
        .map_err(failed(CHANGES))?;
    rows.iter()
        .map(|row| {
            let status: u16 = from_sql("change", row.get("status"))?;
            Ok(Change {
                id: from_sql("change", row.get("seq"))?,
                at: UtcMs(from_sql("change", row.get("at"))?),
                who: row.get("who"),
                address: row.get("address"),
                what: row.get("what"),
                status: (status > 0).then_some(status),
                detail: row.get("detail"),
            })
        })
        .collect()
}
