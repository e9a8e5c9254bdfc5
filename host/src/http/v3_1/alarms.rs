//! The threshold above which nodes are added, row 19 of the API's index: one per role for all groups.

use axum::Json;
use axum::extract::State;
use weir_core::group::DEFAULT_THRESHOLD;
use weir_core::node::Role;

use super::wire::Alarm;
use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::params::Params;

/// The alarm of a role; of edges when no `type` is given.
#[utoipa::path(get, path = "/streammanager/api/3.1/admin/alarm/scaleout/default", tag = "alarms",
    params(("type" = Option<String>, Query)), responses((status = 200, body = Alarm)))]
pub(super) async fn read(
    State(app): State<AppState>,
    params: Params,
) -> Result<Json<Alarm>, ApiError> {
    let role = role_of(&params)?;
    let stated = app.store.thresholds().await?;
    let threshold = stated
        .into_iter()
        .find(|(of, _)| *of == role)
        .map_or(DEFAULT_THRESHOLD, |(_, percent)| percent);
    Ok(Json(Alarm::of(role, threshold)))
}

/// Sets the threshold of a role, percent; it counts at once.
#[utoipa::path(post, path = "/streammanager/api/3.1/admin/alarm/scaleout/default", tag = "alarms",
    params(("type" = Option<String>, Query), ("threshold" = u32, Query)), responses((status = 200, body = Alarm)))]
pub(super) async fn set(
    State(app): State<AppState>,
    params: Params,
) -> Result<Json<Alarm>, ApiError> {
    let role = role_of(&params)?;
    let Some(threshold) = params.whole("threshold", 1..=100)? else {
        return Err(ApiError::bad_input(
            "threshold is missing: send a whole number from 1 to 100",
        ));
    };
    app.store.set_threshold(role, threshold).await?;
    app.fleet.documents_changed().await?;
    Ok(Json(Alarm::of(role, threshold)))
}

fn role_of(params: &Params) -> Result<Role, ApiError> {
    let Some(word) = params.get("type") else {
        return Ok(Role::Edge);
    };
    Role::parse(word).ok_or_else(|| {
        ApiError::bad_input(format!(
            "type must be edge, origin, relay or transcoder, not {word:?}"
        ))
    })
}
