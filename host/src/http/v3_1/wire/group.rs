//! Node groups.

use serde::Serialize;
use utoipa::ToSchema;
use weir_core::group::{Group, GroupState};
use weir_core::ids::{GroupName, RegionName};
use weir_core::node::{Node, Role};

use super::region_audience::{RegionAudience, read_audiences};
use crate::fleet::status::GroupStatus;
use crate::http::lenient::{Field, FieldError};

/// A group as the API writes it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct GroupObject {
    id: u32,
    name: String,
    /// Reserved, always 0.
    origin_connections: u32,
    regions: Vec<String>,
    launch_config: String,
    scale_policy: String,
    /// `new`, `initializing`, `active` or `terminating`.
    state: &'static str,
    /// Time of creation, ms.
    timestamp: u64,
}

impl GroupObject {
    /// The group's record.
    pub(in crate::http) fn of(group: &Group) -> Self {
        Self {
            id: group.id.0,
            name: group.name.to_string(),
            origin_connections: 0,
            regions: group.regions.iter().map(ToString::to_string).collect(),
            launch_config: group.launch_config.clone(),
            scale_policy: group.limits.clone(),
            state: state_word(group.state),
            timestamp: group.created_at.0,
        }
    }
}

/// The word of the wire.
pub(in crate::http) fn state_word(state: GroupState) -> &'static str {
    match state {
        GroupState::New => "new",
        GroupState::Initializing => "initializing",
        GroupState::Active => "active",
        GroupState::Terminating => "terminating",
    }
}

/// The answer to a launch: the node's, with the group's members for readers who expect those.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct LaunchAnswer {
    /// Number of the node in its group.
    id: u32,
    identifier: String,
    availability_zone: String,
    role: &'static str,
    /// Name of the group.
    group: String,
    /// When the launch was asked, ms.
    request_time: u64,
    name: String,
    regions: Vec<String>,
    launch_config: String,
    scale_policy: String,
    origin_connections: u32,
    timestamp: u64,
}

impl LaunchAnswer {
    /// A node's record and its group's.
    pub(in crate::http) fn of(node: &Node, group: &Group) -> Self {
        let group = GroupObject::of(group);
        Self {
            id: node.no.0,
            identifier: node.id.to_string(),
            availability_zone: node.zone.to_string(),
            role: node.role.as_str(),
            group: group.name.clone(),
            request_time: node.launched_at.0,
            name: group.name,
            regions: group.regions,
            launch_config: group.launch_config,
            scale_policy: group.scale_policy,
            origin_connections: group.origin_connections,
            timestamp: group.timestamp,
        }
    }
}

/// Load of a group.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct GroupStats {
    total_connections: u32,
    target_type_load_summary: Vec<RoleLoad>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RoleLoad {
    /// Role.
    #[serde(rename = "type")]
    role: &'static str,
    total_node_count: u32,
    /// Nodes in service.
    total_active_node_count: u32,
    net_connection_capacity: u32,
    net_connection_load: u32,
}

impl GroupStats {
    /// Sums over the regions; roles the group has nothing of are left out.
    pub(in crate::http) fn of(status: &GroupStatus) -> Self {
        let loads: Vec<RoleLoad> = Role::ALL
            .into_iter()
            .filter_map(|role| RoleLoad::of(status, role))
            .collect();
        Self {
            total_connections: loads.iter().map(|load| load.net_connection_load).sum(),
            target_type_load_summary: loads,
        }
    }
}

impl RoleLoad {
    fn of(status: &GroupStatus, role: Role) -> Option<Self> {
        let mut rows = status
            .roles
            .iter()
            .filter(|row| row.role == role)
            .peekable();
        rows.peek()?;
        let empty = Self {
            role: role.as_str(),
            total_node_count: 0,
            total_active_node_count: 0,
            net_connection_capacity: 0,
            net_connection_load: 0,
        };
        Some(rows.fold(empty, |sum, row| Self {
            role: sum.role,
            total_node_count: sum.total_node_count + row.nodes,
            total_active_node_count: sum.total_active_node_count + row.in_service,
            net_connection_capacity: sum.net_connection_capacity.saturating_add(row.capacity),
            net_connection_load: sum.net_connection_load.saturating_add(row.connections),
        }))
    }
}

/// What a creation asks for.
#[derive(Debug)]
pub(in crate::http) struct NewGroupRequest {
    /// Name, if the client gave one.
    pub name: Option<GroupName>,
    /// Launch configuration.
    pub launch_config: String,
    /// Scale policy: an existing one, or the one to make of the audiences.
    pub scale_policy: String,
    /// Plain or "smart".
    pub places: Places,
}

/// Where, and for how many.
#[derive(Debug)]
pub(in crate::http) enum Places {
    /// Region or zone codes.
    Regions(Vec<RegionName>),
    /// Regions with their expected audience.
    Audiences(Vec<RegionAudience>),
}

/// Reads the body of a creation.
pub(in crate::http) fn new_group(root: &Field<'_>) -> Result<NewGroupRequest, FieldError> {
    let places = match read_audiences(root)? {
        Some(audiences) => Places::Audiences(audiences),
        None => Places::Regions(read_regions(&root.required("regions")?)?),
    };
    Ok(NewGroupRequest {
        name: root
            .member("name")
            .map(|name| read_group_name(&name))
            .transpose()?,
        launch_config: root.required("launchConfig")?.name()?,
        scale_policy: root.required("scalePolicy")?.name()?,
        places,
    })
}

/// Groups are addressed by name or by number: a name must not look like a number.
fn read_group_name(field: &Field<'_>) -> Result<GroupName, FieldError> {
    let name = field.name()?;
    if name.chars().all(|c| c.is_ascii_digit()) {
        return Err(field.must("have a character that is no digit"));
    }
    Ok(GroupName::new(name))
}

fn read_regions(field: &Field<'_>) -> Result<Vec<RegionName>, FieldError> {
    if field.value().is_string() {
        return Ok(vec![RegionName::new(field.name()?)]);
    }
    let mut regions: Vec<RegionName> = Vec::new();
    for entry in field.items()? {
        let region = RegionName::new(entry.name()?);
        if !regions.contains(&region) {
            regions.push(region);
        }
    }
    if regions.is_empty() {
        return Err(field.must("name at least one region"));
    }
    Ok(regions)
}
