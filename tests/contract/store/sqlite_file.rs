//! Promises of the SQLite file alone: exclusive, private, the same after a restart.

use std::os::unix::fs::PermissionsExt;

use weir::store::sqlite::{self, OpenError};
use weir::store::{Custody, Store};

use super::fixtures::{node, nodes, stored, with_group};

#[tokio::test]
async fn second_opener_is_told_the_file_and_the_mend() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weir.db");
    let first = sqlite::open(&file).await.unwrap();
    let Err(refused) = sqlite::open(&file).await else {
        panic!("two stores on one file");
    };
    assert!(matches!(refused, OpenError::InUse { .. }));
    let text = refused.to_string();
    assert!(text.contains(&file.display().to_string()), "{text}");
    assert!(text.contains("store.url"), "{text}");
    drop(first);
    sqlite::open(&file).await.unwrap();
}

#[tokio::test]
async fn everything_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep/down/weir.db");
    let store = sqlite::open(&file).await.unwrap();
    let (group, fence) = with_group(&store).await;
    let first = node(1, "node-1");
    let plan = nodes(&[&first]);
    store.save_plan(group.id, fence, &plan).await.unwrap();
    let before = stored(&store, group.id).await;
    let environment = store.environment().await.unwrap();
    // Dropped, not closed: as after a crash, the log still holds the writes.
    drop(store);

    let store = sqlite::open(&file).await.unwrap();
    assert_eq!(stored(&store, group.id).await, before);
    assert_eq!(store.environment().await.unwrap(), environment);
    assert!(store.take_group(group.id, "test").await.unwrap() > fence);
}

#[tokio::test]
async fn files_are_for_their_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data/weir.db");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let store = sqlite::open(&file).await.unwrap();
    with_group(&store).await;
    let mut seen = 0;
    for entry in std::fs::read_dir(file.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?} has mode {mode:o}", entry.path());
        seen += 1;
    }
    assert!(seen >= 3, "database, its log and the lock");
}

#[tokio::test]
async fn file_that_is_no_database_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weir.db");
    std::fs::write(&file, "this is a letter, not a database\n".repeat(200)).unwrap();
    let Err(refused) = sqlite::open(&file).await else {
        panic!("a letter was opened as a database");
    };
    let text = refused.to_string();
    assert!(text.contains("weir.db"), "{text}");
}

#[tokio::test]
async fn each_store_has_its_own_environment() {
    let folder = tempfile::tempdir().unwrap();
    let one = sqlite::open(&folder.path().join("one.db")).await.unwrap();
    let two = sqlite::open(&folder.path().join("two.db")).await.unwrap();
    assert_ne!(
        one.environment().await.unwrap(),
        two.environment().await.unwrap()
    );
}

#[tokio::test]
async fn a_renamed_file_is_the_same_place_and_a_copy_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let (first, renamed) = (folder.path().join("one.db"), folder.path().join("two.db"));
    let place = async |file: &std::path::Path| {
        let store = sqlite::open(file).await.unwrap();
        let place = store.place().await.unwrap();
        store.close().await;
        place
    };
    let before = place(&first).await;
    std::fs::rename(&first, &renamed).unwrap();
    assert_eq!(place(&renamed).await, before);
    std::fs::copy(&renamed, &first).unwrap();
    assert_ne!(place(&first).await, before);
    assert_eq!(place(&renamed).await, before);
}

#[tokio::test]
async fn a_file_is_named_as_the_path_says_whatever_stands_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("größe a?b#c%41&d=1:e.db");
    let store = sqlite::open(&file).await.unwrap();
    with_group(&store).await;
    let environment = store.environment().await.unwrap();
    store.close().await;
    drop(store);
    assert!(file.metadata().unwrap().len() > 0, "the records are in it");
    let names = std::fs::read_dir(folder.path()).unwrap();
    let strangers = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("größe a?b#c%41&d=1:e.db"));
    assert_eq!(strangers.collect::<Vec<_>>(), [""; 0]);
    let store = sqlite::open(&file).await.unwrap();
    assert_eq!(store.environment().await.unwrap(), environment);
}
