//! The words between a cloud and a server in another process.

use serde::{Deserialize, Serialize};
use weir_cloud::{CloudError, Instance, InstanceState, LaunchRequest};
use weir_core::ids::{InstanceType, NodeId, PlatformId, RegionName, ZoneName};
use weir_core::liveness::Port;
use weir_core::node::Role;

/// A call.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Ask {
    Launch(Launch),
    Terminate(RegionName, NodeId),
    Describe(RegionName, NodeId),
    List,
    Locations,
    Account,
    /// What does the port of the node at this address tell?
    Port(String),
}

/// What it was answered.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    Done,
    Port(Port),
    Text(String),
    Instance(Option<Seen>),
    Instances(Vec<Seen>),
    Locations(Vec<(RegionName, ZoneName)>),
}

/// [`CloudError`].
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Refusal {
    NoCapacity(ZoneName, InstanceType),
    Refused(String),
    Throttled,
    Unknown(String),
}

/// [`LaunchRequest`].
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Launch {
    id: NodeId,
    role: Role,
    region: RegionName,
    zone: ZoneName,
    instance_type: InstanceType,
    image: String,
    capacity: u32,
    tags: Vec<(String, String)>,
    properties: Vec<(String, String)>,
}

/// [`Instance`].
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Seen {
    id: Option<NodeId>,
    platform_id: PlatformId,
    region: RegionName,
    zone: ZoneName,
    state: State,
    address: Option<String>,
    private_address: Option<String>,
    hostname: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum State {
    Pending,
    Running,
    Ending,
    Ended,
    Unknown,
}

impl From<&LaunchRequest> for Launch {
    fn from(request: &LaunchRequest) -> Self {
        let request = request.clone();
        Self {
            id: request.id,
            role: request.role,
            region: request.region,
            zone: request.zone,
            instance_type: request.instance_type,
            image: request.image,
            capacity: request.capacity,
            tags: request.tags,
            properties: request.properties,
        }
    }
}

impl From<Launch> for LaunchRequest {
    fn from(launch: Launch) -> Self {
        Self {
            id: launch.id,
            role: launch.role,
            region: launch.region,
            zone: launch.zone,
            instance_type: launch.instance_type,
            image: launch.image,
            capacity: launch.capacity,
            tags: launch.tags,
            properties: launch.properties,
        }
    }
}

impl From<Instance> for Seen {
    fn from(instance: Instance) -> Self {
        Self {
            id: instance.id,
            platform_id: instance.platform_id,
            region: instance.region,
            zone: instance.zone,
            state: match instance.state {
                InstanceState::Pending => State::Pending,
                InstanceState::Running => State::Running,
                InstanceState::Ending => State::Ending,
                InstanceState::Ended => State::Ended,
                InstanceState::Unknown => State::Unknown,
            },
            address: instance.address,
            private_address: instance.private_address,
            hostname: instance.hostname,
        }
    }
}

impl From<Seen> for Instance {
    fn from(seen: Seen) -> Self {
        Self {
            id: seen.id,
            platform_id: seen.platform_id,
            region: seen.region,
            zone: seen.zone,
            state: match seen.state {
                State::Pending => InstanceState::Pending,
                State::Running => InstanceState::Running,
                State::Ending => InstanceState::Ending,
                State::Ended => InstanceState::Ended,
                State::Unknown => InstanceState::Unknown,
            },
            address: seen.address,
            private_address: seen.private_address,
            hostname: seen.hostname,
        }
    }
}

impl From<CloudError> for Refusal {
    fn from(error: CloudError) -> Self {
        match error {
            CloudError::NoCapacity {
                zone,
                instance_type,
            } => Self::NoCapacity(zone, instance_type),
            CloudError::Refused { reason } => Self::Refused(reason),
            CloudError::Throttled => Self::Throttled,
            CloudError::Unknown { reason } => Self::Unknown(reason),
        }
    }
}

impl From<Refusal> for CloudError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoCapacity(zone, instance_type) => Self::NoCapacity {
                zone,
                instance_type,
            },
            Refusal::Refused(reason) => Self::Refused { reason },
            Refusal::Throttled => Self::Throttled,
            Refusal::Unknown(reason) => Self::Unknown { reason },
        }
    }
}
