//! For load balancers and Prometheus.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::AppState;

/// A store that takes longer is no use to anybody who waits for an answer.
const STORE_DEADLINE: Duration = Duration::from_secs(2);

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`, or what is missing.
    status: &'static str,
}

/// The process runs. Also at `/`, which balancers of the product this API comes from are set to ask.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Health)))]
pub(super) async fn alive() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The server can do its work: the store answers. (The groups were read from it before this
/// server began to listen.)
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = 200, body = Health), (status = 503, body = Health)))]
pub(super) async fn ready(State(app): State<AppState>) -> (StatusCode, Json<Health>) {
    let ping = tokio::time::timeout(STORE_DEADLINE, app.store.ping()).await;
    let status = match ping {
        Err(_) => "the store does not answer",
        Ok(Err(_)) => "the store cannot be used",
        Ok(Ok(())) => return (StatusCode::OK, Json(Health { status: "ok" })),
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status }))
}

/// Figures in Prometheus' text form.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn figures(State(app): State<AppState>) -> impl IntoResponse {
    app.standing.take(&app.fleet);
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        app.metrics.render(),
    )
}
