//! `cloud.*`: where instances come from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use weir_core::units::DurationMs;

use super::Secret;
use super::check::Check;

/// Where instances come from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CloudConfig {
    /// Which cloud.
    pub provider: Provider,
    /// Price per hour of each instance type, any one currency (0 to 4,000); shown to scaling policies. A type without one has no
    /// known price.
    pub prices: BTreeMap<String, f64>,
    /// The simulated cloud.
    pub simulated: SimulatedConfig,
    /// Amazon EC2.
    pub ec2: Ec2Config,
}

/// Which cloud.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Instances are made up, with a real node service in each: the default.
    #[default]
    Simulated,
    /// Amazon EC2.
    Ec2,
    /// Processes on this machine; not in this release.
    Local,
    /// A pool of servers that exist already; not in this release.
    Managed,
    /// Microsoft Azure; not in this release.
    Azure,
    /// Google Compute Engine; not in this release.
    Google,
    /// A service that runs Terraform; not in this release.
    Terraform,
}

impl Provider {
    /// Its name in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Provider::Simulated => "simulated",
            Provider::Ec2 => "ec2",
            Provider::Local => "local",
            Provider::Managed => "managed",
            Provider::Azure => "azure",
            Provider::Google => "google",
            Provider::Terraform => "terraform",
        }
    }

    /// This release can run on it; on EC2 only a program that was built with it.
    pub fn is_available(self) -> bool {
        match self {
            Provider::Simulated | Provider::Ec2 => true,
            Provider::Local
            | Provider::Managed
            | Provider::Azure
            | Provider::Google
            | Provider::Terraform => false,
        }
    }
}

/// The simulated cloud.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimulatedConfig {
    /// Regions with their zones. Default: `ap-northeast-1` (a, c, d), `eu-central-1` and `us-east-1` (a, b, c each).
    pub regions: BTreeMap<String, Vec<String>>,
    /// Half of the instances boot within this time, ms (1 to 600,000). Default 8,000.
    pub boot_median_ms: u64,
    /// 95 of 100 do within this time, ms (`boot_median_ms` to 600,000). Default 15,000.
    pub boot_p95_ms: u64,
    /// Zones without room for any instance. Default none.
    pub full_zones: Vec<String>,
    /// Most instances in a zone (0 to 100,000); 0, the default: any number.
    pub zone_capacity: u32,
    /// Start of its random numbers: the same seed makes the same boots and errors. Default 1.
    pub seed: u32,
    /// How many times faster than real its clock runs (1 to 200); everything timed by the server runs with it.
    /// Default 1.
    pub speed: u32,
    /// A zone where a launch found no capacity is left alone so long, ms (0 to 86,400,000). Default 3,600,000.
    pub fault_zone_block_ms: u64,
}

impl Default for SimulatedConfig {
    fn default() -> Self {
        let regions = [
            ("ap-northeast-1", "acd"),
            ("eu-central-1", "abc"),
            ("us-east-1", "abc"),
        ];
        let zones = |(region, letters): (&str, &str)| {
            let zones = letters.chars().map(|letter| format!("{region}{letter}"));
            (region.to_owned(), zones.collect())
        };
        Self {
            regions: regions.map(zones).into(),
            boot_median_ms: 8_000,
            boot_p95_ms: 15_000,
            full_zones: Vec::new(),
            zone_capacity: 0,
            seed: 1,
            speed: 1,
            fault_zone_block_ms: 3_600_000,
        }
    }
}

/// Amazon EC2. What is named here is looked up by its name; `weir doctor` says whether it is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ec2Config {
    /// Region of the client and default of groups. Empty: `AWS_REGION` or the profile's.
    pub region: String,
    /// Name of the key pair, the same in each region.
    pub key_pair: String,
    /// Name of the security group, the same in each region.
    pub security_group: String,
    /// `Name` tag of the VPC, the same in each region; unless `default_vpc`.
    pub vpc_name: String,
    /// Use each region's default VPC.
    pub default_vpc: bool,
    /// Nodes and clients reach nodes by their private addresses.
    pub use_private_addresses: bool,
    /// Longest time for one operation, ms (1,000 to 3,600,000). Default 200,000. Whoever asked gives up after a minute.
    pub operation_timeout_ms: u64,
    /// A zone where a launch failed is left alone so long, ms (0 to 86,400,000). Default 3,600,000.
    pub fault_zone_block_ms: u64,
    /// Folder below which `UserData=file:` may read. Empty: nowhere.
    pub user_data_dir: String,
    /// Access key id. Empty: the SDK's own chain (environment, profile, instance role).
    pub access_key_id: Secret,
    /// Secret of that key.
    pub secret_access_key: Secret,
}

impl Default for Ec2Config {
    fn default() -> Self {
        Self {
            region: String::new(),
            key_pair: String::new(),
            security_group: String::new(),
            vpc_name: String::new(),
            default_vpc: false,
            use_private_addresses: false,
            operation_timeout_ms: 200_000,
            fault_zone_block_ms: 3_600_000,
            user_data_dir: String::new(),
            access_key_id: Secret::default(),
            secret_access_key: Secret::default(),
        }
    }
}

/// Prices are handed to policies in millionths, as 32-bit numbers.
const DEAREST: f64 = 4_000.0;
const DAY_MS: u64 = 86_400_000;

impl CloudConfig {
    /// How long a zone is left alone after a failed launch, by the provider in use.
    pub fn zone_block(&self) -> DurationMs {
        DurationMs(match self.provider {
            Provider::Ec2 => self.ec2.fault_zone_block_ms,
            Provider::Simulated
            | Provider::Local
            | Provider::Managed
            | Provider::Azure
            | Provider::Google
            | Provider::Terraform => self.simulated.fault_zone_block_ms,
        })
    }

    pub(super) fn validate(&self, check: &mut Check) {
        for (name, price) in &self.prices {
            if !(0.0..=DEAREST).contains(price) {
                check.refuse(&format!("prices.{name:?}"), price, "must be 0 to 4000");
            }
        }
        self.simulated.validate(check);
        self.ec2.validate(check);
        if self.provider == Provider::Ec2 && !self.ec2.default_vpc && self.ec2.vpc_name.is_empty() {
            check.refuse(
                "ec2.vpc_name",
                "\"\"",
                "must name the VPC (its Name tag), or set cloud.ec2.default_vpc = true",
            );
        }
        if self.provider == Provider::Ec2 && self.ec2.security_group.is_empty() {
            let mend = "must name the security group that instances get";
            check.refuse("ec2.security_group", "\"\"", mend);
        }
    }

    pub(super) fn servable(&self, check: &mut Check) {
        if !self.provider.is_available() {
            check.refuse(
                "provider",
                self.provider.as_str(),
                "this release runs on ec2 and on the simulated cloud; choose one with --provider ec2 or --provider simulated \
                 (or WEIR_CLOUD__PROVIDER)",
            );
        }
    }
}

impl SimulatedConfig {
    fn validate(&self, check: &mut Check) {
        check.range(
            "simulated.boot_median_ms",
            self.boot_median_ms,
            1..=600_000,
            "ms",
        );
        check.range("simulated.boot_p95_ms", self.boot_p95_ms, 1..=600_000, "ms");
        if self.boot_p95_ms < self.boot_median_ms {
            check.refuse(
                "simulated.boot_p95_ms",
                self.boot_p95_ms,
                "must not be below cloud.simulated.boot_median_ms",
            );
        }
        check.range("simulated.speed", self.speed, 1..=200, "");
        check.range(
            "simulated.fault_zone_block_ms",
            self.fault_zone_block_ms,
            0..=DAY_MS,
            "ms",
        );
        if self.regions.is_empty() {
            check.refuse("simulated.regions", "{}", "must name at least one region");
        }
        for (region, zones) in &self.regions {
            if zones.is_empty() {
                let key = format!("simulated.regions.{region}");
                check.refuse(&key, "[]", "must name at least one zone");
            }
        }
        check.range(
            "simulated.zone_capacity",
            self.zone_capacity,
            0..=100_000,
            "instances",
        );
        for zone in &self.full_zones {
            if !self.regions.values().flatten().any(|known| known == zone) {
                let mend = "names a zone that cloud.simulated.regions has not";
                check.refuse("simulated.full_zones", zone, mend);
            }
        }
    }
}

impl Ec2Config {
    fn validate(&self, check: &mut Check) {
        let timeout = self.operation_timeout_ms;
        check.range("ec2.operation_timeout_ms", timeout, 1_000..=3_600_000, "ms");
        check.range(
            "ec2.fault_zone_block_ms",
            self.fault_zone_block_ms,
            0..=DAY_MS,
            "ms",
        );
        if self.access_key_id.is_set() != self.secret_access_key.is_set() {
            check.refuse(
                "ec2.secret_access_key",
                "(hidden)",
                "needs cloud.ec2.access_key_id and the other way round: set both or neither",
            );
        }
    }
}
