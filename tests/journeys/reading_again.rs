//! A group that is read from the store again, and one that is gone: operators are told so, and that is all they need to
//! do about it.

use weir::fleet::FleetError;
use weir::store::faulty::{Fault, Verb};
use weir_cloud::clock::Clock;
use weir_core::node::Role;
use weir_tests::tutorial::{LAUNCH_CONFIG, NODE_GROUP, SCALE_POLICY, name_of};
use weir_tests::{Options, TestServer, secs};

/// A group without any node yet; answers its name.
async fn empty_group(server: &TestServer) -> String {
    let _ = server.post_scale_policy(SCALE_POLICY).await.wanted(201);
    let _ = server.post_launch_config(LAUNCH_CONFIG).await.wanted(201);
    let made = server.post_node_group(NODE_GROUP).await.wanted(201);
    name_of(&made.json())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_group_is_read_again_operators_are_asked_to_come_back() {
    let server = TestServer::start(Options::brisk()).await;
    let name = empty_group(&server).await;
    for expected in [
        "the group's records are not what this manager knows",
        "could not read the group again",
        "request turned away",
    ] {
        server.logs.expect(expected);
    }
    server.faults().fail_next(Verb::SavePlan, Fault::Conflict);
    // It is tried again each second: so it is being read for a while.
    for _ in 0..100 {
        server.faults().fail_next(Verb::Groups, Fault::Before);
    }
    let path = format!("nodegroup/{name}/node/origin");
    // The order that met the conflict, and those that find nobody at work.
    for _ in 0..3 {
        let reply = server.admin("POST", &path, None).await.wanted(503);
        assert_eq!(reply.retry_after, Some(1), "{}", reply.text);
        let text = reply.json()["errorMessage"].as_str().unwrap().to_owned();
        let wanted = format!("node group {name} is being read from the store again; ask again");
        assert_eq!(text, wanted);
    }
    let orders = server.group_handle().clear_streams(true).await;
    assert!(matches!(orders, Err(FleetError::ReadingAgain { .. })));
    let mut tries = 0;
    while server.admin("POST", &path, None).await.status == 503 {
        tries += 1;
        assert!(tries < 1_000, "it is never read again");
        server.clock.sleep(secs(1)).await;
    }
    assert_eq!(server.of(Role::Origin).len(), 1, "one order was taken");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_comes_after_its_group_is_told_that_there_is_none() {
    let server = TestServer::start(Options::brisk()).await;
    let name = empty_group(&server).await;
    let handle = server.group_handle();
    server.delete_group(&name).await;
    let gone = || server.fleet().groups().is_empty();
    server.until("the group is gone", secs(30), gone).await;
    let late = handle.launch(Role::Origin).await;
    assert!(matches!(
        late.map(|_| ()),
        Err(FleetError::NotFound { what: "node group", name: which }) if which == name
    ));
    drop(handle);
    server.finish().await;
}
