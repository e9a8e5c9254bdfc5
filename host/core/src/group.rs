//! A node group and what the operator asked of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use crate::bindings::{Binding, Bindings, Decides, OwnBinding, OwnBindings, StatedBindings};
use crate::ids::{GroupId, GroupName, InstanceType, RegionName};
use crate::node::Role;
use crate::units::{DurationMs, UtcMs};

/// Where a group stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupState {
    /// Created, no node was ever launched.
    New,
    /// Its first origin is being launched.
    Initializing,
    /// An origin came into service: every role is kept at its minimum.
    Active,
    /// Being deleted: its nodes go first.
    Terminating,
}

/// The durable record of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Number.
    pub id: GroupId,
    /// Name.
    pub name: GroupName,
    /// Regions, in the order they are used.
    pub regions: Vec<RegionName>,
    /// Name of its launch configuration.
    pub launch_config: String,
    /// Name of its limits document (the API's "scale policy").
    pub limits: String,
    /// Where it stands.
    pub state: GroupState,
    /// When it was created.
    pub created_at: UtcMs,
    /// Policies an operator bound to this group alone.
    #[serde(default, skip_serializing_if = "OwnBindings::is_empty")]
    pub bindings: OwnBindings,
    /// Next free node number.
    pub next_no: u32,
    /// Rises with each stored change.
    pub version: u64,
}

/// Limits of one role, as a document states them. (A "target" of the API's scale policy.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleLimits {
    /// Role.
    pub role: Role,
    /// Fewest nodes.
    pub min: u32,
    /// Most nodes.
    pub max: u32,
    /// Nodes added at a time.
    pub step: u32,
    /// Delay before a scale-out, if stated.
    pub scale_out_wait: Option<DurationMs>,
    /// Delay before a scale-in, if stated.
    pub scale_in_wait: Option<DurationMs>,
    /// A launch counts as settling for so long, if stated.
    pub warm_up: Option<DurationMs>,
    /// Time between two scale-ins, if stated.
    pub cool_down: Option<DurationMs>,
}

/// Name of the entry that stands for every region without one of its own.
pub const DEFAULT_REGION: &str = "default";

/// A limits document: how many nodes of each role a group may have where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsDocument {
    /// Name, unique among limits documents.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Document type as the client wrote it.
    pub kind: String,
    /// Document version as the client wrote it.
    pub version: String,
    /// Written in the flat form, without regions; answered in it too.
    pub flat: bool,
    /// Region name or `default`, with the limits of each role.
    pub regions: Vec<(String, Vec<RoleLimits>)>,
    /// Policies bound by the document.
    pub bindings: StatedBindings,
}

/// How to launch one role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchTarget {
    /// Role.
    pub role: Role,
    /// Machine type.
    pub instance_type: InstanceType,
    /// Connections one node carries.
    pub capacity: u32,
    /// Image of this role; else the document's.
    pub image: Option<String>,
}

/// A launch configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchDocument {
    /// Name, unique among launch configurations.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Image name.
    pub image: String,
    /// Document version as the client wrote it.
    pub version: String,
    /// One entry per role.
    pub targets: Vec<LaunchTarget>,
    /// Handed to the cloud controller.
    pub properties: Vec<(String, String)>,
    /// Put on the instances as tags.
    pub tags: Vec<(String, String)>,
}

/// Everything a group's decisions follow from, resolved from its documents and the settings.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupSpec {
    /// Limits per role and region; only regions of the group.
    pub limits: BTreeMap<(Role, RegionName), RoleLimits>,
    /// How to launch each role; a role without an entry cannot be launched.
    pub launch: BTreeMap<Role, LaunchTarget>,
    /// Image where a target states none.
    pub image: String,
    /// Tags for instances.
    pub tags: Vec<(String, String)>,
    /// Properties for the cloud controller.
    pub properties: Vec<(String, String)>,
    /// Alarm threshold per role, percent, 1 to 100.
    pub thresholds: BTreeMap<Role, u32>,
    /// The policies that decide where the group has none of its own.
    pub bindings: Bindings,
}

/// Alarm threshold where none was set, percent.
pub const DEFAULT_THRESHOLD: u32 = 60;

impl GroupSpec {
    /// Combines a group's documents. Regions without an entry take `default`; without that they get no limits, and
    /// so no nodes. A document without `origin` still allows one origin (maximum 1, minimum 0).
    pub fn resolve(
        regions: &[RegionName],
        limits: &LimitsDocument,
        launch: &LaunchDocument,
        thresholds: &BTreeMap<Role, u32>,
        defaults: &Bindings,
    ) -> Self {
        let mut by_role = BTreeMap::new();
        for region in regions {
            let named = |wanted: &str| limits.regions.iter().find(|(name, _)| name == wanted);
            let Some((_, roles)) = named(region.as_str()).or_else(|| named(DEFAULT_REGION)) else {
                continue;
            };
            for role in roles {
                by_role.insert((role.role, region.clone()), role.clone());
            }
            by_role
                .entry((Role::Origin, region.clone()))
                .or_insert_with(RoleLimits::one_origin);
        }
        let or = |stated: &Option<Binding>, default: &Binding| {
            stated.clone().unwrap_or_else(|| default.clone())
        };
        Self {
            limits: by_role,
            launch: launch
                .targets
                .iter()
                .map(|target| (target.role, target.clone()))
                .collect(),
            image: launch.image.clone(),
            tags: launch.tags.clone(),
            properties: launch.properties.clone(),
            thresholds: thresholds.clone(),
            bindings: Bindings {
                scaling: or(&limits.bindings.scaling, &defaults.scaling),
                broadcast: or(&limits.bindings.broadcast, &defaults.broadcast),
                subscribe: or(&limits.bindings.subscribe, &defaults.subscribe),
            },
        }
    }

    /// Alarm threshold of a role, percent.
    pub fn threshold(&self, role: Role) -> u32 {
        self.thresholds
            .get(&role)
            .copied()
            .unwrap_or(DEFAULT_THRESHOLD)
    }
}

impl RoleLimits {
    fn one_origin() -> Self {
        Self {
            role: Role::Origin,
            min: 0,
            max: 1,
            step: 1,
            scale_out_wait: None,
            scale_in_wait: None,
            warm_up: None,
            cool_down: None,
        }
    }
}
