//! What the operator of the tutorial has in the cloud before the manager starts (its part A): a network found by its
//! name, two public subnets, a security group, a key pair, an image.
//!
//! Its addresses lie in a block of 127/8: an instance's private address is one on which a node of this machine can listen.

use crate::ec2_api::{Ec2Api, REGION};
use crate::loopback::Block;

/// Name of the VPC, a tag.
pub const VPC: &str = "red5proautoscalingvpc";
/// Name of the security group.
pub const SECURITY_GROUP: &str = "red5proautoscaling";
/// Name of the key pair.
pub const KEY_PAIR: &str = "red5pro";
/// Name of the nodes' image.
pub const IMAGE: &str = "red5pro-autoscaling";
/// Zones with a subnet.
pub const ZONES: [&str; 2] = ["ap-northeast-1a", "ap-northeast-1c"];

/// Ports that the security group opens.
const TCP: [&str; 8] = ["22", "443", "1935", "8554", "6262", "8081", "8083", "5080"];
const UDP: (&str, &str) = ("40000", "65000");

/// Ids of what was made.
#[derive(Debug, Clone)]
pub struct TutorialNetwork {
    /// The VPC.
    pub vpc: String,
    /// Subnets, in the order of [`ZONES`].
    pub subnets: [String; 2],
    /// The security group.
    pub security_group: String,
    /// The image.
    pub image: String,
}

impl TutorialNetwork {
    /// Makes everything in the region of `api`, which must be [`REGION`], with the addresses of `block`.
    pub async fn make(api: &Ec2Api, block: &Block) -> Self {
        let cidr = block.cidr();
        let vpc = made(api, "CreateVpc", &[("CidrBlock", &cidr)], "vpc/vpcId").await;
        let name = [
            ("ResourceId.1", vpc.as_str()),
            ("Tag.1.Key", "Name"),
            ("Tag.1.Value", VPC),
        ];
        api.must("CreateTags", &name).await;
        let mut subnets = [String::new(), String::new()];
        for (index, subnet) in subnets.iter_mut().enumerate() {
            let cidr = block.subnet(index);
            let wanted = [
                ("VpcId", vpc.as_str()),
                ("CidrBlock", &cidr),
                ("AvailabilityZone", ZONES[index]),
            ];
            *subnet = made(api, "CreateSubnet", &wanted, "subnet/subnetId").await;
            let public = [
                ("SubnetId", subnet.as_str()),
                ("MapPublicIpOnLaunch.Value", "true"),
            ];
            api.must("ModifySubnetAttribute", &public).await;
        }
        open_to_the_internet(api, &vpc).await;
        let image = [("Name", IMAGE), ("RootDeviceName", "/dev/sda1")];
        api.must("CreateKeyPair", &[("KeyName", KEY_PAIR)]).await;
        Self {
            security_group: security_group(api, &vpc).await,
            image: made(api, "RegisterImage", &image, "imageId").await,
            vpc,
            subnets,
        }
    }

    /// Parameters of a launch into the subnet of `ZONES[zone]`, as an operator's script would give them.
    pub fn launch(&self, zone: usize) -> Vec<(&str, &str)> {
        vec![
            ("ImageId", &self.image),
            ("InstanceType", "t2.medium"),
            ("MinCount", "1"),
            ("MaxCount", "1"),
            ("KeyName", KEY_PAIR),
            ("SubnetId", &self.subnets[zone]),
            ("SecurityGroupId.1", &self.security_group),
        ]
    }
}

async fn open_to_the_internet(api: &Ec2Api, vpc: &str) {
    let gateway = "internetGateway/internetGatewayId";
    let gateway = made(api, "CreateInternetGateway", &[], gateway).await;
    let attached = [("InternetGatewayId", gateway.as_str()), ("VpcId", vpc)];
    api.must("AttachInternetGateway", &attached).await;
    let of_vpc = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", vpc)];
    let table = "routeTableSet/item/routeTableId";
    let table = made(api, "DescribeRouteTables", &of_vpc, table).await;
    let route = [
        ("RouteTableId", table.as_str()),
        ("DestinationCidrBlock", "0.0.0.0/0"),
        ("GatewayId", &gateway),
    ];
    api.must("CreateRoute", &route).await;
}

async fn security_group(api: &Ec2Api, vpc: &str) -> String {
    let wanted = [
        ("GroupName", SECURITY_GROUP),
        ("GroupDescription", "nodes"),
        ("VpcId", vpc),
    ];
    let group = made(api, "CreateSecurityGroup", &wanted, "groupId").await;
    let mut rules = vec![("GroupId".to_owned(), group.clone())];
    let ranges = TCP.map(|port| ("tcp", port, port));
    let ranges = ranges.into_iter().chain([("udp", UDP.0, UDP.1)]);
    for (number, (protocol, from, to)) in (1..).zip(ranges) {
        let named = [
            ("IpProtocol", protocol),
            ("FromPort", from),
            ("ToPort", to),
            ("IpRanges.1.CidrIp", "0.0.0.0/0"),
        ];
        let named =
            named.map(|(name, value)| (format!("IpPermissions.{number}.{name}"), value.to_owned()));
        rules.extend(named);
    }
    let rules: Vec<(&str, &str)> = rules
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    api.must("AuthorizeSecurityGroupIngress", &rules).await;
    group
}

/// Makes a thing; the id at the path of the answer.
async fn made(api: &Ec2Api, action: &str, params: &[(&str, &str)], id: &str) -> String {
    let answer = api.must(action, params).await;
    let id = answer.text_at(id);
    assert!(!id.is_empty(), "{action} in {REGION}: {answer:?}");
    id
}
