//! EC2 keeps what every cloud promises.

use std::sync::Arc;

use weir_core::units::DurationMs;
use weir_tests::cloud_story::{
    Stage, instances_differ, life_of_an_instance, wrong_requests_are_refused,
};
use weir_tests::ec2_proxy::Lags;
use weir_tests::tutorial_network::IMAGE;

use crate::rig::Rig;

async fn stage(rig: &Rig) -> Stage {
    rig.proxy.set_lags(Lags {
        running: DurationMs(5_000),
        shutting_down: DurationMs(3_000),
        ..Lags::NONE
    });
    Stage {
        cloud: Arc::new(rig.cloud().await),
        clock: rig.clock.clone(),
        image: IMAGE,
    }
}

#[tokio::test]
async fn an_instance_lives_from_nothing_to_nothing() {
    let rig = Rig::start().await;
    life_of_an_instance(stage(&rig).await).await;
}

#[tokio::test]
async fn no_two_instances_share_an_address() {
    let rig = Rig::start().await;
    instances_differ(stage(&rig).await).await;
}

#[tokio::test]
async fn wrong_requests_launch_nothing() {
    let rig = Rig::start().await;
    wrong_requests_are_refused(stage(&rig).await).await;
}
