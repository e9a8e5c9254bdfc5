//! Instances outlive the process.

use std::sync::Arc;

use weir_cloud::CloudController;
use weir_cloud::simulated::SimulatedCloud;
use weir_core::node::Role;
use weir_core::units::DurationMs;

use crate::manager::{Scene, launch, settings};

#[tokio::test]
async fn saved_instances_come_back_with_their_addresses_and_a_new_boot() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cloud.json");
    let scene = Scene::new().await;
    scene.cloud.persist_to(&file).await.unwrap();
    scene.launch(Role::Origin, "o").await;
    scene.launch(Role::Edge, "e").await;
    scene.until_reporting("o").await;
    let region = "ap-northeast-1".into();
    scene.cloud.terminate(&region, &"e".into()).await.unwrap();
    scene.clock.sleep(DurationMs(1_000)).await;
    assert_eq!(mode(&file), 0o600, "launches' properties may hold secrets");
    let before = scene.cloud.list_owned().await.unwrap();
    let boot = scene.messages("o").pop().unwrap().envelope.boot;

    let again = SimulatedCloud::new(settings(), Arc::clone(&scene.clock)).unwrap();
    again.persist_to(&file).await.unwrap();
    assert_eq!(again.list_owned().await.unwrap(), before);
    again.set_manager(&scene.url);
    let rebooted = |scene: &Scene| scene.messages("o").iter().any(|m| m.envelope.boot > boot);
    scene.until(rebooted).await;

    launch(&again, Role::Origin, "o").await;
    launch(&again, Role::Edge, "new").await;
    let after = again.list_owned().await.unwrap();
    assert_eq!(after.len(), 2, "a repeated launch makes no second instance");
    let numbers: Vec<_> = after.iter().map(|instance| &instance.platform_id).collect();
    assert_ne!(numbers[0], numbers[1]);
}

fn mode(file: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn file_with_something_else_in_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cloud.json");
    std::fs::write(&file, "{}").unwrap();
    let scene = Scene::new().await;
    let refused = scene.cloud.persist_to(&file).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::InvalidData);
    assert!(refused.to_string().contains("cloud.json"));
}
