//! The environment's binding, identifiers of past nodes, and the book of reapings.

use std::collections::BTreeSet;

use sqlx::{AnyConnection, AnyPool, Row};
use weir_core::ids::{GroupId, NodeId};

use super::dialect::Dialect;
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
const BOUND: &str = "SELECT bound_store, bound_account FROM environment WHERE one = 1";
const BOUND_LOCKED: &str =
    "SELECT bound_store, bound_account FROM environment WHERE one = 1 FOR UPDATE";
const READING: &str = "reading what the environment is bound to";
const BINDING: &str = "binding the environment";
const REAPING: &str = "storing a reaping";

pub(super) async fn binding(readers: &AnyPool) -> Result<Option<Binding>, StoreError> {
    let mut connection = readers.acquire().await.map_err(failed(READING))?;
    bound(&mut connection, BOUND).await
}

async fn bound(
    connection: &mut AnyConnection,
    sql: &'static str,
) -> Result<Option<Binding>, StoreError> {
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
    (writer, dialect): (&AnyPool, Dialect),
    binding: &Binding,
    replacing: Option<&Binding>,
    ours: &[NodeId],
) -> Result<(), StoreError> {
    let mut transaction = dialect.begin(writer).await.map_err(failed(BINDING))?;
    let connection = &mut *transaction;
    if bound(connection, dialect.locking([BOUND, BOUND_LOCKED]))
        .await?
        .as_ref()
        != replacing
    {
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

async fn remember(connection: &mut AnyConnection, id: &NodeId) -> Result<(), StoreError> {
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
    connection: &mut AnyConnection,
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
    connection: &mut AnyConnection,
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
    readers: &AnyPool,
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
    (writer, dialect): (&AnyPool, Dialect),
    reaping: &Reaping,
) -> Result<(), StoreError> {
    let document = to_json("reaping", reaping)?;
    let mut transaction = dialect.begin(writer).await.map_err(failed(REAPING))?;
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

pub(super) async fn reapings(readers: &AnyPool, limit: u32) -> Result<Vec<Reaping>, StoreError> {
    let rows = sqlx::query("SELECT document FROM reaping ORDER BY seq DESC LIMIT ?")
        .bind(i64::from(limit))
        .fetch_all(readers)
        .await
        .map_err(failed("reading reapings"))?;
    let read = |row: &sqlx::any::AnyRow| from_json("reaping", row.get("document"));
    rows.iter().map(read).collect()
}
