//! Nodes that fall silent, die, or are taken away by the cloud: what is dead is replaced, what only looks dead is left
//! alone, and nobody is sent there.

use std::collections::BTreeSet;
use std::sync::Arc;

use weir::fleet::status::NodeStatus;
use weir::store::faulty::{Fault, Verb};
use weir_cloud::CloudController;
use weir_cloud::clock::Clock;
use weir_core::node::{Node, NodeState, Role};
use weir_tests::tutorial::{LAUNCH_CONFIG, NODE_GROUP, SCALE_POLICY};
use weir_tests::{Client, Options, TestServer, secs};

/// What is said of a node whose record is gone and that reports on.
const STRANGER: &str = "a server that is no node of this fleet reports here";
const STREAM: &str = "live/mortal";

/// A group of one origin, one relay and two edges at least, the stream on the air.
async fn group(options: Options) -> (TestServer, Client) {
    let server = TestServer::start(options).await;
    let two = SCALE_POLICY.replace(
        r#""role":"edge","maxLimit":2,"scaleAdjustment":1,"minLimit":1"#,
        r#""role":"edge","maxLimit":3,"scaleAdjustment":1,"minLimit":2"#,
    );
    let roomy = LAUNCH_CONFIG.replace(
        r#""connectionCapacity":"1""#,
        r#""connectionCapacity":"100""#,
    );
    server.group_of(&two, &roomy, NODE_GROUP).await;
    let ready = || server.linked(Role::Edge).len() == 2;
    server.until("two edges serve", secs(90), ready).await;
    let publisher = server.on_air(STREAM).await;
    (server, publisher)
}

fn ids(server: &TestServer, role: Role) -> BTreeSet<String> {
    let nodes = server.serving(role);
    nodes
        .iter()
        .map(|status| status.node.id.to_string())
        .collect()
}

fn state(server: &TestServer, id: &str) -> Option<NodeState> {
    server.node(id).map(|status| status.node.state)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crashed_edge_is_not_offered_and_is_replaced() {
    let (server, _publisher) = group(Options::brisk()).await;
    let dead = ids(&server, Role::Edge).into_iter().next().unwrap();
    server.cloud.node(&dead.as_str().into()).unwrap().crash();
    let noticed = || state(&server, &dead) != Some(NodeState::InService);
    server
        .until("its silence is noticed", secs(60), noticed)
        .await;
    for _ in 0..6 {
        let viewer = server.patient_viewer(STREAM, secs(30)).await;
        assert_ne!(viewer.node(), dead);
    }
    let replaced = || server.node(&dead).is_none() && server.linked(Role::Edge).len() == 2;
    server.until("it is replaced", secs(120), replaced).await;
    server
        .until_settled("no instance is left over", secs(20), |instances| {
            instances.len() == 4
        })
        .await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_origin_takes_over_and_the_edges_stay() {
    let (server, _publisher) = group(Options::brisk()).await;
    let edges = ids(&server, Role::Edge);
    let dead = ids(&server, Role::Origin).into_iter().next().unwrap();
    server.cloud.node(&dead.as_str().into()).unwrap().crash();
    let replaced = || {
        let origins = ids(&server, Role::Origin);
        origins.len() == 1 && !origins.contains(&dead)
    };
    server
        .until("another origin serves", secs(150), replaced)
        .await;
    assert_eq!(ids(&server, Role::Edge), edges);
    let again = server.patient_publisher(STREAM, secs(60)).await;
    assert_ne!(again.node(), dead);
    let viewer = server.patient_viewer(STREAM, secs(60)).await;
    assert!(edges.contains(&viewer.node()));
    assert_eq!(server.cloud.counts().viewers_cut, 0);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_of_most_nodes_removes_nobody() {
    let (server, _publisher) = group(Options::brisk()).await;
    server
        .logs
        .expect("most nodes of the group are silent at once");
    server.logs.expect("nodes of the group are heard again");
    let before: BTreeSet<String> = server
        .nodes()
        .iter()
        .map(|s| s.node.id.to_string())
        .collect();
    let mute = |silent| {
        server
            .cloud
            .nodes()
            .iter()
            .for_each(|node| node.mute(silent))
    };
    mute(true);
    let frozen = || server.group().is_some_and(|group| group.frozen);
    server.until("removals are frozen", secs(90), frozen).await;
    assert!(
        !server
            .logs
            .with("ERROR most nodes of the group are silent at once")
            .is_empty()
    );
    // Those whose silence was noticed before that of most are not offered, which is no harm; but nobody goes.
    let all_there = || {
        let nodes = server.nodes();
        let stays = |status: &NodeStatus| {
            matches!(
                status.node.state,
                NodeState::InService | NodeState::Unresponsive
            ) && status.node.drain.is_none()
        };
        let ids: BTreeSet<String> = nodes.iter().map(|s| s.node.id.to_string()).collect();
        ids == before && nodes.iter().all(stays)
    };
    server.always("all nodes stay", secs(300), all_there).await;
    assert_eq!(server.cloud.counts().terminated, 0);
    mute(false);
    let thawed = || server.group().is_some_and(|group| !group.frozen);
    server.until("removals are allowed", secs(60), thawed).await;
    let serve = || {
        server
            .nodes()
            .iter()
            .all(|status| status.node.state == NodeState::InService)
    };
    server.until("all nodes serve", secs(30), serve).await;
    server.always("all nodes stay", secs(60), all_there).await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_node_whose_port_answers_is_not_killed() {
    let (server, _publisher) = group(Options::brisk()).await;
    let viewer = server.patient_viewer(STREAM, secs(30)).await;
    let id = viewer.node();
    let node = server.cloud.node(&id.as_str().into()).unwrap();
    node.mute(true);
    let noticed = || state(&server, &id) == Some(NodeState::Unresponsive);
    server
        .until("its silence is noticed", secs(60), noticed)
        .await;
    let waiting = || state(&server, &id) == Some(NodeState::Unresponsive);
    server.always("it is left alone", secs(300), waiting).await;
    assert!(viewer.connection.ended().is_none());
    for _ in 0..4 {
        let other = server.patient_viewer(STREAM, secs(30)).await;
        assert_ne!(other.node(), id);
    }
    node.mute(false);
    let back = || ids(&server, Role::Edge).contains(&id);
    server.until("it serves again", secs(30), back).await;
    assert!(viewer.connection.ended().is_none());
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_the_cloud_took_away_is_replaced() {
    for with_a_word in [true, false] {
        let (server, _publisher) = group(Options::brisk()).await;
        let lost = server.serving(Role::Edge)[0].node.clone();
        if !with_a_word {
            server.cloud.node(&lost.id).unwrap().crash();
        }
        server
            .cloud
            .terminate(&lost.region, &lost.id)
            .await
            .unwrap();
        let replaced =
            || server.node(lost.id.as_str()).is_none() && server.linked(Role::Edge).len() == 2;
        server.until("it is replaced", secs(180), replaced).await;
        server.finish().await;
    }
}

/// Seen once it may be a launch whose record is on its way; seen twice it is nobody's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_without_a_record_is_ended_by_the_second_sweep() {
    let (server, _publisher) = group(Options::brisk()).await;
    const SUSPECTED: &str = "an instance of this environment has no record";
    const ENDED: &str = "ended an instance that two sweeps found without a record";
    server.logs.expect(SUSPECTED);
    server.logs.expect(ENDED);
    server.logs.expect(STRANGER);
    let orphan = server.serving(Role::Edge)[0].node.clone();
    let deleted = server
        .admin("DELETE", &format!("node/{}?force=true", orphan.id), None)
        .await;
    let _ = deleted.wanted(200);
    assert!(server.node(orphan.id.as_str()).is_none());
    let runs = || server.cloud.node(&orphan.id).unwrap().is_up();
    assert!(runs());
    let suspected = || !server.logs.with(SUSPECTED).is_empty();
    server.until("a sweep finds it", secs(30), suspected).await;
    assert!(runs(), "the first sweep ends nobody");
    let first = server.clock.now();
    let ended = || !server.logs.with(ENDED).is_empty();
    server
        .until("the second sweep ends it", secs(30), ended)
        .await;
    assert!(server.clock.now().since(first) >= secs(8));
    assert!(!runs());
    let replaced = || server.linked(Role::Edge).len() == 2;
    server.until("it is replaced", secs(60), replaced).await;
    server
        .until_settled("four instances", secs(30), |instances| instances.len() == 4)
        .await;
    server.finish().await;
}

/// Deletes an edge's record by force so that the store does it and its answer is lost.
async fn deleted_without_an_answer(server: &TestServer) -> Arc<Node> {
    for _ in 0..20 {
        let ready = || !server.linked(Role::Edge).is_empty();
        server.until("an edge serves", secs(90), ready).await;
        let edge = server.serving(Role::Edge)[0].node.clone();
        // A decision of the policy may be stored in between and take the fault: then another edge is tried.
        server
            .faults()
            .fail_next(Verb::SavePlan, Fault::AfterCommit);
        let path = format!("node/{}?force=true", edge.id);
        let answer = server.admin("DELETE", &path, None).await;
        let read_again = server.clock.now() + secs(5);
        while answer.status == 503 && server.clock.now() < read_again {
            if server.group().is_some() && server.node(edge.id.as_str()).is_none() {
                return edge;
            }
            server.clock.sleep(secs(1)).await;
        }
    }
    server.fail("no deletion took the fault").await
}

/// The store did it and its answer was lost: what the server remembers of the node must go all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orphan_is_found_although_the_stores_answer_was_lost() {
    let (server, _publisher) = group(Options::brisk()).await;
    for text in [
        STRANGER,
        "the store did not take",
        "records are not what",
        "request turned away",
        "without a record",
        "has no record",
    ] {
        server.logs.expect(text);
    }
    let orphan = deleted_without_an_answer(&server).await;
    let ended = || !server.cloud.node(&orphan.id).unwrap().is_up();
    server
        .until("it is ended", server.two_sweeps(), ended)
        .await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zone_without_room_is_passed_over() {
    let server = TestServer::start(Options::brisk()).await;
    server.cloud.set_zone_full(&"ap-northeast-1a".into(), true);
    server.cloud.set_zone_full(&"ap-northeast-1c".into(), true);
    server
        .group_of(SCALE_POLICY, LAUNCH_CONFIG, NODE_GROUP)
        .await;
    let ready = || server.linked(Role::Edge).len() == 1;
    server.until("the group serves", secs(120), ready).await;
    let zones = server.nodes();
    assert!(
        zones
            .iter()
            .all(|status| status.node.zone.as_str() == "ap-northeast-1d")
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_without_room_is_tried_less_and_less_often() {
    let server = TestServer::start(Options::brisk()).await;
    let zones = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"];
    let full = |full| {
        zones
            .iter()
            .for_each(|zone| server.cloud.set_zone_full(&(*zone).into(), full))
    };
    full(true);
    server
        .group_of(SCALE_POLICY, LAUNCH_CONFIG, NODE_GROUP)
        .await;
    let end = server.clock.now() + secs(120);
    let over = || server.clock.now() > end;
    server.until("two minutes pass", secs(125), over).await;
    let calls: u32 = server.script.launch_calls().values().sum();
    assert!((4..=12).contains(&calls), "{calls} launches in two minutes");
    full(false);
    let ready = || server.linked(Role::Edge).len() == 1;
    server.until("the group serves", secs(240), ready).await;
    server.finish().await;
}
