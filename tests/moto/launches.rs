//! A client token is good for one launch, whatever happens to the answer.

use futures_util::future::join_all;
use weir_tests::ec2_proxy::{Cut, Fault, Kind};

use crate::rig::{Rig, id, refusal};

#[tokio::test]
async fn moto_alone_launches_again_for_a_token_it_has_seen() {
    let rig = Rig::start().await;
    let mut params = rig.network.launch(0);
    params.push(("ClientToken", "same"));
    for _ in 0..2 {
        rig.moto.api().must("RunInstances", &params).await;
    }
    assert_eq!(
        rig.really().await,
        2,
        "then the proxy need not mind tokens any more"
    );
}

#[tokio::test]
async fn racing_launches_with_one_token_make_one_instance() {
    let rig = Rig::start().await;
    let launches = join_all((0..4).map(|_| rig.launched(0, "a"))).await;
    assert!(launches.iter().all(|id| *id == launches[0]), "{launches:?}");
    assert_eq!(rig.really().await, 1);
    assert_eq!(rig.proxy.fired().of(Kind::TokenReplayed), 3);
    assert_eq!(rig.proxy.launches(), [("a".to_owned(), 1)].into());
    assert_ne!(rig.launched(0, "b").await, launches[0]);
}

#[tokio::test]
async fn a_token_with_other_parameters_is_refused() {
    let rig = Rig::start().await;
    rig.launched(0, "a").await;
    let other = rig.launch_as(0, "a", "t2.large").await;
    assert_eq!(
        refusal(other),
        (400, "IdempotentParameterMismatch".to_owned())
    );
    assert_eq!(rig.really().await, 1);
    assert_eq!(rig.proxy.fired().of(Kind::TokenMismatch), 1);
}

#[tokio::test]
async fn a_refused_launch_does_not_use_its_token_up() {
    let rig = Rig::start().await;
    let unknown = rig.launch_as(0, "a", "t2.enormous").await;
    assert_eq!(refusal(unknown).0, 400);
    rig.launched(0, "a").await;
    assert_eq!(rig.really().await, 1);
}

#[tokio::test]
async fn a_lost_reply_leaves_an_instance_that_the_token_finds() {
    let rig = Rig::start().await;
    for (cut, kind) in [
        (Cut::BeforeHeaders, Kind::LostReplyBeforeHeaders),
        (Cut::AfterHeaders, Kind::LostReplyAfterHeaders),
    ] {
        let before = rig.really().await;
        let token = format!("{cut:?}");
        rig.proxy.fail(Fault::LostReply(cut).on("RunInstances"));
        assert_eq!(rig.launch(0, &token).await.unwrap_err().status, 0);
        assert_eq!(rig.really().await, before + 1);
        let found = rig.launched(0, &token).await;
        assert_eq!(rig.really().await, before + 1);
        assert_eq!(found, rig.by_tag(&token).await[0].text_at("instanceId"));
        assert_eq!(rig.proxy.fired().of(kind), 1);
    }
}

#[tokio::test]
async fn a_lost_request_launches_nothing() {
    let rig = Rig::start().await;
    for (fault, kind) in [
        (Fault::LostRequest, Kind::LostRequest),
        (Fault::Reset, Kind::Reset),
    ] {
        rig.proxy.fail(fault.on("RunInstances"));
        let lost = rig.launch(0, "a").await.unwrap_err();
        assert_eq!(lost.status, 0, "{lost:?}");
        assert_eq!(
            lost.message.contains("ConnectionReset"),
            kind == Kind::Reset,
            "{lost:?}"
        );
        assert_eq!(rig.really().await, 0);
        assert_eq!(rig.proxy.fired().of(kind), 1);
    }
    assert!(!id(&rig.launch(0, "a").await.unwrap()).is_empty());
}
