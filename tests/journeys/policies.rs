//! Policies as operators use them: uploaded, bound, replaced while clients ask, taken back, gone.

#![expect(clippy::print_stdout, reason = "a long run tells its figures")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use weir::fleet::{Fleet, Question};
use weir::policy::BUILTINS;
use weir_core::node::Role;
use weir_core::placement::Action;
use weir_core::stream::StreamName;
use weir_tests::tutorial::{LAUNCH_CONFIG, NODE_GROUP, SCALE_POLICY};
use weir_tests::{Options, TestServer, secs};

const STREAM: &str = "live/policies";
const SCALING: &str = "groups/1/bindings/scaling";
/// Questions a second while a policy is replaced.
const ASKED_PER_SECOND: f64 = 2_000.0;
const SUBSCRIBE: &str = "groups/1/bindings/subscribe";

/// The shipped policy of that name with a mark at its end: the same policy, other bytes for each mark.
fn marked(name: &str, mark: u8) -> Vec<u8> {
    let shipped = BUILTINS.iter().find(|(shipped, _)| *shipped == name);
    let mut component = shipped.unwrap().1.to_vec();
    component.extend([0, 3, 1, b'm', mark]);
    component
}

async fn started() -> (TestServer, weir_tests::Client) {
    // One address asks for everybody.
    let options = Options::brisk().settings(|config| config.fleet.reservations_per_client = 10_000);
    let server = TestServer::start(options).await;
    let roomy = LAUNCH_CONFIG.replace(
        r#""connectionCapacity":"1""#,
        r#""connectionCapacity":"10000""#,
    );
    server.group_of(SCALE_POLICY, &roomy, NODE_GROUP).await;
    let ready = || server.linked(Role::Edge).len() == 1;
    server.until("an edge serves", secs(60), ready).await;
    let publisher = server.on_air(STREAM).await;
    (server, publisher)
}

/// What decides, and from where that was said.
async fn bound(server: &TestServer, decides: &str) -> (String, String) {
    let all = server.weir("groups/1/bindings").await;
    let found = all["bindings"].as_array().unwrap().iter();
    let found = found.clone().find(|it| it["decides"] == decides).unwrap();
    let text = |member: &str| found[member].as_str().unwrap().to_owned();
    (text("policy"), text("from"))
}

fn said(policy: &str, from: &str) -> (String, String) {
    (policy.to_owned(), from.to_owned())
}

/// Waits until this policy answers for a decision of the group.
async fn until_answering(server: &TestServer, decides: &str, policy: &str) {
    let answers = || {
        let status = server.group();
        let bindings = status
            .map(|status| status.bindings.clone())
            .unwrap_or_default();
        bindings
            .iter()
            .any(|it| it.decides == decides && it.answering.as_deref() == Some(policy))
    };
    server.until(policy, secs(60), answers).await;
}

async fn bind(server: &TestServer, path: &str, policy: &str) -> Value {
    let body = json!({ "policy": policy });
    server
        .weir_call("PUT", path, Some(&body))
        .await
        .wanted(200)
        .json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_uploaded_policy_decides_until_it_is_rolled_back() {
    let (mut server, _publisher) = started().await;
    let uploaded = server
        .upload("mine", marked("threshold", 1))
        .await
        .wanted(201)
        .json();
    assert_eq!(uploaded["version"]["reference"], "mine@1");
    assert_eq!(
        bound(&server, "scaling").await,
        said("threshold", "default")
    );
    bind(&server, SCALING, "mine").await;
    assert_eq!(bound(&server, "scaling").await, said("mine@1", "group"));
    until_answering(&server, "scaling", "mine@1").await;

    server.crash_and_start().await;
    assert_eq!(bound(&server, "scaling").await, said("mine@1", "group"));
    until_answering(&server, "scaling", "mine@1").await;

    let rollback = format!("{SCALING}/rollback");
    let _ = server.weir_call("POST", &rollback, None).await.wanted(200);
    assert_eq!(
        bound(&server, "scaling").await,
        said("threshold", "default")
    );
    until_answering(&server, "scaling", "threshold").await;
    let nothing = server.weir_call("POST", &rollback, None).await.wanted(400);
    assert!(
        nothing.text.contains("nothing to go back to"),
        "{}",
        nothing.text
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_in_use_stays_and_one_that_is_not_goes() {
    let (server, _publisher) = started().await;
    let component = marked("threshold", 1);
    let _ = server.upload("mine", component.clone()).await.wanted(201);
    bind(&server, SCALING, "mine@1").await;
    let path = "policies/mine/versions/1";
    let refused = server.weir_call("DELETE", path, None).await.wanted(409);
    assert!(refused.text.contains("scaling"), "{}", refused.text);
    let fetched = server
        .weir_call("GET", &format!("{path}/component"), None)
        .await;
    // The bytes are no text; what they are made of is told by their number here, and by the SHA-256 of the version.
    assert_eq!(fetched.status, 200);
    let _ = server.weir_call("DELETE", SCALING, None).await.wanted(200);
    let gone = server
        .weir_call("DELETE", path, None)
        .await
        .wanted(200)
        .json();
    assert_eq!(gone["reference"], "mine@1");
    let _ = server.weir_call("GET", path, None).await.wanted(404);
    let unknown = json!({ "policy": "mine" });
    let refused = server
        .weir_call("PUT", SCALING, Some(&unknown))
        .await
        .wanted(400);
    assert!(
        refused.text.contains("there is no policy mine"),
        "{}",
        refused.text
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_uploads_and_bindings_change_nothing() {
    let (server, _publisher) = started().await;
    server.logs.expect("an uploaded policy was refused");
    let refused = server
        .upload("mine", b"#!/bin/sh".to_vec())
        .await
        .wanted(422);
    assert!(refused.text.contains(".wasm"), "{}", refused.text);
    let _ = server
        .upload("threshold", marked("threshold", 1))
        .await
        .wanted(409);
    let _ = server
        .upload("Not-a-name", marked("threshold", 1))
        .await
        .wanted(400);
    let before = server.weir("groups/1/bindings").await;
    let wrong = [
        (SCALING, json!({ "policy": "weighted" }), "does not decide"),
        (
            SCALING,
            json!({ "policy": "threshold", "setings": {} }),
            "setings",
        ),
        (
            SCALING,
            json!({ "policy": "threshold", "settings": { "scaleInFactor": 9 } }),
            "scaleInFactor",
        ),
        (
            SCALING,
            json!({ "policy": "nobody" }),
            "there is no policy nobody",
        ),
        (SCALING, json!({}), "policy"),
    ];
    for (path, body, named) in wrong {
        let refused = server.weir_call("PUT", path, Some(&body)).await.wanted(400);
        assert!(refused.text.contains(named), "{}", refused.text);
    }
    let nowhere = "groups/1/bindings/everything";
    let body = json!({ "policy": "threshold" });
    let _ = server
        .weir_call("PUT", nowhere, Some(&body))
        .await
        .wanted(404);
    assert_eq!(server.weir("groups/1/bindings").await, before);
    assert_eq!(
        server.weir("policies").await["policies"]
            .as_array()
            .unwrap()
            .len(),
        BUILTINS.len()
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_keeps_the_version_it_was_stored_with() {
    let (server, _publisher) = started().await;
    let _ = server
        .upload("mine", marked("threshold", 1))
        .await
        .wanted(201);
    let mut document: Value = serde_json::from_str(SCALE_POLICY).unwrap();
    document["policy"]["weir"] = json!({ "scaling": { "policy": "mine" } });
    let name = document["policy"]["name"].as_str().unwrap().to_owned();
    let path = format!("configurations/scalepolicy/{name}");
    let stored = server
        .admin("PUT", &path, Some(&document))
        .await
        .wanted(200)
        .json();
    assert_eq!(
        stored["policy"]["weir"]["scaling"]["policy"], "mine@1",
        "{stored}"
    );
    until_answering(&server, "scaling", "mine@1").await;
    let _ = server
        .upload("mine", marked("threshold", 2))
        .await
        .wanted(201);
    assert_eq!(bound(&server, "scaling").await, said("mine@1", "document"));
    let refused = server
        .weir_call("DELETE", "policies/mine/versions/1", None)
        .await;
    assert!(refused.wanted(409).text.contains(&name));
    server.finish().await;
}

/// Asks as fast as it is allowed to until told to end; every answer has to be an edge that serves. Answers how many came.
fn ask_on(fleet: &Fleet, edges: &[String], over: &AtomicBool) -> u64 {
    let question = Question {
        action: Action::Subscribe,
        stream: StreamName::new("live", "policies"),
        region: None,
        strict: false,
        endpoints: 1,
        transcode: false,
        client: [127, 0, 0, 9].into(),
    };
    let started = Instant::now();
    let mut answered = 0;
    while !over.load(Ordering::Relaxed) {
        let chosen = fleet.assign(&question).expect("no question fails");
        assert!(
            edges.contains(&chosen[0].node.id.to_string()),
            "a wrong answer"
        );
        answered += 1;
        // A steady pace: what is open at a time stays within what one address may have open.
        let due = Duration::from_secs_f64(f64::from(answered as u32) / ASKED_PER_SECOND);
        #[expect(
            clippy::disallowed_methods,
            reason = "the pace of questions is one of real time; nothing waits for it"
        )]
        std::thread::sleep(due.saturating_sub(started.elapsed()));
    }
    answered
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replacing_the_placement_policy_fails_no_question() {
    let swaps: u32 = std::env::var("WEIR_SWAPS").map_or(50, |text| text.parse().unwrap());
    let (server, _publisher) = started().await;
    for mark in [1, 2] {
        let _ = server
            .upload("mine", marked("weighted", mark))
            .await
            .wanted(201);
    }
    let edges: Vec<_> = server.linked(Role::Edge);
    let edges: Vec<String> = edges.iter().map(|edge| edge.node.id.to_string()).collect();
    let over = Arc::new(AtomicBool::new(false));
    let asking = tokio::task::spawn_blocking({
        let (fleet, over) = (server.fleet().clone(), over.clone());
        move || ask_on(&fleet, &edges, &over)
    });
    let begun = Instant::now();
    for round in 0..swaps {
        let policy = if round % 2 == 0 { "mine@1" } else { "mine@2" };
        bind(&server, SUBSCRIBE, policy).await;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let last = if swaps % 2 == 1 { "mine@1" } else { "mine@2" };
    until_answering(&server, "subscribe", last).await;
    over.store(true, Ordering::Relaxed);
    let answered = asking.await.unwrap();
    println!(
        "{swaps} times replaced in {seconds:.1} s under {:.0} questions a second",
        answered as f64 / seconds
    );
    assert!(
        answered > u64::from(swaps),
        "too few questions to say anything"
    );
    let picture = server.weir("groups/1").await;
    let bindings = picture["bindings"].as_array().unwrap().iter();
    let faults = bindings.filter(|it| it["faults"] != 0).count();
    assert_eq!(faults, 0, "{picture}");
    server.finish().await;
}
