//! The policies of this server: uploading, looking at, fetching and deleting them.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::policy_objects::{PolicyObject, UploadObject, VersionObject, VersionsObject};
use crate::access::Actor;
use crate::catalogue::{Upload, UploadState, Version};
use crate::http::AppState;
use crate::http::auth::Changed;
use crate::http::error::ApiError;
use crate::http::params::Params;

/// How long an upload waits for its verdict unless told otherwise, ms.
const WAIT_MS: u32 = 10_000;
/// Longest wait, ms: longer ones look like broken connections to what lies between.
const MOST_WAIT_MS: u32 = 60_000;
const SIGNATURE: &str = "x-weir-policy-signature";

/// All policies.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Listing {
    policies: Vec<PolicyObject>,
}

/// The policies that can be bound: those of this program, those of `policy.load`, and the uploaded ones.
#[utoipa::path(get, path = "/weir/v1/policies", tag = "policies", responses((status = 200, body = Listing)))]
pub(super) async fn list(State(app): State<AppState>) -> Json<Listing> {
    Json(Listing {
        policies: PolicyObject::all(&app.catalogue),
    })
}

/// Uploads a policy: the body is the component's bytes, or a core module's with the types of a component in it. It is
/// compiled and tried; `wait_ms` (10,000, at most 60,000) is how long this call waits for the verdict.
#[utoipa::path(post, path = "/weir/v1/policies/{name}", tag = "policies",
    params(("name" = String, Path), ("force" = Option<bool>, Query), ("wait_ms" = Option<u32>, Query)),
    request_body(content = Vec<u8>, content_type = "application/wasm"),
    responses((status = 201, body = UploadObject), (status = 200, body = UploadObject), (status = 202, body = UploadObject)))]
pub(super) async fn upload(
    State(app): State<AppState>,
    Path(name): Path<String>,
    params: Params,
    Extension(actor): Extension<Actor>,
    request: Request,
) -> Result<Response, ApiError> {
    let wait = params
        .whole("wait_ms", 0..=MOST_WAIT_MS)?
        .unwrap_or(WAIT_MS);
    let force = params.flag("force")?.unwrap_or(false);
    let signature = request.headers().get(SIGNATURE).cloned();
    let signature = signature.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let bytes = read_whole(request.into_body(), app.catalogue.upload_bytes()).await?;
    let upload = Upload {
        name: name.clone(),
        bytes: bytes.to_vec(),
        signature,
        by: actor.name.to_string(),
        force,
    };
    let id = app.catalogue.upload(upload)?;
    answer(&app, &name, &id, wait).await
}

/// How an upload fares.
#[utoipa::path(get, path = "/weir/v1/policies/{name}/uploads/{upload}", tag = "policies",
    params(("name" = String, Path), ("upload" = String, Path), ("wait_ms" = Option<u32>, Query)),
    responses((status = 200, body = UploadObject), (status = 202, body = UploadObject)))]
pub(super) async fn uploaded(
    State(app): State<AppState>,
    Path((name, id)): Path<(String, String)>,
    params: Params,
) -> Result<Response, ApiError> {
    let wait = params.whole("wait_ms", 0..=MOST_WAIT_MS)?.unwrap_or(0);
    answer(&app, &name, &id, wait).await
}

/// The uploads of a name, newest first.
#[utoipa::path(get, path = "/weir/v1/policies/{name}", tag = "policies", params(("name" = String, Path)),
    responses((status = 200, body = VersionsObject)))]
pub(super) async fn versions(
    State(app): State<AppState>,
    Path(name): Path<String>,
) -> Result<Json<VersionsObject>, ApiError> {
    let versions = app.catalogue.versions_of(&name);
    if versions.is_empty() {
        return Err(match app.catalogue.registry().get(&name) {
            Some(_) => ApiError::absent(format!(
                "policy {name:?} was not uploaded: it has no versions here"
            )),
            None => ApiError::not_found("policy", &name),
        });
    }
    let mut shown = Vec::new();
    for version in &versions {
        shown.push(VersionObject::of(&app, version).await?);
    }
    Ok(Json(VersionsObject {
        name,
        versions: shown,
    }))
}

/// One upload, with what was found when it was admitted.
#[utoipa::path(get, path = "/weir/v1/policies/{name}/versions/{number}", tag = "policies",
    params(("name" = String, Path), ("number" = u32, Path)), responses((status = 200, body = VersionObject)))]
pub(super) async fn version(
    State(app): State<AppState>,
    Path((name, number)): Path<(String, String)>,
) -> Result<Json<VersionObject>, ApiError> {
    let version = found(&app, &name, &number)?;
    Ok(Json(VersionObject::of(&app, &version).await?))
}

/// The bytes of an upload, as they were sent.
#[utoipa::path(get, path = "/weir/v1/policies/{name}/versions/{number}/component", tag = "policies",
    params(("name" = String, Path), ("number" = u32, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/wasm")))]
pub(super) async fn component(
    State(app): State<AppState>,
    Path((name, number)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let version = found(&app, &name, &number)?;
    let bytes = app.catalogue.bytes(&version.name, version.number).await?;
    let bytes =
        bytes.ok_or_else(|| ApiError::not_found("policy", &version.reference().to_string()))?;
    let file = format!("attachment; filename=\"{name}-{}.wasm\"", version.number);
    let headers = [
        (CONTENT_TYPE, "application/wasm".to_owned()),
        (CONTENT_DISPOSITION, file),
    ];
    Ok((headers, bytes).into_response())
}

/// Deletes an upload that nobody is bound to.
#[utoipa::path(delete, path = "/weir/v1/policies/{name}/versions/{number}", tag = "policies",
    params(("name" = String, Path), ("number" = u32, Path)), responses((status = 200, body = VersionObject)))]
pub(super) async fn remove(
    State(app): State<AppState>,
    Path((name, number)): Path<(String, String)>,
) -> Result<Json<VersionObject>, ApiError> {
    let _turn = app.catalogue.turn().await;
    let version = found(&app, &name, &number)?;
    let reference = version.reference().to_string();
    let users = app.fleet.bound_by(&reference).await?;
    if !users.is_empty() {
        return Err(ApiError::conflict(format!(
            "policy {reference} decides for {}: bind another one there first",
            users.join(", ")
        )));
    }
    let shown = VersionObject::of(&app, &version).await?;
    match app.catalogue.remove(&version).await? {
        true => Ok(Json(shown)),
        false => Err(ApiError::not_found("policy", &reference)),
    }
}

fn found(app: &AppState, name: &str, number: &str) -> Result<Version, ApiError> {
    let wanted = format!("{name}@{number}");
    let number = number.parse().ok();
    let version = number.and_then(|number| app.catalogue.version(name, number));
    version.ok_or_else(|| ApiError::not_found("policy", &wanted))
}

async fn answer(app: &AppState, name: &str, id: &str, wait: u32) -> Result<Response, ApiError> {
    let patience = Duration::from_millis(wait.into());
    let checked = app.catalogue.uploaded(name, id, patience).await;
    let checked = checked.ok_or_else(|| ApiError::not_found("upload", id))?;
    let status = match &checked.state {
        UploadState::Checking => StatusCode::ACCEPTED,
        UploadState::Admitted(_) => StatusCode::CREATED,
        UploadState::Known(_) => StatusCode::OK,
        UploadState::Refused(problem) => return Err(ApiError::unprocessable(problem)),
        UploadState::Failed(problem) => return Err(ApiError::not_done(problem)),
    };
    let changed = Changed(match &checked.state {
        UploadState::Admitted(version) => format!("policy {} uploaded", version.reference()),
        _ => String::new(),
    });
    let object = UploadObject::of(app, checked).await?;
    Ok((status, Extension(changed), Json(object)).into_response())
}

/// The whole body, up to so many bytes. Its pace is watched where connections are served.
async fn read_whole(body: Body, most: usize) -> Result<Bytes, ApiError> {
    use http_body_util::{BodyExt, Limited};
    match Limited::new(body, most).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            Err(crate::catalogue::UploadError::TooLarge(most).into())
        }
        Err(error) => Err(ApiError::of_body(error.as_ref())),
    }
}
