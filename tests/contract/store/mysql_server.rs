//! Promises of the MySQL store alone: one manager at a time, errors that name the mend, the same after a crash of the
//! server.

use std::time::Duration;

use weir::store::mysql::{self, OpenError};
use weir::store::sql::SqlStore;
use weir::store::{Custody, Store, StoreError};
use weir_core::units::DurationMs;
use weir_tests::mariadb::MariaDb;

use super::fixtures::{node, nodes, stored, with_group};

const AT_ONCE: DurationMs = DurationMs(0);
const PATIENTLY: DurationMs = DurationMs::secs(60);

async fn refused(url: &str) -> OpenError {
    match mysql::open(url, AT_ONCE).await {
        Ok(_) => panic!("{url} was opened"),
        Err(refused) => refused,
    }
}

/// A server, the address of a database on it, and that database, opened.
async fn opened() -> (MariaDb, String, SqlStore) {
    let mut server = MariaDb::start().await;
    let url = server.database().await;
    let store = mysql::open(&url, AT_ONCE).await.unwrap();
    (server, url, store)
}

/// Until the store takes writes again.
async fn back(store: &SqlStore) {
    while store.ping().await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn whoever_comes_second_is_refused_until_the_first_is_gone() {
    let mut server = MariaDb::start().await;
    let (url, other) = (server.database().await, server.database().await);
    let first = mysql::open(&url, AT_ONCE).await.unwrap();
    let second = refused(&url).await;
    assert!(matches!(second, OpenError::InUse { .. }), "{second}");
    let text = second.to_string();
    for part in ["another weir process (127.0.0.1:", "/cluster1", "store.url"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // The lock is for a database, not for its server.
    mysql::open(&other, AT_ONCE).await.unwrap().close().await;
    let waiting = tokio::spawn(async move { mysql::open(&url, PATIENTLY).await });
    first.close().await;
    waiting.await.unwrap().unwrap().close().await;
}

#[tokio::test]
async fn what_is_wrong_with_an_address_is_named_and_no_password_told() {
    let mut server = MariaDb::start().await;
    let url = server.database().await;
    let cases = [
        (url.replace("weir:", "nobody:"), "check user, password"),
        (url.replace("p%40ss", "guess"), "check user, password"),
        (url.replace("/cluster1", "/absent"), "check user, password"),
        (url.replace("/cluster1", ""), "names no database"),
        (url.replace("@127.0.0.1:", "@127.0.0.1:1"), "write mysql://"),
    ];
    for (url, wanted) in cases {
        let text = format!("{:#}", anyhow::Error::from(refused(&url).await));
        assert!(text.contains(wanted), "{url}\n{text}");
        assert!(!text.contains("ss/w") && !text.contains("ss%2Fw"), "{text}");
    }
    server.kill();
    let away = refused(&url).await;
    assert!(matches!(away, OpenError::Away { .. }), "{away}");
    let text = away.to_string();
    assert!(
        text.contains("no database server answers at 127.0.0.1:"),
        "{text}"
    );
}

#[tokio::test]
async fn a_server_is_trusted_as_the_address_says() {
    let mut server = MariaDb::start_with_tls().await;
    let url = server.database().await;
    let authority = server.authority();
    let name = url.replace("@127.0.0.1:", "@localhost:");
    for trusted in [
        format!("{url}?ssl-mode=REQUIRED"),
        format!("{url}?ssl-mode=VERIFY_CA&ssl-ca={authority}"),
        format!("{name}?ssl-mode=VERIFY_IDENTITY&ssl-ca={authority}"),
    ] {
        let store = mysql::open(&trusted, AT_ONCE).await;
        store
            .unwrap_or_else(|error| panic!("{trusted}: {error:?}"))
            .close()
            .await;
    }
    for doubtful in [
        format!("{url}?ssl-mode=VERIFY_CA"),
        format!("{url}?ssl-mode=VERIFY_IDENTITY&ssl-ca={authority}"),
        format!("{url}?ssl-mode=VERIFY_CA&ssl-ca={authority}.absent"),
    ] {
        let told = refused(&doubtful).await;
        assert!(
            matches!(told, OpenError::Untrusted { .. }),
            "{doubtful}: {told:?}"
        );
        assert!(told.to_string().contains("ssl-ca"), "{told}");
    }
    let told = refused(&format!("{url}?ssl-mode=ALWAYS")).await;
    assert!(matches!(told, OpenError::Address { .. }), "{told:?}");
}

#[tokio::test]
async fn a_server_that_is_away_is_waited_for() {
    let mut server = MariaDb::start().await;
    let url = server.database().await;
    server.kill();
    let opening = tokio::spawn(async move { mysql::open(&url, PATIENTLY).await });
    server.start_again().await;
    opening.await.unwrap().unwrap().close().await;
}

#[tokio::test]
async fn everything_survives_a_kill_of_the_server() {
    let (mut server, url, store) = opened().await;
    let (group, fence) = with_group(&store).await;
    let first = node(1, "node-1");
    store
        .save_plan(group.id, fence, &nodes(&[&first]))
        .await
        .unwrap();
    let before = stored(&store, group.id).await;
    let (environment, place) = (
        store.environment().await.unwrap(),
        store.place().await.unwrap(),
    );
    server.kill();
    let second = node(2, "node-2");
    let lost = store.save_plan(group.id, fence, &nodes(&[&second])).await;
    assert!(
        matches!(lost, Err(StoreError::Unavailable { .. })),
        "{lost:?}"
    );
    server.start_again().await;
    back(&store).await;
    assert_eq!(stored(&store, group.id).await, before);
    assert_eq!(store.place().await.unwrap(), place);
    store
        .save_plan(group.id, fence, &nodes(&[&second]))
        .await
        .unwrap();
    store.close().await;
    let store = mysql::open(&url, AT_ONCE).await.unwrap();
    assert_eq!(store.environment().await.unwrap(), environment);
    assert_eq!(stored(&store, group.id).await.nodes, [first, second]);
    store.close().await;
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let (server, _, store) = opened().await;
    let (group, fence) = with_group(&store).await;
    let before = stored(&store, group.id).await;
    server.pause();
    let given_up = store.groups().await;
    assert!(
        matches!(given_up, Err(StoreError::Unavailable { .. })),
        "{given_up:?}"
    );
    server.go_on();
    back(&store).await;
    assert_eq!(stored(&store, group.id).await, before);
    let node = node(1, "node-1");
    store
        .save_plan(group.id, fence, &nodes(&[&node]))
        .await
        .unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_server_that_stood_still_is_held_again_as_soon_as_it_goes_on() {
    let (server, _, store) = opened().await;
    server.pause();
    let lost = |refused: &StoreError| {
        format!("{refused:?}").contains("the connection that holds the database is lost")
    };
    while !store.ping().await.as_ref().is_err_and(lost) {
        tokio::task::yield_now().await;
    }
    assert!(store.is_current(), "it was just lost");
    while store.is_current() {
        tokio::task::yield_now().await;
    }
    server.go_on();
    let started = std::time::Instant::now();
    back(&store).await;
    assert!(store.is_current());
    let waited = started.elapsed();
    // The server would forget the session that was lost after 15 s by itself.
    assert!(waited < Duration::from_secs(10), "{waited:?}");
    let alone = tokio::time::timeout(Duration::ZERO, store.taken_over()).await;
    assert!(alone.is_err(), "nobody else was there");
    store.close().await;
}

#[tokio::test]
async fn a_table_that_somebody_keeps_locked_is_given_up() {
    let (server, _, store) = opened().await;
    let (group, fence) = with_group(&store).await;
    let node = node(1, "node-1");
    let lock = "LOCK TABLES cluster1.node WRITE";
    let somebody = server.root_says(lock).await;
    let given_up = store.save_plan(group.id, fence, &nodes(&[&node])).await;
    let text = format!("{:#}", anyhow::Error::from(given_up.unwrap_err()));
    assert!(text.contains("Lock wait timeout exceeded"), "{text}");
    drop(somebody);
    assert!(stored(&store, group.id).await.nodes.is_empty());
    store
        .save_plan(group.id, fence, &nodes(&[&node]))
        .await
        .unwrap();
    store.close().await;
}

#[tokio::test]
async fn whoever_lost_the_database_to_another_writes_nothing() {
    let (mut server, url, first) = opened().await;
    let (group, fence) = with_group(&first).await;
    server.kill();
    // The first does not see the server again before the second has the lock.
    server.start_again().await;
    let second = loop {
        if let Ok(second) = mysql::open(&url, AT_ONCE).await {
            break second;
        }
        // The first was quicker: once more.
        server.kill();
        server.start_again().await;
    };
    let newer = second.take_group(group.id, "second").await.unwrap();
    let node = node(1, "node-1");
    let write = nodes(&[&node]);
    let refused = first.save_plan(group.id, fence, &write).await;
    assert!(
        refused.is_err(),
        "it has an older fence, or knows that it lost the lock"
    );
    second.save_plan(group.id, newer, &write).await.unwrap();
    second.close().await;
    // The lock is free again, but what the first knows is old.
    tokio::time::timeout(PATIENTLY.to_std(), first.taken_over())
        .await
        .expect("it finds out that another was there");
    let refused = first.ping().await;
    assert!(refused.is_err(), "it writes nothing any more");
    first.close().await;
}

#[tokio::test]
async fn each_database_is_a_place_of_its_own() {
    let mut server = MariaDb::start().await;
    let mut places = Vec::new();
    for url in [server.database().await, server.database().await] {
        let store = mysql::open(&url, AT_ONCE).await.unwrap();
        places.push((
            store.place().await.unwrap(),
            store.environment().await.unwrap(),
        ));
        store.close().await;
    }
    assert_ne!(places[0].0, places[1].0);
    assert_ne!(places[0].1, places[1].1);
}
