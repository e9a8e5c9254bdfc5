//! Documents and thresholds.

use weir::store::{Document, DocumentKind, Store, StoreError};
use weir_core::node::Role;

use super::fixtures::{launch, limits, with_group};

pub async fn document_reads_back_as_it_was_written(store: &dyn Store) {
    let both = [
        (DocumentKind::Limits, Document::Limits(limits("a"))),
        (DocumentKind::Launch, Document::Launch(launch("a"))),
    ];
    for (kind, document) in both {
        assert_eq!(store.document(kind, "a").await.unwrap(), None);
        store.create_document(&document).await.unwrap();
        assert_eq!(store.document(kind, "a").await.unwrap(), Some(document));
    }
}

pub async fn taken_name_is_refused_per_kind(store: &dyn Store) {
    store
        .create_document(&Document::Limits(limits("a")))
        .await
        .unwrap();
    let mut other = limits("a");
    other.description = "another".into();
    let refused = store.create_document(&Document::Limits(other)).await;
    assert!(matches!(refused, Err(StoreError::Exists { name, .. }) if name == "a"));
    assert_eq!(
        store.document(DocumentKind::Limits, "a").await.unwrap(),
        Some(Document::Limits(limits("a")))
    );
    // The kinds have names of their own.
    store
        .create_document(&Document::Launch(launch("a")))
        .await
        .unwrap();
}

pub async fn replacing_an_absent_document_says_so(store: &dyn Store) {
    let mut document = limits("a");
    let replaced = store
        .replace_document(&Document::Limits(document.clone()))
        .await;
    assert!(!replaced.unwrap());
    store
        .create_document(&Document::Limits(document.clone()))
        .await
        .unwrap();
    document.description = "new".into();
    let document = Document::Limits(document);
    assert!(store.replace_document(&document).await.unwrap());
    // The same again is a success too, although nothing differs.
    assert!(store.replace_document(&document).await.unwrap());
    assert_eq!(
        store.document(DocumentKind::Limits, "a").await.unwrap(),
        Some(document)
    );
}

pub async fn names_come_in_order_of_creation(store: &dyn Store) {
    for name in ["zebra", "ape", "mouse"] {
        store
            .create_document(&Document::Launch(launch(name)))
            .await
            .unwrap();
    }
    assert_eq!(
        store.document_names(DocumentKind::Launch).await.unwrap(),
        ["zebra", "ape", "mouse"]
    );
    assert!(
        store
            .document_names(DocumentKind::Limits)
            .await
            .unwrap()
            .is_empty()
    );
}

pub async fn document_in_use_cannot_be_deleted(store: &dyn Store) {
    let (group, fence) = with_group(store).await;
    let used = [
        (DocumentKind::Limits, "scale1"),
        (DocumentKind::Launch, "launch1"),
    ];
    for (kind, name) in used {
        let refused = store.delete_document(kind, name).await;
        assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    }
    store.delete_group(group.id, fence).await.unwrap();
    for (kind, name) in used {
        assert!(store.delete_document(kind, name).await.unwrap());
        assert!(!store.delete_document(kind, name).await.unwrap());
    }
}

pub async fn threshold_keeps_the_last_value(store: &dyn Store) {
    assert!(store.thresholds().await.unwrap().is_empty());
    for (role, percent) in [(Role::Edge, 60), (Role::Origin, 80), (Role::Edge, 75)] {
        store.set_threshold(role, percent).await.unwrap();
    }
    assert_eq!(
        store.thresholds().await.unwrap(),
        [(Role::Origin, 80), (Role::Edge, 75)]
    );
}
