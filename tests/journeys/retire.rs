//! Nodes that are to go: their viewers are waited for, up to the operator's deadline; and a node that is needed again
//! is taken back.

use std::sync::Arc;

use serde_json::{Value, json};
use weir::policy::scripted::ScriptedPolicy;
use weir_cloud::clock::Clock;
use weir_core::node::{NodeState, Role};
use weir_core::proposal::Proposal;
use weir_core::snapshot::FLAG_DRAINING;
use weir_tests::tutorial::{LAUNCH_CONFIG, NODE_GROUP, SCALE_POLICY};
use weir_tests::{Client, Options, TestServer, secs};

const STREAM: &str = "live/retired";

/// Retires every edge that has a viewer and does not drain: what no policy should do, and every policy may.
fn rude() -> ScriptedPolicy {
    ScriptedPolicy::new("rude").proposing(|snapshot, _, _| {
        let nodes = &snapshot.nodes;
        let rows = 0..nodes.id.len();
        let busy_edge = |row: &usize| {
            nodes.role[*row] == Role::Edge as u8
                && nodes.connections[*row] > 0
                && nodes.flags[*row] & FLAG_DRAINING == 0
        };
        let edges = rows.filter(busy_edge).map(|row| nodes.id[row]);
        Ok(Proposal {
            retirements: edges.collect(),
            reasons: vec!["the rude policy wants it so".to_owned()],
            ..Proposal::default()
        })
    })
}

/// A scale policy with so many edges at least, bound to the policy.
fn limits(min: u32, max: u32, weir: &Value) -> String {
    let mut document: Value = serde_json::from_str(SCALE_POLICY).unwrap();
    document["policy"]["weir"] = weir.clone();
    let targets = &mut document["policy"]["targets"]["region"][0]["target"];
    targets[0]["minLimit"] = min.into();
    targets[0]["maxLimit"] = max.into();
    targets[0]["scaleInWaitTime"] = 4_000.into();
    targets[0]["coolDownPeriod"] = 4_000.into();
    document.to_string()
}

async fn group(options: Options, limits: &str, edges: usize) -> (TestServer, Client) {
    let server = TestServer::start(options).await;
    server.group_of(limits, LAUNCH_CONFIG, NODE_GROUP).await;
    let ready = || server.linked(Role::Edge).len() == edges;
    server.until("the edges serve", secs(90), ready).await;
    let publisher = server.patient_publisher(STREAM, secs(60)).await;
    (server, publisher)
}

async fn launch_edge(server: &TestServer) {
    let path = format!("nodegroup/{}/node/edge", server.group_handle().name);
    let _ = server.admin("POST", &path, None).await.wanted(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_of_a_retired_node_stays_until_the_deadline_and_not_longer() {
    let deadline = secs(60);
    let options = Options::brisk()
        .settings(|config| config.fleet.drain_deadline_ms = deadline.0)
        .policy(Arc::new(rude()));
    let rude = json!({"scaling": {"policy": "rude"}});
    // Two at least, and one above: the one with the viewer may go.
    let (server, _publisher) = group(options, &limits(2, 4, &rude), 2).await;
    launch_edge(&server).await;
    let three = || server.linked(Role::Edge).len() == 3;
    server.until("three edges serve", secs(60), three).await;
    let viewer = server.patient_viewer(STREAM, secs(60)).await;
    let id = viewer.node();
    let drain = || server.node(&id)?.node.drain.clone();
    let drain = server.until_some("it drains", secs(30), drain).await;
    assert_eq!(drain.deadline, Some(drain.since + deadline));
    let other = server.patient_viewer(STREAM, secs(60)).await;
    assert_ne!(other.node(), id, "a draining node gets no viewers");
    drop(other);
    let stays = || {
        let before = server.clock.now() < drain.since + secs(55);
        !before || viewer.connection.ended().is_none()
    };
    server.always("the viewer stays", secs(56), stays).await;
    let cut = || viewer.connection.ended().is_some();
    server.until("the deadline ends it", secs(30), cut).await;
    let over = server.clock.now();
    assert!(
        over >= drain.since + deadline,
        "cut at {over}, before the deadline"
    );
    assert_eq!(server.cloud.counts().viewers_cut, 1);
    let gone = || server.node(&id).is_none();
    server.until("the node is gone", secs(30), gone).await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draining_node_is_taken_back_before_another_is_launched() {
    let options = Options::brisk().settings(|config| config.fleet.drain_wait_ms = 60_000);
    let none = Value::Null;
    let (server, _publisher) = group(options, &limits(1, 2, &none), 1).await;
    launch_edge(&server).await;
    let draining = || {
        server
            .of(Role::Edge)
            .iter()
            .any(|edge| edge.node.drain.is_some())
    };
    server
        .until("the idle one drains", secs(60), draining)
        .await;
    let _viewer = server.patient_viewer(STREAM, secs(30)).await;
    let back = || server.serving(Role::Edge).len() == 2;
    server.until("it is taken back", secs(40), back).await;
    assert_eq!(server.cloud.counts().launched, 4, "nothing was launched");
    let name = server.group_handle().name.clone();
    let decisions = server
        .weir(&format!("groups/{name}/decisions?limit=100"))
        .await;
    let back = |decision: &Value| decision["summary"] == "take back 1 edge";
    assert!(
        decisions.as_array().unwrap().iter().any(back),
        "{decisions}"
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sunset_edge_is_replaced_at_once_and_goes_with_its_last_viewer() {
    let (server, _publisher) = group(Options::brisk(), &limits(1, 2, &Value::Null), 1).await;
    let viewer = server.patient_viewer(STREAM, secs(30)).await;
    let id = viewer.node();
    let marked = server
        .admin("POST", "node/sunset", Some(&json!([id])))
        .await;
    assert_eq!(marked.wanted(200).json()[0]["identifier"], id.as_str());
    let replaced = || {
        server
            .linked(Role::Edge)
            .iter()
            .any(|edge| edge.node.id.as_str() != id)
    };
    server
        .until("another edge serves", secs(60), replaced)
        .await;
    let next = server.patient_viewer(STREAM, secs(30)).await;
    assert_ne!(next.node(), id);
    // Longer than any deadline but the operator's own word: a sunset has none.
    let there = || {
        server
            .node(&id)
            .is_some_and(|edge| edge.node.state == NodeState::InService)
    };
    server.always("its viewer keeps it", secs(320), there).await;
    assert!(viewer.connection.ended().is_none());
    drop(viewer);
    let gone = || server.node(&id).is_none();
    server.until("it is gone", secs(60), gone).await;
    assert_eq!(server.cloud.counts().viewers_cut, 0);
    drop(next);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_ends_a_node_and_it_is_replaced() {
    let (server, _publisher) = group(Options::brisk(), &limits(1, 2, &Value::Null), 1).await;
    let id = server.serving(Role::Edge)[0].node.id.to_string();
    let ended = server
        .admin("DELETE", &format!("node/{id}"), None)
        .await
        .wanted(200);
    assert_eq!(ended.json()["identifier"], id.as_str());
    let again = server.admin("DELETE", &format!("node/{id}"), None).await;
    assert!([400, 404].contains(&again.status), "{again:?}");
    let replaced = || {
        let edges = server.linked(Role::Edge);
        edges.len() == 1 && edges[0].node.id.as_str() != id && server.node(&id).is_none()
    };
    server
        .until("another edge serves", secs(60), replaced)
        .await;
    server.finish().await;
}
