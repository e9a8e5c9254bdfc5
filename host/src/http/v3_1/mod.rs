//! The compatible API, version 3.1; 4.0 adds to it. Routes on this page, one file per noun, spellings in `wire`.

mod alarms;
mod debug;
mod documents;
pub(super) mod group_nodes;
pub(super) mod groups;
mod launch_configs;
mod logs;
pub(super) mod nodes;
mod scale_policies;
mod smart;
pub(super) mod streams;
pub(super) mod wire;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post};
use utoipa::OpenApi;

use super::AppState;
use super::error::ApiError;
use crate::fleet::GroupHandle;

pub(super) use logs::download as download_log;
pub(super) use streams::choose_or_stats;

/// Routes below `/streammanager/api/{version}/admin`.
pub(super) fn admin_routes() -> Router<AppState> {
    Router::new()
        .route(
            "/configurations/scalepolicy",
            get(scale_policies::list).post(scale_policies::create),
        )
        .route(
            "/configurations/scalepolicy/{name}",
            get(scale_policies::read)
                .put(scale_policies::update)
                .delete(scale_policies::remove),
        )
        .route(
            "/configurations/scalepolicy/{name}/copy/{new_name}",
            post(scale_policies::copy),
        )
        .route(
            "/configurations/launchconfig",
            get(launch_configs::list).post(launch_configs::create),
        )
        .route(
            "/configurations/launchconfig/{name}",
            get(launch_configs::read)
                .put(launch_configs::update)
                .delete(launch_configs::remove),
        )
        .route(
            "/configurations/launchconfig/{name}/copy/{new_name}",
            post(launch_configs::copy),
        )
        .route("/nodegroup", get(groups::list).post(groups::create))
        .route(
            "/nodegroup/{group}",
            get(groups::read).put(groups::resize).delete(groups::remove),
        )
        .route("/nodegroup/{group}/stats", get(groups::stats))
        .route(
            "/nodegroup/{group}/node",
            get(group_nodes::list).post(group_nodes::list_as_created),
        )
        .route(
            "/nodegroup/{group}/node/relations",
            get(group_nodes::relations),
        )
        .route(
            "/nodegroup/{group}/node/{role}",
            get(group_nodes::list_role).post(group_nodes::launch),
        )
        .route("/node/{host}", get(nodes::read).delete(nodes::terminate))
        .route("/node/{host}/stats", get(nodes::stats))
        .route(
            "/alarm/scaleout/default",
            get(alarms::read).post(alarms::set),
        )
        .route("/event", delete(streams::clear))
        .route("/debug/cloudcontroller", get(debug::cloud_controller))
        .route("/log", get(logs::list))
        .route("/log/{file}", get(logs::offer))
}

/// Routes below `/streammanager/api/{version}/event`.
pub(super) fn stream_routes() -> Router<AppState> {
    Router::new()
        .route("/list", get(streams::list))
        .route("/list/stats", get(streams::list_stats))
        .route("/test", get(debug::stream_test))
        .route("/{*path}", get(streams::ask))
}

/// A group by name or number.
pub(super) fn group(app: &AppState, key: &str) -> Result<Arc<GroupHandle>, ApiError> {
    app.fleet
        .group(key)
        .ok_or_else(|| ApiError::not_found("node group", key))
}

/// What is served, for `/openapi.json`.
#[derive(OpenApi)]
#[openapi(paths(
    scale_policies::create,
    scale_policies::list,
    scale_policies::read,
    scale_policies::update,
    scale_policies::remove,
    scale_policies::copy,
    launch_configs::create,
    launch_configs::list,
    launch_configs::read,
    launch_configs::update,
    launch_configs::remove,
    launch_configs::copy,
    groups::create,
    groups::list,
    groups::read,
    groups::resize,
    groups::remove,
    groups::stats,
    group_nodes::list,
    group_nodes::list_as_created,
    group_nodes::list_role,
    group_nodes::launch,
    group_nodes::relations,
    nodes::read,
    nodes::terminate,
    nodes::stats,
    alarms::read,
    alarms::set,
    streams::list,
    streams::list_stats,
    streams::ask,
    streams::clear,
    debug::cloud_controller,
    debug::stream_test,
    logs::list,
    logs::offer,
))]
pub(super) struct Api;
