//! Nodes for instances that another cloud made: the other cloud has the instance, this one simulates what runs on it.

use weir_core::ids::{NodeId, PlatformId, RegionName, ZoneName};
use weir_core::node::Role;

use super::SimulatedCloud;
use super::boot_time::randomness;
use super::record::{Asked, Given, Record};
use crate::CloudError;

/// An instance of another cloud that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignInstance {
    /// Identifier of the node on it.
    pub id: NodeId,
    /// What the node was launched as.
    pub role: Role,
    /// Region it is in.
    pub region: RegionName,
    /// Zone it is in.
    pub zone: ZoneName,
    /// Connections it is meant for.
    pub capacity: u32,
    /// The other cloud's id.
    pub platform_id: PlatformId,
    /// Address clients use.
    pub address: String,
    /// Address inside the other cloud's network.
    pub private_address: String,
    /// Public DNS name.
    pub hostname: String,
}

impl SimulatedCloud {
    /// Starts the node of an instance that runs by now: its service is up after a boot time. Nothing happens when it has
    /// one. [`crate::CloudController::terminate`] ends it.
    ///
    /// # Errors
    /// [`CloudError::Refused`] when a node of that identifier exists elsewhere; [`CloudError::NoCapacity`] when the zone
    /// was made full here.
    pub fn host_node(&self, instance: ForeignInstance) -> Result<(), CloudError> {
        let world = &self.world;
        let now = world.clock.now();
        let given = Given {
            platform_id: instance.platform_id,
            address: instance.address,
            private_address: instance.private_address,
            hostname: instance.hostname,
        };
        let asked = Asked {
            id: instance.id,
            role: instance.role,
            region: instance.region,
            zone: instance.zone,
            instance_type: "".into(),
            image: String::new(),
            capacity: instance.capacity,
            tags: Vec::new(),
            properties: Vec::new(),
        };
        let hosted = world.find_or_launch(asked, |asked, number| {
            let mut random = randomness(world.settings.seed, "boot", asked.id.as_str());
            let boot = world.settings.boot.draw(&mut random);
            Record {
                given: Some(given),
                running_at: now,
                ..Record::launched(asked, number, now, boot)
            }
        });
        hosted.map(|_| ())
    }
}
