//! Answers that arrive late, in part, or speak of another time.

use weir_core::units::DurationMs;
use weir_tests::ec2_proxy::{Fault, Kind};

use crate::rig::Rig;

#[tokio::test]
async fn a_cut_body_ends_as_if_it_were_whole() {
    let rig = Rig::start().await;
    rig.launched(0, "a").await;
    rig.proxy.fail(Fault::CutBody(60).on("DescribeInstances"));
    let cut = rig.api.call("DescribeInstances", &[]).await.unwrap_err();
    assert_eq!(cut.status, 200, "the answer itself is sound: {cut:?}");
    assert!(cut.message.contains("<reservationSet>"), "{cut:?}");
    assert_eq!(rig.proxy.fired().of(Kind::CutBody), 1);
    assert_eq!(rig.listed().await.len(), 1, "on the same connection");
}

#[tokio::test]
async fn a_torn_body_breaks_the_connection() {
    let rig = Rig::start().await;
    rig.launched(0, "a").await;
    rig.proxy.fail(Fault::TornBody(60).on("DescribeInstances"));
    let torn = rig.api.call("DescribeInstances", &[]).await.unwrap_err();
    assert_eq!(torn.status, 0, "{torn:?}");
    assert_eq!(rig.proxy.fired().of(Kind::TornBody), 1);
    assert_eq!(rig.listed().await.len(), 1);
}

#[tokio::test]
async fn an_empty_listing_is_well_formed() {
    let rig = Rig::start().await;
    rig.launched(0, "a").await;
    rig.proxy.fail(Fault::EmptyListing.on("DescribeInstances"));
    assert!(rig.listed().await.is_empty());
    assert_eq!(rig.listed().await.len(), 1);
    assert_eq!(rig.proxy.fired().of(Kind::EmptyListing), 1);
}

#[tokio::test]
async fn a_stale_listing_shows_an_earlier_time() {
    let rig = Rig::start().await;
    let old = rig.launched(0, "old").await;
    rig.pass(10_000);
    rig.launched(0, "new").await;
    rig.api
        .must("TerminateInstances", &[("InstanceId.1", &old)])
        .await;
    rig.proxy.fail(
        Fault::StaleListing(DurationMs(5_000))
            .on("DescribeInstances")
            .times(2),
    );
    assert_eq!(rig.listed().await, std::slice::from_ref(&old));
    assert_eq!(
        rig.by_id(&old).await.unwrap().text_at("instanceState/name"),
        "running"
    );
    assert_eq!(rig.listed().await.len(), 2);
    assert_eq!(rig.proxy.fired().of(Kind::StaleListing), 2);
}

#[tokio::test]
async fn a_slow_answer_waits_for_the_clock() {
    let rig = Rig::start().await;
    rig.proxy
        .fail(Fault::Slow(DurationMs(8_000)).on("DescribeVpcs"));
    let api = rig.api.clone();
    let asked = tokio::spawn(async move { api.must("DescribeVpcs", &[]).await });
    while rig.clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    rig.pass(7_999);
    rig.api.must("DescribeVpcs", &[]).await;
    assert!(!asked.is_finished(), "others are answered meanwhile");
    rig.pass(1);
    asked.await.unwrap();
    assert_eq!(rig.proxy.fired().of(Kind::Slow), 1);
}
