//! What a launch asks for, and that one identifier never makes two instances.

use weir_cloud::node_auth::NodeKey;
use weir_cloud::{CloudController, InstanceState, LaunchRequest, Location};
use weir_core::units::DurationMs;
use weir_tests::ec2_api::{REGION, tag};
use weir_tests::ec2_proxy::{Cut, Fault, Kind, Lags};
use weir_tests::tutorial_network::ZONES;

use crate::rig::{ENVIRONMENT, PASSWORD, Rig, is_unknown, launch, refusal, request};

#[tokio::test]
async fn an_instance_bears_its_tags_and_is_where_it_was_wanted() {
    let rig = Rig::start().await;
    let cloud = rig.cloud().await;
    let wanted = LaunchRequest {
        zone: ZONES[1].into(),
        ..request("node-a-1")
    };
    let launched = cloud.launch(&wanted).await.unwrap();
    assert_eq!(launched.zone.as_str(), ZONES[1]);
    let instance = &rig.proxy.truth(REGION).await[0];
    for (key, value) in [
        ("identifier", "node-a-1"),
        ("role", "edge"),
        ("connectionCapacity", "100"),
        ("environment", "tutorial"),
        ("weir-environment", ENVIRONMENT),
        ("Name", "node-a-1"),
    ] {
        assert_eq!(tag(instance, key).as_deref(), Some(value), "{key}");
    }
    assert_eq!(instance.text_at("subnetId"), rig.network.subnets[1]);
    assert_eq!(instance.text_at("keyName"), "red5pro");
    assert_eq!(instance.text_at("imageId"), rig.network.image);
    let run = rig
        .proxy
        .calls()
        .into_iter()
        .find(|call| call.action == "RunInstances")
        .unwrap();
    assert_eq!(run.client_token.as_deref(), Some("node-a-1"));
    assert_eq!(run.params["InstanceInitiatedShutdownBehavior"], "terminate");
}

#[tokio::test]
async fn an_instance_is_told_who_it_is() {
    let rig = Rig::start().await;
    rig.cloud()
        .await
        .launch(&request("node-a-1"))
        .await
        .unwrap();
    let id = rig.proxy.truth(REGION).await[0].text_at("instanceId");
    let asked = [("InstanceId", id.as_str()), ("Attribute", "userData")];
    let told = rig
        .moto
        .api()
        .must("DescribeInstanceAttribute", &asked)
        .await;
    let told = told.text_at("userData/value");
    let told = String::from_utf8(aws_smithy_types::base64::decode(told).unwrap()).unwrap();
    let key = NodeKey::derive(PASSWORD, "node-a-1").to_hex();
    let lines =
        format!("WEIR_NODE=node-a-1\nWEIR_NODE_KEY={key}\nWEIR_MANAGER=http://127.0.0.1:5080\n");
    assert_eq!(told, lines);
}

#[tokio::test]
async fn addresses_are_public_or_private_as_the_settings_say() {
    let rig = Rig::start().await;
    let (public, region) = (rig.cloud().await, REGION.into());
    public.launch(&request("node-a-1")).await.unwrap();
    let id = "node-a-1".into();
    let seen = public.describe(&region, &id).await.unwrap().unwrap();
    assert_eq!(seen.state, InstanceState::Running);
    let private_address = seen.private_address.unwrap();
    assert!(rig.block.contains(&private_address));
    assert!(!rig.block.contains(seen.address.as_deref().unwrap()));
    let private = rig
        .cloud_with(|settings| settings.use_private_addresses = true)
        .await;
    let seen = private.describe(&region, &id).await.unwrap().unwrap();
    assert_eq!(seen.address, Some(private_address));
}

#[tokio::test]
async fn locations_are_the_zones_with_public_subnets() {
    let rig = Rig::start().await;
    let at = |zone: &str| Location {
        region: REGION.into(),
        zone: zone.into(),
    };
    let cloud = rig.cloud().await;
    assert_eq!(
        cloud.locations().await,
        Ok(vec![at(ZONES[0]), at(ZONES[1])])
    );
    let account = cloud.account().await.unwrap();
    assert_eq!(account, "aws 123456789012");
}

#[tokio::test]
async fn a_lost_reply_leaves_one_instance_that_the_next_try_finds() {
    let rig = Rig::start().await;
    rig.proxy.set_lags(Lags {
        visible: DurationMs(1_000),
        tagged: DurationMs(1_500),
        ..Lags::NONE
    });
    let cloud = rig.cloud().await;
    for (number, cut) in [(1, Cut::BeforeHeaders), (2, Cut::AfterHeaders)] {
        let wanted = request(&format!("node-a-{number}"));
        rig.proxy.fail(Fault::LostReply(cut).on("RunInstances"));
        let lost = cloud.launch(&wanted).await;
        assert!(is_unknown(&lost), "{lost:?}");
        assert_eq!(rig.really().await, number, "one attempt, one instance");
        let by_token = cloud.launch(&wanted).await.unwrap();
        rig.pass(2_000);
        let by_tag = cloud.launch(&wanted).await.unwrap();
        assert_eq!(by_token.platform_id, by_tag.platform_id);
        assert_eq!(rig.really().await, number);
    }
    assert_eq!(rig.proxy.fired().of(Kind::TokenReplayed), 2);
}

#[tokio::test]
async fn a_token_of_other_parameters_is_no_proof_that_nothing_runs() {
    let rig = Rig::start().await;
    rig.proxy.set_lags(Lags {
        tagged: DurationMs(1_500),
        ..Lags::NONE
    });
    let wanted = request("node-a-1");
    let launched = rig.cloud().await.launch(&wanted).await.unwrap();
    // The manager has moved meanwhile: the instance would be told another address.
    let moved = rig
        .cloud_with(|settings| settings.manager_url = "http://other".to_owned())
        .await;
    let again = moved.launch(&wanted).await;
    assert!(is_unknown(&again), "{again:?}");
    rig.pass(2_000);
    assert_eq!(
        moved.launch(&wanted).await.unwrap().platform_id,
        launched.platform_id
    );
    assert_eq!(rig.proxy.fired().of(Kind::TokenMismatch), 1);
    assert_eq!(rig.really().await, 1);
}

#[tokio::test]
async fn a_fresh_instance_is_not_seen_and_not_ended_by_mistake() {
    let rig = Rig::start().await;
    rig.proxy.set_lags(Lags {
        visible: DurationMs(1_000),
        ..Lags::NONE
    });
    let (cloud, region, id) = (rig.cloud().await, REGION.into(), "node-a-1".into());
    cloud.launch(&request("node-a-1")).await.unwrap();
    assert_eq!(cloud.describe(&region, &id).await, Ok(None));
    rig.pass(1_000);
    assert!(cloud.describe(&region, &id).await.unwrap().is_some());
    cloud.terminate(&region, &id).await.unwrap();
    assert_eq!(rig.really().await, 0);
}

#[tokio::test]
async fn only_this_environment_is_listed_and_page_after_page() {
    let rig = Rig::start().await;
    let other = rig
        .cloud_with(|settings| settings.environment = "environment-12".to_owned())
        .await;
    other.launch(&request("node-b-1")).await.unwrap();
    let cloud = rig.cloud().await.with_page(5);
    launch(&cloud, 7).await;
    let listed = cloud.list_owned().await.unwrap();
    assert_eq!(listed.len(), 7);
    let pages = rig.proxy.calls().into_iter();
    let further = pages.filter(|call| call.params.contains_key("NextToken"));
    assert!(further.count() > 0, "there was a second page");
    // A wildcard is a name like any other.
    let all = rig
        .cloud_with(|settings| settings.environment = "environment-*".to_owned())
        .await;
    assert_eq!(all.list_owned().await, Ok(Vec::new()));
    let (region, id) = (REGION.into(), "node-b-1".into());
    assert_eq!(cloud.describe(&region, &id).await, Ok(None));
    cloud.terminate(&region, &id).await.unwrap();
    assert_eq!(rig.really().await, 8, "another environment's is left alone");
}

#[tokio::test]
async fn user_data_that_cannot_be_had_is_refused_with_the_mend() {
    let rig = Rig::start().await;
    let mut wanted = request("node-a-1");
    wanted.properties = vec![("UserData".to_owned(), "file:/etc/hostname".to_owned())];
    let told = refusal(rig.cloud().await.launch(&wanted).await);
    assert!(told.contains("cloud.ec2.user_data_dir"), "{told}");
    assert_eq!(rig.really().await, 0);
}
