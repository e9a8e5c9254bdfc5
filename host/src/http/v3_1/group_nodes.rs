//! Nodes of a group, rows 12 to 15 of the API's index.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use weir_core::node::Role;

use super::group;
use super::wire::{LaunchAnswer, NodeObject, Relation};
use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::params::Params;

/// The group's nodes.
#[utoipa::path(get, path = "/streammanager/api/3.1/admin/nodegroup/{group}/node", tag = "group nodes",
    params(("group" = String, Path)), responses((status = 200, body = [NodeObject])))]
pub(super) async fn list(
    State(app): State<AppState>,
    Path(key): Path<String>,
) -> Result<Json<Vec<NodeObject>>, ApiError> {
    nodes(&app, &key, None)
}

/// The group's nodes, read the way a published instruction prints it.
#[utoipa::path(post, path = "/streammanager/api/3.1/admin/nodegroup/{group}/node", tag = "group nodes",
    params(("group" = String, Path)), responses((status = 201, body = [NodeObject])))]
pub(super) async fn list_as_created(
    State(app): State<AppState>,
    Path(key): Path<String>,
) -> Result<(StatusCode, Json<Vec<NodeObject>>), ApiError> {
    Ok((StatusCode::CREATED, nodes(&app, &key, None)?))
}

/// The group's nodes of a role.
#[utoipa::path(get, path = "/streammanager/api/3.1/admin/nodegroup/{group}/node/{role}", tag = "group nodes",
    params(("group" = String, Path), ("role" = String, Path)), responses((status = 200, body = [NodeObject])))]
pub(super) async fn list_role(
    State(app): State<AppState>,
    Path((key, role)): Path<(String, String)>,
) -> Result<Json<Vec<NodeObject>>, ApiError> {
    nodes(&app, &key, Some(role_of(&role)?))
}

/// Launches a node of a role; the first origin initialises the group. Answers before the instance is up.
#[utoipa::path(post, path = "/streammanager/api/3.1/admin/nodegroup/{group}/node/{role}", tag = "group nodes",
    params(("group" = String, Path), ("role" = String, Path)), responses((status = 201, body = LaunchAnswer)))]
pub(super) async fn launch(
    State(app): State<AppState>,
    Path((key, role)): Path<(String, String)>,
) -> Result<(StatusCode, Json<LaunchAnswer>), ApiError> {
    let role = role_of(&role)?;
    let launched = group(&app, &key)?.launch(role).await?;
    Ok((
        StatusCode::CREATED,
        Json(LaunchAnswer::of(&launched.node, &launched.group)),
    ))
}

/// Which node is whose parent.
#[utoipa::path(get, path = "/streammanager/api/3.1/admin/nodegroup/{group}/node/relations", tag = "group nodes",
    params(("group" = String, Path), ("linkstate" = Option<bool>, Query)), responses((status = 200, body = [Relation])))]
pub(super) async fn relations(
    State(app): State<AppState>,
    Path(key): Path<String>,
    params: Params,
) -> Result<Json<Vec<Relation>>, ApiError> {
    let with_state = params.flag("linkstate")?.unwrap_or(false);
    let status = group(&app, &key)?.status();
    let relation = |link| Relation::of(&status, link, with_state);
    Ok(Json(status.links.iter().filter_map(relation).collect()))
}

fn nodes(app: &AppState, key: &str, role: Option<Role>) -> Result<Json<Vec<NodeObject>>, ApiError> {
    let status = group(app, key)?.status();
    let wanted = status
        .nodes
        .iter()
        .filter(|status| role.is_none_or(|role| status.node.role == role));
    Ok(Json(
        wanted.map(|status| NodeObject::of(&status.node)).collect(),
    ))
}

fn role_of(word: &str) -> Result<Role, ApiError> {
    Role::parse(word).ok_or_else(|| {
        ApiError::absent(format!(
            "{word:?} is no role of a node: use origin, edge, relay or transcoder"
        ))
    })
}
