//! Uploaded policies.

use weir::store::{NewComponent, Store, StoreError, StoredComponent};
use weir_core::units::UtcMs;

fn new<'a>(name: &'a str, sha256: &'a str, bytes: &'a [u8]) -> NewComponent<'a> {
    NewComponent {
        name,
        sha256,
        uploaded_at: UtcMs(1_700_000_000_000),
        document: r#"{"words":"ümläute 'and' quotes"}"#,
        bytes,
    }
}

async fn add(store: &dyn Store, name: &str, sha256: &str, bytes: &[u8]) -> StoredComponent {
    store
        .add_component(&new(name, sha256, bytes))
        .await
        .unwrap()
}

pub async fn component_reads_back_byte_by_byte(store: &dyn Store) {
    // More than any server takes in one statement unasked.
    let large: Vec<u8> = (0..5_000_000_u32).map(|at| (at * 31 % 251) as u8).collect();
    let kept = add(store, "large", "aa", &large).await;
    assert_eq!((kept.name.as_str(), kept.number), ("large", 1));
    assert_eq!(store.components().await.unwrap(), [kept]);
    let read = store.component_bytes("large", 1).await.unwrap();
    assert!(read.is_some_and(|read| read == large));
    assert_eq!(store.component_bytes("large", 2).await.unwrap(), None);
    assert_eq!(store.component_bytes("Large", 1).await.unwrap(), None);
}

pub async fn component_number_is_never_used_again(store: &dyn Store) {
    for (sha256, number) in [("aa", 1), ("bb", 2)] {
        assert_eq!(add(store, "mine", sha256, &[1]).await.number, number);
    }
    assert!(store.remove_component("mine", 2).await.unwrap());
    assert!(!store.remove_component("mine", 2).await.unwrap());
    assert_eq!(store.component_bytes("mine", 2).await.unwrap(), None);
    assert_eq!(add(store, "mine", "bb", &[2]).await.number, 3);
    assert_eq!(add(store, "other", "bb", &[2]).await.number, 1);
    let kept: Vec<_> = store.components().await.unwrap();
    let kept: Vec<_> = kept
        .iter()
        .map(|kept| (kept.name.as_str(), kept.number))
        .collect();
    assert_eq!(kept, [("mine", 1), ("mine", 3), ("other", 1)]);
}

pub async fn same_bytes_are_kept_once_for_a_name(store: &dyn Store) {
    let first = add(store, "mine", "aa", &[1]).await;
    let again = store.add_component(&new("mine", "aa", &[1])).await;
    assert!(
        matches!(&again, Err(StoreError::Exists { name, .. }) if name == "mine"),
        "{again:?}"
    );
    assert_eq!(store.components().await.unwrap(), [first]);
    let next = add(store, "mine", "bb", &[1]).await;
    assert_eq!(next.number, 2, "a refused one uses no number up");
}
