//! Weir's own API: groups with their reasons, policies, and what is wrong with a node.

mod bindings;
mod changes;
mod decision_words;
mod decisions;
mod diagnose;
mod groups;
mod policies;
mod policy_objects;
mod simulation;
mod sweep;
mod tokens;

use axum::Router;
use axum::routing::{delete, get, post, put};
use utoipa::OpenApi;

use super::AppState;

/// Routes below `/weir/v1`.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/groups", get(groups::list))
        .route("/groups/{group}", get(groups::read))
        .route("/groups/{group}/decisions", get(groups::decisions))
        .route("/groups/{group}/selections", get(groups::selections))
        .route("/groups/{group}/bindings", get(bindings::list))
        .route(
            "/groups/{group}/bindings/{decides}",
            put(bindings::bind).delete(bindings::unbind),
        )
        .route(
            "/groups/{group}/bindings/{decides}/rollback",
            post(bindings::roll_back),
        )
        .route("/decisions", get(decisions::list))
        .route("/decisions/{id}", get(decisions::explain))
        .route("/decisions/{id}/replay", post(decisions::replay))
        .route("/policies", get(policies::list))
        .route(
            "/policies/{name}",
            get(policies::versions).post(policies::upload),
        )
        .route("/policies/{name}/uploads/{upload}", get(policies::uploaded))
        .route(
            "/policies/{name}/versions/{number}",
            get(policies::version).delete(policies::remove),
        )
        .route(
            "/policies/{name}/versions/{number}/component",
            get(policies::component),
        )
        .route("/simulation/clients", get(simulation::list))
        .route(
            "/simulation/publishers",
            post(simulation::publish).delete(simulation::unpublish),
        )
        .route(
            "/simulation/viewers",
            post(simulation::view).delete(simulation::leave),
        )
        .route("/tokens", get(tokens::list).post(tokens::make))
        .route("/tokens/{name}", delete(tokens::remove))
        .route("/audit", get(changes::list))
        .route("/sweep", get(sweep::read))
        .route("/sweep/confirm", post(sweep::confirm))
        .route("/nodes/{node}/diagnose", get(diagnose::diagnose))
}

/// What is served, for `/openapi.json`.
#[derive(OpenApi)]
#[openapi(paths(
    groups::list,
    groups::read,
    groups::decisions,
    groups::selections,
    decisions::list,
    decisions::explain,
    decisions::replay,
    bindings::list,
    bindings::bind,
    bindings::unbind,
    bindings::roll_back,
    policies::list,
    policies::upload,
    policies::uploaded,
    policies::versions,
    policies::version,
    policies::component,
    policies::remove,
    diagnose::diagnose,
    simulation::list,
    simulation::publish,
    simulation::unpublish,
    simulation::view,
    simulation::leave,
    tokens::list,
    tokens::make,
    tokens::remove,
    changes::list,
    sweep::read,
    sweep::confirm,
))]
pub(super) struct Api;
