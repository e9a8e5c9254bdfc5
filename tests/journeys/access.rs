//! Who may call, how far, and what is kept of it.

use serde_json::{Value, json};
use weir::store::faulty::{Fault, Verb};
use weir_tests::tutorial::{LAUNCH_CONFIG, SCALE_POLICY, TOKEN};
use weir_tests::{Options, TestServer};

const ALARM: &str = "/streammanager/api/4.0/admin/alarm/scaleout/default?type=edge&threshold=55";
const TOKENS: &str = "/weir/v1/tokens";

async fn call(server: &TestServer, token: &str, method: &str, path: &str) -> (u16, String) {
    let request = reqwest::Client::new()
        .request(
            method.parse().unwrap(),
            format!("{}{path}", server.base_url()),
        )
        .bearer_auth(token);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn made(server: &TestServer, name: &str, scope: &str) -> String {
    let body = json!({ "name": name, "scope": scope, "days": 1 });
    let made = server.weir_post("tokens", &body).await.wanted(201).json();
    made["token"].as_str().unwrap().to_owned()
}

async fn changes(server: &TestServer) -> Vec<Value> {
    server.weir("audit").await["changes"]
        .as_array()
        .unwrap()
        .clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_token_opens_what_its_scope_says() {
    let mut server = TestServer::start(Options::brisk()).await;
    let reads = "/weir/v1/groups";
    // Reading, changing, looking at tokens.
    for (scope, wanted) in [
        ("admin", [200, 200, 200]),
        ("operator", [200, 200, 403]),
        ("read-only", [200, 403, 403]),
        ("node", [403, 403, 403]),
    ] {
        let token = made(&server, scope, scope).await;
        let calls = [("GET", reads), ("POST", ALARM), ("GET", TOKENS)];
        for ((method, path), wanted) in calls.into_iter().zip(wanted) {
            let (status, text) = call(&server, &token, method, path).await;
            assert_eq!(status, wanted, "{scope} {method} {path}: {text}");
        }
    }
    let token = made(&server, "later", "read-only").await;
    server.crash_and_start().await;
    assert_eq!(
        call(&server, &token, "GET", reads).await.0,
        200,
        "after a restart"
    );
    let _ = server
        .weir_call("DELETE", "tokens/later", None)
        .await
        .wanted(200);
    server.logs.expect("a token was refused");
    let (status, text) = call(&server, &token, "GET", reads).await;
    assert_eq!(status, 401, "{text}");
    let shown = server.weir("tokens").await.to_string();
    assert!(!shown.contains("weir_"), "a token is told once: {shown}");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_tokens_are_refused_by_their_member() {
    let server = TestServer::start(Options::brisk()).await;
    for (body, named) in [
        (json!({ "name": "x", "scope": "root" }), "scope"),
        (json!({ "scope": "admin" }), "name"),
        (json!({ "name": "x", "scope": "admin", "days": 0 }), "days"),
        (
            json!({ "name": "x", "scope": "admin", "expires": 1 }),
            "expires",
        ),
    ] {
        let refused = server.weir_post("tokens", &body).await.wanted(400);
        assert!(refused.text.contains(named), "{}", refused.text);
    }
    let _ = made(&server, "twice", "admin").await;
    let body = json!({ "name": "twice", "scope": "admin" });
    let _ = server.weir_post("tokens", &body).await.wanted(409);
    let _ = server
        .weir_call("DELETE", "tokens/nobody", None)
        .await
        .wanted(404);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_says_who_made_it() {
    let server = TestServer::start(Options::brisk()).await;
    let token = made(&server, "ci", "operator").await;
    assert_eq!(call(&server, &token, "POST", ALARM).await.0, 200);
    let _ = server.post_scale_policy(SCALE_POLICY).await.wanted(201);
    let _ = server.post_launch_config(LAUNCH_CONFIG).await.wanted(201);
    let _ = server.post_launch_config(LAUNCH_CONFIG).await.wanted(400);
    let kept = changes(&server).await;
    let shown: Vec<_> = kept
        .iter()
        .rev()
        .map(|it| (it["who"].as_str().unwrap(), it["status"].as_u64().unwrap()))
        .collect();
    let wanted = [
        ("admin", 201),
        ("ci", 200),
        ("admin", 201),
        ("admin", 201),
        ("admin", 400),
    ];
    assert_eq!(shown, wanted, "{kept:?}");
    let alarm = &kept[3];
    assert_eq!(
        alarm["what"],
        "POST /streammanager/api/4.0/admin/alarm/scaleout/default"
    );
    assert_eq!(alarm["address"], "127.0.0.1");
    assert_eq!(kept[4]["detail"], "token ci (operator)");
    let all = Value::Array(kept.clone()).to_string();
    assert!(!all.contains(TOKEN) && !all.contains(&token), "{all}");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_booked_is_not_done() {
    let server = TestServer::start(Options::brisk()).await;
    server.logs.expect("request turned away");
    server
        .logs
        .expect("what came of a change could not be kept");
    server.faults().fail_next(Verb::BeginChange, Fault::Before);
    let _ = server.post_scale_policy(SCALE_POLICY).await.wanted(503);
    let names = server
        .admin("GET", "configurations/scalepolicy", None)
        .await;
    assert_eq!(names.json(), json!([]), "nothing was stored");
    assert!(changes(&server).await.is_empty());
    // Done and booked, but not what came of it: the row says so.
    server.faults().fail_next(Verb::EndChange, Fault::Before);
    let _ = server.post_scale_policy(SCALE_POLICY).await.wanted(201);
    let kept = changes(&server).await;
    assert_eq!(kept.len(), 1);
    assert!(kept[0]["status"].is_null(), "{kept:?}");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_cannot_sign_reports_with_a_token_for_nodes() {
    let server = TestServer::start(Options::brisk()).await;
    server.logs.expect("a token was refused");
    let token = made(&server, "nodes", "node").await;
    let other = made(&server, "people", "read-only").await;
    let report = |token: &str| {
        reqwest::Client::new()
            .post(format!("{}/streammanager/cloudwatch", server.base_url()))
            .bearer_auth(token)
            .body("{}")
            .send()
    };
    // An empty message is no good, but it is looked at.
    assert_eq!(report(&token).await.unwrap().status().as_u16(), 400);
    assert_eq!(report(&other).await.unwrap().status().as_u16(), 401);
    assert_eq!(report("weir_00").await.unwrap().status().as_u16(), 401);
    server.finish().await;
}
