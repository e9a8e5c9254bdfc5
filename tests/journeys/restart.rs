//! A restart at any point of the story: the same nodes, nothing doubled, the same end.

use std::collections::BTreeSet;

use weir::fleet::status::NodeStatus;
use weir_tests::story::{Pace, Step, Story};
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
