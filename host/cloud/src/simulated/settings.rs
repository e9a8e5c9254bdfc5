//! What the simulated cloud and its nodes are like.

use std::collections::BTreeSet;

use weir_core::ids::ZoneName;
use weir_core::units::DurationMs;

use super::boot_time::BootTime;
use crate::Location;

/// What the simulated cloud is like.
#[derive(Clone)]
pub struct SimulatedSettings {
    /// Everything random follows from it.
    pub seed: u64,
    /// Whose cloud it is.
    pub account: String,
    /// Regions and their zones.
    pub locations: Vec<Location>,
    /// Zones that have no room for new instances.
    pub full_zones: BTreeSet<ZoneName>,
    /// Most instances a zone holds; `None`: any number.
    pub zone_capacity: Option<u32>,
    /// How long instances take to start.
    pub boot: BootTime,
    /// From the order to terminate until the instance is gone.
    pub ending: DurationMs,
    /// What its nodes are like.
    pub nodes: NodeSettings,
}

/// What the simulated nodes are like.
#[derive(Clone)]
pub struct NodeSettings {
    /// The secret they share with the manager.
    pub cluster_password: String,
    /// How they prove who they are.
    pub auth: NodeAuth,
    /// They were given their identifier at launch; otherwise the manager must know them by their address.
    pub know_their_id: bool,
    /// Reporting period until the manager names one.
    pub reporting: DurationMs,
    /// Most memory the service may take, bytes.
    pub max_memory: u64,
    /// From the order to link until the link to the parent stands.
    pub link_delay: DurationMs,
    /// A stream pulled from a parent is let go when nobody watched it for so long.
    pub idle_restream: DurationMs,
}

/// How a node proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeAuth {
    /// Signed headers over the whole message.
    Hmac,
    /// The older digest in the query.
    Digest,
    /// Not at all: the manager goes by the address.
    Open,
}

impl Default for SimulatedSettings {
    /// Three regions with real names, quick boots (median 8 s, 95 % within 15 s) for people who wait in front of it.
    fn default() -> Self {
        Self {
            seed: 1,
            account: "simulated".to_owned(),
            locations: locations([
                ("ap-northeast-1", "acd"),
                ("eu-central-1", "abc"),
                ("us-east-1", "abc"),
            ]),
            full_zones: BTreeSet::new(),
            zone_capacity: None,
            boot: BootTime {
                median: DurationMs::secs(8),
                p95: DurationMs::secs(15),
                running_percent: 40,
            },
            ending: DurationMs::secs(3),
            nodes: NodeSettings::default(),
        }
    }
}

impl Default for NodeSettings {
    fn default() -> Self {
        Self {
            cluster_password: "changeme".to_owned(),
            auth: NodeAuth::Hmac,
            know_their_id: true,
            reporting: DurationMs::secs(10),
            max_memory: 2 << 30,
            link_delay: DurationMs(300),
            idle_restream: DurationMs::secs(30),
        }
    }
}

fn locations<const N: usize>(regions: [(&'static str, &'static str); N]) -> Vec<Location> {
    let zones = |(region, letters): (&'static str, &'static str)| {
        letters.chars().map(move |letter| Location {
            region: region.into(),
            zone: format!("{region}{letter}").into(),
        })
    };
    regions.into_iter().flat_map(zones).collect()
}
