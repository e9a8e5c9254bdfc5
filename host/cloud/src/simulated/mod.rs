//! The simulated cloud: the embedded default, and the ground of most tests.
//!
//! It makes instances with random boot times; each of them becomes a [`SimulatedNode`] that speaks the node protocol to
//! the manager over real HTTP and carries an audience. Everything lives in this process and on one clock. The object
//! may outlive the manager; with [`SimulatedCloud::persist_to`] the instances outlive the process too.

mod boot_time;
mod controller;
mod foreign;
mod media;
mod persistence;
mod record;
mod settings;
mod tally;
mod world;

use std::io;
use std::path::Path;
use std::sync::Arc;

use weir_core::ids::{NodeId, ZoneName};
use weir_core::liveness::Port;
use weir_core::stream::StreamName;

use crate::CloudError;
use crate::audience::{ConnectError, Connection};
use crate::clock::SharedClock;
use crate::node::SimulatedNode;
use persistence::Memory;

pub use boot_time::{BootTime, P95_DEVIATIONS, lognormal, randomness};
pub use foreign::ForeignInstance;
pub use settings::{NodeAuth, NodeSettings, SimulatedSettings};
pub use tally::Counts;

pub(crate) use record::Record;
pub(crate) use tally::{Tally, count};
pub(crate) use world::World;

/// The simulated cloud. Dropping it ends its nodes.
pub struct SimulatedCloud {
    pub(crate) world: Arc<World>,
    memory: Memory,
}

impl SimulatedCloud {
    /// An empty cloud. Its nodes are tasks of the runtime that calls [`crate::CloudController::launch`].
    ///
    /// # Errors
    /// [`CloudError::Refused`] when the HTTP client of the nodes cannot be set up on this machine.
    pub fn new(settings: SimulatedSettings, clock: SharedClock) -> Result<Arc<Self>, CloudError> {
        let world = Arc::new(World::new(settings, clock)?);
        Ok(Arc::new(Self {
            world,
            memory: Memory::default(),
        }))
    }

    /// Tells the nodes where the manager is (`http://127.0.0.1:5080`, without path). Until then they try in vain, and
    /// after a restart elsewhere it is told again.
    pub fn set_manager(&self, base_url: &str) {
        self.world.uplink.set_manager(base_url);
    }

    /// Takes up the instances saved in the file, if it exists, and saves every change to it from now on. The nodes'
    /// services start afresh (a new boot), as after a reboot of their machines.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds something else.
    pub async fn persist_to(&self, path: &Path) -> io::Result<()> {
        if let Some(saved) = self.memory.attach(path).await? {
            self.world.restore(saved);
        }
        self.memory.save(&self.world).await
    }

    /// The node of an instance, to see into it or to make it fail. Known until an hour after its end.
    pub fn node(&self, id: &NodeId) -> Option<Arc<SimulatedNode>> {
        self.world.node(id)
    }

    /// The node behind an address or host name.
    pub fn node_at(&self, address: &str) -> Option<Arc<SimulatedNode>> {
        self.world.node_at(address)
    }

    /// All nodes, ended ones of the last hour included, by id.
    pub fn nodes(&self) -> Vec<Arc<SimulatedNode>> {
        self.world.nodes()
    }

    /// What dialling the port of a service at this address would tell.
    pub fn port(&self, address: &str) -> Port {
        let node = self.node_at(address);
        node.map_or(Port::Unreachable, |node| node.port())
    }

    /// Makes a zone refuse new instances for want of room, or take them again.
    pub fn set_zone_full(&self, zone: &ZoneName, full: bool) {
        self.world.set_zone_full(zone, full);
    }

    /// Connects a publisher to the node at `address`.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect_publisher(
        &self,
        address: &str,
        stream: &StreamName,
    ) -> Result<Connection, ConnectError> {
        self.world.connect_publisher(address, stream)
    }

    /// Connects a viewer to the node at `address`. A node that does not carry the stream pulls it from its parents.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect_viewer(
        &self,
        address: &str,
        stream: &StreamName,
    ) -> Result<Connection, ConnectError> {
        self.world.connect_viewer(address, stream)
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        self.world.tally.counts()
    }
}

impl Drop for SimulatedCloud {
    fn drop(&mut self) {
        for node in self.world.nodes() {
            node.abort();
        }
    }
}
