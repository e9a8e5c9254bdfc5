//! One pass's outcome, stored whole or not at all, and the decisions behind it.

use sqlx::{AnyConnection, AnyPool};
use weir_core::group::Group;
use weir_core::ids::{GroupId, NodeId};
use weir_core::node::Node;

use super::decisions;
use super::dialect::Dialect;
use super::rows::{failed, failed_or_conflict, group_state, to_json, to_sql};
use crate::store::{Fence, GroupWrite, PolicyState, StoreError};

const DOING: &str = "storing a plan";

const FENCE: &str = "SELECT fence FROM node_group WHERE id = ?";
const FENCE_LOCKED: &str = "SELECT fence FROM node_group WHERE id = ? FOR UPDATE";
const UPDATE_GROUP: &str = "UPDATE node_group SET launch_config = ?, limits_name = ?, state = ?, version = ?, \
     document = ? WHERE id = ? AND fence = ? AND version = ?";
const INSERT_NODE: &str =
    "INSERT INTO node (group_id, no, id, state, version, document) VALUES (?, ?, ?, ?, ?, ?)";
const UPDATE_NODE: &str = "UPDATE node SET state = ?, version = ?, document = ? \
     WHERE group_id = ? AND no = ? AND id = ? AND version = ?";

/// Stores `write` in one transaction. Dropped on any error, which rolls back.
pub(super) async fn save(
    (writer, dialect): (&AnyPool, Dialect),
    group: GroupId,
    fence: Fence,
    write: &GroupWrite<'_>,
) -> Result<(), StoreError> {
    let mut transaction = dialect.begin(writer).await.map_err(failed(DOING))?;
    let connection = &mut *transaction;
    check_fence((connection, dialect), group, fence).await?;
    if let Some(record) = write.group {
        update_group(connection, group, fence, record).await?;
    }
    for id in &write.gone {
        delete_node(connection, group, id).await?;
    }
    for node in &write.nodes {
        write_node(connection, group, node).await?;
    }
    if let Some(state) = write.policy_state {
        write_policy_state(connection, group, state).await?;
    }
    if let Some(decision) = write.decision {
        decisions::write(connection, group, decision).await?;
    }
    transaction.commit().await.map_err(failed(DOING))
}

/// What is read here is locked, so it stays true until the transaction ends.
async fn check_fence(
    (connection, dialect): (&mut AnyConnection, Dialect),
    group: GroupId,
    fence: Fence,
) -> Result<(), StoreError> {
    let stored: Option<i64> = sqlx::query_scalar(dialect.locking([FENCE, FENCE_LOCKED]))
        .bind(i64::from(group.0))
        .fetch_optional(connection)
        .await
        .map_err(failed(DOING))?;
    if stored == Some(to_sql(fence.0)) {
        Ok(())
    } else {
        Err(StoreError::Conflict { what: "group" })
    }
}

async fn update_group(
    connection: &mut AnyConnection,
    id: GroupId,
    fence: Fence,
    group: &Group,
) -> Result<(), StoreError> {
    let done = sqlx::query(UPDATE_GROUP)
        .bind(&group.launch_config)
        .bind(&group.limits)
        .bind(group_state(group.state))
        .bind(to_sql(group.version))
        .bind(to_json("group", group)?)
        .bind(i64::from(id.0))
        .bind(to_sql(fence.0))
        .bind(to_sql(group.version.saturating_sub(1)))
        .execute(connection)
        .await
        .map_err(failed_or_conflict(DOING, "document"))?;
    one_row(done.rows_affected(), "group")
}

async fn write_node(
    connection: &mut AnyConnection,
    group: GroupId,
    node: &Node,
) -> Result<(), StoreError> {
    let document = to_json("node", node)?;
    let query = if node.version == 1 {
        sqlx::query(INSERT_NODE)
            .bind(i64::from(group.0))
            .bind(i64::from(node.no.0))
            .bind(node.id.as_str())
            .bind(node.state.as_str())
            .bind(to_sql(node.version))
            .bind(document)
    } else {
        sqlx::query(UPDATE_NODE)
            .bind(node.state.as_str())
            .bind(to_sql(node.version))
            .bind(document)
            .bind(i64::from(group.0))
            .bind(i64::from(node.no.0))
            .bind(node.id.as_str())
            .bind(to_sql(node.version.saturating_sub(1)))
    };
    let done = query
        .execute(connection)
        .await
        .map_err(failed_or_conflict(DOING, "node"))?;
    one_row(done.rows_affected(), "node")
}

/// A node that is gone already is as good as removed. Its identifier stays known.
async fn delete_node(
    connection: &mut AnyConnection,
    group: GroupId,
    id: &NodeId,
) -> Result<(), StoreError> {
    super::custody::remember_removed(connection, group, id, DOING).await?;
    sqlx::query("DELETE FROM node WHERE group_id = ? AND id = ?")
        .bind(i64::from(group.0))
        .bind(id.as_str())
        .execute(connection)
        .await
        .map_err(failed(DOING))?;
    Ok(())
}

async fn write_policy_state(
    connection: &mut AnyConnection,
    group: GroupId,
    state: &PolicyState,
) -> Result<(), StoreError> {
    let update = "UPDATE policy_state SET policy = ?, state = ? WHERE group_id = ?";
    let insert = "INSERT INTO policy_state (policy, state, group_id) VALUES (?, ?, ?)";
    for sql in [update, insert] {
        let done = sqlx::query(sql)
            .bind(&state.policy)
            .bind(&state.blob)
            .bind(i64::from(group.0))
            .execute(&mut *connection)
            .await
            .map_err(failed(DOING))?;
        if done.rows_affected() == 1 {
            break;
        }
    }
    Ok(())
}

fn one_row(affected: u64, what: &'static str) -> Result<(), StoreError> {
    if affected == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict { what })
    }
}
