//! Refusals: which status and code a client sees, that nothing was launched, and that it is over afterwards.

use weir_tests::ec2_proxy::{Fault, Kind};
use weir_tests::tutorial_network::ZONES;

use crate::rig::{Rig, refusal};

#[tokio::test]
async fn refusals_come_with_the_real_status_and_code() {
    let rig = Rig::start().await;
    for (fault, status, code) in [
        (Fault::Throttled, 503, "RequestLimitExceeded"),
        (Fault::NoCapacity, 500, "InsufficientInstanceCapacity"),
        (Fault::InstanceQuota, 400, "InstanceLimitExceeded"),
        (Fault::VcpuQuota, 400, "VcpuLimitExceeded"),
        (Fault::Unauthorized, 403, "UnauthorizedOperation"),
        (Fault::Internal, 500, "InternalError"),
        (Fault::Unavailable, 503, "Unavailable"),
    ] {
        let kind = fault.kind();
        rig.proxy.fail(fault.on("RunInstances").times(2));
        for _ in 0..2 {
            let refused = refusal(rig.launch(0, "a").await);
            assert_eq!(refused, (status, code.to_owned()));
        }
        assert_eq!(rig.proxy.fired().of(kind), 2);
        assert_eq!(rig.really().await, 0);
    }
    rig.launched(0, "a").await;
    assert_eq!(rig.really().await, 1);
}

#[tokio::test]
async fn a_full_zone_refuses_what_another_takes() {
    let rig = Rig::start().await;
    let earlier = rig.launched(0, "earlier").await;
    rig.proxy.set_full(ZONES[0], true);
    let code = "InsufficientInstanceCapacity".to_owned();
    assert_eq!(refusal(rig.launch(0, "a").await), (500, code));
    rig.launched(1, "b").await;
    let again = rig.launched(0, "earlier").await;
    assert_eq!(again, earlier, "what was launched before is found again");
    assert_eq!(rig.proxy.fired().of(Kind::NoCapacity), 1);
    rig.proxy.set_full(ZONES[0], false);
    rig.launched(0, "a").await;
    assert_eq!(rig.really().await, 3);
}

#[tokio::test]
async fn a_forbidden_action_is_refused_until_it_is_allowed() {
    let rig = Rig::start().await;
    rig.launched(0, "a").await;
    rig.proxy.set_forbidden("DescribeInstances", true);
    for _ in 0..3 {
        let refused = refusal(rig.api.call("DescribeInstances", &[]).await);
        assert_eq!(refused, (403, "UnauthorizedOperation".to_owned()));
    }
    rig.api.must("DescribeVpcs", &[]).await;
    rig.proxy.set_forbidden("DescribeInstances", false);
    assert_eq!(rig.listed().await.len(), 1);
    assert_eq!(rig.proxy.fired().of(Kind::Unauthorized), 3);
}

#[tokio::test]
async fn every_call_is_on_record() {
    let rig = Rig::start().await;
    rig.proxy.fail(Fault::Throttled.on("RunInstances"));
    let _ = rig.launch(0, "a").await;
    rig.pass(5_000);
    rig.launched(0, "a").await;
    rig.listed().await;
    let calls = rig.proxy.calls();
    let lines: Vec<_> = calls
        .iter()
        .map(|call| {
            (
                call.action.as_str(),
                call.client_token.as_deref(),
                &call.fault,
            )
        })
        .collect();
    let throttled = Some(Fault::Throttled);
    assert_eq!(
        lines,
        [
            ("RunInstances", Some("a"), &throttled),
            ("RunInstances", Some("a"), &None),
            ("DescribeInstances", None, &None),
        ]
    );
    assert_eq!(calls[0].region, "ap-northeast-1");
    assert_eq!(calls[0].params["InstanceType"], "t2.medium");
    assert_eq!(calls[1].at.since(calls[0].at).0, 5_000);
    let actions: Vec<String> = rig.proxy.actions().into_iter().collect();
    assert_eq!(actions, ["DescribeInstances", "RunInstances"]);
}
