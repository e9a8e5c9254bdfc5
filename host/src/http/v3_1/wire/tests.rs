#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::*;
use crate::http::lenient::parse;

/// C1 and C2 of the tutorial, as printed.
const C1: &str = r#"{"policy":{"name":"scale1","description":"…","type":"com.red5pro.services.autoscaling.model.ScalePolicyMaster","version":"0.0.3","targets":{"region":[{"name":"default","target":[
{"role":"edge","maxLimit":2,"scaleAdjustment":1,"minLimit":1},{"role":"origin","maxLimit":1,"scaleAdjustment":1,"minLimit":1},{"role":"relay","maxLimit":1,"scaleAdjustment":1,"minLimit":1}]}]}}}"#;
const C2: &str = r#"{"launchconfig":{"name":"launch-config1","description":"…","image":"red5pro-autoscaling","version":"0.0.3","targets":{"target":[
{"role":"origin","instanceType":"t2.medium","connectionCapacity":"2000"},{"role":"edge","instanceType":"t2.medium","connectionCapacity":"1"},
{"role":"relay","instanceType":"t2.medium","connectionCapacity":"2000"}]},"properties":{"property":[]},"metadata":{"meta":[{"key":"environment","value":"tutorial"}]}}}"#;

fn policy(sent: &str) -> Result<Value, String> {
    let body = parse(sent.as_bytes())?;
    let document = read_scale_policy(&Field::root(&body), None).map_err(|e| e.0)?;
    Ok(serde_json::to_value(ScalePolicyDocument::of(&document)).unwrap())
}

fn launch(sent: &str) -> Result<Value, String> {
    let body = parse(sent.as_bytes())?;
    let document = read_launch_config(&Field::root(&body), None).map_err(|e| e.0)?;
    Ok(serde_json::to_value(LaunchConfigDocument::of(&document)).unwrap())
}

#[test]
fn the_tutorials_documents_read_back_as_sent() {
    assert_eq!(
        policy(C1).unwrap(),
        serde_json::from_str::<Value>(C1).unwrap()
    );
    let read = launch(C2).unwrap();
    let targets = &read["launchconfig"]["targets"]["target"];
    let order: Vec<&str> = targets
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["role"].as_str().unwrap())
        .collect();
    assert_eq!(order, ["edge", "origin", "relay"]);
    assert_eq!(
        targets[0],
        json!({"role":"edge","instanceType":"t2.medium","connectionCapacity":1})
    );
    assert_eq!(
        read["launchconfig"]["metadata"]["meta"][0]["key"],
        "environment"
    );
}

#[test]
fn a_flat_document_is_answered_flat() {
    let sent = "{policy:{name:flat,targets:{target:[{role:EDGE,minLimit:'0',maxLimit:80.0,scaleInWaitTime:1000,},]}}}";
    let read = policy(sent).unwrap();
    let target = json!({"role":"edge","minLimit":0,"maxLimit":80,"scaleAdjustment":1,"scaleInWaitTime":1000});
    assert_eq!(read["policy"]["targets"], json!({"target":[target]}));
    assert_eq!(read["policy"]["version"], "0.0.2");
}

#[test]
fn bound_policies_are_echoed() {
    let weir = json!({
        "scaling": {"policy":"threshold","settings":{"drain":true}},
        "placement": {"subscribe":{"policy":"weighted","settings":{}}}
    });
    let mut body: Value = serde_json::from_str(C1).unwrap();
    body["policy"]["weir"] = weir.clone();
    assert_eq!(policy(&body.to_string()).unwrap()["policy"]["weir"], weir);
    body["policy"]["weir"] = json!({"scaling":{"settings":{}}});
    assert_eq!(
        policy(&body.to_string()).unwrap_err(),
        "policy.weir.scaling.policy is missing"
    );
}

#[test]
fn bad_scale_policies_are_refused_by_member() {
    let target = |target: &str| {
        format!(
            r#"{{"policy":{{"name":"a","targets":{{"region":[{{"name":"default","target":[{target}]}}]}}}}}}"#
        )
    };
    let cases = [
        (target(r#"{"role":"edge","minLimit":3,"maxLimit":2}"#), "policy.targets.region[0].target[0].minLimit must be at most maxLimit (2), not 3"),
        (target(r#"{"role":"mixer","minLimit":0,"maxLimit":2}"#), "policy.targets.region[0].target[0].role must be edge, origin, relay or transcoder, not \"mixer\""),
        (target(r#"{"role":"edge","maxLimit":2}"#), "policy.targets.region[0].target[0].minLimit is missing"),
        (target(r#"{"role":"edge","minLimit":-1,"maxLimit":2}"#), "minLimit must be a whole number from 0"),
        (target(r#"{"role":"edge","minLimit":0,"maxLimit":2},{"role":"Edge","minLimit":0,"maxLimit":2}"#), "target[1].role must appear only once"),
        (target(""), "policy.targets.region[0].target must name at least one role"),
        (r#"{"policy":{"name":"a","targets":{"region":[{"name":"eu","target":[{"role":"edge","minLimit":0,"maxLimit":1}]}]}}}"#.to_owned(), "policy.targets.region must have an entry named \"default\""),
        (r#"{"policy":{"name":"a"}}"#.to_owned(), "policy.targets is missing"),
        (format!(r#"{{"policy":{{"name":"{}","targets":{{"target":[{{"role":"edge","minLimit":0,"maxLimit":1}}]}}}}}}"#, "x".repeat(255)), "policy.name must have at most 254 characters"),
        ("[]".to_owned(), "the document must be an object"),
    ];
    for (sent, wanted) in cases {
        let problem = policy(&sent).unwrap_err();
        assert!(problem.contains(wanted), "{problem}\nwanted {wanted}");
    }
}

#[test]
fn bad_launch_configurations_are_refused_by_member() {
    let broken = |from: &str, to: &str| launch(&C2.replace(from, to)).unwrap_err();
    assert!(broken("\"1\"", "\"none\"").contains(
        "launchconfig.targets.target[1].connectionCapacity must be a whole number from 1"
    ));
    assert!(broken("\"1\"", "0").contains("connectionCapacity must be"));
    assert!(broken("\"image\"", "\"picture\"").contains("launchconfig.image is missing"));
    assert!(
        broken("\"role\":\"relay\"", "\"role\":\"edge\"")
            .contains("target[2].role must appear only once")
    );
}

#[test]
fn the_creation_answer_repeats_the_name_at_the_top() {
    let body = parse(C2.as_bytes()).unwrap();
    let document = read_launch_config(&Field::root(&body), None).unwrap();
    let answer = serde_json::to_value(CreatedLaunchConfig::of(&document)).unwrap();
    assert_eq!(answer["name"], "launch-config1");
    assert_eq!(answer["launchconfig"]["name"], "launch-config1");
    assert_eq!(answer["image"], "red5pro-autoscaling");
}

#[test]
fn an_update_cannot_change_the_name() {
    let body = parse(C1.as_bytes()).unwrap();
    assert!(read_scale_policy(&Field::root(&body), Some("scale1")).is_ok());
    let problem = read_scale_policy(&Field::root(&body), Some("other")).unwrap_err();
    assert!(
        problem.0.starts_with("policy.name must be \"other\""),
        "{problem}"
    );
}

#[test]
fn groups_are_asked_for_plainly_or_by_audience() {
    let sent = "{regions:[us-west-1],launchConfig:name1,scalePolicy:name2,name:grp}";
    let body = parse(sent.as_bytes()).unwrap();
    let plain = new_group(&Field::root(&body)).unwrap();
    assert_eq!(plain.name.unwrap().as_str(), "grp");
    let smart = json!({"launchConfig":"a","scalePolicy":"b","region":[{"name":"us-east-1","info":{
        "minPublishers":"500","maxPublishers":"500","minSubscribers":"20000","maxSubscribers":"60000"}}]});
    let audiences = read_audiences(&Field::root(&smart)).unwrap().unwrap();
    assert_eq!(audiences[0].subscribers, 20_000..=60_000);
    for (body, wanted) in [
        (
            json!({"regions":[],"launchConfig":"a","scalePolicy":"b"}),
            "regions must name at least one region",
        ),
        (
            json!({"regions":["r"],"scalePolicy":"b"}),
            "launchConfig is missing",
        ),
        (
            json!({"regions":["r"],"launchConfig":"a","scalePolicy":"b","name":"12"}),
            "name must have a character that is no digit",
        ),
    ] {
        assert!(
            new_group(&Field::root(&body))
                .unwrap_err()
                .0
                .contains(wanted)
        );
    }
}
