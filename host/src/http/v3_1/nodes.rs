//! Nodes by address, host name or identifier, rows 17 and 18 of the API's index; 4.0's sunset.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use weir_core::ids::NodeNo;
use weir_core::node::{Node, NodeState, Role};

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

/// Sunsets edges: no new viewers, replaced at once, gone when the last viewer leaves. All of them or none.
#[utoipa::path(post, path = "/streammanager/api/4.0/admin/node/sunset", tag = "nodes",
    request_body = [String], responses((status = 200, body = [NodeObject])))]
pub(in crate::http) async fn sunset(
    State(app): State<AppState>,
    body: Body,
) -> Result<Json<Vec<NodeObject>>, ApiError> {
    let by_group = sunset_orders(&app, &body)?;
    let mut marked = Vec::new();
    for (group, nodes) in by_group.into_values() {
        group.sunset(nodes.iter().copied().collect()).await?;
        let status = group.status();
        let objects = nodes.iter().filter_map(|no| status.node(*no));
        marked.extend(objects.map(|node| NodeObject::in_group(&node.node, &status.group.name)));
    }
    Ok(Json(marked))
}

/// Nodes to sunset by group, each once.
type SunsetOrders = BTreeMap<u32, (Arc<GroupHandle>, BTreeSet<NodeNo>)>;

/// Looks at every node before any group hears of it: what can be seen to fail must fail before the first order.
fn sunset_orders(app: &AppState, body: &Body) -> Result<SunsetOrders, ApiError> {
    let mut orders = SunsetOrders::new();
    for entry in body.root().items()? {
        let host = entry.word()?;
        let (group, status) = node(app, &host)?;
        if let Some(why) = unfit_for_sunset(&status.node) {
            return Err(ApiError::bad_input(format!(
                "node {host:?} cannot be sunset: {why}; none of the nodes was"
            )));
        }
        let (_, nodes) = orders
            .entry(group.group().id.0)
            .or_insert_with(|| (group, BTreeSet::new()));
        nodes.insert(status.node.no);
    }
    Ok(orders)
}

fn unfit_for_sunset(node: &Node) -> Option<String> {
    if node.role != Role::Edge {
        return Some(format!(
            "it is of role {}, and only edges can be",
            node.role
        ));
    }
    match node.state {
        NodeState::Terminating => Some("it is being terminated".to_owned()),
        NodeState::Pending
        | NodeState::Running
        | NodeState::InService
        | NodeState::Unresponsive => None,
    }
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
