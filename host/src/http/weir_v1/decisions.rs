//! The log of scaling decisions: what was decided and why, from what it followed, and the same made again.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use weir_core::units::UtcMs;

use crate::decisions::{self, Attempt, Entry, Replayed};
use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::params::Params;
use crate::http::v3_1::{group, wire::json_or_text};
use crate::policy::SharedPolicy;
use crate::store::{DecisionFilter, StoredDecision};

/// Decisions of a page unless told otherwise.
const PAGE: u32 = 50;
/// Most decisions of a page.
const MOST: u32 = 1_000;

/// A decision in a line.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DecisionLine {
    id: u64,
    group: String,
    /// When, ms.
    at: u64,
    /// It can be made again.
    replayable: bool,
    /// What was decided and why; missing when it changed nothing and says nothing that the decision before did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    decision: Option<Value>,
}

/// A page of decisions, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page {
    decisions: Vec<DecisionLine>,
    /// `before` of the next page; missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// A decision with what it followed from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Explained {
    id: u64,
    group: String,
    at: u64,
    /// What was decided and why.
    #[schema(value_type = Object)]
    decision: Value,
    /// In sentences.
    explanation: Vec<String>,
    /// The policies that were asked, with settings, state and answer.
    #[schema(value_type = Vec<Object>)]
    attempts: Vec<AttemptObject>,
    /// What every policy was shown, as the contract has it.
    #[schema(value_type = Option<Object>)]
    input: Option<Value>,
}

/// A policy that was asked.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AttemptObject {
    policy: String,
    digest: String,
    engine: String,
    settings: Value,
    state_before: String,
    /// What it wished for; missing when it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    wish: Option<Value>,
    /// Why it gave no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    state_after: String,
    fuel: u64,
    micros: u64,
}

impl AttemptObject {
    fn of(attempt: &Attempt) -> Self {
        let answer = attempt.answer.as_ref();
        let wish = answer.ok().map(|proposal| {
            let mut wish = serde_json::to_value(proposal).unwrap_or_default();
            // Bytes are shown beside it, in hex.
            if let Some(members) = wish.as_object_mut() {
                members.remove("state");
            }
            wish
        });
        Self {
            policy: attempt.policy.clone(),
            digest: attempt.digest.clone(),
            engine: attempt.engine.clone(),
            settings: json_or_text(&attempt.settings),
            state_before: hex::encode(&attempt.state),
            wish,
            fault: answer.err().map(ToString::to_string),
            state_after: answer.map_or_else(|_| String::new(), |it| hex::encode(&it.state)),
            fuel: attempt.fuel,
            micros: attempt.micros,
        }
    }
}

/// A decision made again.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReplayObject {
    id: u64,
    /// Every call gave the same answer and state for the same fuel.
    identical: bool,
    /// Call by call.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    replayed: Replayed,
}

/// Scaling decisions, newest first: those that changed something or say something new, with `all=true` every one. `before`
/// (a number), `since` and `until` (ms) narrow it down.
#[utoipa::path(get, path = "/weir/v1/decisions", tag = "decisions",
    params(("group" = Option<String>, Query), ("all" = Option<bool>, Query), ("before" = Option<u64>, Query),
        ("since" = Option<u64>, Query), ("until" = Option<u64>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = Page)))]
pub(super) async fn list(
    State(app): State<AppState>,
    params: Params,
) -> Result<Json<Page>, ApiError> {
    let limit = params.whole("limit", 1..=MOST)?.unwrap_or(PAGE);
    let wanted = params
        .get("group")
        .map(|key| group(&app, key))
        .transpose()?;
    let filter = DecisionFilter {
        group: wanted.map(|handle| handle.id),
        all: params.flag("all")?.unwrap_or(false),
        before: params.number("before")?,
        since: params.number("since")?.map(UtcMs),
        until: params.number("until")?.map(UtcMs),
        limit,
    };
    let found = app.store.decisions(&filter).await?;
    let full = found.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let next = found.last().filter(|_| full).map(|last| last.id);
    let decisions = found.into_iter().map(|stored| line(&app, stored)).collect();
    Ok(Json(Page { decisions, next }))
}

/// One decision in words, with the input, settings and state it followed from.
#[utoipa::path(get, path = "/weir/v1/decisions/{id}", tag = "decisions", params(("id" = u64, Path)),
    responses((status = 200, body = Explained)))]
pub(super) async fn explain(
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<Explained>, ApiError> {
    let stored = found(&app, &id).await?;
    let entry = match stored.place {
        Some(_) => Some(entry(&app, &stored).await?),
        None => None,
    };
    let document = stored.document.as_deref();
    let document = document.or(entry.as_ref().map(|entry| entry.document.as_str()));
    let decision = json_or_text(document.unwrap_or("{}"));
    let attempts = entry
        .as_ref()
        .map(|entry| entry.attempts.as_slice())
        .unwrap_or_default();
    let name = group_name(&app, &stored);
    Ok(Json(Explained {
        id: stored.id,
        explanation: super::decision_words::sentences(&name, &decision, entry.as_ref()),
        group: name,
        at: stored.at.0,
        decision,
        attempts: attempts.iter().map(AttemptObject::of).collect(),
        input: entry
            .as_ref()
            .and_then(|entry| serde_json::to_value(&entry.snapshot).ok()),
    }))
}

/// Makes a decision again with the policies of the same bytes: `identical`, or what differs. Changes nothing.
#[utoipa::path(post, path = "/weir/v1/decisions/{id}/replay", tag = "decisions", params(("id" = u64, Path)),
    responses((status = 200, body = ReplayObject)))]
pub(super) async fn replay(
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<ReplayObject>, ApiError> {
    let stored = found(&app, &id).await?;
    if stored.place.is_none() {
        return Err(ApiError::bad_input(format!(
            "decision {id} cannot be made again: no policy was asked, or it was logged before inputs were kept"
        )));
    }
    let entry = entry(&app, &stored).await?;
    let mut policies = Vec::new();
    for attempt in &entry.attempts {
        policies.extend(same_bytes(&app, attempt).await);
    }
    // A guest runs for as long as its limit lets it: not on the runtime's threads.
    let work = tokio::task::spawn_blocking(move || {
        decisions::replay(&entry, |attempt| {
            let mut known = policies.iter();
            known
                .find(|policy| policy.digest() == attempt.digest)
                .cloned()
        })
    });
    let replayed = work.await;
    let replayed = replayed
        .map_err(|panic| ApiError::internal("the decision could not be made again", &panic))?;
    Ok(Json(ReplayObject {
        id: stored.id,
        identical: replayed.is_identical(),
        replayed,
    }))
}

/// The policy that was asked, if it is here with the bytes it had.
async fn same_bytes(app: &AppState, attempt: &Attempt) -> Option<SharedPolicy> {
    let fits = |policy: &SharedPolicy| policy.digest() == attempt.digest;
    let bound = app.catalogue.resolve(&attempt.policy).ok();
    if let Some(reference) = bound
        && let Ok(policy) = app.catalogue.load(&reference).await
        && fits(&policy)
    {
        return Some(policy);
    }
    // Uploaded again after it was deleted, or under another name.
    let mut versions = app.catalogue.versions().into_iter();
    let twin = versions.find(|version| version.sha256 == attempt.digest)?;
    app.catalogue.load(&twin.reference()).await.ok()
}

async fn found(app: &AppState, id: &str) -> Result<StoredDecision, ApiError> {
    let missing = || ApiError::not_found("decision", id);
    let number = id.parse().map_err(|_| missing())?;
    app.store.decision(number).await?.ok_or_else(missing)
}

async fn entry(app: &AppState, stored: &StoredDecision) -> Result<Entry, ApiError> {
    let Some((chain, link)) = stored.place else {
        return Err(ApiError::absent(format!(
            "decision {} has no input",
            stored.id
        )));
    };
    let frames = app.store.frames(stored.group, chain, link).await?;
    decisions::unpack(&frames).map_err(|error| {
        let message = format!("decision {} cannot be read: {error}", stored.id);
        ApiError::internal(message, &error)
    })
}

fn line(app: &AppState, stored: StoredDecision) -> DecisionLine {
    DecisionLine {
        id: stored.id,
        group: group_name(app, &stored),
        at: stored.at.0,
        replayable: stored.place.is_some(),
        decision: stored.document.as_deref().map(json_or_text),
    }
}

fn group_name(app: &AppState, stored: &StoredDecision) -> String {
    let number = stored.group.to_string();
    app.fleet
        .group(&number)
        .map_or(number, |group| group.name.to_string())
}
