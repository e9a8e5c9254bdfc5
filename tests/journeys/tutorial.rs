//! The tutorial: its calls as printed, its answers, and what its viewers see.

use serde_json::{Value, json};
use weir_cloud::clock::Clock;
use weir_core::node::Role;
use weir_tests::story::{Pace, STREAM, Step, Story};
use weir_tests::tutorial::{self, LAUNCH_CONFIG, NODE_GROUP, SCALE_POLICY};
use weir_tests::{Options, TestServer, secs};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_calls_as_printed_give_the_documented_answers() {
    let server = TestServer::start(Options::default()).await;
    let up = server.is_up().await.wanted(200);
    assert_eq!(up.text, "Simulated Cloud Services");
    let made = server.post_scale_policy(SCALE_POLICY).await.wanted(201);
    assert_eq!(made.json()["policy"]["name"], "scale1");
    let made = server.post_launch_config(LAUNCH_CONFIG).await.wanted(201);
    assert_eq!(made.json()["launchconfig"]["name"], "launch-config1");
    let group = server.post_node_group(NODE_GROUP).await.wanted(201).json();
    let name = tutorial::name_of(&group);
    assert!(name.starts_with("group-"), "{name}");
    assert_eq!(group["id"], 1);
    assert_eq!(group["originConnections"], 0);
    assert_eq!(group["regions"], json!(["ap-northeast-1"]));
    assert_eq!(group["launchConfig"], "launch-config1");
    assert_eq!(group["scalePolicy"], "scale1");
    assert!(group["timestamp"].is_u64(), "{group}");
    let _ = server.post_origin(&name).await.wanted(201);
    let _ = server.post_alarm().await.wanted(200);
    let three = || {
        let serving = |role| server.serving(role).len();
        (
            serving(Role::Origin),
            serving(Role::Relay),
            serving(Role::Edge),
        ) == (1, 1, 1)
    };
    server.until("three nodes serve", secs(90), three).await;
    let nodes = server.post_nodes(&name).await.wanted(201).json();
    let nodes = nodes.as_array().unwrap();
    assert_eq!(nodes.len(), 3);
    for node in nodes {
        as_documented(node);
    }
    server.finish().await;
}

fn as_documented(node: &Value) {
    let text = |member: &str| {
        node[member]
            .as_str()
            .unwrap_or_else(|| panic!("{member}: {node}"))
    };
    let zone = text("availabilityZone");
    assert!(
        text("identifier").starts_with(&format!("node-{zone}-")),
        "{node}"
    );
    assert!(
        ["origin", "relay", "edge"].contains(&text("role")),
        "{node}"
    );
    assert!(zone.starts_with("ap-northeast-1"), "{node}");
    assert!(!text("address").is_empty() && !text("hostname").is_empty());
    assert_eq!(node["state"], "inservice");
    assert_eq!(node["launchConfig"], "launch-config1");
    let capacity = if node["role"] == "edge" { 1 } else { 2_000 };
    assert_eq!(node["capacity"], capacity);
}

/// A request line with a blank in it is no request line: it is refused before anything reads it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bare_blank_in_the_request_line_changes_nothing() {
    let server = TestServer::start(Options::default()).await;
    let target =
        "/streammanager/api/3.1/admin/ configurations/launchconfig?accessToken= autoscaling";
    let _ = server.raw("POST", target, LAUNCH_CONFIG).await.wanted(400);
    let names = server
        .admin("GET", "configurations/launchconfig", None)
        .await;
    assert_eq!(names.wanted(200).json(), json!([]));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_edge_comes_with_the_first_viewer_and_goes_after_the_last() {
    let server = TestServer::start(Options::default()).await;
    let mut story = Story::new(Pace::tutorial());
    for step in Step::ALL {
        story.tell(&server, step).await;
    }
    story.ended_well(&server).await;
    decided_by_threshold(&server, &story.group).await;
    selected_by_policies(&server, &story.group).await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edge_gets_no_viewers_before_it_can_get_the_stream() {
    // Linking takes most of the two periods after which an edge is offered in any case.
    let options = Options::default().cloud(|cloud| cloud.nodes.link_delay = secs(15));
    let server = TestServer::start(options.speed(40)).await;
    let roomy = LAUNCH_CONFIG.replace(r#""connectionCapacity":"1""#, r#""connectionCapacity":"9""#);
    let group = server.group_of(SCALE_POLICY, &roomy, NODE_GROUP).await;
    let linked = || server.linked(Role::Edge).len();
    server
        .until("the first edge is linked", secs(120), || linked() == 1)
        .await;
    let first = server.linked(Role::Edge)[0].node.id.to_string();
    let _publisher = server.patient_publisher(STREAM, secs(60)).await;
    drop(server.patient_viewer(STREAM, secs(60)).await);
    let launch = format!("nodegroup/{group}/node/edge");
    let _ = server.admin("POST", &launch, None).await.wanted(201);
    let serving = || server.serving(Role::Edge).len() == 2;
    server
        .until("a second edge serves", secs(60), serving)
        .await;
    let mut viewers = Vec::new();
    while linked() == 1 {
        let viewer = server.viewer(STREAM).await;
        // The link may have been made while the question was under way.
        if linked() == 1 {
            assert_eq!(viewer.node(), first);
        }
        viewers.push(viewer);
        server.clock.sleep(secs(3)).await;
    }
    assert!(viewers.len() > 2, "{} viewers", viewers.len());
    drop(viewers);
    server.finish().await;
}

/// Every decision that changed something beyond the minimums names the policy and a reason.
async fn decided_by_threshold(server: &TestServer, group: &str) {
    let decisions = server
        .weir(&format!("groups/{group}/decisions?limit=1000"))
        .await;
    let decisions = decisions.as_array().unwrap();
    let mut said = Vec::new();
    for decision in decisions.iter().rev() {
        let acted = |member: &str| !decision[member].as_array().unwrap().is_empty();
        let initial = decision["policy"].is_null();
        assert!(initial || decision["policy"] == "threshold", "{decision}");
        assert!(decision["fault"].is_null(), "{decision}");
        if !initial {
            assert!(acted("reasons"), "{decision}");
            assert_eq!(decision["digest"].as_str().unwrap().len(), 64);
        }
        if acted("launched") || acted("retired") {
            said.push((
                decision["policy"].clone(),
                decision["summary"].as_str().unwrap().to_owned(),
            ));
        }
    }
    let threshold = Value::from("threshold");
    let wanted = ["launch 1 relay, 1 edge", "launch 1 edge", "retire 1 edge"];
    let wanted: Vec<_> = wanted
        .into_iter()
        .map(|summary| (threshold.clone(), summary.to_owned()))
        .collect();
    said.iter_mut().for_each(|(_, summary)| {
        if summary == "launch 1 edge, 1 relay" {
            *summary = "launch 1 relay, 1 edge".to_owned();
        }
    });
    assert_eq!(said, wanted);
    let launch = decisions
        .iter()
        .rev()
        .find(|d| d["summary"] == "launch 1 edge")
        .unwrap();
    let reasons = launch["reasons"].to_string();
    assert!(reasons.contains("over 60"), "{reasons}");
}

async fn selected_by_policies(server: &TestServer, group: &str) {
    let selections = server
        .weir(&format!("groups/{group}/selections?limit=200"))
        .await;
    let selections = selections.as_array().unwrap();
    assert!(selections.len() >= 3, "{selections:?}");
    for selection in selections {
        let policy = match selection["action"].as_str().unwrap() {
            "broadcast" => "round-robin",
            _ => "weighted",
        };
        assert_eq!(selection["policy"], policy, "{selection}");
        assert_eq!(selection["stream"], STREAM);
        assert!(!selection["reason"].as_str().unwrap().is_empty());
    }
}
