//! A group with origins, relays and edges: where the rules' links fail, a viewer's stream comes over a path that is made
//! for it, and goes when nobody watches any more.

use std::sync::Arc;

use weir::fleet::status::NodeStatus;
use weir_cloud::clock::Clock;
use weir_cloud::node::SimulatedNode;
use weir_core::node::Role;
use weir_core::stream::StreamName;
use weir_core::units::DurationMs;
use weir_tests::tutorial::{LAUNCH_CONFIG, NODE_GROUP, SCALE_POLICY};
use weir_tests::{Client, Options, TestServer, secs};

const STREAM: &str = "live/deep";
const IDLE: DurationMs = DurationMs::secs(20);

/// An origin, two relays, an edge on one of them, the stream on the air.
async fn group() -> (TestServer, Client) {
    let options = Options::brisk().settings(|config| {
        config.fleet.path_check_ms = 2_000;
        config.fleet.idle_path_ms = IDLE.0;
    });
    let server = TestServer::start(options).await;
    let two_relays = SCALE_POLICY.replace(
        r#""role":"relay","maxLimit":1,"scaleAdjustment":1,"minLimit":1"#,
        r#""role":"relay","maxLimit":2,"scaleAdjustment":1,"minLimit":2"#,
    );
    let roomy = LAUNCH_CONFIG.replace(
        r#""connectionCapacity":"1""#,
        r#""connectionCapacity":"100""#,
    );
    server.group_of(&two_relays, &roomy, NODE_GROUP).await;
    let ready = || server.linked(Role::Relay).len() == 2 && server.linked(Role::Edge).len() == 1;
    server.until("all serve", secs(120), ready).await;
    let publisher = server.on_air(STREAM).await;
    (server, publisher)
}

fn simulated(server: &TestServer, status: &NodeStatus) -> Arc<SimulatedNode> {
    server.cloud.node(&status.node.id).unwrap()
}

fn edge(server: &TestServer) -> NodeStatus {
    server.of(Role::Edge).remove(0)
}

/// The relay the edge hangs on, and the other one.
fn relays(server: &TestServer) -> (NodeStatus, NodeStatus) {
    let mut relays = server.of(Role::Relay);
    let parents = edge(server).parents;
    let own = relays
        .iter()
        .position(|relay| is_at(relay, &parents[0]))
        .unwrap();
    let own = relays.remove(own);
    (own, relays.remove(0))
}

fn is_at(status: &NodeStatus, address: &str) -> bool {
    let node = &status.node;
    let known = [&node.address, &node.private_address];
    known.into_iter().flatten().any(|known| known == address)
}

/// The relay does not get the origin any more (or again), and the server knows.
async fn lose_origin(server: &TestServer, relay: &NodeStatus, lost: bool) {
    let origin = simulated(server, &server.of(Role::Origin)[0]);
    simulated(server, relay).lose_way_to(&origin, lost);
    let known = || {
        let relay = server.node(relay.node.id.as_str());
        relay.is_some_and(|relay| relay.parents.is_empty() == lost)
    };
    server.until("the server knows", secs(30), known).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_gets_a_stream_over_a_path_made_for_it_and_the_path_goes_when_idle() {
    let (server, _publisher) = group().await;
    let (own, other) = relays(&server);
    let node = simulated(&server, &edge(&server));
    let stream = StreamName::new("live", "deep");
    lose_origin(&server, &own, true).await;

    let answer = server
        .ask("subscribe", STREAM, None)
        .await
        .wanted(200)
        .json();
    let address = answer["serverAddress"].as_str().unwrap();
    assert!(
        is_at(&edge(&server), address),
        "the edge is answered before the path stands"
    );
    let viewer = server.patient_viewer(STREAM, secs(60)).await;
    assert_eq!(viewer.node(), edge(&server).node.id.as_str());
    let source = node.source_of(&stream).unwrap();
    assert!(
        is_at(&other, &source),
        "the stream comes over the other relay"
    );
    let on_demand = || edge(&server).parents_on_demand.len();
    server
        .until("the server says so", secs(30), || on_demand() == 1)
        .await;
    assert_eq!(
        edge(&server).parents.len(),
        2,
        "beside the relay the rules gave"
    );

    let watched = || on_demand() == 1 && node.source_of(&stream).is_some();
    server
        .always(
            "the path stays while it is watched",
            DurationMs(2 * IDLE.0),
            watched,
        )
        .await;
    assert!(viewer.connection.ended().is_none());

    drop(viewer);
    let left = server.clock.now();
    let gone = || on_demand() == 0 && node.established().len() == 1;
    server.until("the path is let go", secs(120), gone).await;
    // The last look that saw the viewer may be one period of looks and one of reports older.
    assert!(
        server.clock.now().since(left) >= secs(16),
        "not before it was idle for long enough"
    );
    assert!(is_at(&own, &edge(&server).parents[0]));
    let counts = server.cloud.counts();
    assert_eq!((counts.viewers_cut, counts.viewers_kicked), (0, 0));

    lose_origin(&server, &own, false).await;
    let _viewer = server.patient_viewer(STREAM, secs(60)).await;
    let source = node.source_of(&stream).unwrap();
    assert!(is_at(&own, &source), "what the rules give needs no path");
    assert_eq!(on_demand(), 0);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_sent_to_an_edge_that_cannot_get_the_stream() {
    let (server, _publisher) = group().await;
    let (own, other) = relays(&server);
    for relay in [&own, &other] {
        lose_origin(&server, relay, true).await;
    }
    // Until their three tries are over they may still come.
    let deadline = server.clock.now() + secs(120);
    let refused = loop {
        let reply = server.ask("subscribe", STREAM, None).await;
        if reply.status != 200 {
            break reply.wanted(400);
        }
        assert!(
            server.clock.now() < deadline,
            "viewers are sent to an edge without the stream"
        );
        server.clock.sleep(DurationMs(500)).await;
    };
    let text = refused.json()["errorMessage"].to_string();
    assert!(
        text.contains("can get stream live/deep from its origin"),
        "{text}"
    );
    lose_origin(&server, &other, false).await;
    let viewer = server.patient_viewer(STREAM, secs(60)).await;
    assert_eq!(viewer.node(), edge(&server).node.id.as_str());
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_in_use_outlives_a_restart_of_the_server() {
    let (mut server, _publisher) = group().await;
    let (own, other) = relays(&server);
    let node = simulated(&server, &edge(&server));
    let stream = StreamName::new("live", "deep");
    lose_origin(&server, &own, true).await;
    let viewer = server.patient_viewer(STREAM, secs(60)).await;
    server.restart().await;
    let both = || server.group().is_some() && edge(&server).parents.len() == 2;
    server
        .until("its links are known again", secs(30), both)
        .await;
    let kept = || {
        node.source_of(&stream)
            .is_some_and(|source| is_at(&other, &source))
    };
    server
        .always("the stream comes", DurationMs(3 * IDLE.0), kept)
        .await;
    assert!(viewer.connection.ended().is_none());
    drop(viewer);
    let one = || node.established().len() == 1;
    server
        .until("one of the two is let go", secs(120), one)
        .await;
    server.finish().await;
}
