//! Launch configurations, rows 5 to 8 of the API's index.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use weir_core::group::LaunchDocument;

use super::documents;
use super::wire::{CreatedLaunchConfig, LaunchConfigDocument, read_launch_config};
use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::lenient::Body;
use crate::store::{Document, DocumentKind};

const KIND: DocumentKind = DocumentKind::Launch;

/// Stores a launch configuration.
#[utoipa::path(post, path = "/streammanager/api/3.1/admin/configurations/launchconfig", tag = "launch configurations",
    request_body = LaunchConfigDocument, responses((status = 201, body = CreatedLaunchConfig)))]
pub(super) async fn create(
    State(app): State<AppState>,
    body: Body,
) -> Result<(StatusCode, Json<CreatedLaunchConfig>), ApiError> {
    let launch = read_launch_config(&body.root(), None)?;
    let answer = CreatedLaunchConfig::of(&launch);
    documents::create(&app, KIND, &Document::Launch(launch)).await?;
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Names of all launch configurations.
#[utoipa::path(get, path = "/streammanager/api/3.1/admin/configurations/launchconfig", tag = "launch configurations",
    responses((status = 200, body = [String])))]
pub(super) async fn list(State(app): State<AppState>) -> Result<Json<Vec<String>>, ApiError> {
    Ok(Json(app.store.document_names(KIND).await?))
}

/// A launch configuration.
#[utoipa::path(get, path = "/streammanager/api/3.1/admin/configurations/launchconfig/{name}",
    tag = "launch configurations", params(("name" = String, Path)),
    responses((status = 200, body = LaunchConfigDocument)))]
pub(super) async fn read(
    State(app): State<AppState>,
    Path(name): Path<String>,
) -> Result<Json<LaunchConfigDocument>, ApiError> {
    Ok(Json(LaunchConfigDocument::of(&launch(
        documents::read(&app, KIND, &name).await?,
    )?)))
}

/// Replaces a launch configuration; nodes launched from then on follow it.
#[utoipa::path(put, path = "/streammanager/api/3.1/admin/configurations/launchconfig/{name}",
    tag = "launch configurations", params(("name" = String, Path)), request_body = LaunchConfigDocument,
    responses((status = 200, body = LaunchConfigDocument)))]
pub(super) async fn update(
    State(app): State<AppState>,
    Path(name): Path<String>,
    body: Body,
) -> Result<Json<LaunchConfigDocument>, ApiError> {
    documents::read(&app, KIND, &name).await?;
    let new = read_launch_config(&body.root(), Some(&name))?;
    let answer = LaunchConfigDocument::of(&new);
    documents::replace(&app, KIND, &name, &Document::Launch(new)).await?;
    Ok(Json(answer))
}

/// Removes a launch configuration no group uses.
#[utoipa::path(delete, path = "/streammanager/api/3.1/admin/configurations/launchconfig/{name}",
    tag = "launch configurations", params(("name" = String, Path)),
    responses((status = 200, body = LaunchConfigDocument)))]
pub(super) async fn remove(
    State(app): State<AppState>,
    Path(name): Path<String>,
) -> Result<Json<LaunchConfigDocument>, ApiError> {
    Ok(Json(LaunchConfigDocument::of(&launch(
        documents::remove(&app, KIND, &name).await?,
    )?)))
}

/// Copies a launch configuration under a new name.
#[utoipa::path(post, path = "/streammanager/api/3.1/admin/configurations/launchconfig/{name}/copy/{newName}",
    tag = "launch configurations", params(("name" = String, Path), ("newName" = String, Path)),
    responses((status = 201, body = CreatedLaunchConfig)))]
pub(super) async fn copy(
    State(app): State<AppState>,
    Path((name, new_name)): Path<(String, String)>,
) -> Result<(StatusCode, Json<CreatedLaunchConfig>), ApiError> {
    let copied = launch(documents::copy(&app, KIND, &name, new_name).await?)?;
    Ok((StatusCode::CREATED, Json(CreatedLaunchConfig::of(&copied))))
}

/// The store answers the kind it was asked for; anything else is its mistake.
pub(super) fn launch(document: Document) -> Result<LaunchDocument, ApiError> {
    match document {
        Document::Launch(launch) => Ok(launch),
        Document::Limits(limits) => Err(ApiError::not_found(documents::noun(KIND), &limits.name)),
    }
}
