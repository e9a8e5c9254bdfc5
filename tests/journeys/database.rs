//! A database server that dies under a running manager, and comes back.

use weir::config::store::StoreUrl;
use weir_core::node::Role;
use weir_tests::mariadb::MariaDb;
use weir_tests::story::{Pace, STREAM, Step, Story};
use weir_tests::{Options, TestServer};

/// What is said of it.
const TROUBLE: [&str; 9] = [
    "the connection that holds the database is lost",
    "the store did not take the group's plan",
    "the group's records are not what this manager knows",
    "the group could not be read",
    "request turned away",
    "no sweep while the store is away",
    "the sweep could not find out what it may end",
    "slow acquire",
    "slow statement",
];

async fn on_mysql(database: &mut MariaDb) -> TestServer {
    let url = database.database().await;
    let options = Options::brisk().settings(|config| config.store.url = StoreUrl::new(url));
    TestServer::start(options).await
}

/// What is acknowledged is stored; what is not is refused, with the time to ask again. Viewers do not notice.
async fn away(server: &TestServer, serves: bool) {
    // First: a change may wait for the database for longer than clients are answered without it.
    if serves {
        let answer = server.ask("broadcast", STREAM, None).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let alarm = "alarm/scaleout/default?type=edge&threshold=60";
    let refused = server.admin("POST", alarm, None).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.retry_after.is_some(), "{refused:?}");
    let text = refused.json()["errorMessage"].to_string();
    assert!(text.contains("ask again"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_dies_and_comes_back_loses_nothing() {
    let mut database = MariaDb::start().await;
    let server = on_mysql(&mut database).await;
    TROUBLE.iter().for_each(|part| server.logs.expect(part));
    let mut story = Story::new(Pace {
        tries: 10,
        ..Pace::brisk()
    });
    let mut kills = 0;
    for step in Step::ALL {
        story.tell(&server, step).await;
        if matches!(
            step,
            Step::PostOrigin | Step::FirstViewer | Step::FirstViewerLeaves
        ) {
            database.kill();
            away(&server, !server.serving(Role::Origin).is_empty()).await;
            database.start_again().await;
            kills += 1;
        }
    }
    assert_eq!(kills, 3);
    story.ended_well(&server).await;
    assert_eq!(server.script.launch_calls().len(), 4, "identifiers");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_are_answered_from_memory_for_some_seconds_and_then_told_to_ask_again() {
    let mut database = MariaDb::start().await;
    let server = on_mysql(&mut database).await;
    TROUBLE.iter().for_each(|part| server.logs.expect(part));
    let mut story = Story::new(Pace::brisk());
    for step in Step::ALL {
        story.tell(&server, step).await;
        if step == Step::FirstViewer {
            break;
        }
    }
    database.kill();
    away(&server, true).await;
    let refused = loop {
        let answer = server.ask("broadcast", STREAM, None).await;
        if answer.status != 200 {
            break answer;
        }
    };
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.retry_after.is_some(), "{refused:?}");
    database.start_again().await;
    while server.ask("broadcast", STREAM, None).await.status != 200 {
        tokio::task::yield_now().await;
    }
    drop(story);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_manager_is_followed_by_the_next_one_at_once() {
    let mut database = MariaDb::start().await;
    let mut server = on_mysql(&mut database).await;
    let mut story = Story::new(Pace {
        tries: 10,
        ..Pace::brisk()
    });
    for step in Step::ALL {
        story.tell(&server, step).await;
        server.crash_and_start().await;
    }
    story.ended_well(&server).await;
    assert_eq!(server.script.launch_calls().len(), 4, "identifiers");
    server.finish().await;
}
