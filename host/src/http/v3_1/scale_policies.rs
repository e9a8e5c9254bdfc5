//! Scale policies, rows 1 to 4 of the API's index.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use weir_core::group::{Binding, Decides, LimitsDocument, StatedBindings};

use super::documents;
use super::wire::{ScalePolicyDocument, read_scale_policy};
use crate::catalogue::CatalogueError;
use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::lenient::Body;
use crate::store::{Document, DocumentKind};

const KIND: DocumentKind = DocumentKind::Limits;

/// Stores a scale policy.
#[utoipa::path(post, path = "/streammanager/api/3.1/admin/configurations/scalepolicy", tag = "scale policies",
    request_body = ScalePolicyDocument, responses((status = 201, body = ScalePolicyDocument)))]
pub(super) async fn create(
    State(app): State<AppState>,
    body: Body,
) -> Result<(StatusCode, Json<ScalePolicyDocument>), ApiError> {
    let mut limits = read_scale_policy(&body.root(), None)?;
    let _turn = app.catalogue.turn().await;
    limits.bindings = pin_bindings(&app, limits.bindings).await?;
    let answer = ScalePolicyDocument::of(&limits);
    documents::create(&app, KIND, &Document::Limits(limits)).await?;
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Names of all scale policies.
#[utoipa::path(get, path = "/streammanager/api/3.1/admin/configurations/scalepolicy", tag = "scale policies",
    responses((status = 200, body = [String])))]
pub(super) async fn list(State(app): State<AppState>) -> Result<Json<Vec<String>>, ApiError> {
    Ok(Json(app.store.document_names(KIND).await?))
}

/// A scale policy.
#[utoipa::path(get, path = "/streammanager/api/3.1/admin/configurations/scalepolicy/{name}", tag = "scale policies",
    params(("name" = String, Path)), responses((status = 200, body = ScalePolicyDocument)))]
pub(super) async fn read(
    State(app): State<AppState>,
    Path(name): Path<String>,
) -> Result<Json<ScalePolicyDocument>, ApiError> {
    Ok(Json(ScalePolicyDocument::of(&limits(
        documents::read(&app, KIND, &name).await?,
    )?)))
}

/// Replaces a scale policy. While a group uses it, only limits and bound policies may change.
#[utoipa::path(put, path = "/streammanager/api/3.1/admin/configurations/scalepolicy/{name}", tag = "scale policies",
    params(("name" = String, Path)), request_body = ScalePolicyDocument,
    responses((status = 200, body = ScalePolicyDocument)))]
pub(super) async fn update(
    State(app): State<AppState>,
    Path(name): Path<String>,
    body: Body,
) -> Result<Json<ScalePolicyDocument>, ApiError> {
    let old = limits(documents::read(&app, KIND, &name).await?)?;
    let mut new = read_scale_policy(&body.root(), Some(&name))?;
    let _turn = app.catalogue.turn().await;
    new.bindings = pin_bindings(&app, new.bindings).await?;
    let users = documents::users(&app, KIND, &name);
    if !users.is_empty() && !differs_in_limits_alone(&old, &new) {
        return Err(ApiError::bad_input(format!(
            "scale policy {name:?} is in use by node group {}: only minLimit, maxLimit and weir may change now; copy it to change more",
            users.join(", ")
        )));
    }
    let answer = ScalePolicyDocument::of(&new);
    documents::replace(&app, KIND, &name, &Document::Limits(new)).await?;
    Ok(Json(answer))
}

/// Removes a scale policy no group uses.
#[utoipa::path(delete, path = "/streammanager/api/3.1/admin/configurations/scalepolicy/{name}", tag = "scale policies",
    params(("name" = String, Path)), responses((status = 200, body = ScalePolicyDocument)))]
pub(super) async fn remove(
    State(app): State<AppState>,
    Path(name): Path<String>,
) -> Result<Json<ScalePolicyDocument>, ApiError> {
    Ok(Json(ScalePolicyDocument::of(&limits(
        documents::remove(&app, KIND, &name).await?,
    )?)))
}

/// Copies a scale policy under a new name.
#[utoipa::path(post, path = "/streammanager/api/3.1/admin/configurations/scalepolicy/{name}/copy/{newName}",
    tag = "scale policies", params(("name" = String, Path), ("newName" = String, Path)),
    responses((status = 201, body = ScalePolicyDocument)))]
pub(super) async fn copy(
    State(app): State<AppState>,
    Path((name, new_name)): Path<(String, String)>,
) -> Result<(StatusCode, Json<ScalePolicyDocument>), ApiError> {
    let copied = limits(documents::copy(&app, KIND, &name, new_name).await?)?;
    Ok((StatusCode::CREATED, Json(ScalePolicyDocument::of(&copied))))
}

/// The store answers the kind it was asked for; anything else is its mistake.
pub(super) fn limits(document: Document) -> Result<LimitsDocument, ApiError> {
    match document {
        Document::Limits(limits) => Ok(limits),
        Document::Launch(launch) => Err(ApiError::not_found(documents::noun(KIND), &launch.name)),
    }
}

fn differs_in_limits_alone(old: &LimitsDocument, new: &LimitsDocument) -> bool {
    let bare = |document: &LimitsDocument| {
        let mut bare = LimitsDocument {
            bindings: StatedBindings::default(),
            ..document.clone()
        };
        for role in bare.regions.iter_mut().flat_map(|(_, roles)| roles) {
            (role.min, role.max) = (0, 0);
        }
        bare
    };
    bare(old) == bare(new)
}

/// The bindings with the versions they stand for now: every policy exists, decides what it is bound to, and finds its
/// settings fine.
async fn pin_bindings(app: &AppState, stated: StatedBindings) -> Result<StatedBindings, ApiError> {
    let StatedBindings {
        scaling,
        broadcast,
        subscribe,
    } = stated;
    Ok(StatedBindings {
        scaling: pin(app, scaling, Decides::Scaling, "scaling").await?,
        broadcast: pin(app, broadcast, Decides::Broadcast, "placement.broadcast").await?,
        subscribe: pin(app, subscribe, Decides::Subscribe, "placement.subscribe").await?,
    })
}

async fn pin(
    app: &AppState,
    binding: Option<Binding>,
    decides: Decides,
    member: &str,
) -> Result<Option<Binding>, ApiError> {
    let Some(binding) = binding else {
        return Ok(None);
    };
    match app.catalogue.pin(binding, decides).await {
        Ok(pinned) => Ok(Some(pinned)),
        Err(CatalogueError::Store(error)) => Err(error.into()),
        Err(problem) => Err(ApiError::bad_input(format!(
            "policy.weir.{member}: {problem}"
        ))),
    }
}
