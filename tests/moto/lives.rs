//! The states an instance goes through, as callers see them, and how launches go wrong after they were accepted.

use weir_core::units::DurationMs;
use weir_tests::ec2_api::REGION;
use weir_tests::ec2_proxy::{Fault, Kind, Lags};

use crate::rig::{Rig, id, instance_id, refusal, state};

const NOT_FOUND: (u16, &str) = (400, "InvalidInstanceID.NotFound");

#[tokio::test]
async fn a_launch_is_not_seen_at_once() {
    let rig = Rig::start().await;
    rig.proxy.set_lags(Lags {
        visible: DurationMs(1_000),
        tagged: DurationMs(2_000),
        ..Lags::NONE
    });
    let id = rig.launched(0, "a").await;
    let (status, code) = refusal(rig.by_id(&id).await);
    assert_eq!((status, code.as_str()), NOT_FOUND);
    let end = rig
        .api
        .call("TerminateInstances", &[("InstanceId.1", &id)])
        .await;
    assert_eq!(refusal(end).1, NOT_FOUND.1);
    assert!(rig.listed().await.is_empty());
    rig.pass(1_000);
    assert_eq!(rig.listed().await, std::slice::from_ref(&id));
    assert!(rig.by_tag("a").await.is_empty(), "its tags come later");
    assert_eq!(rig.by_id(&id).await.unwrap().items("tagSet").count(), 0);
    rig.pass(1_000);
    assert_eq!(rig.by_tag("a").await.len(), 1);
    let fired = rig.proxy.fired();
    assert_eq!(fired.of(Kind::NotFoundYet), 2);
    assert_eq!(fired.of(Kind::OmittedYet), 1);
    assert_eq!(fired.of(Kind::TagsNotYet), 1);
}

#[tokio::test]
async fn an_instance_goes_through_every_state() {
    let rig = Rig::start().await;
    rig.proxy.set_lags(Lags {
        running: DurationMs(5_000),
        shutting_down: DurationMs(3_000),
        remembered: DurationMs(60_000),
        ..Lags::NONE
    });
    let launched = rig.launch(0, "a").await.unwrap();
    assert_eq!(
        launched.text_at("instancesSet/item/instanceState/name"),
        "pending"
    );
    let id = id(&launched);
    rig.pass(4_999);
    let pending = rig.by_id(&id).await.unwrap();
    assert_eq!(state(&pending), "pending");
    for address in [
        "ipAddress",
        "privateIpAddress",
        "dnsName",
        "networkInterfaceSet",
    ] {
        assert_eq!(pending.at(address), None);
    }
    rig.pass(1);
    let running = rig.by_id(&id).await.unwrap();
    assert_eq!(state(&running), "running");
    assert!(rig.block.contains(&running.text_at("privateIpAddress")));
    let ended = rig
        .api
        .must("TerminateInstances", &[("InstanceId.1", &id)])
        .await;
    let change = |name: &str| ended.text_at(&format!("instancesSet/item/{name}/name"));
    assert_eq!(
        (change("previousState"), change("currentState")),
        ("running".into(), "shutting-down".into())
    );
    rig.pass(2_999);
    assert_eq!(state(&rig.by_id(&id).await.unwrap()), "shutting-down");
    rig.pass(1);
    assert_eq!(state(&rig.by_id(&id).await.unwrap()), "terminated");
    rig.pass(60_001);
    assert_eq!(refusal(rig.by_id(&id).await).1, NOT_FOUND.1);
    let fired = rig.proxy.fired();
    assert_eq!(fired.of(Kind::PendingWithoutAddress), 1);
    assert_eq!(fired.of(Kind::ShuttingDown), 1);
}

#[tokio::test]
async fn filters_by_state_follow_the_states_that_are_shown() {
    let rig = Rig::start().await;
    rig.proxy.set_lags(Lags {
        running: DurationMs(5_000),
        shutting_down: DurationMs(3_000),
        ..Lags::NONE
    });
    let first = rig.launched(0, "first").await;
    rig.pass(5_000);
    let second = rig.launched(0, "second").await;
    rig.api
        .must("TerminateInstances", &[("InstanceId.1", &first)])
        .await;
    for (states, shown) in [
        (["pending", "running"], vec![&second]),
        (["shutting-down", "terminated"], vec![&first]),
        (["running", "terminated"], vec![]),
    ] {
        let filter = [
            ("Filter.1.Name", "instance-state-name"),
            ("Filter.1.Value.1", states[0]),
            ("Filter.1.Value.2", states[1]),
            ("Filter.2.Name", "tag:identifier"),
            ("Filter.2.Value.1", "first"),
            ("Filter.2.Value.2", "second"),
        ];
        let answer = rig.api.must("DescribeInstances", &filter).await;
        let ids: Vec<String> = crate::rig::instances(&answer)
            .iter()
            .map(instance_id)
            .collect();
        assert_eq!(ids.iter().collect::<Vec<_>>(), shown, "{states:?}");
    }
}

#[tokio::test]
async fn a_launch_may_stay_pending_for_ever() {
    let rig = Rig::start().await;
    rig.proxy.fail(Fault::StaysPending.on("RunInstances"));
    let id = rig.launched(0, "a").await;
    rig.pass(86_400_000);
    assert_eq!(state(&rig.by_id(&id).await.unwrap()), "pending");
    assert_eq!(state(&rig.proxy.truth(REGION).await[0]), "pending");
    rig.api
        .must("TerminateInstances", &[("InstanceId.1", &id)])
        .await;
    assert_eq!(state(&rig.by_id(&id).await.unwrap()), "terminated");
    assert_eq!(rig.proxy.fired().of(Kind::StaysPending), 1);
}

#[tokio::test]
async fn a_launch_may_end_for_want_of_capacity_after_it_was_accepted() {
    let rig = Rig::start().await;
    rig.proxy.set_lags(Lags {
        running: DurationMs(5_000),
        ..Lags::NONE
    });
    rig.proxy.fail(Fault::NeverRuns.on("RunInstances"));
    let id = rig.launched(0, "a").await;
    assert_eq!(state(&rig.by_id(&id).await.unwrap()), "pending");
    rig.pass(5_000);
    let failed = rig.by_id(&id).await.unwrap();
    assert_eq!(state(&failed), "terminated");
    assert_eq!(
        failed.text_at("stateReason/code"),
        "Server.InsufficientInstanceCapacity"
    );
    assert_eq!(rig.really().await, 0);
    assert_eq!(rig.proxy.fired().of(Kind::NeverRuns), 1);
}
