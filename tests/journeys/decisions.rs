//! The log of scaling decisions: every one can be read, explained and made again.

use serde_json::{Value, json};
use weir::policy::BUILTINS;
use weir::store::DecisionFilter;
use weir_cloud::clock::Clock;
use weir_core::node::Role;
use weir_tests::tutorial::{LAUNCH_CONFIG, NODE_GROUP, SCALE_POLICY};
use weir_tests::{Options, TestServer, secs};

const STREAM: &str = "live/logged";
const SCALING: &str = "groups/1/bindings/scaling";

async fn started() -> (TestServer, weir_tests::Client) {
    let server = TestServer::start(Options::brisk()).await;
    server
        .group_of(SCALE_POLICY, LAUNCH_CONFIG, NODE_GROUP)
        .await;
    let ready = || server.linked(Role::Edge).len() == 1;
    server.until("an edge serves", secs(60), ready).await;
    let publisher = server.on_air(STREAM).await;
    (server, publisher)
}

/// Numbers of all decisions that can be made again, newest first.
async fn replayable(server: &TestServer) -> Vec<u64> {
    let page = server.weir("decisions?all=true&limit=1000").await;
    let lines = page["decisions"].as_array().unwrap().iter();
    lines
        .filter(|line| line["replayable"] == true)
        .map(|line| line["id"].as_u64().unwrap())
        .collect()
}

/// Waits until the group made so many decisions more.
async fn decide(server: &TestServer, more: usize) {
    let before = replayable(server).await.len();
    while replayable(server).await.len() < before + more {
        server.clock.sleep(secs(10)).await;
    }
}

async fn replay(server: &TestServer, id: u64) -> Value {
    let path = format!("decisions/{id}/replay");
    server
        .weir_call("POST", &path, None)
        .await
        .wanted(200)
        .json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_decision_gives_the_same_again() {
    let (mut server, _publisher) = started().await;
    // A viewer more than one edge carries, so that there is more to decide than to hold.
    let _viewer = server.viewer(STREAM).await;
    let out = || server.linked(Role::Edge).len() == 2;
    server.until("a second edge serves", secs(120), out).await;
    decide(&server, 70).await;
    server.crash_and_start().await;
    decide(&server, 3).await;
    let ids = replayable(&server).await;
    for id in &ids {
        let replayed = replay(&server, *id).await;
        assert_eq!(replayed["identical"], true, "{replayed}");
        assert_eq!(replayed["attempts"][0]["otherEngine"], false, "{replayed}");
    }
    // More than one chain, and the news among them.
    assert!(ids.len() > 70, "{} decisions", ids.len());
    let news = server.weir("decisions?group=1").await;
    let news = news["decisions"].as_array().unwrap().len();
    assert!(
        news > 0 && news < ids.len(),
        "{news} of {} are news",
        ids.len()
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_is_explained_with_what_it_followed_from() {
    let (server, _publisher) = started().await;
    let page = server.weir("decisions?limit=1000").await;
    let lines = page["decisions"].as_array().unwrap().iter();
    let launch = lines
        .filter(|line| line["replayable"] == true)
        .find(|line| {
            line["decision"]["launched"]
                .as_array()
                .is_some_and(|it| !it.is_empty())
        });
    let id = launch.expect("the first edge was launched")["id"].clone();
    let explained = server.weir(&format!("decisions/{id}")).await;
    let said: Vec<_> = explained["explanation"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    let says = |words: &str| {
        said.iter()
            .any(|line| line.as_str().unwrap().contains(words))
    };
    assert!(
        says("launch 1 edge") && says("Policy threshold wished for"),
        "{said:?}"
    );
    assert!(says("Launched: edge"), "{said:?}");
    assert_eq!(explained["attempts"][0]["policy"], "threshold");
    assert!(explained["input"]["nodes"]["id"].is_array(), "{explained}");
    let _ = server
        .weir_call("GET", "decisions/999999", None)
        .await
        .wanted(404);
    let _ = server
        .weir_call("GET", "decisions/x", None)
        .await
        .wanted(404);
    let _ = server
        .weir_call("GET", "decisions?since=yesterday", None)
        .await
        .wanted(400);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_made_again_says_why() {
    let (server, _publisher) = started().await;
    let mut component = BUILTINS[0].1.to_vec();
    component.extend([0, 3, 1, b'm', 1]);
    let _ = server.upload("mine", component).await.wanted(201);
    let body = json!({ "policy": "mine" });
    let _ = server
        .weir_call("PUT", SCALING, Some(&body))
        .await
        .wanted(200);
    decide(&server, 2).await;
    let id = replayable(&server).await[0];
    assert_eq!(replay(&server, id).await["identical"], true);
    let _ = server.weir_call("DELETE", SCALING, None).await.wanted(200);
    let _ = server
        .weir_call("DELETE", "policies/mine/versions/1", None)
        .await
        .wanted(200);
    let missing = replay(&server, id).await;
    assert_eq!(missing["identical"], false);
    assert_eq!(
        missing["attempts"][0]["verdict"], "policy missing",
        "{missing}"
    );
    // Before its first origin nobody is asked for a group.
    let store = server.faults();
    let filter = DecisionFilter {
        all: true,
        limit: 1_000,
        ..DecisionFilter::default()
    };
    let all = weir::store::DecisionLog::decisions(store, &filter)
        .await
        .unwrap();
    let unasked = all.iter().find(|decision| decision.place.is_none());
    if let Some(unasked) = unasked {
        let path = format!("decisions/{}/replay", unasked.id);
        let _ = server.weir_call("POST", &path, None).await.wanted(400);
    }
    server.finish().await;
}
