//! Named tokens: who may call, how far, and for how long.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use weir_core::units::DurationMs;

use crate::access::{Actor, NewToken, Scope};
use crate::http::AppState;
use crate::http::auth::Changed;
use crate::http::error::ApiError;
use crate::http::lenient::{Body, Field};
use crate::store::{StoreError, StoredToken};

const DAY_MS: u64 = 86_400_000;
/// Longest life, days.
const MOST_DAYS: u32 = 3_650;

/// A token, without what opens.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenObject {
    name: String,
    /// `admin`, `operator`, `read-only` or `node`.
    scope: String,
    /// When it was made, ms.
    created_at: u64,
    created_by: String,
    /// From when on it opens nothing, ms; missing: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    /// Its time is over.
    expired: bool,
}

impl TokenObject {
    fn of(app: &AppState, token: StoredToken) -> Self {
        Self {
            expired: app.access.is_over(&token),
            name: token.name,
            scope: token.scope,
            created_at: token.created_at.0,
            created_by: token.created_by,
            expires_at: token.expires_at.map(|at| at.0),
        }
    }
}

/// All tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokensObject {
    tokens: Vec<TokenObject>,
}

/// A token that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MadeToken {
    /// The token. It is told this once; only its SHA-256 is kept.
    token: String,
    #[serde(flatten)]
    about: TokenObject,
}

/// The tokens there are beside the one of the settings.
#[utoipa::path(get, path = "/weir/v1/tokens", tag = "access", responses((status = 200, body = TokensObject)))]
pub(super) async fn list(State(app): State<AppState>) -> Json<TokensObject> {
    let all = app.access.all().into_iter();
    Json(TokensObject {
        tokens: all.map(|token| TokenObject::of(&app, token)).collect(),
    })
}

/// Makes a token: `{"name":"ci","scope":"operator","days":90}`. Scopes: `admin` opens everything, `operator` everything but
/// tokens, `read-only` reading, `node` reports of nodes that cannot sign. Without `days` it opens until it is deleted.
#[utoipa::path(post, path = "/weir/v1/tokens", tag = "access", request_body = Object,
    responses((status = 201, body = MadeToken)))]
pub(super) async fn make(
    State(app): State<AppState>,
    Extension(actor): Extension<Actor>,
    body: Body,
) -> Result<(StatusCode, Extension<Changed>, Json<MadeToken>), ApiError> {
    let new = read(&body.root(), &actor)?;
    let changed = Changed(format!("token {} ({})", new.name, new.scope.as_str()));
    let made = app.access.make(new).await.map_err(|error| match error {
        StoreError::Exists { name, .. } => ApiError::conflict(format!(
            "token {name:?} exists: delete it first, or take another name"
        )),
        other => other.into(),
    });
    let (stored, secret) = made?;
    let made = MadeToken {
        token: secret.reveal().to_owned(),
        about: TokenObject::of(&app, stored),
    };
    Ok((StatusCode::CREATED, Extension(changed), Json(made)))
}

/// Takes a token away; it opens nothing any more.
#[utoipa::path(delete, path = "/weir/v1/tokens/{name}", tag = "access", params(("name" = String, Path)),
    responses((status = 200, body = TokenObject)))]
pub(super) async fn remove(
    State(app): State<AppState>,
    Path(name): Path<String>,
) -> Result<Json<TokenObject>, ApiError> {
    let removed = app.access.remove(&name).await?;
    let removed = removed.ok_or_else(|| ApiError::not_found("token", &name))?;
    Ok(Json(TokenObject::of(&app, removed)))
}

fn read(body: &Field<'_>, actor: &Actor) -> Result<NewToken, ApiError> {
    body.only(&["name", "scope", "days"])?;
    let scope = body.required("scope")?;
    let word = scope.word()?;
    let known = Scope::read(&word);
    let known = known.ok_or_else(|| scope.must("be admin, operator, read-only or node"))?;
    let days = body.member("days").map(|days| days.whole(1..=MOST_DAYS));
    let days = days.transpose()?;
    Ok(NewToken {
        name: body.required("name")?.name()?,
        scope: known,
        life: days.map(|days| DurationMs(DAY_MS * u64::from(days))),
        by: actor.name.to_string(),
    })
}
