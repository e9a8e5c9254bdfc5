//! A cloud that does not answer when the server starts, or never: who is served goes on being served, and the server
//! can be ended.

use serde_json::json;
use weir_cloud::scripted::CallFault;
use weir_core::node::Role;
use weir_tests::tutorial::{LAUNCH_CONFIG, NODE_GROUP, SCALE_POLICY};
use weir_tests::{Options, TestServer, secs};

const UNTOLD: &str = "the cloud does not tell its regions";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_without_the_cloud_serves_from_what_is_stored() {
    let mut server = TestServer::start(Options::brisk()).await;
    server
        .group_of(SCALE_POLICY, LAUNCH_CONFIG, NODE_GROUP)
        .await;
    let serves = |server: &TestServer| server.linked(Role::Edge).len() == 1;
    server
        .until("an edge serves", secs(90), || serves(&server))
        .await;
    server.stop().await;
    server.logs.expect(UNTOLD);
    server.logs.expect("request turned away");
    for _ in 0..4 {
        server.script.fail_next_locations(CallFault::LostRequest);
    }
    server.start_again().await;
    assert_eq!(server.logs.with(UNTOLD).len(), 1);
    let elsewhere = json!({
        "regions": ["eu-central-1"], "launchConfig": "launch-config1", "scalePolicy": "scale1"
    });
    let asked = async || server.admin("POST", "nodegroup", Some(&elsewhere)).await;
    let refused = asked().await.wanted(503);
    assert!(refused.retry_after.is_some(), "{refused:?}");
    let told = refused.json()["errorMessage"].to_string();
    assert!(
        told.contains("did not tell its regions yet") && told.contains("ap-northeast-1"),
        "{told}"
    );
    server
        .until("the edge serves again", secs(90), || serves(&server))
        .await;
    let known = "the cloud told its regions and zones anew";
    server
        .until("it tells", secs(60), || !server.logs.with(known).is_empty())
        .await;
    let _ = asked().await.wanted(201);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_that_hangs_does_not_hold_up_the_end() {
    let mut server = TestServer::start(Options::brisk()).await;
    // Every call of the sweep takes a day from now on.
    server.script.delay_calls(secs(86_400));
    let asked = || server.script.listing_calls() > 0;
    server.until("a sweep is under way", secs(60), asked).await;
    server.stop().await;
    server.script.delay_calls(secs(0));
    server.start_again().await;
    server.finish().await;
}
