//! Tokens in a store, by a clock that is set by hand.

#![expect(clippy::unwrap_used, reason = "tests")]

use weir_cloud::clock::PacedClock;

use super::*;
use crate::store::sqlite;

const HOUR: DurationMs = DurationMs::secs(3_600);

async fn opened(folder: &tempfile::TempDir, now: UtcMs) -> (Arc<Access>, SharedClock) {
    let store = sqlite::open(&folder.path().join("weir.db")).await.unwrap();
    let clock: SharedClock = Arc::new(PacedClock::start(now, 1).unwrap());
    let access = Access::open(Arc::new(store), clock.clone()).await.unwrap();
    (access, clock)
}

fn new(name: &str, scope: Scope, life: Option<DurationMs>) -> NewToken {
    NewToken {
        name: name.to_owned(),
        scope,
        life,
        by: "admin".to_owned(),
    }
}

#[tokio::test]
async fn a_token_opens_until_its_time_is_over_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let start = UtcMs(1_700_000_000_000);
    let (access, clock) = opened(&folder, start).await;
    let (stored, secret) = access
        .make(new("ci", Scope::Operator, Some(HOUR)))
        .await
        .unwrap();
    let actor = Actor {
        name: "ci".into(),
        scope: Scope::Operator,
    };
    assert_eq!(access.know(secret.reveal()), Known::As(actor.clone()));
    assert_eq!(access.know("weir_00"), Known::Not);
    assert!(
        !format!("{stored:?}").contains(secret.reveal()),
        "only its digest is kept"
    );
    let now = clock.now();
    drop(access);
    let (access, _) = opened(&folder, now).await;
    assert_eq!(access.know(secret.reveal()), Known::As(actor));
    drop(access);
    let (access, _) = opened(&folder, start + HOUR + DurationMs::secs(60)).await;
    assert_eq!(access.know(secret.reveal()), Known::Expired("ci".into()));
}

#[tokio::test]
async fn a_deleted_token_opens_nothing_and_its_name_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let (access, _) = opened(&folder, UtcMs(1_700_000_000_000)).await;
    let (_, first) = access.make(new("ci", Scope::Admin, None)).await.unwrap();
    let taken = access.make(new("ci", Scope::ReadOnly, None)).await;
    assert!(matches!(taken, Err(StoreError::Exists { .. })));
    assert!(access.remove("ci").await.unwrap().is_some());
    assert!(access.remove("ci").await.unwrap().is_none());
    assert_eq!(access.know(first.reveal()), Known::Not);
    let (_, second) = access.make(new("ci", Scope::ReadOnly, None)).await.unwrap();
    assert_ne!(first.reveal(), second.reveal());
    assert_eq!(access.all().len(), 1);
}
