//! What changes while the server runs: settings by a reload, thresholds and limits by the API.

use std::sync::Arc;

use serde_json::json;
use weir::config::Secret;
use weir::fleet::GroupHandle;
use weir::store::faulty::{Fault, Verb};
use weir_core::node::Role;
use weir_tests::tutorial::{LAUNCH_CONFIG, NODE_GROUP, SCALE_POLICY};
use weir_tests::{Options, TestServer, secs};

const STREAM: &str = "live/reloaded";

async fn with_publisher(options: Options) -> (TestServer, weir_tests::Client) {
    let server = TestServer::start(options).await;
    server
        .group_of(SCALE_POLICY, LAUNCH_CONFIG, NODE_GROUP)
        .await;
    let ready = || server.linked(Role::Edge).len() == 1;
    server.until("an edge serves", secs(60), ready).await;
    let publisher = server.on_air(STREAM).await;
    (server, publisher)
}

/// A client's questions stay open for the length of a test.
fn long_reservations() -> Options {
    Options::brisk().speed(5).settings(|config| {
        config.fleet.reservation_ms = 30_000;
        config.fleet.drain_wait_ms = 30_000;
        config.fleet.reservation_grace_ms = 30_000;
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_changes_what_one_client_may_ask() {
    let (mut server, _publisher) = with_publisher(long_reservations()).await;
    let _ = server.ask("subscribe", STREAM, None).await.wanted(200);
    server.config.fleet.reservations_per_client = 1;
    server.reload().await.unwrap();
    let _ = server.ask("subscribe", STREAM, None).await.wanted(429);
    server.config.fleet.reservations_per_client = 100;
    server.reload().await.unwrap();
    let _ = server.ask("subscribe", STREAM, None).await.wanted(200);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_changes_the_token_and_the_reporting_period() {
    let (mut server, _publisher) = with_publisher(Options::brisk()).await;
    server.logs.expect("a token was refused");
    server.config.auth.admin_token = Secret::new("another-token");
    server.config.reports.reporting_speed_ms = 5_000;
    server.reload().await.unwrap();
    let _ = server.admin("GET", "nodegroup", None).await.wanted(401);
    assert_eq!(server.fleet().cluster().reporting_speed, 5_000);
    server.config.auth.admin_token = Secret::new(weir_tests::tutorial::TOKEN);
    server.reload().await.unwrap();
    let _ = server.admin("GET", "nodegroup", None).await.wanted(200);
    let slow = || {
        let mut nodes = server.nodes().into_iter();
        nodes.all(|status| status.last_report.is_some())
    };
    server.until("nodes report", secs(30), slow).await;
    server.finish().await;
}

/// A second group beside the tutorial's, with documents of its own.
async fn second_group(server: &TestServer) {
    let limits = SCALE_POLICY.replace("scale1", "scale2");
    let launch = LAUNCH_CONFIG.replace("launch-config1", "launch-config2");
    let group = NODE_GROUP
        .replace("scale1", "scale2")
        .replace("launch-config1", "launch-config2");
    let _ = server.post_scale_policy(&limits).await.wanted(201);
    let _ = server.post_launch_config(&launch).await.wanted(201);
    let _ = server.post_node_group(&group).await.wanted(201);
}

/// Each group reads its two documents: the fault meets the last of four, when everything else was read.
fn fail_the_last_document(server: &TestServer) {
    let read = server.faults().calls(Verb::Document);
    server
        .faults()
        .fail_call(Verb::Document, read + 4, Fault::Before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_that_cannot_read_every_document_changes_nothing() {
    let (mut server, _publisher) = with_publisher(long_reservations()).await;
    second_group(&server).await;
    let before = server.fleet().cluster().reporting_speed;
    server.config.reports.reporting_speed_ms = before + 1_000;
    server.config.fleet.reservations_per_client = 1;
    server.config.auth.admin_token = Secret::new("another-token");
    fail_the_last_document(&server);
    let error = server.reload().await.expect_err("a document is not read");
    assert!(
        format!("{error:#}").contains("the store failed"),
        "{error:#}"
    );
    assert_eq!(server.fleet().cluster().reporting_speed, before);
    let _ = server.admin("GET", "nodegroup", None).await.wanted(200);
    for _ in 0..3 {
        // Had the first group its new share, the second question would be one too many.
        let _ = server.ask("subscribe", STREAM, None).await.wanted(200);
    }
    server.config.auth.admin_token = Secret::new(weir_tests::tutorial::TOKEN);
    server.reload().await.unwrap();
    assert_eq!(server.fleet().cluster().reporting_speed, before + 1_000);
    let _ = server.ask("subscribe", STREAM, None).await.wanted(429);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_threshold_reaches_every_group_or_none() {
    let (server, _publisher) = with_publisher(Options::brisk()).await;
    second_group(&server).await;
    server.logs.expect("request turned away");
    let thresholds = || {
        let groups = server.fleet().groups().into_iter();
        let of = |group: Arc<GroupHandle>| group.status().spec.threshold(Role::Edge);
        groups.map(of).collect::<Vec<_>>()
    };
    assert_eq!(thresholds(), [60, 60]);
    fail_the_last_document(&server);
    let alarm = "alarm/scaleout/default?type=edge&threshold=70";
    let _ = server.admin("POST", alarm, None).await.wanted(503);
    let kept = || thresholds() == [60, 60];
    server.always("no group has it", secs(5), kept).await;
    let _ = server.admin("POST", alarm, None).await.wanted(200);
    let taken = || thresholds() == [70, 70];
    server.until("both groups have it", secs(5), taken).await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lower_threshold_counts_at_once() {
    let (server, _publisher) = with_publisher(Options::brisk()).await;
    let alarm = |percent: u32| format!("alarm/scaleout/default?type=edge&threshold={percent}");
    let _ = server.admin("POST", &alarm(100), None).await.wanted(200);
    let _viewer = server.viewer(STREAM).await;
    let full = || {
        server
            .of(Role::Edge)
            .iter()
            .any(|edge| edge.connections == 1)
    };
    server.until("the edge is full", secs(20), full).await;
    let one = || server.of(Role::Edge).len() == 1;
    server
        .always("a full edge is not over 100 %", secs(10), one)
        .await;
    let _ = server.admin("POST", &alarm(60), None).await.wanted(200);
    let two = || server.of(Role::Edge).len() == 2;
    server
        .until("a second edge is launched", secs(10), two)
        .await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_limits_count_at_once() {
    let (server, _publisher) = with_publisher(Options::brisk()).await;
    let more = SCALE_POLICY.replace(
        r#""role":"edge","maxLimit":2,"scaleAdjustment":1,"minLimit":1"#,
        r#""role":"edge","maxLimit":4,"scaleAdjustment":1,"minLimit":3"#,
    );
    let document = serde_json::from_str(&more).unwrap();
    let path = "configurations/scalepolicy/scale1";
    let _ = server.admin("PUT", path, Some(&document)).await.wanted(200);
    let three = || server.serving(Role::Edge).len() == 3;
    server.until("three edges serve", secs(60), three).await;
    let wrong = json!({"policy": {"name": "scale1", "targets": {"region": []}}});
    let refused = server.admin("PUT", path, Some(&wrong)).await.wanted(400);
    assert!(refused.json()["errorMessage"].is_string());
    server.always("the limits hold", secs(10), three).await;
    server.finish().await;
}
