//! What an operator made before: the VPC with its public subnets, the security group, the key pair, the image, all found
//! by name. A name that nothing or several things bear is an error that names the setting and the mend.

use std::collections::BTreeMap;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, ImageState, SecurityGroup, Subnet, SubnetState};
use weir_cloud::CloudError;
use weir_core::ids::{RegionName, ZoneName};

use crate::errors::{Failure, error, failure, refused, unknown};
use crate::settings::Ec2Settings;

/// Most pages of one listing.
const MOST_PAGES: usize = 1_000;

/// A region's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Network {
    /// Id of the VPC.
    pub(crate) vpc: String,
    /// Account that owns it.
    pub(crate) owner: Option<String>,
    /// Zones with the subnet that instances of the zone go to.
    pub(crate) subnets: BTreeMap<ZoneName, String>,
}

/// A filter with one value.
pub(crate) fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

/// The network of a region; `None`: it has no such VPC.
pub(crate) async fn find(
    client: &Client,
    settings: &Ec2Settings,
) -> Result<Option<Network>, CloudError> {
    let wanted = match &settings.vpc_name {
        Some(name) => filter("tag:Name", name),
        None => filter("is-default", "true"),
    };
    let answer = client.describe_vpcs().filters(wanted).send().await;
    let answer = answer.map_err(error)?;
    let vpcs = answer.vpcs();
    // The service reads * and ? in a filter as wildcards.
    let named = vpcs.iter().filter(|vpc| match &settings.vpc_name {
        Some(name) => vpc
            .tags()
            .iter()
            .any(|tag| tag.key() == Some("Name") && tag.value() == Some(name)),
        None => vpc.is_default() == Some(true),
    });
    let mut named: Vec<_> = named.collect();
    let vpc = match (named.pop(), named.is_empty()) {
        (None, _) => return Ok(None),
        (Some(vpc), true) => vpc,
        (Some(_), false) => return Err(refused(several_vpcs(settings))),
    };
    let id = vpc.vpc_id().ok_or_else(|| unknown("a VPC without an id"))?;
    let subnets = subnets(client, id).await?;
    Ok(Some(Network {
        vpc: id.to_owned(),
        owner: vpc.owner_id().map(str::to_owned),
        subnets: by_zone(&subnets, settings.use_private_addresses),
    }))
}

fn several_vpcs(settings: &Ec2Settings) -> String {
    let name = settings.vpc_name.as_deref().unwrap_or("(default)");
    format!("cloud.ec2.vpc_name: several VPCs have the Name tag {name:?}: rename all but one")
}

/// What to say of a region without the VPC.
pub(crate) fn no_vpc(settings: &Ec2Settings, region: &RegionName) -> String {
    match &settings.vpc_name {
        Some(name) => format!(
            "cloud.ec2.vpc_name: region {region} has no VPC with the Name tag {name:?}: make one, or give its Name tag"
        ),
        None => format!(
            "cloud.ec2.default_vpc: region {region} has no default VPC: make one, or name a VPC by cloud.ec2.vpc_name"
        ),
    }
}

async fn subnets(client: &Client, vpc: &str) -> Result<Vec<Subnet>, CloudError> {
    let mut found = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let call = client.describe_subnets().filters(filter("vpc-id", vpc));
        let page = call
            .set_next_token(next.take())
            .send()
            .await
            .map_err(error)?;
        found.extend_from_slice(page.subnets());
        match page.next_token().filter(|token| !token.is_empty()) {
            Some(token) => next = Some(token.to_owned()),
            None => return Ok(found),
        }
    }
    Err(unknown("subnets come in more than 1,000 pages"))
}

/// For each zone the subnet with most free addresses, the lowest id of equals. Without private addresses only subnets
/// that hand out public ones count.
fn by_zone(subnets: &[Subnet], private: bool) -> BTreeMap<ZoneName, String> {
    let mut best: BTreeMap<ZoneName, (i32, &str)> = BTreeMap::new();
    for subnet in subnets {
        let usable = subnet
            .state()
            .is_none_or(|state| *state == SubnetState::Available)
            && (private || subnet.map_public_ip_on_launch() == Some(true));
        let (Some(zone), Some(id)) = (subnet.availability_zone(), subnet.subnet_id()) else {
            continue;
        };
        if !usable {
            continue;
        }
        let free = subnet.available_ip_address_count().unwrap_or(0);
        let kept = best.entry(zone.into()).or_insert((free, id));
        if free > kept.0 || (free == kept.0 && id < kept.1) {
            *kept = (free, id);
        }
    }
    let ids = best
        .into_iter()
        .map(|(zone, (_, id))| (zone, id.to_owned()));
    ids.collect()
}

/// The security group of that name in the VPC.
pub(crate) async fn security_group(
    client: &Client,
    name: &str,
    vpc: &str,
) -> Result<SecurityGroup, CloudError> {
    let call = client.describe_security_groups();
    let call = call
        .filters(filter("group-name", name))
        .filters(filter("vpc-id", vpc));
    let answer = call.send().await.map_err(error)?;
    // A name is there once in a VPC.
    let mut groups = answer.security_groups().iter();
    let named = groups.find(|group| group.group_name() == Some(name));
    named.cloned().ok_or_else(|| {
        refused(format!(
            "cloud.ec2.security_group: VPC {vpc} has no security group {name:?}: make it in this VPC, or correct the name"
        ))
    })
}

/// The key pair of that name is there.
pub(crate) async fn key_pair(client: &Client, name: &str) -> Result<(), CloudError> {
    let call = client
        .describe_key_pairs()
        .filters(filter("key-name", name));
    let answer = call.send().await.map_err(error)?;
    let mut pairs = answer.key_pairs().iter();
    if pairs.any(|pair| pair.key_name() == Some(name)) {
        return Ok(());
    }
    Err(refused(format!(
        "cloud.ec2.key_pair: there is no key pair {name:?} in this region: import it, or correct the name"
    )))
}

/// Id of the image of that name among the account's own: a public image of a stranger may bear any name.
pub(crate) async fn image(client: &Client, name: &str) -> Result<String, CloudError> {
    let call = client
        .describe_images()
        .owners("self")
        .filters(filter("name", name));
    let answer = call.send().await.map_err(|told| match failure(&told) {
        Failure::Refused(reason) => refused(format!("image {name:?}: {reason}")),
        other => other.into_error(),
    })?;
    let images = answer.images().iter();
    let usable =
        |state: Option<&ImageState>| state.is_none_or(|state| *state == ImageState::Available);
    let mut named: Vec<&str> = images
        .filter(|image| image.name() == Some(name) && usable(image.state()))
        .filter_map(|image| image.image_id())
        .collect();
    match (named.pop(), named.is_empty()) {
        (Some(id), true) => Ok(id.to_owned()),
        (None, _) => Err(refused(format!(
            "the launch configuration's image: this account has no available image {name:?} in this region: make or \
             copy it there, or correct the name"
        ))),
        (Some(_), false) => Err(refused(format!(
            "the launch configuration's image: several images have the name {name:?}: deregister all but one"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(id: &str, zone: &str, free: i32, public: bool) -> Subnet {
        Subnet::builder()
            .subnet_id(id)
            .availability_zone(zone)
            .available_ip_address_count(free)
            .map_public_ip_on_launch(public)
            .build()
    }

    #[test]
    fn a_zone_has_the_public_subnet_with_most_room() {
        let subnets = [
            subnet("c", "1a", 10, true),
            subnet("b", "1a", 20, true),
            subnet("a", "1a", 20, true),
            subnet("z", "1a", 99, false),
            subnet("p", "1c", 99, false),
        ];
        assert_eq!(
            by_zone(&subnets, false),
            [("1a".into(), "a".to_owned())].into()
        );
        let private = by_zone(&subnets, true);
        assert_eq!(
            private,
            [("1a".into(), "z".to_owned()), ("1c".into(), "p".to_owned())].into()
        );
    }
}
