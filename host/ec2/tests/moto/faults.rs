//! Refusals, throttling and broken answers, as the reconciler is told them. One attempt each.

use weir_cloud::{CloudController, CloudError, LaunchRequest};
use weir_core::units::DurationMs;
use weir_tests::ec2_api::REGION;
use weir_tests::ec2_proxy::{Fault, Kind};
use weir_tests::tutorial_network::ZONES;

use crate::rig::{Rig, is_unknown, launch, refusal, request};

#[tokio::test]
async fn refusals_are_told_apart_and_tried_once() {
    let rig = Rig::start().await;
    let cloud = rig.cloud().await;
    let wanted = request("node-a-1");
    for fault in [Fault::InstanceQuota, Fault::VcpuQuota, Fault::Unauthorized] {
        rig.proxy.fail(fault.on("RunInstances"));
        refusal(cloud.launch(&wanted).await);
    }
    rig.proxy.fail(Fault::Throttled.on("RunInstances"));
    assert_eq!(cloud.launch(&wanted).await, Err(CloudError::Throttled));
    for fault in [
        Fault::Internal,
        Fault::Unavailable,
        Fault::LostRequest,
        Fault::Reset,
    ] {
        rig.proxy.fail(fault.on("RunInstances"));
        let told = cloud.launch(&wanted).await;
        assert!(is_unknown(&told), "{told:?}");
    }
    let calls = rig.proxy.calls().into_iter();
    let attempts = calls.filter(|call| call.action == "RunInstances").count();
    assert_eq!(attempts, 8, "one attempt for each call");
    assert_eq!(rig.really().await, 0);
    cloud.launch(&wanted).await.unwrap();
}

#[tokio::test]
async fn a_full_zone_is_named_and_another_takes_the_instance() {
    let rig = Rig::start().await;
    let cloud = rig.cloud().await;
    rig.proxy.set_full(ZONES[0], true);
    let wanted = request("node-a-1");
    let full = CloudError::NoCapacity {
        zone: ZONES[0].into(),
        instance_type: "t2.medium".into(),
    };
    assert_eq!(cloud.launch(&wanted).await, Err(full));
    assert_eq!(rig.really().await, 0);
    let elsewhere = LaunchRequest {
        zone: ZONES[1].into(),
        ..request("node-a-2")
    };
    cloud.launch(&elsewhere).await.unwrap();
}

#[tokio::test]
async fn a_region_that_is_closed_to_us_is_left_out_and_the_home_region_is_not() {
    let rig = Rig::start().await;
    let cloud = rig.cloud().await;
    launch(&cloud, 1).await;
    rig.proxy.set_closed_region("eu-west-1", true);
    let known = cloud.locations().await.unwrap();
    assert_eq!(known.len(), 2);
    assert_eq!(cloud.list_owned().await.unwrap().len(), 1);

    // Without the home region nothing is known.
    rig.proxy.set_closed_region(REGION, true);
    rig.pass(301_000);
    refusal(cloud.locations().await);
    assert!(cloud.list_owned().await.is_err(), "nothing is proved then");
    rig.proxy.set_closed_region(REGION, false);
    assert_eq!(cloud.locations().await, Ok(known));
}

#[tokio::test]
async fn a_listing_that_breaks_off_is_no_short_list() {
    let rig = Rig::start().await;
    let cloud = rig.cloud().await;
    launch(&cloud, 3).await;
    let (region, id) = (REGION.into(), "node-a-0".into());
    for percent in [0, 40, 70, 99] {
        for fault in [Fault::CutBody(percent), Fault::TornBody(percent)] {
            rig.proxy.fail(fault.clone().on("DescribeInstances"));
            let told = cloud.list_owned().await;
            assert!(is_unknown(&told), "{fault:?}: {told:?}");
            rig.proxy.fail(fault.clone().on("DescribeInstances"));
            let told = cloud.describe(&region, &id).await;
            assert!(is_unknown(&told), "{fault:?}: {told:?}");
        }
    }
    assert_eq!(rig.proxy.fired().of(Kind::CutBody), 8);
    assert_eq!(cloud.list_owned().await.unwrap().len(), 3);
}

#[tokio::test]
async fn throttled_looks_are_no_absence() {
    let rig = Rig::start().await;
    let cloud = rig.cloud().await;
    launch(&cloud, 1).await;
    let (region, id) = (REGION.into(), "node-a-0".into());
    rig.proxy
        .fail(Fault::Throttled.on("DescribeInstances").times(2));
    assert_eq!(
        cloud.describe(&region, &id).await,
        Err(CloudError::Throttled)
    );
    assert_eq!(
        cloud.terminate(&region, &id).await,
        Err(CloudError::Throttled)
    );
    rig.proxy.fail(Fault::Throttled.on("TerminateInstances"));
    assert_eq!(
        cloud.terminate(&region, &id).await,
        Err(CloudError::Throttled)
    );
    assert_eq!(rig.really().await, 1);
    assert_eq!(cloud.terminate(&region, &id).await, Ok(()));
}

#[tokio::test]
async fn a_call_ends_within_the_time_of_the_settings() {
    let rig = Rig::start().await;
    let cloud = rig
        .cloud_with(|settings| settings.operation_timeout = DurationMs(1_000))
        .await;
    // The proxy's clock stands still: without a bound this would wait for ever.
    rig.proxy
        .fail(Fault::Slow(DurationMs(1)).on("DescribeInstances"));
    let told = cloud.describe(&REGION.into(), &"node-a-1".into()).await;
    assert!(is_unknown(&told), "{told:?}");
}
