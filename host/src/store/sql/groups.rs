//! Groups: made, read back, taken, deleted.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, AnyPool, Row};
use weir_core::group::Group;
use weir_core::ids::GroupId;
use weir_core::node::Node;

use super::dialect::Dialect;
use super::rows::{failed, failed_or_conflict, from_json, from_sql, group_state, to_json, to_sql};
use crate::store::{Fence, PolicyState, StoreError, StoredGroup};

const INSERT: &str = "INSERT INTO node_group \
     (name, launch_config, limits_name, state, fence, holder, version, document) VALUES (?, ?, ?, ?, 0, '', 1, ?)";

pub(super) async fn create(
    (writer, dialect): (&AnyPool, Dialect),
    group: &Group,
) -> Result<Group, StoreError> {
    let doing = failed("adding a group");
    let mut group = group.clone();
    group.version = 1;
    let mut transaction = dialect.begin(writer).await.map_err(&doing)?;
    let added = sqlx::query(INSERT)
        .bind(group.name.as_str())
        .bind(&group.launch_config)
        .bind(&group.limits)
        .bind(group_state(group.state))
        .bind("")
        .execute(&mut *transaction)
        .await;
    match added {
        Ok(_) => {}
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            return Err(StoreError::Exists {
                what: "node group",
                name: group.name.as_str().to_owned(),
            });
        }
        Err(error) => return Err(failed_or_conflict("adding a group", "document")(error)),
    };
    let number: i64 = sqlx::query_scalar("SELECT id FROM node_group WHERE name = ?")
        .bind(group.name.as_str())
        .fetch_one(&mut *transaction)
        .await
        .map_err(&doing)?;
    group.id = GroupId(from_sql("group number", number)?);
    // The document holds the number too, which only the insert could give.
    sqlx::query("UPDATE node_group SET document = ? WHERE id = ?")
        .bind(to_json("group", &group)?)
        .bind(i64::from(group.id.0))
        .execute(&mut *transaction)
        .await
        .map_err(&doing)?;
    transaction.commit().await.map_err(&doing)?;
    Ok(group)
}

pub(super) async fn all(readers: &AnyPool) -> Result<Vec<StoredGroup>, StoreError> {
    let doing = failed("reading groups");
    // One transaction: the groups and the nodes of the same moment.
    let mut transaction = readers.begin().await.map_err(&doing)?;
    let mut groups = BTreeMap::new();
    for text in texts(&mut transaction, "SELECT document FROM node_group").await? {
        let group: Group = from_json("group", &text)?;
        let stored = StoredGroup {
            group,
            nodes: Vec::new(),
            policy_state: PolicyState::default(),
        };
        groups.insert(i64::from(stored.group.id.0), stored);
    }
    let nodes = sqlx::query("SELECT group_id, document FROM node ORDER BY group_id, no")
        .fetch_all(&mut *transaction)
        .await
        .map_err(&doing)?;
    for row in nodes {
        let node: Node = from_json("node", row.get("document"))?;
        if let Some(stored) = groups.get_mut(&row.get::<i64, _>("group_id")) {
            stored.nodes.push(node);
        }
    }
    let states = sqlx::query("SELECT group_id, policy, state FROM policy_state")
        .fetch_all(&mut *transaction)
        .await
        .map_err(&doing)?;
    for row in states {
        if let Some(stored) = groups.get_mut(&row.get::<i64, _>("group_id")) {
            stored.policy_state = PolicyState {
                policy: row.get("policy"),
                blob: row.get("state"),
            };
        }
    }
    Ok(groups.into_values().collect())
}

async fn texts(
    connection: &mut AnyConnection,
    sql: &'static str,
) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar(sql)
        .fetch_all(connection)
        .await
        .map_err(failed("reading groups"))
}

pub(super) async fn delete(
    writer: &AnyPool,
    group: GroupId,
    fence: Fence,
) -> Result<(), StoreError> {
    let done = sqlx::query("DELETE FROM node_group WHERE id = ? AND fence = ?")
        .bind(i64::from(group.0))
        .bind(to_sql(fence.0))
        .execute(writer)
        .await
        .map_err(failed_or_conflict("deleting a group", "group"))?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict { what: "group" })
    }
}

pub(super) async fn take(
    (writer, dialect): (&AnyPool, Dialect),
    group: GroupId,
    holder: &str,
) -> Result<Fence, StoreError> {
    let doing = failed("taking a group");
    let mut transaction = dialect.begin(writer).await.map_err(&doing)?;
    let done = sqlx::query("UPDATE node_group SET fence = fence + 1, holder = ? WHERE id = ?")
        .bind(holder)
        .bind(i64::from(group.0))
        .execute(&mut *transaction)
        .await
        .map_err(&doing)?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Conflict { what: "group" });
    }
    let fence: i64 = sqlx::query_scalar("SELECT fence FROM node_group WHERE id = ?")
        .bind(i64::from(group.0))
        .fetch_one(&mut *transaction)
        .await
        .map_err(&doing)?;
    transaction.commit().await.map_err(&doing)?;
    Ok(Fence(from_sql("fence", fence)?))
}
