//! A restart at any point of the story: the same nodes, nothing doubled, the same end.

use std::collections::BTreeSet;

use weir::fleet::status::NodeStatus;
use weir_cloud::clock::Clock;
use weir_core::node::Role;
use weir_core::units::{DurationMs, UtcMs};
use weir_tests::story::{Pace, Step, Story};
use weir_tests::tutorial::{LAUNCH_CONFIG, NODE_GROUP, SCALE_POLICY};
use weir_tests::{Options, TestServer, secs};

/// Identifiers of the nodes on record.
fn records(server: &TestServer) -> BTreeSet<String> {
    let nodes = server.nodes();
    nodes
        .iter()
        .map(|status| status.node.id.to_string())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_survives_a_restart_after_every_step() {
    let mut server = TestServer::start(Options::default()).await;
    let mut story = Story::new(Pace::tutorial());
    for step in Step::ALL {
        story.tell(&server, step).await;
        let before = records(&server);
        server.restart().await;
        let after = records(&server);
        // Between the look and the stop a node may have come or gone, but none was exchanged.
        let same = before.is_superset(&after) || before.is_subset(&after);
        assert!(same, "{step:?}: {before:?} {after:?}");
    }
    story.ended_well(&server).await;
    assert_eq!(server.script.launch_calls().len(), 4, "identifiers");
    assert_eq!(story.seen.len(), 4);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_stands_still_is_the_same_after_a_restart() {
    let mut server = TestServer::start(Options::default()).await;
    let mut story = Story::new(Pace::tutorial());
    for step in Step::ALL
        .into_iter()
        .take_while(|step| *step != Step::SecondViewer)
    {
        story.tell(&server, step).await;
    }
    let before = server.nodes();
    server.restart().await;
    let after = server.nodes();
    let fixed = |nodes: &[NodeStatus]| {
        let node = |status: &NodeStatus| {
            let node = &status.node;
            (
                node.no,
                node.id.clone(),
                node.state,
                node.address.clone(),
                node.launched_at,
            )
        };
        nodes.iter().map(node).collect::<Vec<_>>()
    };
    assert_eq!(fixed(&before), fixed(&after));
    let loads = || {
        server
            .nodes()
            .iter()
            .filter(|status| status.connections == 1)
            .count()
            == 2
    };
    server
        .until("the loads are known again", secs(25), loads)
        .await;
    server.finish().await;
}

/// A stream nobody has told of yet may be on the air all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_is_asked_to_come_again_until_every_origin_was_heard_or_had_its_time() {
    const STREAM: &str = "live/heard";
    let mut server = TestServer::start(Options::default()).await;
    server
        .group_of(SCALE_POLICY, LAUNCH_CONFIG, NODE_GROUP)
        .await;
    let ready = || server.linked(Role::Edge).len() == 1;
    server.until("an edge serves", secs(90), ready).await;
    let _publisher = server.on_air(STREAM).await;
    let origin = server.of(Role::Origin)[0].node.id.clone();
    let mute = |server: &TestServer, silent| server.cloud.node(&origin).unwrap().mute(silent);

    mute(&server, true);
    let stopped = server.clock.now();
    server.restart().await;
    for path in [STREAM, "live/nobody"] {
        let reply = server.ask("subscribe", path, None).await.wanted(503);
        assert_eq!(reply.retry_after, Some(10), "a reporting period");
        let text = reply.json()["errorMessage"].to_string();
        assert!(
            text.contains(path) && text.contains("not known yet"),
            "{text}"
        );
    }
    let absent = until_answered(&server, STREAM, 404).await;
    assert!(absent.since(stopped) > secs(30), "the silence tolerance");
    mute(&server, false);
    until_answered(&server, STREAM, 200).await;

    let stopped = server.clock.now();
    server.restart().await;
    let absent = until_answered(&server, "live/nobody", 404).await;
    assert!(
        absent.since(stopped) < secs(30),
        "it is known when the origin was heard"
    );
    server.finish().await;
}

/// Asks until the answer has the status; 503 may come before. Answers when that was.
async fn until_answered(server: &TestServer, path: &str, status: u16) -> UtcMs {
    let deadline = server.clock.now() + secs(90);
    loop {
        let reply = server.ask("subscribe", path, None).await;
        if reply.status == status {
            return server.clock.now();
        }
        assert!(matches!(reply.status, 404 | 503), "{reply:?}");
        if server.clock.now() > deadline {
            server
                .fail(&format!("{status} for {path}: {reply:?}"))
                .await;
        }
        server.clock.sleep(DurationMs(500)).await;
    }
}
