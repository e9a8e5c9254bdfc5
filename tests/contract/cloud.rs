//! The clouds that need nothing real, told what every cloud promises; EC2 is told it in `host/ec2/tests/`.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::sync::Arc;

use weir_cloud::clock::{Clock, ManualClock};
use weir_cloud::scripted::{CallFault, LaunchFault, ListingFault, ScriptedCloud};
use weir_cloud::simulated::{BootTime, SimulatedCloud, SimulatedSettings};
use weir_cloud::{CloudController, CloudError, InstanceState};
use weir_core::units::{DurationMs, UtcMs};
use weir_tests::cloud_story::{
    Stage, instances_differ, life_of_an_instance, request, wrong_requests_are_refused,
};

/// The simulated cloud takes any.
const IMAGE: &str = "image";

fn simulated() -> Stage {
    let clock = ManualClock::at(UtcMs(1_700_000_000_000));
    let settings = SimulatedSettings {
        boot: BootTime::always(DurationMs(8_000)),
        ending: DurationMs(3_000),
        ..SimulatedSettings::default()
    };
    let cloud = SimulatedCloud::new(settings, Arc::new(clock.clone())).unwrap();
    Stage {
        cloud,
        clock,
        image: IMAGE,
    }
}

/// The scripted cloud without a script must keep the promises of the one inside.
fn scripted() -> (Stage, Arc<ScriptedCloud>) {
    let stage = simulated();
    let scripted = ScriptedCloud::around(stage.cloud, Arc::new(stage.clock.clone()));
    let stage = Stage {
        cloud: Arc::clone(&scripted) as Arc<dyn CloudController>,
        clock: stage.clock,
        image: IMAGE,
    };
    (stage, scripted)
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
    let first = request(&seam, IMAGE, "node-a-1").await;
    cloud.launch(&first).await.unwrap();
    let second = request(&seam, IMAGE, "node-a-2").await;
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
    let request = request(&cloud, IMAGE, "node-a-1").await;
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
    let request = request(&cloud, IMAGE, "node-a-1").await;
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
    let (Stage { cloud, clock, .. }, script) = scripted();
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
