//! The policies that can be bound.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::AppState;
use crate::policy::SharedPolicy;

/// A policy.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PolicyObject {
    name: String,
    version: String,
    /// SHA-256 of its bytes, hex.
    digest: String,
    /// What it can decide: `scaling`, `placement`.
    worlds: Vec<&'static str>,
    summary: String,
}

impl PolicyObject {
    fn of(policy: &SharedPolicy) -> Self {
        let worlds = [(policy.scales(), "scaling"), (policy.places(), "placement")];
        Self {
            name: policy.name().to_owned(),
            version: policy.version().to_owned(),
            digest: policy.digest().to_owned(),
            worlds: worlds
                .into_iter()
                .filter_map(|(has, world)| has.then_some(world))
                .collect(),
            summary: policy.summary().to_owned(),
        }
    }
}

/// The policies that can be bound.
#[utoipa::path(get, path = "/weir/v1/policies", tag = "policies", responses((status = 200, body = [PolicyObject])))]
pub(super) async fn list(State(app): State<AppState>) -> Json<Vec<PolicyObject>> {
    let registry = app.fleet.policies();
    let listed = registry
        .names()
        .into_iter()
        .filter_map(|name| registry.get(&name));
    Json(listed.map(|policy| PolicyObject::of(&policy)).collect())
}
