//! The two answers in plain text, rows 26 and 27 of the API's index.

use axum::extract::State;

use crate::http::AppState;

/// Display name of the cloud; scripts poll it to learn whether the manager is up.
#[utoipa::path(get, path = "/streammanager/api/3.1/admin/debug/cloudcontroller", tag = "debug",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn cloud_controller(State(app): State<AppState>) -> String {
    app.settings.load().platform.clone()
}

/// A fixed text.
#[utoipa::path(get, path = "/streammanager/api/3.1/event/test", tag = "debug",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn stream_test() -> &'static str {
    "welcome to stream manager event route"
}
