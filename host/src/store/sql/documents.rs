//! Documents by name, and the alarm thresholds.

use sqlx::{AnyPool, Row};
use weir_core::node::Role;

use super::dialect::Dialect;
use super::rows::{failed, failed_or_conflict, from_json, from_sql, to_json};
use crate::store::{Document, DocumentKind, StoreError};

/// The statements of one kind: both tables have the same columns.
struct Sql {
    what: &'static str,
    insert: &'static str,
    update: &'static str,
    select: &'static str,
    names: &'static str,
    delete: &'static str,
}

macro_rules! sql {
    ($what:literal, $table:literal) => {
        Sql {
            what: $what,
            insert: concat!(
                "INSERT INTO ",
                $table,
                " (document, name, version) VALUES (?, ?, 1)"
            ),
            update: concat!(
                "UPDATE ",
                $table,
                " SET document = ?, version = version + 1 WHERE name = ?"
            ),
            select: concat!("SELECT document FROM ", $table, " WHERE name = ?"),
            names: concat!("SELECT name FROM ", $table, " ORDER BY no"),
            delete: concat!("DELETE FROM ", $table, " WHERE name = ?"),
        }
    };
}

const LIMITS: Sql = sql!("limits document", "limits_document");
const LAUNCH: Sql = sql!("launch configuration", "launch_document");

fn sql(kind: DocumentKind) -> &'static Sql {
    match kind {
        DocumentKind::Limits => &LIMITS,
        DocumentKind::Launch => &LAUNCH,
    }
}

/// Statements, name and text of a document.
fn parts(document: &Document) -> Result<(&'static Sql, &str, String), StoreError> {
    Ok(match document {
        Document::Limits(limits) => (&LIMITS, &limits.name, to_json(LIMITS.what, limits)?),
        Document::Launch(launch) => (&LAUNCH, &launch.name, to_json(LAUNCH.what, launch)?),
    })
}

pub(super) async fn create(writer: &AnyPool, document: &Document) -> Result<(), StoreError> {
    let (sql, name, text) = parts(document)?;
    let done = sqlx::query(sql.insert)
        .bind(text)
        .bind(name)
        .execute(writer)
        .await;
    match done {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            Err(StoreError::Exists {
                what: sql.what,
                name: name.to_owned(),
            })
        }
        Err(error) => Err(failed("adding a document")(error)),
    }
}

pub(super) async fn replace(writer: &AnyPool, document: &Document) -> Result<bool, StoreError> {
    let (sql, name, text) = parts(document)?;
    let done = sqlx::query(sql.update)
        .bind(text)
        .bind(name)
        .execute(writer)
        .await
        .map_err(failed("replacing a document"))?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn read(
    readers: &AnyPool,
    kind: DocumentKind,
    name: &str,
) -> Result<Option<Document>, StoreError> {
    let sql = sql(kind);
    let text: Option<String> = sqlx::query_scalar(sql.select)
        .bind(name)
        .fetch_optional(readers)
        .await
        .map_err(failed("reading a document"))?;
    let Some(text) = text else {
        return Ok(None);
    };
    Ok(Some(match kind {
        DocumentKind::Limits => Document::Limits(from_json(sql.what, &text)?),
        DocumentKind::Launch => Document::Launch(from_json(sql.what, &text)?),
    }))
}

pub(super) async fn names(
    readers: &AnyPool,
    kind: DocumentKind,
) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar(sql(kind).names)
        .fetch_all(readers)
        .await
        .map_err(failed("listing documents"))
}

pub(super) async fn delete(
    writer: &AnyPool,
    kind: DocumentKind,
    name: &str,
) -> Result<bool, StoreError> {
    let sql = sql(kind);
    let done = sqlx::query(sql.delete)
        .bind(name)
        .execute(writer)
        .await
        .map_err(failed_or_conflict("deleting a document", sql.what))?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn thresholds(readers: &AnyPool) -> Result<Vec<(Role, u32)>, StoreError> {
    let rows = sqlx::query("SELECT role, percent FROM threshold ORDER BY role")
        .fetch_all(readers)
        .await
        .map_err(failed("reading alarm thresholds"))?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        // A role of a later release: this one has no use for its threshold.
        if let Some(role) = Role::parse(row.get("role")) {
            found.push((role, from_sql("threshold", row.get("percent"))?));
        }
    }
    found.sort_unstable();
    Ok(found)
}

pub(super) async fn set_threshold(
    (writer, dialect): (&AnyPool, Dialect),
    role: Role,
    percent: u32,
) -> Result<(), StoreError> {
    let doing = failed("setting an alarm threshold");
    let mut transaction = dialect.begin(writer).await.map_err(&doing)?;
    let done = sqlx::query("UPDATE threshold SET percent = ? WHERE role = ?")
        .bind(i64::from(percent))
        .bind(role.as_str())
        .execute(&mut *transaction)
        .await
        .map_err(&doing)?;
    if done.rows_affected() == 0 {
        sqlx::query("INSERT INTO threshold (percent, role) VALUES (?, ?)")
            .bind(i64::from(percent))
            .bind(role.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(&doing)?;
    }
    transaction.commit().await.map_err(&doing)
}
