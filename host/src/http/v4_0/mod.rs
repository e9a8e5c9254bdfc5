//! What API version 4.0 adds to 3.1. (A target's own image in a launch configuration is read by both.)

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use utoipa::OpenApi;
use weir_core::ids::NodeNo;
use weir_core::node::Role;

use super::AppState;
use super::error::ApiError;
use super::v3_1;
use crate::fleet::status::{GroupStatus, NodeStatus};

/// Routes below `/streammanager/api/4.0/admin`.
pub(super) fn admin_routes() -> Router<AppState> {
    v3_1::admin_routes()
        .route("/node/sunset", post(v3_1::nodes::sunset))
        .route("/nodegroup/{group}/node/map", get(map))
}

/// What is served, for `/openapi.json`.
#[derive(OpenApi)]
#[openapi(paths(v3_1::nodes::sunset, map))]
pub(super) struct Api;

/// The group's nodes as a tree in plain text.
#[utoipa::path(get, path = "/streammanager/api/4.0/admin/nodegroup/{group}/node/map", tag = "group nodes",
    params(("group" = String, Path)), responses((status = 200, body = String, content_type = "text/plain")))]
async fn map(State(app): State<AppState>, Path(key): Path<String>) -> Result<String, ApiError> {
    Ok(draw(&v3_1::group(&app, &key)?.status()))
}

fn draw(status: &GroupStatus) -> String {
    let mut out = format!("[NodeGroup: {}]\nORIGINS\n", status.group.name);
    let of_role = |role| {
        status
            .nodes
            .iter()
            .filter(move |node| node.node.role == role)
    };
    for origin in of_role(Role::Origin) {
        out.push_str(&format!("  {}\n", label(origin)));
        draw_children(status, origin.node.no, 2, &mut out);
    }
    out.push_str("TRANSCODERS\n");
    for transcoder in of_role(Role::Transcoder) {
        out.push_str(&format!("  {}\n", label(transcoder)));
    }
    out
}

/// Origin, relay, edge: a link always leads one level down, so three levels are all there are.
fn draw_children(status: &GroupStatus, parent: NodeNo, level: usize, out: &mut String) {
    if level > 3 {
        return;
    }
    for link in status.links.iter().filter(|link| link.parent == parent) {
        if let Some(child) = status.node(link.child) {
            let indent = "  ".repeat(level);
            out.push_str(&format!(
                "{indent}{} {}\n",
                link.state.to_uppercase(),
                label(child)
            ));
            draw_children(status, link.child, level + 1, out);
        }
    }
}

fn label(status: &NodeStatus) -> String {
    let node = &status.node;
    let role = node.role.as_str().to_uppercase();
    format!(
        "[{role}-{}: {}]",
        node.id,
        node.address.as_deref().unwrap_or("no address yet")
    )
}
