//! A flood of questions: it is turned away, it buys no machines, and other clients get their answers.

use std::net::{IpAddr, Ipv4Addr};

use weir_core::node::Role;
use weir_tests::tutorial::{LAUNCH_CONFIG, NODE_GROUP, SCALE_POLICY};
use weir_tests::{Options, TestServer, secs};

const CAP: u32 = 20;
const STREAM: &str = "live/flooded";

fn from(last: u8) -> Option<IpAddr> {
    Some(IpAddr::V4(Ipv4Addr::new(127, 192, 0, last)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_from_one_address_costs_nobody_else_anything() {
    // Slow enough that the questions fit into the life of a reservation.
    let options = Options::brisk().speed(10).settings(|config| {
        config.fleet.reservations_per_client = CAP;
        config.fleet.reservation_ms = 60_000;
        config.fleet.reservation_grace_ms = 60_000;
        config.fleet.drain_wait_ms = 60_000;
    });
    let server = TestServer::start(options).await;
    let roomy = LAUNCH_CONFIG.replace(
        r#""connectionCapacity":"1""#,
        r#""connectionCapacity":"100""#,
    );
    server.group_of(SCALE_POLICY, &roomy, NODE_GROUP).await;
    let ready = || server.linked(Role::Edge).len() == 1;
    server.until("an edge serves", secs(60), ready).await;
    let _publisher = server.on_air(STREAM).await;

    let mut statuses = Vec::new();
    for _ in 0..2 * CAP {
        let reply = server.ask("subscribe", STREAM, from(1)).await;
        if reply.status == 429 {
            assert!(reply.retry_after.is_some_and(|wait| wait >= 1), "{reply:?}");
            assert!(reply.json()["errorMessage"].is_string(), "{reply:?}");
        }
        statuses.push(reply.status);
    }
    let (answered, turned_away) = statuses.split_at(CAP as usize);
    assert!(answered.iter().all(|status| *status == 200), "{statuses:?}");
    assert!(
        turned_away.iter().all(|status| *status == 429),
        "{statuses:?}"
    );
    let other = server.ask("subscribe", STREAM, from(2)).await;
    let _ = other.wanted(200);
    let shown = || server.serving(Role::Edge)[0].assigned >= CAP;
    server
        .until("the reservations are shown", secs(10), shown)
        .await;
    let one = || server.of(Role::Edge).len() == 1;
    server.always("there is one edge", secs(30), one).await;
    assert_eq!(server.cloud.counts().launched, 3);
    server.finish().await;
}

/// More addresses than the node has places: each is within its own cap, and still no machine is bought.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_from_many_addresses_buys_no_machines() {
    let options = Options::brisk().speed(10).settings(|config| {
        config.fleet.reservation_ms = 60_000;
        config.fleet.reservation_grace_ms = 60_000;
        config.fleet.drain_wait_ms = 60_000;
    });
    let server = TestServer::start(options).await;
    server
        .group_of(SCALE_POLICY, LAUNCH_CONFIG, NODE_GROUP)
        .await;
    let ready = || server.linked(Role::Edge).len() == 1;
    server.until("an edge serves", secs(60), ready).await;
    let _publisher = server.on_air(STREAM).await;
    let mut refused = 0;
    for last in 1..=30 {
        let reply = server.ask("subscribe", STREAM, from(last)).await;
        refused += u32::from(reply.status == 400);
    }
    // An edge of capacity one holds ten reservations.
    assert_eq!(refused, 20);
    let one = || server.of(Role::Edge).len() == 1;
    server.always("there is one edge", secs(30), one).await;
    server.finish().await;
}
