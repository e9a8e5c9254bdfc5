//! Nodes by address, host name or identifier, rows 17 and 18 of the API's index; 4.0's sunset.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use weir_core::ids::NodeNo;

use super::wire::{NodeObject, NodeStats};
use crate::fleet::GroupHandle;
use crate::fleet::status::NodeStatus;
use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::lenient::Body;
use crate::http::params::Params;

/// A node.
#[utoipa::path(get, path = "/streammanager/api/3.1/admin/node/{host}", tag = "nodes",
    params(("host" = String, Path)), responses((status = 200, body = NodeObject)))]
pub(super) async fn read(
    State(app): State<AppState>,
    Path(host): Path<String>,
) -> Result<Json<NodeObject>, ApiError> {
    let (group, status) = node(&app, &host)?;
    Ok(Json(NodeObject::in_group(
        &status.node,
        &group.group().name,
    )))
}

/// Ends a node in service; with `force` also one that is stuck.
#[utoipa::path(delete, path = "/streammanager/api/3.1/admin/node/{host}", tag = "nodes",
    params(("host" = String, Path), ("force" = Option<bool>, Query)), responses((status = 200, body = NodeObject)))]
pub(super) async fn terminate(
    State(app): State<AppState>,
    Path(host): Path<String>,
    params: Params,
) -> Result<Json<NodeObject>, ApiError> {
    let force = params.flag("force")?.unwrap_or(false);
    let (group, status) = node(&app, &host)?;
    let ended = group.terminate(status.node.no, force).await?;
    Ok(Json(NodeObject::in_group(&ended.node, &group.group().name)))
}

/// A node with what it last said of itself.
#[utoipa::path(get, path = "/streammanager/api/3.1/admin/node/{host}/stats", tag = "nodes",
    params(("host" = String, Path)), responses((status = 200, body = NodeStats)))]
pub(super) async fn stats(
    State(app): State<AppState>,
    Path(host): Path<String>,
) -> Result<Json<NodeStats>, ApiError> {
    let (group, status) = node(&app, &host)?;
    Ok(Json(NodeStats::of(&status, &group.group().name)))
}

/// Sunsets edges: no new viewers, replaced at once, gone when the last viewer leaves.
#[utoipa::path(post, path = "/streammanager/api/4.0/admin/node/sunset", tag = "nodes",
    request_body = [String], responses((status = 200, body = [NodeObject])))]
pub(in crate::http) async fn sunset(
    State(app): State<AppState>,
    body: Body,
) -> Result<Json<Vec<NodeObject>>, ApiError> {
    let mut by_group: BTreeMap<u32, (Arc<GroupHandle>, Vec<NodeNo>)> = BTreeMap::new();
    for entry in body.root().items()? {
        let (group, status) = node(&app, &entry.word()?)?;
        let number = group.group().id.0;
        by_group
            .entry(number)
            .or_insert_with(|| (group, Vec::new()))
            .1
            .push(status.node.no);
    }
    let mut marked = Vec::new();
    for (group, nodes) in by_group.into_values() {
        group.sunset(nodes.clone()).await?;
        let status = group.status();
        let objects = nodes.iter().filter_map(|no| status.node(*no));
        marked.extend(objects.map(|node| NodeObject::in_group(&node.node, &status.group.name)));
    }
    Ok(Json(marked))
}

/// A node by address, host name or identifier, with its group.
pub(in crate::http) fn node(
    app: &AppState,
    host: &str,
) -> Result<(Arc<GroupHandle>, NodeStatus), ApiError> {
    app.fleet
        .node(host.trim())
        .ok_or_else(|| ApiError::not_found("node", host.trim()))
}
