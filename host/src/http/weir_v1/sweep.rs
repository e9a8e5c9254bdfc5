//! Instances without a record: what the sweep found, what it ended, and an operator's word whose they are.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use weir_core::ids::NodeId;

use crate::fleet::sweeper::SweepStatus;
use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::lenient::Body;
use crate::http::params::Params;
use crate::store::Reaping;

/// Reapings shown.
const SHOWN: u32 = 100;
/// Most that one call answers.
const MOST: u32 = 1_000;
/// Identifiers one call may confirm.
const MOST_CONFIRMED: usize = 1_000;

/// The sweep as it stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SweepPicture {
    /// Id of this environment: instances carry it as a tag.
    environment: String,
    /// Binding, suspects and strangers of the last pass.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    status: SweepStatus,
    /// Instances that were ended, newest first: who ended them, when and why.
    #[schema(value_type = Vec<Object>)]
    ended: Vec<Reaping>,
}

/// An operator's word.
#[derive(Debug, ToSchema)]
pub(super) struct Confirmation {
    /// Id of this environment, as the sweep shows it.
    environment: String,
    /// Identifiers of strangers that are this environment's: the sweep ends them.
    #[schema(value_type = Option<Vec<String>>)]
    instances: Vec<NodeId>,
}

/// What the sweep found and ended; `limit` bounds the ended ones.
#[utoipa::path(get, path = "/weir/v1/sweep", tag = "sweep", params(("limit" = Option<u32>, Query)),
    responses((status = 200, body = SweepPicture)))]
pub(super) async fn read(
    State(app): State<AppState>,
    params: Params,
) -> Result<Json<SweepPicture>, ApiError> {
    let limit = params.whole("limit", 1..=MOST)?.unwrap_or(SHOWN);
    picture(&app, limit).await
}

/// Binds the environment to the store and the account at hand, and takes strangers for this environment's.
#[utoipa::path(post, path = "/weir/v1/sweep/confirm", tag = "sweep", request_body = Confirmation,
    responses((status = 200, body = SweepPicture)))]
pub(super) async fn confirm(
    State(app): State<AppState>,
    body: Body,
) -> Result<Json<SweepPicture>, ApiError> {
    let word = confirmation(&body)?;
    app.fleet
        .confirm_environment(&word.environment, &word.instances)
        .await?;
    picture(&app, SHOWN).await
}

async fn picture(app: &AppState, limit: u32) -> Result<Json<SweepPicture>, ApiError> {
    Ok(Json(SweepPicture {
        environment: app.settings.load().environment.clone(),
        status: SweepStatus::clone(&app.fleet.sweep()),
        ended: app.fleet.reapings(limit).await?,
    }))
}

fn confirmation(body: &Body) -> Result<Confirmation, ApiError> {
    let root = body.root();
    root.only(&["environment", "instances"])?;
    let mut instances = Vec::new();
    if let Some(listed) = root.member("instances") {
        let items = listed.items()?;
        if items.len() > MOST_CONFIRMED {
            let most = format!("have at most {MOST_CONFIRMED} items");
            return Err(listed.must(&most).into());
        }
        for item in items {
            instances.push(NodeId::from(item.name()?));
        }
    }
    Ok(Confirmation {
        environment: root.required("environment")?.word()?,
        instances,
    })
}
