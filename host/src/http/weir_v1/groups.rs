//! Groups as they stand and why: load, nodes with their reasons, bound policies, decisions.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use weir_core::node::Node;
use weir_core::units::UtcMs;

use crate::fleet::status::{
    BindingStatus, GroupStatus, NodeStatus, RoleStatus, ScalingDecision, SelectionDecision,
};
use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::params::Params;
use crate::http::v3_1::{group, wire::state_word};

/// Decisions shown with a group.
const SHOWN: u32 = 20;
/// Most decisions one call answers.
const MOST: u32 = 1_000;

/// A group in a line.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupLine {
    id: u32,
    name: String,
    /// `new`, `initializing`, `active` or `terminating`.
    state: &'static str,
    /// When the picture was made, ms.
    at: u64,
    /// Most nodes are silent at once: removals are frozen.
    frozen: bool,
    nodes: usize,
}

impl GroupLine {
    fn of(status: &GroupStatus, now: UtcMs) -> Self {
        Self {
            id: status.group.id.0,
            name: status.group.name.to_string(),
            state: state_word(status.group.state),
            at: now.0,
            frozen: status.frozen,
            nodes: status.nodes.len(),
        }
    }
}

/// A group with everything it follows from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupPicture {
    id: u32,
    name: String,
    state: &'static str,
    at: u64,
    frozen: bool,
    regions: Vec<String>,
    launch_config: String,
    scale_policy: String,
    /// Load by role and region.
    #[schema(value_type = Vec<Object>)]
    roles: Vec<RoleStatus>,
    /// Which policies decide, and how they fare.
    #[schema(value_type = Vec<Object>)]
    bindings: Vec<BindingStatus>,
    nodes: Vec<NodePicture>,
    /// The newest scaling decision, whether it changed something or not.
    #[schema(value_type = Option<Object>)]
    latest_decision: Option<ScalingDecision>,
    /// Newest scaling decisions that changed something or said something new, newest first.
    #[schema(value_type = Vec<Object>)]
    decisions: Vec<ScalingDecision>,
}

/// A node with its reasons.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NodePicture {
    /// Number in the group: the id that policies see.
    no: u32,
    identifier: String,
    role: &'static str,
    region: String,
    zone: String,
    instance_type: String,
    state: &'static str,
    state_since: u64,
    launched_at: u64,
    in_service_at: Option<u64>,
    address: Option<String>,
    /// Why it was launched, or why it ends.
    why: &'static str,
    drain: Option<DrainPicture>,
    sunset: bool,
    capacity: u32,
    connections: u32,
    publishers: u32,
    /// Clients sent there that no report shows yet.
    assigned: u32,
    last_report: Option<u64>,
    parents: Vec<String>,
    /// Those of the parents that are linked only because somebody watches a stream that comes no other way.
    parents_on_demand: Vec<String>,
    /// Its children may pull more streams than it carries.
    overloaded: bool,
    /// What the cloud last said against a call for it.
    problem: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DrainPicture {
    since: u64,
    /// When its last clients are cut; never when missing.
    deadline: Option<u64>,
    why: &'static str,
}

impl NodePicture {
    fn of(status: &NodeStatus) -> Self {
        let node: &Node = &status.node;
        Self {
            no: node.no.0,
            identifier: node.id.to_string(),
            role: node.role.as_str(),
            region: node.region.to_string(),
            zone: node.zone.to_string(),
            instance_type: node.instance_type.to_string(),
            state: node.state.as_str(),
            state_since: node.state_since.0,
            launched_at: node.launched_at.0,
            in_service_at: node.in_service_at.map(|at| at.0),
            address: node.address.clone(),
            why: node.reason.text(),
            drain: node.drain.as_ref().map(|drain| DrainPicture {
                since: drain.since.0,
                deadline: drain.deadline.map(|at| at.0),
                why: drain.reason.text(),
            }),
            sunset: node.sunset,
            capacity: node.capacity,
            connections: status.connections,
            publishers: status.publishers,
            assigned: status.assigned,
            last_report: status.last_report.map(|at| at.0),
            parents: status.parents.clone(),
            parents_on_demand: status.parents_on_demand.clone(),
            overloaded: status.overloaded,
            problem: status.problem.clone(),
        }
    }
}

/// All groups.
#[utoipa::path(get, path = "/weir/v1/groups", tag = "groups", responses((status = 200, body = [GroupLine])))]
pub(super) async fn list(State(app): State<AppState>) -> Json<Vec<GroupLine>> {
    let groups = app.fleet.groups();
    Json(
        groups
            .iter()
            .map(|group| GroupLine::of(&group.status(), app.clock.now()))
            .collect(),
    )
}

/// A group with its load, nodes, bound policies and newest decisions.
#[utoipa::path(get, path = "/weir/v1/groups/{group}", tag = "groups", params(("group" = String, Path)),
    responses((status = 200, body = GroupPicture)))]
pub(super) async fn read(
    State(app): State<AppState>,
    Path(key): Path<String>,
) -> Result<Json<GroupPicture>, ApiError> {
    let handle = group(&app, &key)?;
    let decisions = handle.decisions(SHOWN).await?;
    let status = handle.status();
    let line = GroupLine::of(&status, app.clock.now());
    Ok(Json(GroupPicture {
        id: line.id,
        name: line.name,
        state: line.state,
        at: line.at,
        frozen: line.frozen,
        regions: status
            .group
            .regions
            .iter()
            .map(ToString::to_string)
            .collect(),
        launch_config: status.group.launch_config.clone(),
        scale_policy: status.group.limits.clone(),
        roles: status.roles.clone(),
        bindings: status.bindings.clone(),
        nodes: status.nodes.iter().map(NodePicture::of).collect(),
        latest_decision: handle.latest_decision(),
        decisions,
    }))
}

/// Scaling decisions, newest first.
#[utoipa::path(get, path = "/weir/v1/groups/{group}/decisions", tag = "groups",
    params(("group" = String, Path), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = [Object])))]
pub(super) async fn decisions(
    State(app): State<AppState>,
    Path(key): Path<String>,
    params: Params,
) -> Result<Json<Vec<ScalingDecision>>, ApiError> {
    let limit = params.whole("limit", 1..=MOST)?.unwrap_or(SHOWN);
    Ok(Json(group(&app, &key)?.decisions(limit).await?))
}

/// Placement decisions that are still remembered, newest first.
#[utoipa::path(get, path = "/weir/v1/groups/{group}/selections", tag = "groups",
    params(("group" = String, Path), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = [Object])))]
pub(super) async fn selections(
    State(app): State<AppState>,
    Path(key): Path<String>,
    params: Params,
) -> Result<Json<Vec<SelectionDecision>>, ApiError> {
    let limit = params.whole("limit", 1..=MOST)?.unwrap_or(SHOWN);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Json(group(&app, &key)?.selections(limit)))
}
