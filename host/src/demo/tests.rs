//! The demo against a server that answers from a script, and its screen without a terminal.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Json;
use axum::routing::{get, post};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use weir_cloud::clock::PacedClock;
use weir_cloud::{CloudController, LaunchRequest};
use weir_core::node::Role;
use weir_core::report::{Answer, Assignment, ClusterSettings, Message};
use weir_core::units::UtcMs;

use super::api::{Decision, Node, RoleStatus};
use super::picture::{NodeLine, Picture};
use super::*;

/// One origin that serves everybody, and whatever the demo posts is fine.
fn scripted_server(cloud: Arc<SimulatedCloud>) -> Router {
    Router::new()
        .route("/streammanager/cloudwatch", post(hear))
        .route("/streammanager/api/4.0/event/live/show", get(serve))
        .route("/streammanager/api/4.0/event/list", get(streams))
        .route(
            "/streammanager/api/4.0/admin/nodegroup/demo/node",
            get(nodes),
        )
        .route("/streammanager/api/4.0/admin/{*rest}", post(accept))
        .route("/weir/v1/groups/demo", get(status))
        .with_state(cloud)
}

async fn streams() -> Json<Value> {
    Json(json!([{ "name": "show", "scope": "live" }]))
}

async fn accept(Path(_): Path<String>) -> (StatusCode, Json<Value>) {
    (StatusCode::CREATED, Json(json!({ "name": "demo" })))
}

async fn hear(Json(message): Json<Message>) -> Json<Answer> {
    let assignment = Assignment {
        node_id: message.envelope.node_id.unwrap(),
        group: "demo".to_owned(),
        role: Role::Origin,
        region: "ap-northeast-1".to_owned(),
        availability_zone: "ap-northeast-1a".to_owned(),
        capacity: 200,
        cluster: ClusterSettings {
            mode: "auto".to_owned(),
            public_port: 1935,
            access_port: 5080,
            retry_duration: 30,
            reporting_speed: 10_000,
        },
    };
    Json(Answer {
        accepted: true,
        retry_after_ms: None,
        assignment: Some(assignment),
        commands: Vec::new(),
        reporting_speed: None,
        error_message: None,
        time: 0,
    })
}

async fn serve(
    State(cloud): State<Arc<SimulatedCloud>>,
    Query(_): Query<BTreeMap<String, String>>,
) -> Json<Value> {
    let address = cloud.nodes()[0].address().to_owned();
    Json(json!({ "name": "show", "scope": "live", "serverAddress": address, "region": "r" }))
}

async fn nodes(State(cloud): State<Arc<SimulatedCloud>>) -> Json<Value> {
    let state = if cloud.nodes()[0].is_up() {
        "inservice"
    } else {
        "pending"
    };
    let line = |role: &str| {
        json!({ "identifier": "o", "role": role, "availabilityZone": "ap-northeast-1a",
                "address": "127.64.0.1", "state": state, "capacity": 200 })
    };
    Json(json!([line("origin"), line("edge")]))
}

async fn status() -> Json<Value> {
    Json(json!({
        "name": "demo", "state": "active", "bindings": [],
        "roles": [{ "role": "edge", "region": "r", "nodes": 1, "inService": 1, "capacity": 200,
                    "connections": 5, "loadPercent": 2.5 }],
        "decisions": [{ "at": 7, "policy": "threshold", "version": "0.1.0", "summary": "one more edge",
                        "reasons": ["edge in r: 70 %, over 60 %"], "launched": [{ "role": "edge" }], "retired": [] }],
    }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn demo_tells_its_story_and_ends_by_itself() {
    let clock: SharedClock = Arc::new(PacedClock::start(UtcMs(0), SPEED).unwrap());
    let cloud = SimulatedCloud::new(cloud_settings("secret"), Arc::clone(&clock)).unwrap();
    let origin = LaunchRequest {
        id: "o".into(),
        role: Role::Origin,
        region: "ap-northeast-1".into(),
        zone: "ap-northeast-1a".into(),
        instance_type: "t2.medium".into(),
        image: "demo-image".to_owned(),
        capacity: 200,
        tags: Vec::new(),
        properties: Vec::new(),
    };
    cloud.launch(&origin).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let routes = scripted_server(Arc::clone(&cloud));
    let serving = tokio::spawn(async move { axum::serve(listener, routes).await });
    let server = DemoServer {
        base_url,
        token: "token".to_owned(),
        cloud,
        clock,
    };
    let options = DemoOptions {
        length: Some(Duration::from_secs(4)),
        plain: true,
    };
    let summary = run(options, server).await.unwrap();
    serving.abort();
    assert!(summary.peak_viewers > 0, "{summary:?}");
    assert_eq!(summary.launched, 1);
    assert_eq!(summary.decisions["threshold 0.1.0"], 1);
    assert_eq!(summary.cut, 0);
}

#[test]
fn recorded_evening_rises_and_falls() {
    let curve = DemandCurve::from_csv(TRACE)
        .unwrap()
        .stretched(EVENING, PEAK_VIEWERS);
    let at = |percent: u64| curve.at(DurationMs(EVENING.0 * percent / 100));
    assert!(at(0) < 16.0 && at(70) > 80.0 && at(95) < 48.0);
}

#[test]
fn screen_shows_nodes_load_and_reasons() {
    let decision = Decision {
        at: 7,
        policy: Some("threshold".to_owned()),
        version: Some("0.1.0".to_owned()),
        summary: "launch 2 edge".to_owned(),
        reasons: vec![
            "origin in r: 1 connections".to_owned(),
            "edge in r: 70 %, over 60 %".to_owned(),
        ],
        launched: BTreeMap::from([("edge".to_owned(), 2)]),
        reverted: BTreeMap::from([("edge".to_owned(), 1)]),
        seen: Duration::from_millis(12_300),
        ..Decision::default()
    };
    let mut picture = Picture::default();
    picture.group.roles.push(RoleStatus {
        role: "edge".to_owned(),
        region: "r".to_owned(),
        in_service: 1,
        nodes: 2,
        load_percent: Some(70.0),
        connections: 14,
        capacity: 20,
    });
    picture.acts.push(decision);
    picture.nodes.push(NodeLine {
        node: Node {
            identifier: "node-a-1".to_owned(),
            role: "edge".to_owned(),
            state: "inservice".to_owned(),
            draining: true,
            capacity: 20,
            ..Node::default()
        },
        clients: 14,
    });
    let links = ["curl 'http://127.0.0.1:1/metrics'".to_owned()];
    let mut terminal = Terminal::new(TestBackend::new(120, 30)).unwrap();
    terminal
        .draw(|frame| screen::draw(frame, &picture, &links))
        .unwrap();
    let shown = terminal.backend().to_string();
    for part in [
        "node-a-1",
        "draining",
        "14 / 20",
        " 12.3 s  threshold 0.1.0: launch 2 edges, take back 1 edge  edge in r: 70 %",
        "origin in r: 1 connection ",
        "1 of 2 in service",
        "curl",
    ] {
        assert!(
            shown.contains(part),
            "{part} is not on the screen:\n{shown}"
        );
    }
    picture.nodes.extend((0..40).map(|_| NodeLine::default()));
    let mut narrow = Terminal::new(TestBackend::new(80, 30)).unwrap();
    let links = [format!("curl 'http://127.0.0.1:1/{}'", "x".repeat(80))];
    narrow
        .draw(|frame| screen::draw(frame, &picture, &links))
        .unwrap();
    let shown = narrow.backend().to_string();
    assert!(
        shown.contains(" more") && !shown.contains("curl"),
        "{shown}"
    );
    // A terminal that is far too small must not bring the demo down.
    let mut tiny = Terminal::new(TestBackend::new(20, 5)).unwrap();
    tiny.draw(|frame| screen::draw(frame, &picture, &links))
        .unwrap();
    assert!(tiny.backend().to_string().contains("too small"));
    let mut least = Terminal::new(TestBackend::new(1, 1)).unwrap();
    least
        .draw(|frame| screen::draw(frame, &picture, &links))
        .unwrap();
}
