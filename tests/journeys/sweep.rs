//! Instances without a record: which of them the server ends, and what keeps it from ending any.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};
use weir::store::sqlite;
use weir::store::{Binding, Custody};
use weir_cloud::{CloudController, LaunchRequest};
use weir_core::node::{Node, Role};
use weir_tests::tutorial::{LAUNCH_CONFIG, NODE_GROUP, SCALE_POLICY};
use weir_tests::{Options, TestServer, secs};

/// What the server says of what it finds, and of nodes whose records are gone and that report on.
const EXPECTED: [&str; 5] = [
    "an instance of this environment has no record",
    "ended an instance that two sweeps found without a record",
    "an instance of this environment was never on record in this store",
    "the sweep ends nothing",
    "a server that is no node of this fleet reports here",
];

async fn group() -> TestServer {
    let server = TestServer::start(Options::brisk()).await;
    for text in EXPECTED {
        server.logs.expect(text);
    }
    server
        .group_of(SCALE_POLICY, LAUNCH_CONFIG, NODE_GROUP)
        .await;
    let ready = || server.linked(Role::Edge).len() == 1;
    server.until("an edge serves", secs(90), ready).await;
    server
}

fn database(server: &TestServer) -> PathBuf {
    server.config.server.data_dir.join("weir.db")
}

/// Takes the edge's record away by force; its instance runs on.
async fn orphan(server: &TestServer) -> Arc<Node> {
    let edge = server.serving(Role::Edge)[0].node.clone();
    let path = format!("node/{}?force=true", edge.id);
    let _ = server.admin("DELETE", &path, None).await.wanted(200);
    assert!(runs(server, &edge));
    edge
}

fn runs(server: &TestServer, node: &Node) -> bool {
    server.cloud.node(&node.id).unwrap().is_up()
}

async fn passes(server: &TestServer, several: u64) {
    let seen = async || server.weir("sweep").await["at"].as_u64().unwrap_or(0);
    for _ in 0..several {
        let before = seen().await;
        while seen().await == before {
            server.always("a pass is due", secs(1), || true).await;
        }
    }
}

fn identifiers(list: &Value) -> Vec<&str> {
    let items = list.as_array().unwrap().iter();
    items
        .filter_map(|item| item["identifier"].as_str())
        .collect()
}

async fn is_ended(server: &TestServer, node: &Node) {
    let ended = || !runs(server, node);
    server
        .until("it is ended", server.two_sweeps(), ended)
        .await;
}

/// The server starts again on what is in its folder, and the group serves.
async fn serves_again(server: &mut TestServer) {
    server.start_again().await;
    let served = || server.linked(Role::Edge).len() == 1;
    server.until("the group serves", secs(90), served).await;
}

async fn confirm(server: &TestServer, body: &Value) -> weir_tests::api::Reply {
    server.weir_post("sweep/confirm", body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_sweep_ends_is_booked_with_who_when_and_why() {
    let server = group().await;
    passes(&server, 1).await;
    let bound = server.weir("sweep").await;
    assert_eq!(bound["bound"], bound["here"]);
    assert_eq!(bound["here"]["account"], "simulated");
    let orphan = orphan(&server).await;
    is_ended(&server, &orphan).await;
    passes(&server, 2).await;
    let sweep = server.weir("sweep").await;
    let booked = sweep["ended"].as_array().unwrap();
    assert_eq!(booked.len(), 1, "{sweep}");
    let entry = &booked[0];
    assert_eq!(entry["node"], orphan.id.as_str());
    assert_eq!(entry["zone"], orphan.zone.as_str());
    assert!(
        entry["why"].as_str().unwrap().contains("two sweeps"),
        "{entry}"
    );
    assert!(!entry["by"].as_str().unwrap().is_empty());
    let at = |name: &str| entry[name].as_u64().unwrap();
    assert!(at("foundAt") < at("orderedAt") && at("orderedAt") <= at("acceptedAt"));
    server.finish().await;
}

/// An identifier that looks like ours is not enough, nor is our environment's tag: this store must have known it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_was_never_on_record_here_survives() {
    let server = group().await;
    let ours = server.serving(Role::Edge)[0].node.clone();
    let mut strangers = Vec::new();
    for id in [format!("{}1", ours.id), format!("node-{}-1", ours.zone)] {
        let request = LaunchRequest {
            id: id.as_str().into(),
            role: Role::Edge,
            region: ours.region.clone(),
            zone: ours.zone.clone(),
            instance_type: ours.instance_type.clone(),
            image: ours.image.clone(),
            capacity: 1,
            tags: Vec::new(),
            properties: Vec::new(),
        };
        server.cloud.launch(&request).await.unwrap();
        strangers.push(request.id);
    }
    passes(&server, 4).await;
    let sweep = server.weir("sweep").await;
    let mut shown = identifiers(&sweep["strangers"]);
    shown.sort_unstable();
    let mut wanted: Vec<&str> = strangers.iter().map(|id| id.as_str()).collect();
    wanted.sort_unstable();
    assert_eq!(shown, wanted);
    assert_eq!(sweep["ended"], json!([]));
    assert_eq!(server.cloud.counts().terminated, 0);
    let environment = &sweep["environment"];
    let not_one = json!({"environment": environment, "instances": [ours.id.as_str()]});
    let refused = confirm(&server, &not_one).await.wanted(400);
    assert!(refused.text.contains(ours.id.as_str()), "{}", refused.text);
    let both = json!({"environment": environment, "instances": wanted});
    let _ = confirm(&server, &both).await.wanted(200);
    server
        .until_settled("they are ended", server.two_sweeps(), |instances| {
            instances.len() == 3
        })
        .await;
    server.finish().await;
}

/// Puts a copy of the database in its place: another file with the same content.
fn exchange_for_a_copy(server: &TestServer) {
    let database = database(server);
    let copy = database.with_extension("copy");
    std::fs::copy(&database, &copy).unwrap();
    std::fs::rename(&copy, &database).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copied_store_ends_nothing_until_an_operator_confirms_it() {
    let mut server = group().await;
    passes(&server, 1).await;
    server.stop().await;
    exchange_for_a_copy(&server);
    serves_again(&mut server).await;
    let orphan = orphan(&server).await;
    passes(&server, 4).await;
    assert!(runs(&server, &orphan));
    let sweep = server.weir("sweep").await;
    let held = sweep["held"].as_str().unwrap();
    assert!(
        held.contains("copy") && held.contains("/weir/v1/sweep/confirm"),
        "{held}"
    );
    assert_ne!(sweep["bound"]["store"], sweep["here"]["store"]);
    assert_eq!(identifiers(&sweep["suspects"]), [orphan.id.as_str()]);
    assert_eq!(sweep["ended"], json!([]));
    let other = json!({"environment": "another"});
    let refused = confirm(&server, &other).await.wanted(400);
    assert!(refused.text.contains("environment"), "{}", refused.text);
    passes(&server, 2).await;
    assert!(runs(&server, &orphan), "a refused word changes nothing");
    let word = json!({"environment": sweep["environment"]});
    let confirmed = confirm(&server, &word).await.wanted(200).json();
    assert_eq!(confirmed["held"], Value::Null);
    assert_eq!(confirmed["bound"], sweep["here"]);
    is_ended(&server, &orphan).await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_in_another_account_ends_nothing() {
    let mut server = group().await;
    passes(&server, 1).await;
    server.stop().await;
    let store = sqlite::open(&database(&server)).await.unwrap();
    let bound = store.binding().await.unwrap().unwrap();
    let elsewhere = Binding {
        account: "another".to_owned(),
        ..bound.clone()
    };
    store.bind(&elsewhere, Some(&bound), &[]).await.unwrap();
    store.close().await;
    drop(store);
    serves_again(&mut server).await;
    let orphan = orphan(&server).await;
    passes(&server, 4).await;
    assert!(runs(&server, &orphan));
    let sweep = server.weir("sweep").await;
    assert!(
        sweep["held"].as_str().unwrap().contains("account"),
        "{sweep}"
    );
    let word = json!({"environment": sweep["environment"]});
    let _ = confirm(&server, &word).await.wanted(200);
    is_ended(&server, &orphan).await;
    server.finish().await;
}

/// Restored in place the file is the same file: what was launched since gives it away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_put_back_to_an_earlier_time_does_not_end_what_was_launched_since() {
    let mut server = group().await;
    passes(&server, 1).await;
    server.stop().await;
    let database = database(&server);
    let backup = std::fs::read(&database).unwrap();
    serves_again(&mut server).await;
    // Its successor is launched after the backup.
    let before = server.of(Role::Edge)[0].node.id.clone();
    let path = format!("node/{before}");
    let _ = server.admin("DELETE", &path, None).await.wanted(200);
    let replaced = || {
        let edges = server.linked(Role::Edge);
        edges.len() == 1 && edges[0].node.id != before
    };
    server
        .until("another edge serves", secs(180), replaced)
        .await;
    let later = server.linked(Role::Edge)[0].node.clone();
    server.stop().await;
    // Written into the file that is there, as some tools restore.
    std::fs::write(&database, &backup).unwrap();
    for log in ["db-wal", "db-shm"] {
        let _ = std::fs::remove_file(database.with_extension(log));
    }
    server.start_again().await;
    passes(&server, 4).await;
    assert!(runs(&server, &later));
    let sweep = server.weir("sweep").await;
    assert_eq!(sweep["bound"], sweep["here"], "the file is the same");
    assert_eq!(identifiers(&sweep["strangers"]), [later.id.as_str()]);
    let word = json!({"environment": sweep["environment"], "instances": [later.id.as_str()]});
    let _ = confirm(&server, &word).await.wanted(200);
    is_ended(&server, &later).await;
    server.finish().await;
}
