//! The environment's binding, identifiers of past nodes, and the book of reapings.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use sqlx::{Row, SqliteConnection, SqlitePool};
use weir_core::ids::{GroupId, NodeId};

use super::BEGIN;
use super::rows::{failed, from_json, to_json, to_sql};
use crate::store::StoreError;
use crate::store::custody::{Binding, Reaping};

/// Identifiers of past nodes that are remembered. A cloud that brings an instance up so many launches late is none.
pub const PAST_NODES_KEPT: u32 = 100_000;
/// Reapings that are kept.
pub const REAPINGS_KEPT: u32 = 10_000;

const REMEMBER_REMOVED: &str = "INSERT INTO past_node (id) SELECT id FROM node \
     WHERE group_id = ? AND id = ? AND NOT EXISTS (SELECT 1 FROM past_node AS past WHERE past.id = node.id)";
/// The newest row's number, and the removal of what is too far behind it.
const NEWEST_PAST_NODES: [&str; 2] = [
    "SELECT MAX(seq) FROM past_node",
    "DELETE FROM past_node WHERE seq <= ?",
];
const NEWEST_REAPINGS: [&str; 2] = [
    "SELECT MAX(seq) FROM reaping",
    "DELETE FROM reaping WHERE seq <= ?",
];
const READING: &str = "reading what the environment is bound to";
const BINDING: &str = "binding the environment";
const REAPING: &str = "storing a reaping";

/// A file is known by its inode and its time of birth: both stay when it is renamed or its machine starts again, and a
/// copy has others. Devices are left out, since their numbers change from one start of a machine to the next.
pub(super) async fn place(path: &Path) -> Result<String, StoreError> {
    let doing = "looking where the database file lies";
    let meta = tokio::fs::metadata(path).await;
    let meta = meta.map_err(|error| StoreError::Unavailable {
        doing,
        source: Box::new(error),
    })?;
    Ok(format!("sqlite {} {}", meta.ino(), born(&meta)))
}

/// Nanoseconds since 1970, zero where the file system does not know.
fn born(meta: &Metadata) -> u128 {
    let since = meta
        .created()
        .ok()
        .and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_nanos())
}

pub(super) async fn binding(readers: &SqlitePool) -> Result<Option<Binding>, StoreError> {
    let mut connection = readers.acquire().await.map_err(failed(READING))?;
    bound(&mut connection).await
}

async fn bound(connection: &mut SqliteConnection) -> Result<Option<Binding>, StoreError> {
    let sql = "SELECT bound_store, bound_account FROM environment WHERE one = 1";
    let row = sqlx::query(sql)
        .fetch_optional(connection)
        .await
        .map_err(failed(READING))?;
    let bound = row.map(|row| Binding {
        store: row.get("bound_store"),
        account: row.get("bound_account"),
    });
    Ok(bound.filter(|bound| !bound.store.is_empty()))
}

pub(super) async fn bind(
    writer: &SqlitePool,
    binding: &Binding,
    replacing: Option<&Binding>,
    ours: &[NodeId],
) -> Result<(), StoreError> {
    let mut transaction = writer.begin_with(BEGIN).await.map_err(failed(BINDING))?;
    let connection = &mut *transaction;
    if bound(connection).await?.as_ref() != replacing {
        return Err(StoreError::Conflict { what: "binding" });
    }
    sqlx::query("UPDATE environment SET bound_store = ?, bound_account = ? WHERE one = 1")
        .bind(&binding.store)
        .bind(&binding.account)
        .execute(&mut *connection)
        .await
        .map_err(failed(BINDING))?;
    for id in ours {
        remember(connection, id).await?;
    }
    transaction.commit().await.map_err(failed(BINDING))
}

async fn remember(connection: &mut SqliteConnection, id: &NodeId) -> Result<(), StoreError> {
    let known: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM past_node WHERE id = ?")
        .bind(id.as_str())
        .fetch_one(&mut *connection)
        .await
        .map_err(failed(BINDING))?;
    if known == 0 {
        sqlx::query("INSERT INTO past_node (id) VALUES (?)")
            .bind(id.as_str())
            .execute(connection)
            .await
            .map_err(failed(BINDING))?;
    }
    Ok(())
}

/// In the transaction that removes a node's record: its identifier stays known.
pub(super) async fn remember_removed(
    connection: &mut SqliteConnection,
    group: GroupId,
    id: &NodeId,
    doing: &'static str,
) -> Result<(), StoreError> {
    sqlx::query(REMEMBER_REMOVED)
        .bind(i64::from(group.0))
        .bind(id.as_str())
        .execute(&mut *connection)
        .await
        .map_err(failed(doing))?;
    keep_newest(connection, NEWEST_PAST_NODES, PAST_NODES_KEPT, doing).await
}

/// Two statements: MySQL does not delete from a table that a subquery of the same statement reads.
async fn keep_newest(
    connection: &mut SqliteConnection,
    [newest, remove]: [&'static str; 2],
    kept: u32,
    doing: &'static str,
) -> Result<(), StoreError> {
    let newest: Option<i64> = sqlx::query_scalar(newest)
        .fetch_one(&mut *connection)
        .await
        .map_err(failed(doing))?;
    let last_dropped = newest.unwrap_or(0) - i64::from(kept);
    if last_dropped > 0 {
        sqlx::query(remove)
            .bind(last_dropped)
            .execute(connection)
            .await
            .map_err(failed(doing))?;
    }
    Ok(())
}

pub(super) async fn once_on_record(
    readers: &SqlitePool,
    ids: &[NodeId],
) -> Result<BTreeSet<NodeId>, StoreError> {
    let mut found = BTreeSet::new();
    for id in ids {
        let sql = "SELECT COUNT(*) FROM past_node WHERE id = ?";
        let known: i64 = sqlx::query_scalar(sql)
            .bind(id.as_str())
            .fetch_one(readers)
            .await
            .map_err(failed("looking for past nodes"))?;
        if known > 0 {
            found.insert(id.clone());
        }
    }
    Ok(found)
}

pub(super) async fn record_reaping(
    writer: &SqlitePool,
    reaping: &Reaping,
) -> Result<(), StoreError> {
    let document = to_json("reaping", reaping)?;
    let mut transaction = writer.begin_with(BEGIN).await.map_err(failed(REAPING))?;
    let connection = &mut *transaction;
    let changed = sqlx::query("UPDATE reaping SET ordered_at = ?, document = ? WHERE instance = ?")
        .bind(to_sql(reaping.ordered_at.0))
        .bind(&document)
        .bind(reaping.instance.as_str())
        .execute(&mut *connection)
        .await
        .map_err(failed(REAPING))?;
    if changed.rows_affected() == 0 {
        sqlx::query("INSERT INTO reaping (ordered_at, document, instance) VALUES (?, ?, ?)")
            .bind(to_sql(reaping.ordered_at.0))
            .bind(&document)
            .bind(reaping.instance.as_str())
            .execute(&mut *connection)
            .await
            .map_err(failed(REAPING))?;
        keep_newest(connection, NEWEST_REAPINGS, REAPINGS_KEPT, REAPING).await?;
    }
    transaction.commit().await.map_err(failed(REAPING))
}

pub(super) async fn reapings(readers: &SqlitePool, limit: u32) -> Result<Vec<Reaping>, StoreError> {
    let rows = sqlx::query("SELECT document FROM reaping ORDER BY seq DESC LIMIT ?")
        .bind(i64::from(limit))
        .fetch_all(readers)
        .await
        .map_err(failed("reading reapings"))?;
    let read = |row: &sqlx::sqlite::SqliteRow| from_json("reaping", row.get("document"));
    rows.iter().map(read).collect()
}
