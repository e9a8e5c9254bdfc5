//! `weir doctor` on EC2, and that the policy in the repository allows what is called, no more.

use std::collections::BTreeSet;

use weir_cloud::{CloudController, Finding};
use weir_core::ids::InstanceType;
use weir_ec2::examine;
use weir_tests::ec2_api::REGION;
use weir_tests::tutorial_network::IMAGE;

use crate::rig::{Rig, request};

fn images() -> Vec<(String, InstanceType)> {
    vec![(IMAGE.to_owned(), "t2.medium".into())]
}

fn failed(findings: &[Finding]) -> Vec<&str> {
    let failed = findings.iter().filter(|finding| finding.result.is_err());
    failed.map(|finding| finding.what.as_str()).collect()
}

#[tokio::test]
async fn the_tutorials_network_is_well() {
    let rig = Rig::start().await;
    let findings = examine(&rig.cloud().await, &images()).await;
    assert_eq!(failed(&findings), Vec::<&str>::new(), "{findings:#?}");
    assert!(findings.len() >= 9, "{findings:#?}");
    assert_eq!(rig.really().await, 0, "nothing is launched");
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let rig = Rig::start().await;
    rig.proxy.set_forbidden("RunInstances", true);
    rig.proxy.set_forbidden("TerminateInstances", true);
    let cloud = rig
        .cloud_with(|settings| settings.key_pair = "lost".to_owned())
        .await;
    let mut asked = images();
    asked.push(("gone".to_owned(), "t2.medium".into()));
    let findings = examine(&cloud, &asked).await;
    let launching = format!("permission to launch {IMAGE} on t2.medium");
    assert_eq!(
        failed(&findings),
        [
            "key pair",
            &launching,
            "image gone",
            "permission to end instances"
        ]
    );
    let unnamed = rig
        .cloud_with(|settings| settings.vpc_name = Some("x".to_owned()))
        .await;
    assert!(failed(&examine(&unnamed, &[]).await).contains(&"VPC"));
    rig.proxy.set_forbidden("DescribeRegions", true);
    assert_eq!(failed(&examine(&cloud, &[]).await), ["credentials"]);
}

#[tokio::test]
async fn the_shipped_policy_allows_exactly_what_is_called() {
    let rig = Rig::start().await;
    let cloud = rig.cloud().await;
    examine(&cloud, &images()).await;
    cloud.launch(&request("node-a-1")).await.unwrap();
    cloud.locations().await.unwrap();
    cloud.account().await.unwrap();
    cloud.list_owned().await.unwrap();
    cloud
        .terminate(&REGION.into(), &"node-a-1".into())
        .await
        .unwrap();

    let policy: serde_json::Value =
        serde_json::from_str(include_str!("../../iam-policy.json")).unwrap();
    let mut allowed = BTreeSet::new();
    for statement in policy["Statement"].as_array().unwrap() {
        let action = &statement["Action"];
        let one = action.as_str().into_iter();
        let many = action
            .as_array()
            .into_iter()
            .flatten()
            .map(|name| name.as_str().unwrap());
        allowed.extend(
            one.chain(many)
                .map(|name| name.strip_prefix("ec2:").unwrap().to_owned()),
        );
    }
    // No call of ours: a launch with tags needs it.
    assert!(allowed.remove("CreateTags"));
    assert_eq!(rig.proxy.actions(), allowed);
}
