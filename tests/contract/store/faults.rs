//! The faulty store keeps its own promises: tests lean on them.

use std::sync::Arc;

use weir::store::faulty::{Fault, FaultyStore, Verb};
use weir::store::{Document, DocumentKind, Store, StoreError};

use super::fixtures::limits;

#[tokio::test]
async fn scripted_faults_hit_the_named_verb_in_order() {
    let opened = super::on_file().await;
    let store = FaultyStore::new(Arc::clone(&opened.store));
    store.fail_next(Verb::CreateDocument, Fault::Before);
    store.fail_next(Verb::CreateDocument, Fault::AfterCommit);
    let document = Document::Limits(limits("a"));

    let lost = store.create_document(&document).await;
    assert!(matches!(lost, Err(StoreError::Unavailable { .. })));
    let names = store.document_names(DocumentKind::Limits).await.unwrap();
    assert!(names.is_empty(), "it failed before the inner store");

    let lost = store.create_document(&document).await;
    assert!(matches!(lost, Err(StoreError::Unavailable { .. })));
    let names = store.document_names(DocumentKind::Limits).await.unwrap();
    assert_eq!(names, ["a"], "it was stored, only the answer was lost");

    let refused = store.create_document(&document).await;
    assert!(matches!(refused, Err(StoreError::Exists { .. })));
    assert_eq!(store.calls(Verb::CreateDocument), 3);
}

#[tokio::test]
async fn outage_hits_every_verb_until_it_ends() {
    let opened = super::on_file().await;
    let store = FaultyStore::new(Arc::clone(&opened.store));
    store.outage(Some(Fault::Before));
    assert!(store.ping().await.is_err());
    assert!(store.groups().await.is_err());
    store.outage(None);
    store.ping().await.unwrap();
    store.groups().await.unwrap();
}
