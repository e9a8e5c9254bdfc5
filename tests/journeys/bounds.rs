//! Nodes that say more than they may, or somebody with a node's key: refused by name, nothing grows, nobody is hurt.

use serde_json::json;
use weir_core::group_state::MOST_HELD;
use weir_core::node::{NodeState, Role};
use weir_core::report::MOST_STREAMS;
use weir_tests::tutorial::{LAUNCH_CONFIG, NODE_GROUP, SCALE_POLICY};
use weir_tests::voice::Voice;
use weir_tests::{Options, TestServer, secs};

const REFUSED: &str = "a node's message was refused";

async fn serving() -> TestServer {
    let server = TestServer::start(Options::brisk()).await;
    server
        .group_of(SCALE_POLICY, LAUNCH_CONFIG, NODE_GROUP)
        .await;
    let ready = || server.linked(Role::Edge).len() == 1;
    server.until("an edge serves", secs(90), ready).await;
    server.logs.expect(REFUSED);
    // So many streams are more than the origin's capacity has room to hand to one edge.
    server
        .logs
        .expect("children may pull more streams than it carries");
    server
}

fn held(server: &TestServer) -> usize {
    let origin = server.of(Role::Origin)[0].node.no;
    let group = server.group();
    let streams = group.iter().flat_map(|group| &group.streams);
    streams.filter(|stream| stream.node == origin).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deltas_and_notices_over_the_bound_are_refused_whole_and_said_once() {
    let server = serving().await;
    let origin = server.of(Role::Origin)[0].node.clone();
    let mut voice = Voice::of(&server, &origin.id);
    let _ = voice.list("a", MOST_STREAMS, false).await.wanted(200);
    let _ = voice.list("b", MOST_STREAMS, true).await.wanted(200);
    let full = || held(&server) == MOST_HELD;
    server.until("all that fits is held", secs(30), full).await;

    let over = voice.list("c", 2, true).await.wanted(400);
    let text = over.json()["errorMessage"].to_string();
    assert!(
        text.contains("streams: ") && text.contains("send a full report"),
        "{text}"
    );
    let notice = json!({ "type": "publish", "scope": "live", "name": "d", "startTime": 1 });
    for _ in 0..5 {
        let _ = voice.say(notice.clone()).await.wanted(400);
    }
    let same = || held(&server) == MOST_HELD;
    server
        .always("nothing was taken of it", secs(5), same)
        .await;
    assert_eq!(server.logs.with(REFUSED).len(), 1, "once in ten minutes");

    let _ = voice.list("c", 3, false).await.wanted(200);
    let _ = voice.list("c", 3, false).await.wanted(200);
    server
        .until("the mend helps", secs(10), || held(&server) == 3)
        .await;
    let _ = voice.say(notice).await.wanted(200);
    server
        .until("the publisher is seen", secs(10), || held(&server) == 4)
        .await;
    server.cloud.node(&origin.id).unwrap().mute(false);
    server.finish().await;
}

/// A client may publish under whatever name to a node: that must not cost the node its life.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_reports_are_refused_lives_on_with_what_was_known_of_it() {
    let server = serving().await;
    let origin = server.of(Role::Origin)[0].node.clone();
    let mut voice = Voice::of(&server, &origin.id);
    let _ = voice.list("good", 1, false).await.wanted(200);
    server
        .until("its stream is known", secs(10), || held(&server) == 1)
        .await;
    let name = "long".repeat(100);
    let report = json!({ "type": "report", "streams": [{ "scope": "live", "name": name }] });
    for _ in 0..40 {
        let refused = voice.say(report.clone()).await.wanted(400);
        assert!(refused.text.contains("streams[0]: "), "{}", refused.text);
        let serves =
            || held(&server) == 1 && server.of(Role::Origin)[0].node.state == NodeState::InService;
        server.always("it serves", secs(2), serves).await;
    }
    let _ = server
        .ask("subscribe", "live/good0", None)
        .await
        .wanted(200);
    server.cloud.node(&origin.id).unwrap().mute(false);
    server.finish().await;
}
