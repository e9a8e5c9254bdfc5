//! Tokens, and the book of changes.

use weir::store::{Change, Store, StoreError, StoredToken};
use weir_core::units::UtcMs;

fn token(name: &str, digest: &str) -> StoredToken {
    StoredToken {
        name: name.into(),
        digest: digest.into(),
        scope: "operator".into(),
        created_at: UtcMs(1),
        created_by: "admin".into(),
        expires_at: Some(UtcMs(1_700_000_000_000)),
    }
}

fn change(what: &str) -> Change {
    Change {
        id: 0,
        at: UtcMs(7),
        who: "ci".into(),
        address: "::1".into(),
        what: what.into(),
        status: None,
        detail: String::new(),
    }
}

pub async fn token_reads_back_until_it_is_removed(store: &dyn Store) {
    let mut forever = token("b", "02");
    forever.expires_at = None;
    let first = token("a", "01");
    store.add_token(&forever).await.unwrap();
    store.add_token(&first).await.unwrap();
    let taken = store.add_token(&token("a", "03")).await;
    assert!(matches!(taken, Err(StoreError::Exists { name, .. }) if name == "a"));
    assert_eq!(store.tokens().await.unwrap(), [first, forever.clone()]);
    assert!(store.remove_token("a").await.unwrap());
    assert!(!store.remove_token("a").await.unwrap());
    assert_eq!(store.tokens().await.unwrap(), [forever]);
}

pub async fn changes_come_newest_first_with_what_became_of_them(store: &dyn Store) {
    let first = store.begin_change(&change("POST /first")).await.unwrap();
    let second = store.begin_change(&change("POST /ümläute")).await.unwrap();
    assert!(second > first);
    store.end_change(first, 201, "it's done").await.unwrap();
    let kept = store.changes(None, 10).await.unwrap();
    let shown: Vec<_> = kept
        .iter()
        .map(|change| (change.what.as_str(), change.status, change.detail.as_str()))
        .collect();
    let wanted = [
        ("POST /ümläute", None, ""),
        ("POST /first", Some(201), "it's done"),
    ];
    assert_eq!(shown, wanted);
    assert_eq!(store.changes(Some(second), 10).await.unwrap(), kept[1..]);
    assert_eq!(store.changes(None, 1).await.unwrap(), kept[..1]);
}
