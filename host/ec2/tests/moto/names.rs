//! What is found by name: each missing thing is named, with the setting and the mend.

use weir_cloud::CloudController;
use weir_ec2::Ec2Settings;
use weir_tests::ec2_api::REGION;
use weir_tests::tutorial_network::VPC;

use crate::rig::{Rig, refusal, request};

#[tokio::test]
async fn a_missing_name_is_told_by_its_setting() {
    type Change = fn(&mut Ec2Settings);
    let rig = Rig::start().await;
    let cases: [(Change, &[&str]); 2] = [
        (
            |settings| settings.vpc_name = Some("nowhere".to_owned()),
            &["cloud.ec2.vpc_name", "nowhere", REGION],
        ),
        (
            |settings| settings.security_group = "nobody".to_owned(),
            &["cloud.ec2.security_group", "nobody"],
        ),
    ];
    for (change, parts) in cases {
        let told = refusal(
            rig.cloud_with(change)
                .await
                .launch(&request("node-a-1"))
                .await,
        );
        for part in parts {
            assert!(told.contains(part), "{part} in {told}");
        }
    }
    let key = rig
        .cloud_with(|settings| settings.key_pair = "lost".to_owned())
        .await;
    let told = refusal(key.launch(&request("node-a-1")).await);
    assert!(told.contains("InvalidKeyPair.NotFound"), "{told}");
    let mut image = request("node-a-1");
    image.image = "no-such-image".to_owned();
    let told = refusal(rig.cloud().await.launch(&image).await);
    assert!(
        told.contains("no-such-image") && told.contains("copy it"),
        "{told}"
    );
    assert_eq!(rig.really().await, 0);
}

#[tokio::test]
async fn a_name_of_several_things_is_refused() {
    let rig = Rig::start().await;
    let again = rig
        .moto
        .api()
        .must("CreateVpc", &[("CidrBlock", "127.99.0.0/16")])
        .await;
    let id = again.text_at("vpc/vpcId");
    let name = [
        ("ResourceId.1", id.as_str()),
        ("Tag.1.Key", "Name"),
        ("Tag.1.Value", VPC),
    ];
    rig.moto.api().must("CreateTags", &name).await;
    let told = refusal(rig.cloud().await.launch(&request("node-a-1")).await);
    assert!(told.contains("several VPCs"), "{told}");
}

#[tokio::test]
async fn several_images_of_one_name_are_refused() {
    let rig = Rig::start().await;
    let image = [
        ("Name", "red5pro-autoscaling"),
        ("RootDeviceName", "/dev/sda1"),
    ];
    rig.moto.api().must("RegisterImage", &image).await;
    let told = refusal(rig.cloud().await.launch(&request("node-a-1")).await);
    assert!(told.contains("several images"), "{told}");
}

#[tokio::test]
async fn what_was_missing_is_found_as_soon_as_it_is_there() {
    let rig = Rig::start().await;
    let cloud = rig
        .cloud_with(|settings| settings.vpc_name = Some("later".to_owned()))
        .await;
    refusal(cloud.locations().await);
    let name = [
        ("ResourceId.1", rig.network.vpc.as_str()),
        ("Tag.1.Key", "Name"),
        ("Tag.1.Value", "later"),
    ];
    rig.moto.api().must("CreateTags", &name).await;
    assert_eq!(cloud.locations().await.unwrap().len(), 2);
}
