//! What every cloud promises, told as stories: the reconciler relies on nothing else. Each implementation is told them.

use std::sync::Arc;

use weir_cloud::clock::ManualClock;
use weir_cloud::{CloudController, CloudError, InstanceState, LaunchRequest};
use weir_core::ids::NodeId;
use weir_core::node::Role;
use weir_core::units::DurationMs;

/// A cloud under test and how its time is made to pass.
pub struct Stage {
    /// The cloud, without instances.
    pub cloud: Arc<dyn CloudController>,
    /// Its time. An instance must run within ten seconds of its launch, and be gone ten seconds after its end.
    pub clock: ManualClock,
    /// Name of an image that it has.
    pub image: &'static str,
}

/// A launch in the first zone.
pub async fn request(cloud: &Arc<dyn CloudController>, image: &str, id: &str) -> LaunchRequest {
    let location = cloud.locations().await.unwrap().remove(0);
    LaunchRequest {
        id: NodeId::from(id),
        role: Role::Edge,
        region: location.region,
        zone: location.zone,
        instance_type: "t2.medium".into(),
        image: image.to_owned(),
        capacity: 100,
        tags: vec![("environment".to_owned(), "test".to_owned())],
        properties: Vec::new(),
    }
}

/// From nothing to nothing.
pub async fn life_of_an_instance(stage: Stage) {
    let Stage {
        cloud,
        clock,
        image,
    } = stage;
    let request = request(&cloud, image, "node-a-1").await;
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

/// No two instances share an address.
pub async fn instances_differ(stage: Stage) {
    let Stage {
        cloud,
        clock,
        image,
    } = stage;
    for id in ["node-a-1", "node-a-2", "node-a-3"] {
        cloud
            .launch(&request(&cloud, image, id).await)
            .await
            .unwrap();
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

/// A zone that is not there, and an identifier used for something else.
pub async fn wrong_requests_are_refused(stage: Stage) {
    let Stage { cloud, image, .. } = stage;
    let good = request(&cloud, image, "node-a-1").await;
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
    let another = cloud.launch(&changed).await;
    assert!(
        matches!(another, Err(CloudError::Unknown { .. })),
        "an instance of this id is there: {another:?}"
    );
    assert_eq!(cloud.list_owned().await.unwrap().len(), 1);
}
