//! What scale policies and launch configurations share: documents kept by name.

use serde_json::Value;

use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::lenient::Field;
use crate::store::{Document, DocumentKind, StoreError};

/// How the API calls a kind.
pub(super) fn noun(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Limits => "scale policy",
        DocumentKind::Launch => "launch configuration",
    }
}

/// Names of groups that use the document.
pub(super) fn users(app: &AppState, kind: DocumentKind, name: &str) -> Vec<String> {
    let groups = app.fleet.groups();
    let records = groups.iter().map(|group| group.group());
    records
        .filter(|group| match kind {
            DocumentKind::Limits => group.limits == name,
            DocumentKind::Launch => group.launch_config == name,
        })
        .map(|group| group.name.to_string())
        .collect()
}

/// Reads a document, or answers 404.
pub(super) async fn read(
    app: &AppState,
    kind: DocumentKind,
    name: &str,
) -> Result<Document, ApiError> {
    let found = app.store.document(kind, name).await?;
    found.ok_or_else(|| ApiError::not_found(noun(kind), name))
}

/// Stores a new document.
pub(super) async fn create(
    app: &AppState,
    kind: DocumentKind,
    document: &Document,
) -> Result<(), ApiError> {
    app.store
        .create_document(document)
        .await
        .map_err(|problem| match problem {
            StoreError::Exists { name, .. } => ApiError::bad_input(format!(
                "{} {name:?} already exists: update it, or take another name",
                noun(kind)
            )),
            other => other.into(),
        })
}

/// Stores a changed document and lets the groups know.
pub(super) async fn replace(
    app: &AppState,
    kind: DocumentKind,
    name: &str,
    document: &Document,
) -> Result<(), ApiError> {
    if !app.store.replace_document(document).await? {
        return Err(ApiError::not_found(noun(kind), name));
    }
    Ok(app.fleet.documents_changed().await?)
}

/// Removes a document no group uses and answers it.
pub(super) async fn remove(
    app: &AppState,
    kind: DocumentKind,
    name: &str,
) -> Result<Document, ApiError> {
    let document = read(app, kind, name).await?;
    match app.store.delete_document(kind, name).await {
        Ok(true) => Ok(document),
        Ok(false) => Err(ApiError::not_found(noun(kind), name)),
        Err(StoreError::Conflict { .. }) => Err(in_use(app, kind, name)),
        Err(other) => Err(other.into()),
    }
}

fn in_use(app: &AppState, kind: DocumentKind, name: &str) -> ApiError {
    let groups = users(app, kind, name).join(", ");
    ApiError::bad_input(format!(
        "{} {name:?} is in use by node group {groups}: delete the group first",
        noun(kind)
    ))
}

/// Stores a copy of a document under a new name and answers it.
pub(super) async fn copy(
    app: &AppState,
    kind: DocumentKind,
    name: &str,
    new_name: String,
) -> Result<Document, ApiError> {
    let new_name = Field::at("newName", &Value::String(new_name)).name()?;
    let mut document = read(app, kind, name).await?;
    match &mut document {
        Document::Limits(limits) => limits.name = new_name,
        Document::Launch(launch) => launch.name = new_name,
    }
    create(app, kind, &document).await?;
    Ok(document)
}
