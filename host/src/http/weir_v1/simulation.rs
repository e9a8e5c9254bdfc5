//! Publishers and viewers by hand, on the simulated cloud only.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use weir_core::placement::Action;
use weir_core::stream::StreamName;
use weir_core::units::DurationMs;

use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::lenient::Body;
use crate::http::v3_1::streams::named_stream;
use crate::simulation::{Client, ClientKind, Simulation};

/// Clients one call may bring.
const MOST_AT_ONCE: u32 = 10_000;

/// So long clients try to get a stream that is still on its way to their node.
const PATIENCE: DurationMs = DurationMs::secs(10);

/// Who is to come or to leave.
#[derive(Debug, ToSchema)]
pub(super) struct ClientsWish {
    /// `scope/name`, such as `live/stream1`.
    #[schema(value_type = String)]
    stream: StreamName,
    /// How many, 1 to 10,000; 1 when absent.
    #[schema(value_type = Option<u32>)]
    count: u32,
}

/// A client.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClientObject {
    /// `publisher` or `viewer`.
    kind: &'static str,
    stream: String,
    /// Identifier of its node.
    node: String,
    /// `false`: its node ended under it.
    connected: bool,
}

/// What came of a wish.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Joined {
    joined: Vec<ClientObject>,
    /// Why the others did not get in, once each.
    refused: Vec<String>,
}

/// How many left.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Left {
    left: usize,
}

impl ClientObject {
    fn of(client: &Client) -> Self {
        Self {
            kind: match client.kind {
                ClientKind::Publisher => "publisher",
                ClientKind::Viewer => "viewer",
            },
            stream: client.stream.path(),
            node: client.node.clone(),
            connected: client.connected,
        }
    }
}

fn simulation(app: &AppState) -> Result<&Arc<Simulation>, ApiError> {
    let missing = || ApiError::absent("simulated clients exist on the simulated cloud only");
    app.simulation.as_ref().ok_or_else(missing)
}

fn read(body: &Body) -> Result<ClientsWish, ApiError> {
    let root = body.root();
    root.only(&["stream", "count"])?;
    let stream = root.required("stream")?;
    let path = stream.word()?;
    let (scope, name) = path
        .trim_matches('/')
        .rsplit_once('/')
        .filter(|(scope, name)| !scope.is_empty() && !name.is_empty())
        .ok_or_else(|| stream.must("be scope/name, such as live/stream1"))?;
    let count = root
        .member("count")
        .map_or(Ok(1), |count| count.whole(1..=MOST_AT_ONCE))?;
    Ok(ClientsWish {
        stream: named_stream(scope, name)?,
        count,
    })
}

async fn join(
    app: &AppState,
    action: Action,
    wish: &ClientsWish,
) -> Result<(StatusCode, Json<Joined>), ApiError> {
    let simulation = simulation(app)?;
    let mut came = Joined {
        joined: Vec::new(),
        refused: Vec::new(),
    };
    let until = app.clock.now() + PATIENCE;
    for _ in 0..wish.count {
        match simulation.join(action, &wish.stream, until).await {
            Ok(client) => came.joined.push(ClientObject::of(&client)),
            Err(error) => {
                let why = error.to_string();
                if !came.refused.contains(&why) {
                    came.refused.push(why);
                }
            }
        }
    }
    if came.joined.is_empty() {
        return Err(ApiError::bad_input(came.refused.join("; ")));
    }
    Ok((StatusCode::CREATED, Json(came)))
}

/// Clients made by hand and where they are.
#[utoipa::path(get, path = "/weir/v1/simulation/clients", tag = "simulation", responses((status = 200, body = [ClientObject])))]
pub(super) async fn list(State(app): State<AppState>) -> Result<Json<Vec<ClientObject>>, ApiError> {
    Ok(Json(
        simulation(&app)?
            .clients()
            .iter()
            .map(ClientObject::of)
            .collect(),
    ))
}

/// Publishers come: each asks for an origin and connects to it.
#[utoipa::path(post, path = "/weir/v1/simulation/publishers", tag = "simulation", request_body = ClientsWish, responses((status = 201, body = Joined)))]
pub(super) async fn publish(
    State(app): State<AppState>,
    body: Body,
) -> Result<(StatusCode, Json<Joined>), ApiError> {
    join(&app, Action::Broadcast, &read(&body)?).await
}

/// Viewers come: each asks for an edge and connects to it.
#[utoipa::path(post, path = "/weir/v1/simulation/viewers", tag = "simulation", request_body = ClientsWish, responses((status = 201, body = Joined)))]
pub(super) async fn view(
    State(app): State<AppState>,
    body: Body,
) -> Result<(StatusCode, Json<Joined>), ApiError> {
    join(&app, Action::Subscribe, &read(&body)?).await
}

/// The newest publishers of the stream leave.
#[utoipa::path(delete, path = "/weir/v1/simulation/publishers", tag = "simulation", request_body = ClientsWish, responses((status = 200, body = Left)))]
pub(super) async fn unpublish(
    State(app): State<AppState>,
    body: Body,
) -> Result<Json<Left>, ApiError> {
    let wish = read(&body)?;
    let left = simulation(&app)?.leave(Action::Broadcast, &wish.stream, wish.count as usize);
    Ok(Json(Left { left }))
}

/// The newest viewers of the stream leave.
#[utoipa::path(delete, path = "/weir/v1/simulation/viewers", tag = "simulation", request_body = ClientsWish, responses((status = 200, body = Left)))]
pub(super) async fn leave(State(app): State<AppState>, body: Body) -> Result<Json<Left>, ApiError> {
    let wish = read(&body)?;
    let left = simulation(&app)?.leave(Action::Subscribe, &wish.stream, wish.count as usize);
    Ok(Json(Left { left }))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn counts_out_of_range_are_refused_by_name_and_range() {
        let wish = |count: serde_json::Value| {
            read(&Body(json!({ "stream": "live/show", "count": count })))
        };
        for count in [json!(-1), json!(0), json!(10_001), json!("many")] {
            let refused = wish(count).err().unwrap().to_string();
            assert!(refused.starts_with("count must"), "{refused}");
            assert!(refused.contains("from 1 to 10000"), "{refused}");
        }
        assert_eq!(wish(json!(3)).unwrap().count, 3);
    }
}
