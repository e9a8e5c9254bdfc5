//! Which policies decide for a group: reading, binding, going back.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use weir_core::group::{Binding, Decides};

use crate::catalogue::CatalogueError;
use crate::fleet::GroupHandle;
use crate::fleet::bindings::{BoundFrom, GroupBinding};
use crate::http::AppState;
use crate::http::auth::Changed;
use crate::http::error::ApiError;
use crate::http::lenient::{Body, Field};
use crate::http::v3_1::{group, wire::json_or_text};

/// The three decisions of a group.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BindingsObject {
    group: String,
    bindings: Vec<BindingObject>,
}

/// A decision and what makes it.
#[derive(Debug, Serialize, ToSchema)]
struct BindingObject {
    /// `scaling`, `broadcast` or `subscribe`.
    decides: &'static str,
    /// Policy; an uploaded one as `name@number`.
    policy: String,
    #[schema(value_type = Object)]
    settings: Value,
    /// Who said so: `group`, `document` (the scale policy) or `default` (the settings).
    from: &'static str,
    /// What a roll-back brings back; missing when nothing was bound before.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Previous>,
}

/// What decided before.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum Previous {
    /// A policy bound to this group.
    Own {
        /// Policy; an uploaded one as `name@number`.
        policy: String,
        /// Its settings.
        #[schema(value_type = Object)]
        settings: Value,
    },
    /// What the scale policy or the settings state.
    Stated {
        /// `document or default`.
        from: &'static str,
    },
}

impl BindingObject {
    fn of(bound: GroupBinding) -> Self {
        Self {
            decides: bound.decides.as_str(),
            policy: bound.binding.policy,
            settings: json_or_text(&bound.binding.settings),
            from: match bound.from {
                BoundFrom::Group => "group",
                BoundFrom::Document => "document",
                BoundFrom::Default => "default",
            },
            previous: bound.previous.map(|binding| match binding {
                Some(binding) => Previous::Own {
                    policy: binding.policy,
                    settings: json_or_text(&binding.settings),
                },
                None => Previous::Stated {
                    from: "document or default",
                },
            }),
        }
    }
}

/// Which policies decide for a group, and who said so.
#[utoipa::path(get, path = "/weir/v1/groups/{group}/bindings", tag = "policies", params(("group" = String, Path)),
    responses((status = 200, body = BindingsObject)))]
pub(super) async fn list(
    State(app): State<AppState>,
    Path(key): Path<String>,
) -> Result<Json<BindingsObject>, ApiError> {
    let handle = group(&app, &key)?;
    shown(&app, &handle).await
}

/// Lets a policy decide for a group: `{"policy":"mine","settings":{}}`. A name alone means its newest upload; the
/// number is kept, so that a later upload changes nothing here. Stands over what the scale policy states.
#[utoipa::path(put, path = "/weir/v1/groups/{group}/bindings/{decides}", tag = "policies",
    params(("group" = String, Path), ("decides" = String, Path)), request_body = Object,
    responses((status = 200, body = BindingsObject)))]
pub(super) async fn bind(
    State(app): State<AppState>,
    Path((key, decides)): Path<(String, String)>,
    body: Body,
) -> Result<(Extension<Changed>, Json<BindingsObject>), ApiError> {
    let handle = group(&app, &key)?;
    let decides = decision(&decides)?;
    let binding = read(&body.root())?;
    let _turn = app.catalogue.turn().await;
    let pinned = app.catalogue.pin(binding, decides).await?;
    let changed = Changed(format!(
        "{decides} of group {}: {} {}",
        handle.name, pinned.policy, pinned.settings
    ));
    handle.bind(decides, Some(pinned)).await?;
    Ok((Extension(changed), shown(&app, &handle).await?))
}

/// Takes the group's own binding away: the scale policy or the settings say what decides.
#[utoipa::path(delete, path = "/weir/v1/groups/{group}/bindings/{decides}", tag = "policies",
    params(("group" = String, Path), ("decides" = String, Path)), responses((status = 200, body = BindingsObject)))]
pub(super) async fn unbind(
    State(app): State<AppState>,
    Path((key, decides)): Path<(String, String)>,
) -> Result<Json<BindingsObject>, ApiError> {
    let handle = group(&app, &key)?;
    let decides = decision(&decides)?;
    handle.bind(decides, None).await?;
    shown(&app, &handle).await
}

/// Lets what decided before the last change decide again. A second call goes one further back; ten are remembered.
#[utoipa::path(post, path = "/weir/v1/groups/{group}/bindings/{decides}/rollback", tag = "policies",
    params(("group" = String, Path), ("decides" = String, Path)), responses((status = 200, body = BindingsObject)))]
pub(super) async fn roll_back(
    State(app): State<AppState>,
    Path((key, decides)): Path<(String, String)>,
) -> Result<Json<BindingsObject>, ApiError> {
    let handle = group(&app, &key)?;
    let decides = decision(&decides)?;
    let _turn = app.catalogue.turn().await;
    if let Some(previous) = handle.previous_binding(decides) {
        app.catalogue.pin(previous, decides).await?;
    }
    handle.roll_back(decides).await?;
    shown(&app, &handle).await
}

async fn shown(app: &AppState, handle: &GroupHandle) -> Result<Json<BindingsObject>, ApiError> {
    let bindings = app.fleet.bindings(handle).await?;
    Ok(Json(BindingsObject {
        group: handle.name.to_string(),
        bindings: bindings.into_iter().map(BindingObject::of).collect(),
    }))
}

fn decision(word: &str) -> Result<Decides, ApiError> {
    let named = |decides: &Decides| decides.as_str() == word;
    let found = Decides::ALL.into_iter().find(named);
    found.ok_or_else(|| {
        ApiError::absent(format!(
            "{word:?} is nothing a policy decides: use scaling, broadcast or subscribe"
        ))
    })
}

fn read(body: &Field<'_>) -> Result<Binding, ApiError> {
    body.only(&["policy", "settings"])?;
    let settings = match body.member("settings") {
        None => "{}".to_owned(),
        Some(settings) if settings.value().is_object() => settings.value().to_string(),
        Some(settings) => return Err(settings.must("be an object").into()),
    };
    Ok(Binding {
        policy: body.required("policy")?.word()?,
        settings,
    })
}

impl From<CatalogueError> for ApiError {
    fn from(error: CatalogueError) -> Self {
        let message = error.to_string();
        match error {
            CatalogueError::Unknown(problem) => ApiError::bad_input(problem),
            CatalogueError::Bind(problem) => ApiError::bad_input(problem.to_string()),
            CatalogueError::Load { .. } => ApiError::bad_input(message),
            CatalogueError::Store(error) => error.into(),
        }
    }
}
