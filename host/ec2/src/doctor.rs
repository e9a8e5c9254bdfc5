//! What EC2 says of the settings: one finding for each thing that must be there, each failure with its mend.

use aws_sdk_ec2::types::{IpPermission, SecurityGroup};
use weir_cloud::{CloudController, CloudError, Finding, LaunchRequest};
use weir_core::ids::InstanceType;
use weir_core::node::Role;

use crate::controller::Ec2Cloud;
use crate::errors::{Failure, failure};
use crate::network::{self, Network};
use crate::{launch, listing};

/// A port that clients or the manager need at nodes.
struct Needed {
    protocol: &'static str,
    from: i32,
    to: i32,
    must: bool,
}

const fn tcp(port: i32, must: bool) -> Needed {
    Needed {
        protocol: "tcp",
        from: port,
        to: port,
        must,
    }
}

/// Without RTMP and the access port no node is of use; the others serve players that a cluster may not have.
const PORTS: [Needed; 8] = [
    tcp(1935, true),
    tcp(5080, true),
    tcp(443, false),
    tcp(8554, false),
    tcp(6262, false),
    tcp(8081, false),
    tcp(8083, false),
    Needed {
        protocol: "udp",
        from: 40_000,
        to: 65_000,
        must: false,
    },
];

/// An instance that cannot exist: permission to end one is asked for without ending one.
const NO_INSTANCE: &str = "i-00000000000000000";

/// Looks at everything a launch needs in the home region, for each image with the type it is launched on. Nothing is
/// made or changed: permissions are tried by dry runs.
pub async fn examine(cloud: &Ec2Cloud, images: &[(String, InstanceType)]) -> Vec<Finding> {
    let mut findings = Findings::default();
    if !findings.add("credentials", credentials(cloud).await) {
        return findings.0;
    }
    let home = cloud.clients.home();
    let found = match cloud.network(home).await {
        Ok(Some(network)) => Ok(network),
        Ok(None) => Err(network::no_vpc(&cloud.settings, home)),
        Err(problem) => Err(problem.to_string()),
    };
    let network = found.as_ref().ok().cloned();
    findings.add("VPC", found.map(|network| network.vpc.clone()));
    if let Some(network) = network {
        findings.add("subnets", subnets(&network));
        findings.add("security group", group(cloud, &network).await);
        findings.add("key pair", key_pair(cloud).await);
        for (image, kind) in images {
            let client = cloud.clients.of(home);
            let id = network::image(&client, image)
                .await
                .map_err(|problem| problem.to_string());
            if findings.add(&format!("image {image}"), id) {
                let may = may_launch(cloud, &network, image, kind).await;
                findings.add(&format!("permission to launch {image} on {kind}"), may);
            }
        }
    }
    findings.add("permission to list instances", may_list(cloud).await);
    findings.add("permission to end instances", may_end(cloud).await);
    findings.0
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    /// Whether it is well.
    fn add(&mut self, what: &str, result: Result<String, String>) -> bool {
        let well = result.is_ok();
        self.0.push(Finding {
            what: what.to_owned(),
            result,
        });
        well
    }
}

async fn credentials(cloud: &Ec2Cloud) -> Result<String, String> {
    let home = cloud.clients.home();
    match cloud.regions().await {
        Ok(regions) if regions.contains(home) => Ok(format!(
            "accepted; home region {home}, {} regions",
            regions.len()
        )),
        Ok(_) => Err(format!(
            "cloud.ec2.region: {home} is not open to this account: enable it, or correct the name"
        )),
        Err(CloudError::Refused { reason }) => Err(format!(
            "{reason}; set cloud.ec2.access_key_id and secret_access_key, AWS's own variables or profile, or an \
             instance role, and allow ec2:DescribeRegions"
        )),
        Err(problem) => Err(format!(
            "{problem}; without credentials set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )),
    }
}

fn subnets(network: &Network) -> Result<String, String> {
    let zones: Vec<&str> = network.subnets.keys().map(|zone| zone.as_str()).collect();
    if zones.is_empty() {
        return Err(format!(
            "VPC {} has no subnet that assigns public addresses: make one in each zone, or set \
             cloud.ec2.use_private_addresses",
            network.vpc
        ));
    }
    Ok(format!("in {}", zones.join(", ")))
}

async fn group(cloud: &Ec2Cloud, network: &Network) -> Result<String, String> {
    let client = cloud.clients.of(cloud.clients.home());
    let name = &cloud.settings.security_group;
    let group = network::security_group(&client, name, &network.vpc).await;
    let group = group.map_err(|problem| problem.to_string())?;
    ports(&group)
}

/// Ports that nobody can reach.
fn ports(group: &SecurityGroup) -> Result<String, String> {
    let closed = |must: bool| {
        let shut = PORTS
            .iter()
            .filter(|port| port.must == must && !is_open(group, port));
        let named = shut.map(|port| match port.from == port.to {
            true => format!("{} {}", port.protocol, port.from),
            false => format!("{} {}-{}", port.protocol, port.from, port.to),
        });
        named.collect::<Vec<_>>().join(", ")
    };
    let (must, may) = (closed(true), closed(false));
    if !must.is_empty() {
        return Err(format!("has no inbound rule for {must}: add one"));
    }
    let id = group.group_id().unwrap_or_default();
    Ok(match may.as_str() {
        "" => format!("{id}, every port of the tutorial is open"),
        shut => format!("{id}; closed, needed only by players that use them: {shut}"),
    })
}

fn is_open(group: &SecurityGroup, port: &Needed) -> bool {
    let reaches = |rule: &IpPermission| {
        let all = rule.ip_protocol() == Some("-1");
        let within = rule.from_port().is_some_and(|from| from <= port.from)
            && rule.to_port().is_some_and(|to| to >= port.to);
        all || (rule.ip_protocol() == Some(port.protocol) && within)
    };
    group.ip_permissions().iter().any(reaches)
}

async fn key_pair(cloud: &Ec2Cloud) -> Result<String, String> {
    let name = &cloud.settings.key_pair;
    if name.is_empty() {
        return Ok("none is set: nobody can log in to nodes".to_owned());
    }
    let client = cloud.clients.of(cloud.clients.home());
    match network::key_pair(&client, name).await {
        Ok(()) => Ok(name.clone()),
        Err(problem) => Err(problem.to_string()),
    }
}

async fn may_launch(
    cloud: &Ec2Cloud,
    network: &Network,
    image: &str,
    kind: &InstanceType,
) -> Result<String, String> {
    let Some(zone) = network.subnets.keys().next() else {
        return Err("cannot be tried without a subnet".to_owned());
    };
    let request = LaunchRequest {
        id: "weir-doctor".into(),
        role: Role::Edge,
        region: cloud.clients.home().clone(),
        zone: zone.clone(),
        instance_type: kind.clone(),
        image: image.to_owned(),
        capacity: 1,
        tags: Vec::new(),
        properties: Vec::new(),
    };
    let client = cloud.clients.of(&request.region);
    let call = launch::call(&client, &cloud.settings, network, &request).await;
    let call = call.map_err(|problem| problem.to_string())?;
    match call.dry_run(true).send().await {
        Ok(_) => Err(
            "the dry run was not taken as one: look for an instance weir-doctor and end it"
                .to_owned(),
        ),
        Err(told) => match failure(&told) {
            Failure::WouldSucceed => Ok("given".to_owned()),
            other => Err(format!(
                "{}; allow ec2:RunInstances and ec2:CreateTags (host/ec2/iam-policy.json), or mend what it names",
                other.into_launch_error(zone, kind)
            )),
        },
    }
}

async fn may_list(cloud: &Ec2Cloud) -> Result<String, String> {
    let filters = [network::filter("tag-key", crate::tags::ENVIRONMENT)];
    let client = cloud.clients.of(cloud.clients.home());
    match listing::all(&client, &filters, None).await {
        Ok(_) => Ok("given".to_owned()),
        Err(problem) => Err(format!("{problem}; allow ec2:DescribeInstances")),
    }
}

async fn may_end(cloud: &Ec2Cloud) -> Result<String, String> {
    let owned = cloud
        .list_owned()
        .await
        .map_err(|problem| problem.to_string())?;
    let id = owned
        .first()
        .map_or(NO_INSTANCE, |instance| instance.platform_id.as_str());
    let call = cloud.clients.of(cloud.clients.home()).terminate_instances();
    match call.instance_ids(id).dry_run(true).send().await {
        Ok(_) => Err("the dry run was not taken as one".to_owned()),
        Err(told) => match failure(&told) {
            Failure::WouldSucceed => Ok("given".to_owned()),
            // The instance was looked for first: whether it may be ended shows only when there is one.
            Failure::NoSuchInstance => {
                Ok("not refused; shows for certain once an instance runs".to_owned())
            }
            other => Err(format!(
                "{}; allow ec2:TerminateInstances",
                other.into_error()
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(rules: &[(&str, i32, i32)]) -> SecurityGroup {
        let rule = |(protocol, from, to): &(&str, i32, i32)| {
            IpPermission::builder()
                .ip_protocol(*protocol)
                .from_port(*from)
                .to_port(*to)
                .build()
        };
        SecurityGroup::builder()
            .group_id("sg-1")
            .set_ip_permissions(Some(rules.iter().map(rule).collect()))
            .build()
    }

    #[test]
    fn a_closed_port_is_named_and_only_the_needed_ones_fail() {
        let told = ports(&group(&[("tcp", 1935, 1935)]));
        assert_eq!(
            told,
            Err("has no inbound rule for tcp 5080: add one".to_owned())
        );
        let told = ports(&group(&[("tcp", 0, 65_535)])).expect("both needed ports are open");
        assert!(told.ends_with("udp 40000-65000"), "{told}");
        assert!(ports(&group(&[("-1", 0, 0)])).is_ok_and(|told| told.contains("every port")));
    }
}
