//! The life of an upload, with an engine that compiles in this process and a store in a file.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::OnceLock;
use std::time::Duration;

use weir_cloud::clock::SystemClock;

use super::*;
use crate::policy::{BUILTINS, EngineSettings, WasmEngine};
use crate::store::faulty::{Fault, FaultyStore, Verb};
use crate::store::{Components, sqlite};

const PATIENCE: Duration = Duration::from_secs(60);

/// Compiled once for all tests.
fn engine() -> WasmEngine {
    static ENGINE: OnceLock<WasmEngine> = OnceLock::new();
    let started = || WasmEngine::new(EngineSettings::default()).unwrap();
    ENGINE.get_or_init(started).clone()
}

struct World {
    store: Arc<FaultyStore>,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = sqlite::open(&folder.path().join("weir.db")).await.unwrap();
        Self {
            store: Arc::new(FaultyStore::new(Arc::new(store))),
            _folder: folder,
        }
    }

    /// As a process does when it starts.
    async fn open(&self) -> Arc<Catalogue> {
        let parts = CatalogueParts {
            store: self.store.clone(),
            engine: Arc::new(engine()),
            registry: Arc::new(PolicyRegistry::new()),
            clock: Arc::new(SystemClock),
            signers: Signers::default(),
        };
        Catalogue::open(parts).await.unwrap()
    }
}

/// The shipped component of that name.
fn shipped(name: &str) -> Vec<u8> {
    let found = BUILTINS.iter().find(|(shipped, _)| *shipped == name);
    found.unwrap().1.to_vec()
}

/// The same policy, other bytes: a custom section at the end changes nothing else.
fn varied(mut component: Vec<u8>, mark: u8) -> Vec<u8> {
    component.extend([0, 3, 1, b'm', mark]);
    component
}

fn upload(name: &str, bytes: Vec<u8>) -> Upload {
    Upload {
        name: name.to_owned(),
        bytes,
        signature: None,
        by: "ann".to_owned(),
        force: false,
    }
}

async fn uploaded(catalogue: &Arc<Catalogue>, name: &str, bytes: Vec<u8>) -> UploadState {
    let id = catalogue.upload(upload(name, bytes)).unwrap();
    catalogue.uploaded(name, &id, PATIENCE).await.unwrap().state
}

async fn admitted(catalogue: &Arc<Catalogue>, name: &str, bytes: Vec<u8>) -> Version {
    match uploaded(catalogue, name, bytes).await {
        UploadState::Admitted(version) => *version,
        other => panic!("{other:?}"),
    }
}

fn binding(policy: &str) -> Binding {
    Binding {
        policy: policy.to_owned(),
        settings: "{}".to_owned(),
    }
}

#[tokio::test]
async fn an_upload_is_there_after_a_restart_and_decides_then() {
    let world = World::new().await;
    let version = {
        let catalogue = world.open().await;
        admitted(&catalogue, "mine", shipped("threshold")).await
    };
    assert_eq!(version.reference().to_string(), "mine@1");
    assert_eq!(version.record.uploaded_by, "ann");
    assert!(version.record.scales && !version.record.places);
    assert!(
        version
            .record
            .admission
            .prices
            .iter()
            .any(|price| price.export == "propose")
    );
    let catalogue = world.open().await;
    assert_eq!(catalogue.versions(), [version]);
    assert!(
        catalogue.registry().get("mine@1").is_none(),
        "loaded when it is needed"
    );
    let pinned = catalogue
        .pin(binding("mine"), Decides::Scaling)
        .await
        .unwrap();
    assert_eq!(pinned, binding("mine@1"));
    assert!(catalogue.registry().get("mine@1").is_some());
}

#[tokio::test]
async fn a_bare_name_means_the_newest_upload_and_a_number_stays_what_it_was() {
    let world = World::new().await;
    let catalogue = world.open().await;
    admitted(&catalogue, "mine", shipped("weighted")).await;
    admitted(&catalogue, "mine", varied(shipped("weighted"), 1)).await;
    for (said, meant) in [("mine", "mine@2"), ("mine@1", "mine@1")] {
        let pinned = catalogue
            .pin(binding(said), Decides::Subscribe)
            .await
            .unwrap();
        assert_eq!(pinned.policy, meant);
    }
    let unknown = catalogue.pin(binding("mine@3"), Decides::Subscribe).await;
    let problem = unknown.unwrap_err().to_string();
    assert!(problem.contains("mine@2, mine@1"), "{problem}");
    let wrong = catalogue.pin(binding("mine"), Decides::Scaling).await;
    assert!(matches!(
        wrong,
        Err(CatalogueError::Bind(BindError::WrongDuty { .. }))
    ));
}

#[tokio::test]
async fn the_same_bytes_are_the_version_they_were() {
    let world = World::new().await;
    let catalogue = world.open().await;
    let first = admitted(&catalogue, "mine", shipped("threshold")).await;
    let again = uploaded(&catalogue, "mine", shipped("threshold")).await;
    assert!(matches!(again, UploadState::Known(version) if *version == first));
}

#[tokio::test]
async fn what_is_no_policy_is_refused_and_leaves_nothing() {
    let world = World::new().await;
    let catalogue = world.open().await;
    let refused = uploaded(&catalogue, "mine", b"#!/bin/sh".to_vec()).await;
    assert!(
        matches!(&refused, UploadState::Refused(why) if why.contains("no WebAssembly component"))
    );
    assert_eq!(catalogue.versions(), []);
    assert_eq!(world.store.components().await.unwrap(), []);
    let first = admitted(&catalogue, "mine", shipped("threshold")).await;
    assert_eq!(first.number, 1);
}

#[tokio::test]
async fn an_upload_that_was_stored_without_an_answer_is_found_again() {
    let world = World::new().await;
    let catalogue = world.open().await;
    world
        .store
        .fail_next(Verb::AddComponent, Fault::AfterCommit);
    let unsure = uploaded(&catalogue, "mine", shipped("threshold")).await;
    assert!(matches!(unsure, UploadState::Failed(_)), "{unsure:?}");
    let again = uploaded(&catalogue, "mine", shipped("threshold")).await;
    assert!(matches!(again, UploadState::Known(version) if version.number == 1));
}

#[tokio::test]
async fn a_removed_version_is_gone_for_good() {
    let world = World::new().await;
    let catalogue = world.open().await;
    let first = admitted(&catalogue, "mine", shipped("threshold")).await;
    catalogue
        .pin(binding("mine"), Decides::Scaling)
        .await
        .unwrap();
    assert!(catalogue.remove(&first).await.unwrap());
    assert!(!catalogue.remove(&first).await.unwrap());
    assert!(catalogue.registry().get("mine@1").is_none());
    let gone = catalogue.pin(binding("mine"), Decides::Scaling).await;
    assert!(matches!(gone, Err(CatalogueError::Unknown(_))));
    let next = admitted(&world.open().await, "mine", shipped("threshold")).await;
    assert_eq!(next.number, 2, "a number is never used again");
}

#[tokio::test]
async fn damaged_bytes_are_not_run() {
    let world = World::new().await;
    let catalogue = world.open().await;
    admitted(&catalogue, "mine", shipped("threshold")).await;
    // Somebody changed what is stored: under the same number lie other bytes that are a policy too.
    let other = varied(shipped("threshold"), 9);
    world.store.remove_component("mine", 1).await.unwrap();
    let document = serde_json::to_string(&catalogue.version("mine", 1).unwrap().record).unwrap();
    let new = crate::store::NewComponent {
        name: "mine",
        sha256: &catalogue.version("mine", 1).unwrap().sha256,
        uploaded_at: weir_core::units::UtcMs(1),
        document: &document,
        bytes: &other,
    };
    assert_eq!(world.store.add_component(&new).await.unwrap().number, 2);
    let reopened = world.open().await;
    let refused = reopened.pin(binding("mine"), Decides::Scaling).await;
    assert!(
        matches!(&refused, Err(CatalogueError::Load { source, .. }) if source.to_string().contains("damaged")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn names_of_this_program_are_taken() {
    let world = World::new().await;
    let catalogue = world.open().await;
    let builtins = catalogue.registry().clone();
    let engine = engine();
    tokio::task::spawn_blocking(move || builtins.load_builtins(&engine))
        .await
        .unwrap()
        .unwrap();
    let taken = catalogue.upload(upload("threshold", shipped("weighted")));
    assert!(matches!(taken, Err(UploadError::NameTaken(name)) if name == "threshold"));
    let misnamed = catalogue.upload(upload("Not/a name", shipped("weighted")));
    assert!(matches!(misnamed, Err(UploadError::Name(_))));
}
