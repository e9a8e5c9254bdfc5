//! A node that runs and never reports: the server says what to look at first, gives it up in time and starts another.

use weir_core::node::{NodeState, Role};
use weir_tests::tutorial::{LAUNCH_CONFIG, NODE_GROUP, SCALE_POLICY};
use weir_tests::{Options, TestServer, secs};

/// The last word of a node that is given up arrives when its record is gone.
const STRANGER: &str = "a server that is no node of this fleet reports here";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_never_reports_is_explained_given_up_and_replaced() {
    let server = TestServer::start(Options::brisk()).await;
    server.logs.expect(STRANGER);
    server
        .group_of(SCALE_POLICY, LAUNCH_CONFIG, NODE_GROUP)
        .await;
    let made = || {
        let edge = server.of(Role::Edge).first()?.node.id.clone();
        server.cloud.node(&edge)
    };
    let mute = server
        .until_some("an edge is launched", secs(60), made)
        .await;
    mute.mute(true);
    let id = mute.id().to_string();
    let runs = || {
        server
            .node(&id)
            .is_some_and(|status| status.node.state == NodeState::Running)
    };
    server.until("its instance runs", secs(30), runs).await;
    let diagnosis = server.weir(&format!("nodes/{id}/diagnose")).await;
    assert_eq!(diagnosis["lastStep"], "running");
    let first = diagnosis["check"][0].as_str().unwrap_or_default();
    assert!(first.starts_with("cloudWatchHost"), "{diagnosis}");
    let replaced = || server.node(&id).is_none() && server.linked(Role::Edge).len() == 1;
    server.until("it is replaced", secs(400), replaced).await;
    let gone = |instances: &[weir_cloud::Instance]| {
        instances.len() == 3
            && instances
                .iter()
                .all(|one| one.id.as_ref() != Some(mute.id()))
    };
    server
        .until_settled("its instance is gone", secs(60), gone)
        .await;
    server.finish().await;
}
