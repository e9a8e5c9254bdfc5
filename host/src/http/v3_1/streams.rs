//! Streams and the question "which server?", rows 20 to 23 of the API's index.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use weir_core::ids::RegionName;
use weir_core::node::Role;
use weir_core::placement::{Action, MAX_CHOICES};
use weir_core::stream::{MOST_PATH_CHARS, StreamKind, StreamName};

use super::wire::{Cleared, ServerChoice, StreamEntry};
use crate::fleet::Question;
use crate::fleet::status::{GroupStatus, StreamStatus};
use crate::http::AppState;
use crate::http::client::Client;
use crate::http::error::ApiError;
use crate::http::params::Params;

/// Asks for a server for a stream: `{scope…}/{stream}?action=broadcast|subscribe`. With `/stats` at the end: the
/// stream's figures.
#[utoipa::path(get, path = "/streammanager/api/3.1/event/{path}", tag = "streams",
    params(("path" = String, Path, description = "scope, slash, stream name"),
        ("action" = String, Query, description = "broadcast or subscribe"),
        ("region" = Option<String>, Query), ("strict" = Option<bool>, Query), ("endpoints" = Option<u32>, Query, description = "different nodes wanted, 1 to 8"),
        ("transcode" = Option<bool>, Query)),
    responses((status = 200, body = ServerChoice, description = "an array with endpoints above 1")))]
pub(super) async fn ask(
    State(app): State<AppState>,
    Path(path): Path<String>,
    client: Client,
    params: Params,
) -> Result<Response, ApiError> {
    choose_or_stats(&app, &path, client, &params)
}

/// The answer to [`ask`], for which nothing has to be waited for.
pub(in crate::http) fn choose_or_stats(
    app: &AppState,
    path: &str,
    Client(client): Client,
    params: &Params,
) -> Result<Response, ApiError> {
    match read_path(path)? {
        Asked::Stats(stream) => Ok(Json(stats(app, &stream)?).into_response()),
        Asked::Server(stream) => {
            let question = read_question(app, stream, client, params)?;
            choose(app, &question)
        }
    }
}

fn choose(app: &AppState, question: &Question) -> Result<Response, ApiError> {
    let assigned = app.fleet.assign(question)?;
    let mut choices: Vec<ServerChoice> = assigned
        .iter()
        .filter_map(|assigned| ServerChoice::of(&question.stream, &assigned.node))
        .collect();
    if question.endpoints > 1 && !choices.is_empty() {
        return Ok(Json(choices).into_response());
    }
    match choices.is_empty() {
        true => Err(ApiError::bad_input(
            "the chosen node has no address yet; ask again",
        )),
        false => Ok(Json(choices.swap_remove(0)).into_response()),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Server(StreamName),
    Stats(StreamName),
}

/// The last segment is the stream, what stands before it the scope; a last `stats` asks for figures.
fn read_path(path: &str) -> Result<Asked, ApiError> {
    let stream = |path: &str| match path.rsplit_once('/') {
        Some((scope, name)) if !scope.trim_matches('/').is_empty() && !name.trim().is_empty() => {
            named_stream(scope, name)
        }
        _ => Err(ApiError::bad_input(format!(
            "{path:?} must name a scope and a stream, like live/stream1"
        ))),
    };
    let path = path.trim_matches('/');
    match path.strip_suffix("/stats") {
        Some(of) => stream(of).map(Asked::Stats),
        None => stream(path).map(Asked::Server),
    }
}

/// A stream whose scope and name together are no longer than they may be.
pub(in crate::http) fn named_stream(scope: &str, name: &str) -> Result<StreamName, ApiError> {
    let stream = StreamName::new(scope, name);
    let length = stream.path().chars().count();
    if length > MOST_PATH_CHARS {
        return Err(ApiError::bad_input(format!(
            "scope and stream name must have at most {MOST_PATH_CHARS} characters together, not {length}"
        )));
    }
    Ok(stream)
}

fn read_question(
    app: &AppState,
    stream: StreamName,
    client: std::net::IpAddr,
    params: &Params,
) -> Result<Question, ApiError> {
    let settings = app.settings.load();
    refuse_geozone(params)?;
    params.flag("transcode")?;
    let strict = params.flag("strict")?.unwrap_or(settings.location_strict);
    let most = u32::try_from(MAX_CHOICES).unwrap_or(u32::MAX);
    let endpoints = params.whole("endpoints", 1..=most)?.unwrap_or(1);
    Ok(Question {
        action: read_action(params)?,
        stream,
        region: params
            .get("region")
            .map(RegionName::from)
            .or_else(|| settings.location_region.clone()),
        strict,
        endpoints,
        // A transcoder is for streams with a provision; without one the answer is an origin.
        transcode: false,
        client,
    })
}

fn read_action(params: &Params) -> Result<Action, ApiError> {
    match params.get("action") {
        Some(word) if word.eq_ignore_ascii_case("broadcast") => Ok(Action::Broadcast),
        Some(word) if word.eq_ignore_ascii_case("subscribe") => Ok(Action::Subscribe),
        Some(word) => Err(ApiError::bad_input(format!(
            "action must be broadcast or subscribe, not {word:?}"
        ))),
        None => Err(ApiError::bad_input(
            "action is missing: send action=broadcast or action=subscribe",
        )),
    }
}

/// `global` is the world, which is the default.
fn refuse_geozone(params: &Params) -> Result<(), ApiError> {
    match params.get("geozone") {
        None => Ok(()),
        Some(zone) if zone.eq_ignore_ascii_case("global") && params.get("region").is_none() => {
            Ok(())
        }
        Some(_) if params.get("region").is_some() => Err(ApiError::bad_input(
            "geozone and region exclude each other: send one of them",
        )),
        Some(zone) => Err(ApiError::bad_input(format!(
            "geozone {zone:?} is not known here: ask with region instead"
        ))),
    }
}

/// A published stream's entry with the viewers on all nodes of its group.
fn stats(app: &AppState, stream: &StreamName) -> Result<StreamEntry, ApiError> {
    let groups = app.fleet.groups();
    let published = groups.iter().filter_map(|group| group.published(stream));
    published
        .filter_map(|found| {
            let entry = StreamEntry::of(stream, &found.node)?;
            Some(entry.with_stats(found.viewers, found.started_at.0))
        })
        .next()
        .map(StreamEntry::without_type)
        .ok_or_else(|| app.fleet.absent(stream).into())
}

/// Streams, an entry per node that holds one.
#[utoipa::path(get, path = "/streammanager/api/3.1/event/list", tag = "streams",
    responses((status = 200, body = [StreamEntry])))]
pub(super) async fn list(State(app): State<AppState>) -> Json<Vec<StreamEntry>> {
    let entry = |status: &GroupStatus, stream: &StreamStatus| {
        StreamEntry::of(&stream.stream, &status.node(stream.node)?.node)
    };
    Json(entries(&app, entry))
}

/// Streams with their figures: published ones with the viewers of their group, or with `aggregate=false` an entry per
/// node with its own.
#[utoipa::path(get, path = "/streammanager/api/3.1/event/list/stats", tag = "streams",
    params(("aggregate" = Option<bool>, Query)), responses((status = 200, body = [StreamEntry])))]
pub(super) async fn list_stats(
    State(app): State<AppState>,
    params: Params,
) -> Result<Json<Vec<StreamEntry>>, ApiError> {
    let aggregate = params.flag("aggregate")?.unwrap_or(true);
    let entry = |status: &GroupStatus, stream: &StreamStatus| match (aggregate, stream.kind) {
        (true, StreamKind::Publish) => summed(status, stream),
        (true, StreamKind::Restream) => None,
        (false, StreamKind::Publish | StreamKind::Restream) => {
            let entry = StreamEntry::of(&stream.stream, &status.node(stream.node)?.node)?;
            Some(entry.with_stats(stream.subscribers, stream.started_at.0))
        }
    };
    Ok(Json(entries(&app, entry)))
}

fn entries(
    app: &AppState,
    entry: impl Fn(&GroupStatus, &StreamStatus) -> Option<StreamEntry>,
) -> Vec<StreamEntry> {
    let statuses: Vec<Arc<GroupStatus>> = app
        .fleet
        .groups()
        .iter()
        .map(|group| group.status())
        .collect();
    let of_group = |status: &Arc<GroupStatus>| {
        status
            .streams
            .iter()
            .filter_map(|stream| entry(status, stream))
            .collect::<Vec<_>>()
    };
    statuses.iter().flat_map(of_group).collect()
}

/// Viewers sit on edges, and on origins where a group has no edges.
fn summed(status: &GroupStatus, published: &StreamStatus) -> Option<StreamEntry> {
    let serves = |stream: &&StreamStatus| {
        let role = status.node(stream.node).map(|node| node.node.role);
        matches!(role, Some(Role::Edge | Role::Origin))
    };
    let viewers = status
        .holders(&published.stream)
        .iter()
        .filter(serves)
        .map(|stream| stream.subscribers)
        .sum();
    let entry = StreamEntry::of(&published.stream, &status.node(published.node)?.node)?;
    Some(entry.with_stats(viewers, published.started_at.0))
}

/// Drops entries from the lists: those nobody publishes any more, with `includeActive=true` all.
#[utoipa::path(delete, path = "/streammanager/api/3.1/admin/event", tag = "streams",
    params(("includeActive" = Option<bool>, Query)), responses((status = 200, body = Cleared)))]
pub(super) async fn clear(
    State(app): State<AppState>,
    params: Params,
) -> Result<Json<Cleared>, ApiError> {
    let active = params.flag("includeActive")?.unwrap_or(false);
    let mut count = 0;
    for group in app.fleet.groups() {
        count += group.clear_streams(active).await?;
    }
    Ok(Json(Cleared {
        count,
        timestamp: app.clock.now().0,
    }))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_last_segment_is_the_stream() {
        let server = |path: &str| read_path(path).unwrap();
        assert_eq!(
            server("live/stream1"),
            Asked::Server(StreamName::new("live", "stream1"))
        );
        assert_eq!(
            server("/live/room/a b/"),
            Asked::Server(StreamName::new("live/room", "a b"))
        );
        assert_eq!(
            server("live/room/s/stats"),
            Asked::Stats(StreamName::new("live/room", "s"))
        );
        assert_eq!(
            server("live/Stats"),
            Asked::Server(StreamName::new("live", "Stats"))
        );
        for path in ["stream1", "live/stats", "stats", "live//"] {
            assert!(read_path(path).is_err(), "{path}");
        }
    }

    #[test]
    fn scope_and_stream_together_have_at_most_254_characters() {
        let path = |length: usize| format!("live/{}", "n".repeat(length - 5));
        assert!(read_path(&path(254)).is_ok());
        let refused = read_path(&path(255)).unwrap_err().to_string();
        assert!(
            refused.contains("254") && refused.contains("255"),
            "{refused}"
        );
    }

    #[test]
    fn geozones_are_refused_until_there_are_some() {
        let check = |query: &str| {
            let uri = format!("/x?{query}").parse().unwrap();
            refuse_geozone(&Params::of(&uri)).map_err(|e| e.to_string())
        };
        assert_eq!(check("geozone=global"), Ok(()));
        assert!(check("geozone=asia").unwrap_err().contains("\"asia\""));
        assert!(
            check("geozone=asia&region=eu")
                .unwrap_err()
                .contains("exclude each other")
        );
    }
}
