//! What every cloud promises, told once: the reconciler relies on nothing else.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::sync::Arc;

use weir_cloud::clock::{Clock, ManualClock};
use weir_cloud::scripted::{CallFault, LaunchFault, ListingFault, ScriptedCloud};
use weir_cloud::simulated::{BootTime, SimulatedCloud, SimulatedSettings};
use weir_cloud::{CloudController, CloudError, InstanceState, LaunchRequest};
use weir_core::ids::NodeId;
use weir_core::node::Role;
use weir_core::units::{DurationMs, UtcMs};

/// A cloud under test and how its time is made to pass.
struct Stage {
    cloud: Arc<dyn CloudController>,
    clock: ManualClock,
}

fn simulated() -> Stage {
    let clock = ManualClock::at(UtcMs(1_700_000_000_000));
    let settings = SimulatedSettings {
        boot: BootTime::always(DurationMs(8_000)),
        ending: DurationMs(3_000),
        ..SimulatedSettings::default()
    };
    let cloud = SimulatedCloud::new(settings, Arc::new(clock.clone())).unwrap();
    Stage { cloud, clock }
}

/// The scripted cloud without a script must keep the promises of the one inside.
fn scripted() -> (Stage, Arc<ScriptedCloud>) {
    let stage = simulated();
    let scripted = ScriptedCloud::around(stage.cloud, Arc::new(stage.clock.clone()));
    let stage = Stage {
        cloud: Arc::clone(&scripted) as Arc<dyn CloudController>,
        clock: stage.clock,
    };
    (stage, scripted)
}

async fn request(cloud: &Arc<dyn CloudController>, id: &str) -> LaunchRequest {
    let location = cloud.locations().await.unwrap().remove(0);
    LaunchRequest {
        id: NodeId::from(id),
        role: Role::Edge,
        region: location.region,
        zone: location.zone,
        instance_type: "t2.medium".into(),
        image: "image".to_owned(),
        capacity: 100,
        tags: vec![("environment".to_owned(), "test".to_owned())],
        properties: Vec::new(),
    }
}

async fn life_of_an_instance(stage: Stage) {
    let Stage { cloud, clock } = stage;
    let request = request(&cloud, "node-a-1").await;
    let (region, id) = (&request.region, &request.id);
    assert_eq!(cloud.describe(region, id).await, Ok(None));
    assert_eq!(cloud.terminate(region, id).await, Ok(()));
    let account = cloud.account().await.unwrap();
    assert_eq!(cloud.account().await.as_ref(), Ok(&account));
    assert!(!account.is_empty());

    let launched = cloud.launch(&request).await.unwrap();
    assert_eq!(launched.id.as_ref(), Some(id));
    assert_eq!(launched.zone, request.zone);
    assert_eq!(launched.state, InstanceState::Pending);
    let repeated = cloud.launch(&request).await.unwrap();
    assert_eq!(repeated.platform_id, launched.platform_id);
    assert_eq!(cloud.list_owned().await.unwrap().len(), 1);

    clock.advance(DurationMs(10_000));
    let running = cloud.describe(region, id).await.unwrap().unwrap();
    assert_eq!(running.state, InstanceState::Running);
    assert!(running.address.is_some() && running.private_address.is_some());
    assert_eq!(running.platform_id, launched.platform_id);

    cloud.terminate(region, id).await.unwrap();
    cloud.terminate(region, id).await.unwrap();
    let ending = cloud.describe(region, id).await.unwrap().unwrap();
    assert_eq!(ending.state, InstanceState::Ending);
    clock.advance(DurationMs(10_000));
    let ended = cloud.describe(region, id).await.unwrap();
    assert!(ended.is_none_or(|instance| instance.state == InstanceState::Ended));
    assert!(cloud.list_owned().await.unwrap().is_empty());
    assert_eq!(cloud.terminate(region, id).await, Ok(()));
}

async fn instances_differ(stage: Stage) {
    let Stage { cloud, clock } = stage;
    for id in ["node-a-1", "node-a-2", "node-a-3"] {
        cloud.launch(&request(&cloud, id).await).await.unwrap();
    }
    clock.advance(DurationMs(10_000));
    let listed = cloud.list_owned().await.unwrap();
    let mut addresses: Vec<_> = listed
        .iter()
        .flat_map(|instance| [instance.address.clone(), instance.private_address.clone()])
        .collect();
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), 6);
}

async fn wrong_requests_are_refused(stage: Stage) {
    let Stage { cloud, .. } = stage;
    let good = request(&cloud, "node-a-1").await;
    let elsewhere = LaunchRequest {
        zone: "atlantis-1a".into(),
        ..good.clone()
    };
    let refused = cloud.launch(&elsewhere).await;
    assert!(
        matches!(refused, Err(CloudError::Refused { .. })),
        "{refused:?}"
    );
    cloud.launch(&good).await.unwrap();
    let changed = LaunchRequest {
        capacity: 7,
        ..good
    };
    let refused = cloud.launch(&changed).await;
    assert!(
        matches!(refused, Err(CloudError::Refused { .. })),
        "{refused:?}"
    );
    assert_eq!(cloud.list_owned().await.unwrap().len(), 1);
}

#[tokio::test]
async fn simulated_cloud_keeps_the_contract() {
    life_of_an_instance(simulated()).await;
    instances_differ(simulated()).await;
    wrong_requests_are_refused(simulated()).await;
}

#[tokio::test]
async fn scripted_cloud_without_a_script_keeps_the_contract() {
    life_of_an_instance(scripted().0).await;
    instances_differ(scripted().0).await;
    wrong_requests_are_refused(scripted().0).await;
}

#[tokio::test]
async fn full_zone_refuses_and_another_takes_the_instance() {
    let clock = ManualClock::at(UtcMs(0));
    let settings = SimulatedSettings {
        zone_capacity: Some(1),
        ..SimulatedSettings::default()
    };
    let cloud = SimulatedCloud::new(settings, Arc::new(clock)).unwrap();
    let seam: Arc<dyn CloudController> = Arc::clone(&cloud) as _;
    let first = request(&seam, "node-a-1").await;
    cloud.launch(&first).await.unwrap();
    let second = request(&seam, "node-a-2").await;
    let full = CloudError::NoCapacity {
        zone: second.zone.clone(),
        instance_type: second.instance_type.clone(),
    };
    assert_eq!(cloud.launch(&second).await, Err(full));
    let mut elsewhere = second;
    elsewhere.zone = seam.locations().await.unwrap().remove(1).zone;
    cloud.set_zone_full(&elsewhere.zone, true);
    assert!(cloud.launch(&elsewhere).await.is_err());
    cloud.set_zone_full(&elsewhere.zone, false);
    cloud.launch(&elsewhere).await.unwrap();
}

#[tokio::test]
async fn scripted_launches_fail_as_told_and_once() {
    let (Stage { cloud, .. }, script) = scripted();
    let request = request(&cloud, "node-a-1").await;
    let elsewhere = Some("atlantis-1a".into());
    script.fail_next_launch(elsewhere, LaunchFault::NoCapacity);
    let zone = Some(request.zone.clone());
    script.fail_next_launch(zone, LaunchFault::NoCapacity);
    script.fail_next_launch(None, LaunchFault::Call(CallFault::LostRequest));
    script.fail_next_launch(None, LaunchFault::Call(CallFault::LostReply));

    let answer = cloud.launch(&request).await;
    assert!(
        matches!(answer, Err(CloudError::NoCapacity { .. })),
        "{answer:?}"
    );
    let answer = cloud.launch(&request).await;
    assert!(
        matches!(answer, Err(CloudError::Unknown { .. })),
        "{answer:?}"
    );
    assert!(cloud.list_owned().await.unwrap().is_empty());
    let answer = cloud.launch(&request).await;
    assert!(
        matches!(answer, Err(CloudError::Unknown { .. })),
        "{answer:?}"
    );
    assert_eq!(
        cloud.list_owned().await.unwrap().len(),
        1,
        "only the reply was lost"
    );
    cloud.launch(&request).await.unwrap();
    assert_eq!(script.launch_calls()[&request.id], 4);
    assert_eq!(cloud.list_owned().await.unwrap().len(), 1);
}

#[tokio::test]
async fn scripted_listings_lie_as_told() {
    let (Stage { cloud, .. }, script) = scripted();
    let request = request(&cloud, "node-a-1").await;
    cloud.launch(&request).await.unwrap();
    script.fail_next_listing(ListingFault::Empty);
    script.fail_next_listing(ListingFault::Omits([request.id.clone()].into()));
    script.fail_next_listing(ListingFault::Call(CallFault::Throttled));
    assert!(cloud.list_owned().await.unwrap().is_empty());
    assert!(cloud.list_owned().await.unwrap().is_empty());
    assert_eq!(cloud.list_owned().await, Err(CloudError::Throttled));
    assert_eq!(cloud.list_owned().await.unwrap().len(), 1);
    script.fail_next_describe(ListingFault::Empty);
    let found = cloud.describe(&request.region, &request.id).await;
    assert_eq!(found, Ok(None));
    script.fail_next_termination(CallFault::LostReply);
    let lost = cloud.terminate(&request.region, &request.id).await;
    assert!(lost.is_err());
    let found = cloud.describe(&request.region, &request.id).await.unwrap();
    assert_eq!(found.unwrap().state, InstanceState::Ending);
}

#[tokio::test]
async fn scripted_delay_passes_on_the_clock() {
    let (Stage { cloud, clock }, script) = scripted();
    script.delay_calls(DurationMs(5_000));
    let call = tokio::spawn(async move { cloud.list_owned().await });
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!call.is_finished());
    clock.advance(DurationMs(5_000));
    assert!(call.await.unwrap().is_ok());
    assert_eq!(clock.now(), UtcMs(1_700_000_005_000));
}
