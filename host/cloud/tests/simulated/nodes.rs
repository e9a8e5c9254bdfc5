//! What nodes say, and how they carry out what they are told.

use weir_cloud::CloudController;
use weir_core::liveness::Port;
use weir_core::node::Role;
use weir_core::report::{Body, Message, Order, Report};
use weir_core::stream::StreamName;

use crate::manager::{Scene, kind, settings};

fn show() -> StreamName {
    StreamName::new("live", "show")
}

#[tokio::test]
async fn node_asks_for_its_role_and_then_reports_each_period() {
    let scene = Scene::new().await;
    scene.launch(Role::Edge, "a").await;
    scene.until(|scene| scene.reports("a").len() >= 5).await;
    let messages = scene.messages("a");
    assert_eq!(kind(&messages[0]), "role");
    let seqs: Vec<u64> = messages
        .iter()
        .map(|message| message.envelope.seq)
        .collect();
    assert_eq!(seqs[..5], [1, 2, 3, 4, 5]);
    let times: Vec<u64> = messages.iter().map(|m| m.envelope.timestamp).collect();
    let started = messages[0].envelope.boot.started_ms;
    assert!(
        started >= 1_700_000_002_000,
        "the service starts after its boot time"
    );
    assert!(
        times[1] - times[0] < 1_000,
        "the first report comes at once"
    );
    assert!(
        times[2] - times[1] < 5_000 + 1_000,
        "the second comes within a period"
    );
    let period = (times[5] - times[2]) / 3;
    assert!(
        period.abs_diff(5_000) < 500,
        "the manager's period holds: {period}"
    );
}

#[tokio::test]
async fn link_that_stands_is_told_before_the_period_is_over() {
    let scene = Scene::new().await;
    scene.launch(Role::Origin, "o").await;
    scene.launch(Role::Edge, "e").await;
    scene.until_reporting("o").await;
    // Ordered in the answer to its first report, most of a period before the next one is due.
    scene.link("e", "o");
    let stands = |report: &Report| {
        report
            .parents
            .iter()
            .any(|link| link.state == "established")
    };
    scene
        .until(|scene| scene.reports("e").iter().any(stands))
        .await;
    let messages = scene.messages("e");
    let told = |message: &&Message| matches!(&message.body, Body::Report(report) if stands(report));
    let at = messages.iter().position(|message| told(&message)).unwrap();
    let before = messages[at - 1].envelope.timestamp;
    let waited = messages[at].envelope.timestamp - before;
    assert!(waited < 2_000, "{waited} ms after the report before it");
}

#[tokio::test]
async fn role_is_asked_again_until_it_is_given() {
    let scene = Scene::new().await;
    scene.know_nobody(true);
    scene.launch(Role::Edge, "a").await;
    scene.until(|scene| scene.kinds().len() >= 2).await;
    assert!(scene.reports("a").is_empty());
    scene.know_nobody(false);
    scene.until_reporting("a").await;
}

#[tokio::test]
async fn node_without_identifier_learns_it() {
    let mut settings = settings();
    settings.nodes.know_their_id = false;
    let scene = Scene::with(settings).await;
    scene.launch(Role::Edge, "a").await;
    // The scripted manager names whoever does not know himself by the empty name.
    scene.until(|scene| scene.kinds().len() >= 2).await;
    let notes = scene.kinds();
    assert_eq!(notes[0], (String::new(), "role"));
    assert_eq!(notes[1].1, "report");
}

#[tokio::test]
async fn command_is_carried_out_once_and_acknowledged() {
    let scene = Scene::new().await;
    scene.launch(Role::Edge, "a").await;
    scene.until_reporting("a").await;
    let node = scene.cloud.node(&"a".into()).unwrap();
    scene.order("a", "c-1", Order::Drain { on: true });
    assert!(node.report_now().await);
    assert!(node.is_draining());
    assert!(node.report_now().await);
    let last = scene.messages("a").pop().unwrap();
    assert_eq!(last.envelope.ack, ["c-1"]);
    assert!(node.report_now().await);
    assert!(scene.messages("a").pop().unwrap().envelope.ack.is_empty());
    assert!(scene.cloud.connect_viewer(node.address(), &show()).is_err());
    scene.order("a", "c-1", Order::Drain { on: false });
    assert!(node.report_now().await);
    assert!(
        node.is_draining(),
        "an id that was carried out is not carried out again"
    );
}

#[tokio::test]
async fn resync_is_answered_by_a_report_at_once() {
    let scene = Scene::new().await;
    scene.launch(Role::Edge, "a").await;
    scene.until_reporting("a").await;
    let before = scene.reports("a").len();
    scene.order("a", "c-1", Order::Resync {});
    scene.cloud.node(&"a".into()).unwrap().report_now().await;
    scene
        .until(|scene| scene.reports("a").len() >= before + 2)
        .await;
}

#[tokio::test]
async fn restarted_service_is_a_new_boot_that_asks_again() {
    let scene = Scene::new().await;
    scene.launch(Role::Edge, "a").await;
    scene.until_reporting("a").await;
    let first = scene.messages("a")[0].envelope.boot.clone();
    scene.cloud.node(&"a".into()).unwrap().restart_service();
    let restarted = |scene: &Scene| {
        let messages = scene.messages("a");
        let mut later = messages.iter().filter(|m| m.envelope.boot > first);
        later
            .next()
            .is_some_and(|m| kind(m) == "role" && m.envelope.seq == 1)
    };
    scene.until(restarted).await;
}

#[tokio::test]
async fn lost_report_leaves_a_gap() {
    let scene = Scene::new().await;
    scene.launch(Role::Edge, "a").await;
    scene.until_reporting("a").await;
    let node = scene.cloud.node(&"a".into()).unwrap();
    node.drop_next_report();
    assert!(!node.report_now().await);
    assert!(node.report_now().await);
    let messages = scene.messages("a");
    let seqs: Vec<u64> = messages
        .iter()
        .map(|message| message.envelope.seq)
        .collect();
    assert!(
        seqs.windows(2).any(|pair| pair[1] == pair[0] + 2),
        "{seqs:?}"
    );
}

#[tokio::test]
async fn muted_node_serves_and_crashed_node_does_not() {
    let scene = Scene::new().await;
    let address = scene.launch(Role::Origin, "o").await;
    scene.until_reporting("o").await;
    let node = scene.cloud.node(&"o".into()).unwrap();
    let publisher = scene.cloud.connect_publisher(&address, &show()).unwrap();
    node.mute(true);
    assert!(!node.report_now().await);
    assert_eq!(scene.cloud.port(&address), Port::Open);
    assert!(scene.cloud.connect_viewer(&address, &show()).is_ok());
    node.mute(false);
    assert!(node.report_now().await);
    node.crash();
    assert_eq!(scene.cloud.port(&address), Port::Closed);
    assert!(publisher.ended().is_some());
    assert!(!node.report_now().await);
}

#[tokio::test]
async fn terminated_node_says_goodbye_and_is_silent() {
    let scene = Scene::new().await;
    let address = scene.launch(Role::Edge, "a").await;
    scene.until_reporting("a").await;
    let region = "ap-northeast-1".into();
    scene.cloud.terminate(&region, &"a".into()).await.unwrap();
    assert_eq!(scene.cloud.port(&address), Port::Unreachable);
    let said_bye = |scene: &Scene| scene.messages("a").last().map(kind) == Some("bye");
    scene.until(said_bye).await;
}

#[tokio::test]
async fn exit_stops_the_service_for_good() {
    let scene = Scene::new().await;
    let address = scene.launch(Role::Edge, "a").await;
    scene.until_reporting("a").await;
    scene.order("a", "c-1", Order::Exit {});
    scene.cloud.node(&"a".into()).unwrap().report_now().await;
    let said_bye = |scene: &Scene| {
        let last = scene.messages("a").pop();
        last.is_some_and(|m| kind(&m) == "bye" && m.envelope.ack == ["c-1"])
    };
    scene.until(said_bye).await;
    assert_eq!(scene.cloud.port(&address), Port::Unreachable);
}
