//! Everything that comes in by HTTP. Handlers parse, call one use case and map the answer; nothing decides here.
//!
//! Outermost first: URL mending and the short ways for questions and reports ([`Front`]), access log, standard error bodies, panic
//! guard, routes. Old-API spellings live in `v3_1/wire` alone.

mod access_log;
mod auth;
mod client;
mod downloads;
mod error;
mod figures;
mod front;
mod health;
pub mod lenient;
mod node_auth;
pub mod normalise;
mod openapi;
mod params;
mod plain_reports;
mod questions;
mod refused_reports;
mod refused_tokens;
mod reports;
mod seldom;
mod serve;
pub mod settings;
mod unknown_nodes;
mod v3_1;
mod v4_0;
mod weir_v1;

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use tower_http::decompression::RequestDecompressionLayer;
use weir_cloud::clock::SharedClock;

use crate::access::Access;
use crate::catalogue::Catalogue;
use crate::fleet::Fleet;
use crate::simulation::Simulation;
use crate::store::Store;
use downloads::Downloads;
pub use front::Front;
use refused_reports::RefusedReports;
use refused_tokens::RefusedTokens;
pub use serve::{ConnectionBounds, serve};
use settings::{CorsOrigins, HttpSettings};
use unknown_nodes::UnknownNodes;

/// What handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The groups at work, and the policies they can be bound to.
    pub fleet: Arc<Fleet>,
    /// Who may call.
    pub access: Arc<Access>,
    /// Policies and their versions.
    pub catalogue: Arc<Catalogue>,
    /// Documents and thresholds.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: SharedClock,
    /// Settings; read anew by every request.
    pub settings: Arc<ArcSwap<HttpSettings>>,
    /// Figures behind `/metrics`. Whoever makes it calls `run_upkeep` now and then: unread histograms grow.
    pub metrics: PrometheusHandle,
    /// Clients by hand, on the simulated cloud.
    pub simulation: Option<Arc<Simulation>>,
    downloads: Arc<Downloads>,
    unknown_nodes: Arc<UnknownNodes>,
    refused_reports: Arc<RefusedReports>,
    refused_tokens: Arc<RefusedTokens>,
    standing: Arc<figures::Standing>,
}

/// What an [`AppState`] is made of.
pub struct AppParts {
    /// See [`AppState::fleet`].
    pub fleet: Arc<Fleet>,
    /// See [`AppState::access`].
    pub access: Arc<Access>,
    /// See [`AppState::catalogue`].
    pub catalogue: Arc<Catalogue>,
    /// See [`AppState::store`].
    pub store: Arc<dyn Store>,
    /// See [`AppState::clock`].
    pub clock: SharedClock,
    /// See [`AppState::settings`].
    pub settings: Arc<ArcSwap<HttpSettings>>,
    /// See [`AppState::metrics`].
    pub metrics: PrometheusHandle,
    /// See [`AppState::simulation`].
    pub simulation: Option<Arc<Simulation>>,
}

impl From<AppParts> for AppState {
    fn from(parts: AppParts) -> Self {
        Self {
            fleet: parts.fleet,
            access: parts.access,
            catalogue: parts.catalogue,
            store: parts.store,
            clock: parts.clock,
            settings: parts.settings,
            metrics: parts.metrics,
            simulation: parts.simulation,
            downloads: Arc::default(),
            unknown_nodes: Arc::default(),
            refused_reports: Arc::default(),
            refused_tokens: Arc::default(),
            standing: Arc::default(),
        }
    }
}

/// Everything the server answers; [`serve`] serves it.
pub fn service(app: AppState) -> Front {
    figures::describe();
    Front::new(app.clone(), routes(app))
}

fn routes(app: AppState) -> Router {
    let rendering = error::Rendering::of(&app);
    let limit = DefaultBodyLimit::max(rendering.body_limit);
    Router::new()
        .nest(
            "/streammanager/api/3.1/admin",
            guarded(&app, v3_1::admin_routes()),
        )
        .nest(
            "/streammanager/api/4.0/admin",
            guarded(&app, v4_0::admin_routes()),
        )
        .nest(
            "/streammanager/api/2.0/event",
            open(&app, v3_1::stream_routes()),
        )
        .nest(
            "/streammanager/api/3.0/event",
            open(&app, v3_1::stream_routes()),
        )
        .nest(
            "/streammanager/api/3.1/event",
            open(&app, v3_1::stream_routes()),
        )
        .nest(
            "/streammanager/api/4.0/event",
            open(&app, v3_1::stream_routes()),
        )
        .route(
            plain_reports::PATH,
            get(reports::greet).post(reports::receive),
        )
        .route("/tmplogs/{random}/{name}", get(v3_1::download_log))
        .nest("/weir/v1", guarded(&app, weir_v1::routes()))
        .route("/", get(health::alive))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::figures))
        .route("/openapi.json", get(openapi::document))
        .with_state(app)
        .layer(limit)
        // A bomb is stopped by the limit: it counts what comes out.
        .layer(RequestDecompressionLayer::new())
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(from_fn_with_state(rendering, error::render))
        .layer(from_fn(access_log::observe))
}

fn guarded(app: &AppState, routes: Router<AppState>) -> Router<AppState> {
    routes
        .route_layer(from_fn_with_state(app.clone(), auth::require_admin))
        .layer(cors(app, |settings| &settings.cors_admin))
}

fn open(app: &AppState, routes: Router<AppState>) -> Router<AppState> {
    routes.layer(cors(app, |settings| &settings.cors_streams))
}

fn cors(app: &AppState, origins: fn(&HttpSettings) -> &CorsOrigins) -> CorsLayer {
    let settings = Arc::clone(&app.settings);
    let allowed = AllowOrigin::predicate(move |origin, _| origins(&settings.load()).allow(origin));
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([axum::http::header::ACCESS_CONTROL_ALLOW_ORIGIN])
}
