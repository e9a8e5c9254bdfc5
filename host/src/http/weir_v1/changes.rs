//! The book of changes: who changed what, when, and from where.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::params::Params;
use crate::store::Change;

/// Changes of a page unless told otherwise.
const PAGE: u32 = 100;
/// Most changes of a page.
const MOST: u32 = 1_000;

/// A change that somebody asked for.
#[derive(Debug, Serialize, ToSchema)]
struct ChangeObject {
    id: u64,
    /// When it was asked for, ms.
    at: u64,
    /// Name of the token; `admin` is the one of the settings.
    who: String,
    /// Address it came from.
    address: String,
    /// Method and path.
    what: String,
    /// HTTP status it was answered with; missing: what came of it is not known, the server ended over it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// What changed, where the call says it.
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
}

/// A page of changes, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page {
    changes: Vec<ChangeObject>,
    /// `before` of the next page; missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

impl ChangeObject {
    fn of(change: Change) -> Self {
        Self {
            id: change.id,
            at: change.at.0,
            who: change.who,
            address: change.address,
            what: change.what,
            status: change.status,
            detail: change.detail,
        }
    }
}

/// Who changed what, newest first; refused attempts of those who have a token are among them.
#[utoipa::path(get, path = "/weir/v1/audit", tag = "access",
    params(("before" = Option<u64>, Query), ("limit" = Option<u32>, Query)), responses((status = 200, body = Page)))]
pub(super) async fn list(
    State(app): State<AppState>,
    params: Params,
) -> Result<Json<Page>, ApiError> {
    let limit = params.whole("limit", 1..=MOST)?.unwrap_or(PAGE);
    let changes = app.store.changes(params.number("before")?, limit).await?;
    let full = changes.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let next = changes.last().filter(|_| full).map(|last| last.id);
    Ok(Json(Page {
        changes: changes.into_iter().map(ChangeObject::of).collect(),
        next,
    }))
}
