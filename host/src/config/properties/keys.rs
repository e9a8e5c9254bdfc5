//! Every property the original knew.

use crate::config::cloud::Provider;

/// What is done with a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Becomes this setting.
    To(&'static str),
    /// Fine with this value; another one has no effect, for this reason.
    Only(&'static str, &'static str),
    /// Fine with this value; another one is an error, for this reason.
    Must(&'static str, &'static str),
    /// No effect, for this reason.
    NoEffect(&'static str),
    /// Part of the store's address.
    Database,
    /// A setting of a cloud this release has no controller for.
    OtherCloud,
}

use Rule::{Database, Must, NoEffect, Only, OtherCloud, To};

const NO_CALLS: &str = "this server does not call the nodes' own API: nodes report to it";
const NO_CHECK: &str = "nodes are judged by their own reports and by whether their port answers";

const GENERAL: &[(&str, Rule)] = &[
    (
        "webapp.contextPath",
        Only(
            "/streammanager",
            "this server answers under /streammanager only",
        ),
    ),
    (
        "webapp.virtualHosts",
        Only("*", "this server answers to every host name"),
    ),
    ("config.dbHost", Database),
    ("config.dbPort", Database),
    ("config.dbUser", Database),
    ("config.dbPass", Database),
    ("config.dbDriver", Database),
    (
        "store.usageStatsDiscardThresholdDays",
        NoEffect("this release keeps no usage records"),
    ),
    ("streammanager.ip", To("fleet.manager_id")),
    ("location.region", To("fleet.default_region")),
    (
        "location.geozone",
        NoEffect("this release knows regions, not geozones: set location.region"),
    ),
    ("location.strict", To("fleet.strict_location")),
    ("rest.administratorToken", To("auth.admin_token")),
    ("serverapi.port", NoEffect(NO_CALLS)),
    ("serverapi.protocol", NoEffect(NO_CALLS)),
    ("serverapi.version", NoEffect(NO_CALLS)),
    ("serverapi.accessToken", NoEffect(NO_CALLS)),
    ("default.server.application", NoEffect(NO_CALLS)),
    ("debug.logaccess", To("log.access")),
    ("debug.logcachexpiretime", To("log.download_ms")),
    ("proxy.enabled", To("proxy.enabled")),
    (
        "spring.jackson.default-property-inclusion",
        Only("non_null", "absent members are always left out of answers"),
    ),
];

const NODES: &[(&str, Rule)] = &[
    (
        "instancecontroller.newNodePingTimeThreshold",
        To("fleet.first_report_ms"),
    ),
    (
        "instancecontroller.replaceDeadClusters",
        Only("true", "a failed group is always rebuilt, never deleted"),
    ),
    (
        "instancecontroller.deleteDeadGroupNodesOnCleanUp",
        Only(
            "true",
            "instances are always terminated, never only stopped",
        ),
    ),
    (
        "instancecontroller.instanceNamePrefix",
        To("fleet.node_name_prefix"),
    ),
    (
        "instancecontroller.nodeGroupStateToleranceTime",
        NoEffect("a group is never stuck by itself; its nodes have nodeStateToleranceTime"),
    ),
    (
        "instancecontroller.nodeStateToleranceTime",
        To("fleet.stuck_ms"),
    ),
    (
        "instancecontroller.cloudCleanupInterval",
        To("fleet.cloud_sweep_ms"),
    ),
    (
        "instancecontroller.blackListCleanUpTime",
        NoEffect("there is no blacklist: an instance is ended only by this environment's own tag"),
    ),
    (
        "instancecontroller.pathMonitorInterval",
        To("fleet.path_check_ms"),
    ),
    (
        "instancecontroller.minimumNodeFreeMemory",
        To("fleet.min_free_memory_mib"),
    ),
    (
        "instancecontroller.recycleDeadNodes",
        NoEffect("a failed instance is never used again"),
    ),
    (
        "instancecontroller.checkCorruptedNodes",
        Only("false", NO_CHECK),
    ),
    (
        "instancecontroller.corruptedNodeCheckInterval",
        NoEffect(NO_CHECK),
    ),
    (
        "instancecontroller.corruptedNodesEndPoint",
        NoEffect(NO_CHECK),
    ),
    ("instancecontroller.httptimeout", NoEffect(NO_CHECK)),
    (
        "instanceevaluator.streams.metricweight",
        To("placement.weights.streams"),
    ),
    (
        "instanceevaluator.connections.metricweight",
        To("placement.weights.connections"),
    ),
    (
        "instanceevaluator.subscribers.metricweight",
        To("placement.weights.subscribers"),
    ),
    (
        "instanceevaluator.memory.metricweight",
        To("placement.weights.memory"),
    ),
    (
        "instanceevaluator.restreamer.metricweight",
        To("placement.weights.restreamer"),
    ),
    ("cluster.password", To("auth.cluster_password")),
    ("cluster.publicPort", To("fleet.node_rtmp_port")),
    ("cluster.accessPort", To("fleet.node_http_port")),
    ("cluster.reportingSpeed", To("reports.reporting_speed_ms")),
    ("cluster.retryDuration", To("fleet.parent_retry_s")),
    ("cluster.mode", Must("auto", "is the only mode there is")),
    ("cluster.idleClusterPathThreshold", To("fleet.idle_path_ms")),
];

const CLOUDS: &[(&str, Rule)] = &[
    ("aws.defaultzone", To("cloud.ec2.region")),
    (
        "aws.operationTimeoutMilliseconds",
        To("cloud.ec2.operation_timeout_ms"),
    ),
    ("aws.accessKey", To("cloud.ec2.access_key_id")),
    ("aws.accessSecret", To("cloud.ec2.secret_access_key")),
    ("aws.ec2KeyPairName", To("cloud.ec2.key_pair")),
    ("aws.ec2SecurityGroup", To("cloud.ec2.security_group")),
    ("aws.defaultVPC", To("cloud.ec2.default_vpc")),
    ("aws.vpcName", To("cloud.ec2.vpc_name")),
    (
        "aws.faultZoneBlockMilliseconds",
        To("cloud.ec2.fault_zone_block_ms"),
    ),
    (
        "aws.forUsGovRegions",
        NoEffect("the region's name says which end points it has"),
    ),
    ("az.resourceGroupName", OtherCloud),
    ("az.resourceGroupRegion", OtherCloud),
    ("az.resourceNamePrefix", OtherCloud),
    ("az.clientId", OtherCloud),
    ("az.clientKey", OtherCloud),
    ("az.tenantId", OtherCloud),
    ("az.subscriptionId", OtherCloud),
    ("az.vmUsername", OtherCloud),
    ("az.vmPassword", OtherCloud),
    ("az.defaultSubnetName", OtherCloud),
    ("az.operationTimeoutMilliseconds", OtherCloud),
    ("az.quickOperationResponse", OtherCloud),
    ("az.quickResponseCheckInitialDelay", OtherCloud),
    ("az.apiLogLevel", OtherCloud),
    ("compute.project", OtherCloud),
    ("compute.defaultzone", OtherCloud),
    ("compute.defaultdisk", OtherCloud),
    ("compute.network", OtherCloud),
    ("compute.operationTimeoutMilliseconds", OtherCloud),
    ("managed.regionNames", OtherCloud),
    ("managed.availabilityZoneNames", OtherCloud),
    ("managed.operationTimeoutMilliseconds", OtherCloud),
    ("managed.recycleDeadNodes", OtherCloud),
    ("limelight.regionNames", OtherCloud),
    ("limelight.availabilityZoneNames", OtherCloud),
    ("limelight.operationTimeoutMilliseconds", OtherCloud),
    ("limelight.ipmode", OtherCloud),
    ("limelight.port", OtherCloud),
    ("limelight.user", OtherCloud),
    ("limelight.pwd", OtherCloud),
    ("limelight.recycleDeadNodes", OtherCloud),
    ("terra.regionNames", OtherCloud),
    ("terra.instanceName", OtherCloud),
    ("terra.host", OtherCloud),
    ("terra.port", OtherCloud),
    ("terra.token", OtherCloud),
    ("terra.operationTimeoutMilliseconds", OtherCloud),
    ("terra.parallelism", OtherCloud),
    ("terra.sshkey", OtherCloud),
];

/// Properties whose value is never shown.
const SECRETS: [&str; 11] = [
    "config.dbPass",
    "cluster.password",
    "rest.administratorToken",
    "serverapi.accessToken",
    "aws.accessKey",
    "aws.accessSecret",
    "az.clientKey",
    "az.vmPassword",
    "limelight.pwd",
    "terra.token",
    "terra.sshkey",
];

/// The sections of which a file has one: the controller it was written for.
const SECTIONS: [(&str, Provider); 6] = [
    ("aws.", Provider::Ec2),
    ("az.", Provider::Azure),
    ("compute.", Provider::Google),
    ("managed.", Provider::Managed),
    ("limelight.", Provider::Managed),
    ("terra.", Provider::Terraform),
];

fn all() -> impl Iterator<Item = &'static (&'static str, Rule)> {
    GENERAL.iter().chain(NODES).chain(CLOUDS)
}

/// What is done with the property; `None` when nobody knows it.
pub(super) fn rule(key: &str) -> Option<Rule> {
    all().find(|known| known.0 == key).map(|known| known.1)
}

/// Names of all known properties.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|known| known.0)
}

/// Never shown. An unknown property that sounds like a secret is treated as one.
pub(super) fn is_secret(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    let sounds = ["pass", "secret", "token", "pwd", "key"];
    SECRETS.contains(&key) || (rule(key).is_none() && sounds.iter().any(|s| lower.contains(s)))
}

/// The cloud section the property belongs to: its prefix and provider.
pub(super) fn section(key: &str) -> Option<(&'static str, Provider)> {
    SECTIONS
        .into_iter()
        .find(|(prefix, _)| key.starts_with(prefix))
}
