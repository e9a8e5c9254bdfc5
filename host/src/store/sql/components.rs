//! Uploaded policies: a row for each, and its bytes in parts.

use sqlx::{AnyConnection, AnyPool, Row};
use weir_core::units::UtcMs;

use super::dialect::Dialect;
use super::rows::{failed, from_sql, to_sql};
use crate::store::{NewComponent, StoreError, StoredComponent};

/// MySQL takes 1 MiB in one statement whatever its settings, what frames it included.
const PART_BYTES: usize = 512 * 1024;

const ADDING: &str = "storing a policy";
const READING: &str = "reading a policy";
const REMOVING: &str = "removing a policy";

const LAST: &str = "SELECT last_number FROM component_name WHERE name = ?";
const LAST_LOCKED: &str = "SELECT last_number FROM component_name WHERE name = ? FOR UPDATE";
const INSERT: &str =
    "INSERT INTO component (name, number, sha256, uploaded_at, document) VALUES (?, ?, ?, ?, ?)";
const INSERT_PART: &str =
    "INSERT INTO component_part (name, number, part, bytes) VALUES (?, ?, ?, ?)";
const ALL: &str =
    "SELECT name, number, sha256, uploaded_at, document FROM component ORDER BY name, number";
const PARTS: &str = "SELECT bytes FROM component_part WHERE name = ? AND number = ? ORDER BY part";

pub(super) async fn add(
    (writer, dialect): (&AnyPool, Dialect),
    new: &NewComponent<'_>,
) -> Result<StoredComponent, StoreError> {
    let mut transaction = dialect.begin(writer).await.map_err(failed(ADDING))?;
    let connection = &mut *transaction;
    let number = next_number((connection, dialect), new.name).await?;
    sqlx::query(INSERT)
        .bind(new.name)
        .bind(i64::from(number))
        .bind(new.sha256)
        .bind(to_sql(new.uploaded_at.0))
        .bind(new.document)
        .execute(&mut *connection)
        .await
        .map_err(|error| exists(error, new.name))?;
    for (part, bytes) in new.bytes.chunks(PART_BYTES).enumerate() {
        sqlx::query(INSERT_PART)
            .bind(new.name)
            .bind(i64::from(number))
            .bind(part as i64)
            .bind(bytes)
            .execute(&mut *connection)
            .await
            .map_err(failed(ADDING))?;
    }
    transaction.commit().await.map_err(failed(ADDING))?;
    Ok(StoredComponent {
        name: new.name.to_owned(),
        number,
        sha256: new.sha256.to_owned(),
        uploaded_at: new.uploaded_at,
        document: new.document.to_owned(),
    })
}

/// Counts the name's number up. What follows in the transaction undoes that when it fails.
async fn next_number(
    (connection, dialect): (&mut AnyConnection, Dialect),
    name: &str,
) -> Result<u32, StoreError> {
    let last: Option<i64> = sqlx::query_scalar(dialect.locking([LAST, LAST_LOCKED]))
        .bind(name)
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed(ADDING))?;
    let write = match last {
        Some(_) => "UPDATE component_name SET last_number = ? WHERE name = ?",
        None => "INSERT INTO component_name (last_number, name) VALUES (?, ?)",
    };
    let number = from_sql::<u32>("policy", last.unwrap_or(0))?.saturating_add(1);
    sqlx::query(write)
        .bind(i64::from(number))
        .bind(name)
        .execute(connection)
        .await
        .map_err(failed(ADDING))?;
    Ok(number)
}

fn exists(error: sqlx::Error, name: &str) -> StoreError {
    match &error {
        sqlx::Error::Database(database) if database.is_unique_violation() => StoreError::Exists {
            what: "policy",
            name: name.to_owned(),
        },
        _ => failed(ADDING)(error),
    }
}

pub(super) async fn all(readers: &AnyPool) -> Result<Vec<StoredComponent>, StoreError> {
    let rows = sqlx::query(ALL)
        .fetch_all(readers)
        .await
        .map_err(failed(READING))?;
    rows.iter()
        .map(|row| {
            Ok(StoredComponent {
                name: row.get("name"),
                number: from_sql("policy", row.get("number"))?,
                sha256: row.get("sha256"),
                uploaded_at: UtcMs(from_sql("policy", row.get("uploaded_at"))?),
                document: row.get("document"),
            })
        })
        .collect()
}

pub(super) async fn bytes(
    readers: &AnyPool,
    name: &str,
    number: u32,
) -> Result<Option<Vec<u8>>, StoreError> {
    let rows = sqlx::query(PARTS)
        .bind(name)
        .bind(i64::from(number))
        .fetch_all(readers)
        .await
        .map_err(failed(READING))?;
    let parts = rows.iter().map(|row| row.get::<Vec<u8>, _>("bytes"));
    Ok((!rows.is_empty()).then(|| parts.flatten().collect()))
}

pub(super) async fn remove(writer: &AnyPool, name: &str, number: u32) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM component WHERE name = ? AND number = ?")
        .bind(name)
        .bind(i64::from(number))
        .execute(writer)
        .await
        .map_err(failed(REMOVING))?;
    Ok(done.rows_affected() == 1)
}
