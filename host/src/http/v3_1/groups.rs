//! Node groups, rows 9 to 11 and 16 of the API's index.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::wire::{GroupObject, GroupStats, Places, new_group, read_audiences};
use super::{documents, group, smart};
use crate::fleet::NewGroup;
use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::lenient::Body;
use crate::http::params::Params;
use crate::store::DocumentKind;

/// Makes a group: over existing documents, or ("smart", with `region` instead of `regions`) with a scale policy made
/// of the expected audience; `autoinit=true` then launches the first origin too.
#[utoipa::path(post, path = "/streammanager/api/3.1/admin/nodegroup", tag = "groups",
    params(("autoinit" = Option<bool>, Query)), request_body = serde_json::Value,
    responses((status = 201, body = GroupObject)))]
pub(super) async fn create(
    State(app): State<AppState>,
    params: Params,
    body: Body,
) -> Result<(StatusCode, Json<GroupObject>), ApiError> {
    let asked = new_group(&body.root())?;
    must_exist(
        &app,
        DocumentKind::Launch,
        "launchConfig",
        &asked.launch_config,
    )
    .await?;
    let mut new = NewGroup {
        name: asked.name,
        regions: Vec::new(),
        launch_config: asked.launch_config,
        limits: asked.scale_policy,
    };
    let made = match asked.places {
        Places::Regions(regions) => {
            must_exist(&app, DocumentKind::Limits, "scalePolicy", &new.limits).await?;
            new.regions = regions;
            app.fleet.create_group(new).await?
        }
        Places::Audiences(audiences) => {
            let autoinit = params.flag("autoinit")?.unwrap_or(false);
            smart::create(&app, new, &audiences, autoinit).await?
        }
    };
    Ok((StatusCode::CREATED, Json(GroupObject::of(&made))))
}

/// All groups.
#[utoipa::path(get, path = "/streammanager/api/3.1/admin/nodegroup", tag = "groups",
    responses((status = 200, body = [GroupObject])))]
pub(super) async fn list(State(app): State<AppState>) -> Json<Vec<GroupObject>> {
    let groups = app.fleet.groups();
    Json(
        groups
            .iter()
            .map(|group| GroupObject::of(&group.group()))
            .collect(),
    )
}

/// A group, by name or number.
#[utoipa::path(get, path = "/streammanager/api/3.1/admin/nodegroup/{group}", tag = "groups",
    params(("group" = String, Path)), responses((status = 200, body = GroupObject)))]
pub(super) async fn read(
    State(app): State<AppState>,
    Path(key): Path<String>,
) -> Result<Json<GroupObject>, ApiError> {
    Ok(Json(GroupObject::of(&group(&app, &key)?.group())))
}

/// Rewrites the limits of the group's scale policy for a new audience. Groups of origins and edges only.
#[utoipa::path(put, path = "/streammanager/api/3.1/admin/nodegroup/{group}", tag = "groups",
    params(("group" = String, Path)), request_body = serde_json::Value,
    responses((status = 200, body = GroupObject)))]
pub(super) async fn resize(
    State(app): State<AppState>,
    Path(key): Path<String>,
    body: Body,
) -> Result<Json<GroupObject>, ApiError> {
    let handle = group(&app, &key)?;
    let root = body.root();
    let Some(audiences) = read_audiences(&root)? else {
        return Err(ApiError::bad_input(
            "region is missing: name the regions and their expected audience",
        ));
    };
    smart::resize(&app, &handle.group(), &audiences).await?;
    Ok(Json(GroupObject::of(&handle.group())))
}

/// Deletes a group: at once when it is empty, else after its nodes.
#[utoipa::path(delete, path = "/streammanager/api/3.1/admin/nodegroup/{group}", tag = "groups",
    params(("group" = String, Path)), responses((status = 200, body = GroupObject)))]
pub(super) async fn remove(
    State(app): State<AppState>,
    Path(key): Path<String>,
) -> Result<Json<GroupObject>, ApiError> {
    group(&app, &key)?;
    Ok(Json(GroupObject::of(&app.fleet.delete_group(&key).await?)))
}

/// Load of a group, by role.
#[utoipa::path(get, path = "/streammanager/api/3.1/admin/nodegroup/{group}/stats", tag = "groups",
    params(("group" = String, Path)), responses((status = 200, body = GroupStats)))]
pub(super) async fn stats(
    State(app): State<AppState>,
    Path(key): Path<String>,
) -> Result<Json<GroupStats>, ApiError> {
    Ok(Json(GroupStats::of(&group(&app, &key)?.status())))
}

/// A document a body names must be there: 400, since the body is wrong and not the address.
async fn must_exist(
    app: &AppState,
    kind: DocumentKind,
    member: &str,
    name: &str,
) -> Result<(), ApiError> {
    match app.store.document(kind, name).await? {
        Some(_) => Ok(()),
        None => Err(ApiError::bad_input(format!(
            "{member}: {} {name:?} does not exist: create it first",
            documents::noun(kind)
        ))),
    }
}
