//! The policies that can be bound.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{AppState, ListedPolicy};

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
    fn of(listed: &ListedPolicy) -> Self {
        let policy = &listed.policy;
        let worlds = [(policy.scales(), "scaling"), (policy.places(), "placement")];
        Self {
            name: policy.name().to_owned(),
            version: policy.version().to_owned(),
            digest: policy.digest().to_owned(),
            worlds: worlds
                .into_iter()
                .filter_map(|(has, world)| has.then_some(world))
                .collect(),
            summary: listed.summary.clone(),
        }
    }
}

/// The policies that can be bound.
#[utoipa::path(get, path = "/weir/v1/policies", tag = "policies", responses((status = 200, body = [PolicyObject])))]
pub(super) async fn list(State(app): State<AppState>) -> Json<Vec<PolicyObject>> {
    Json(app.policies.load().iter().map(PolicyObject::of).collect())
}
