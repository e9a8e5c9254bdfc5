//! The calls an operator makes to bring up a group, printed as they are made.

#![expect(
    clippy::disallowed_methods,
    reason = "the show runs before people: in real time, not on the simulated clock"
)]

use std::io::{Write, stdout};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::api::Api;

/// Real time until the first edge must be in service.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Limits of the demo's group: one origin and two to twelve edges, with waits that suit an evening of eight
/// minutes, and policies bound by name.
fn limits() -> Value {
    json!({ "policy": {
        "name": "demo-limits", "description": "one origin, two to twelve edges",
        "type": "com.red5pro.services.autoscaling.model.ScalePolicyMaster", "version": "0.0.3",
        "targets": { "region": [ { "name": "default", "target": [
            { "role": "edge", "minLimit": 2, "maxLimit": 12, "scaleAdjustment": 3, "scaleInWaitTime": 10_000,
              "coolDownPeriod": 10_000, "estimatedWarmUpTime": 90_000 },
            { "role": "origin", "minLimit": 1, "maxLimit": 1, "scaleAdjustment": 1 },
        ] } ] },
        "weir": { "scaling": { "policy": "threshold", "settings": { "drain": true, "drainFactor": 0.75 } } },
    } })
}

fn launch_configuration() -> Value {
    json!({ "launchconfig": {
        "name": "demo-launch", "description": "small machines", "image": "demo-image", "version": "0.0.3",
        "targets": { "target": [
            { "role": "origin", "instanceType": "t2.medium", "connectionCapacity": "200" },
            { "role": "edge", "instanceType": "t2.medium", "connectionCapacity": "20" },
        ] },
        "properties": { "property": [] },
        "metadata": { "meta": [ { "key": "environment", "value": "demo" } ] },
    } })
}

/// Makes the calls; answers the group's name.
pub(super) async fn tell(api: &Api) -> anyhow::Result<String> {
    say("Weir's demo: a server on a simulated cloud, in fast motion.\n")?;
    let url = api.admin_url("configurations/scalepolicy", "");
    call(api, "limits and policies", &url, Some(&limits())).await?;
    let url = api.admin_url("configurations/launchconfig", "");
    call(api, "machines", &url, Some(&launch_configuration())).await?;
    let group = json!({
        "regions": ["ap-northeast-1"], "launchConfig": "demo-launch", "scalePolicy": "demo-limits",
    });
    let url = api.admin_url("nodegroup", "");
    let made = call(api, "node group", &url, Some(&group)).await?;
    let name = made["name"].as_str();
    let name = name.context("the new group has no name")?.to_owned();
    let url = api.admin_url("alarm/scaleout/default", "type=edge&threshold=60");
    call(api, "alarm", &url, None).await?;
    let url = api.admin_url(&format!("nodegroup/{name}/node/origin"), "");
    call(api, "first origin", &url, None).await?;
    Ok(name)
}

async fn call(api: &Api, what: &str, url: &str, body: Option<&Value>) -> anyhow::Result<Value> {
    let made = api.post(url, body).await;
    let (status, answer) = made.with_context(|| format!("{what}: POST {url}"))?;
    let path = url.strip_prefix(&api.base_url).unwrap_or(url);
    let path = path.replace(&api.token, "…");
    say(&format!("{what:>20}: POST {path} → {status}"))?;
    Ok(answer)
}

/// Waits until an origin and an edge are in service.
pub(super) async fn until_served(api: &Api, group: &str) -> anyhow::Result<()> {
    say("\nThe origin boots, then the first edges …")?;
    let looking = async {
        loop {
            let nodes = api.nodes(group).await?;
            let serves = |role| {
                let mut nodes = nodes.iter();
                nodes.any(|node| node.role == role && node.state == "inservice")
            };
            if serves("origin") && serves("edge") {
                return anyhow::Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let Ok(found) = tokio::time::timeout(PATIENCE, looking).await else {
        bail!("no edge came into service within {} s", PATIENCE.as_secs());
    };
    found
}

/// Waits until the stream is on the air: viewers who come before it are refused.
pub(super) async fn until_published(api: &Api) -> anyhow::Result<()> {
    let looking = async {
        while api.streams().await? == 0 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        anyhow::Ok(())
    };
    match tokio::time::timeout(PATIENCE, looking).await {
        Ok(published) => published,
        Err(_) => bail!(
            "the stream was not on the air within {} s",
            PATIENCE.as_secs()
        ),
    }
}

fn say(line: &str) -> anyhow::Result<()> {
    writeln!(stdout(), "{line}")?;
    Ok(())
}
