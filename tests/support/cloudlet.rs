//! A cloudlet: for every instance that runs on the EC2 of a test, our simulated node runs on its loopback address, and
//! reports from there to the manager over real HTTP. It knows what an instance's tags and user data tell it, no more.
//!
//! The node listens on its access port while its service is up, so that the manager can try it. Publishers and viewers
//! connect through [`Cloudlet::nodes`], where single nodes can be crashed, muted and restarted as well.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use weir_cloud::CloudController;
use weir_cloud::clock::SharedClock;
use weir_cloud::simulated::{ForeignInstance, SimulatedCloud, SimulatedSettings};
use weir_core::ids::NodeId;
use weir_core::node::Role;
use weir_core::units::DurationMs;

use crate::ec2_api::tag;
use crate::ec2_proxy::Ec2Proxy;
use crate::xml::Element;

/// Port that nodes listen on, as the manager's setting for it says.
pub const ACCESS_PORT: u16 = 5080;

/// Nodes on the instances of a proxied EC2; they end when this is dropped.
pub struct Cloudlet {
    /// The nodes, and the way of clients to them.
    pub nodes: Arc<SimulatedCloud>,
    watching: AbortHandle,
}

struct Watched {
    proxy: Arc<Ec2Proxy>,
    nodes: Arc<SimulatedCloud>,
    region: String,
}

impl Cloudlet {
    /// Watches the region through the proxy, `look_every` so much. `settings` say how nodes boot and how they sign.
    pub fn start(
        proxy: Arc<Ec2Proxy>,
        region: &str,
        settings: SimulatedSettings,
        clock: SharedClock,
        look_every: DurationMs,
    ) -> Self {
        let nodes = SimulatedCloud::new(settings, clock.clone()).unwrap();
        let watched = Watched {
            proxy,
            nodes: nodes.clone(),
            region: region.to_owned(),
        };
        let watching = tokio::spawn(watch(watched, clock, look_every)).abort_handle();
        Self { nodes, watching }
    }
}

impl Drop for Cloudlet {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

async fn watch(watched: Watched, clock: SharedClock, look_every: DurationMs) {
    let mut ports = BTreeMap::new();
    loop {
        let instances = watched.proxy.truth(&watched.region).await;
        // One that was just launched may look as if it ran, and be pending at the next look: its node stays.
        let standing = instances.iter().filter(|instance| !has_ended(instance));
        let standing: BTreeSet<NodeId> = standing
            .filter_map(|instance| Some(tag(instance, "identifier")?.as_str().into()))
            .collect();
        for instance in instances
            .iter()
            .filter_map(|instance| running_one(instance, &watched.region))
        {
            watched.nodes.host_node(instance).unwrap();
        }
        for node in watched.nodes.nodes() {
            if !standing.contains(node.id()) {
                let region = watched.region.as_str().into();
                // The simulated cloud refuses no end.
                let _ = watched.nodes.terminate(&region, node.id()).await;
            }
        }
        listen(&watched.nodes, &mut ports).await;
        clock.sleep(look_every).await;
    }
}

fn has_ended(instance: &Element) -> bool {
    let state = instance.text_at("instanceState/name");
    matches!(state.as_str(), "shutting-down" | "terminated")
}

/// An instance that runs and says what it is.
///
/// # Panics
/// Its address is not one of this machine: nothing may ever be sent elsewhere.
fn running_one(instance: &Element, region: &str) -> Option<ForeignInstance> {
    if instance.text_at("instanceState/name") != "running" {
        return None;
    }
    let private_address = instance.text_at("privateIpAddress");
    assert!(
        private_address.starts_with("127."),
        "{private_address} is not of this machine"
    );
    let role = tag(instance, "role")?;
    let mut roles = [Role::Origin, Role::Edge, Role::Relay, Role::Transcoder].into_iter();
    Some(ForeignInstance {
        id: tag(instance, "identifier")?.as_str().into(),
        role: roles.find(|known| known.as_str() == role)?,
        region: region.into(),
        zone: instance
            .text_at("placement/availabilityZone")
            .as_str()
            .into(),
        capacity: tag(instance, "connectionCapacity")?.parse().ok()?,
        platform_id: instance.text_at("instanceId").as_str().into(),
        address: private_address.clone(),
        hostname: instance.text_at("privateDnsName"),
        private_address,
    })
}

/// Opens the ports of services that are up, closes those of the others.
async fn listen(nodes: &SimulatedCloud, ports: &mut BTreeMap<NodeId, TcpListener>) {
    for node in nodes.nodes() {
        if !node.is_up() {
            ports.remove(node.id());
        } else if !ports.contains_key(node.id()) {
            let address: IpAddr = node.address().parse().expect("an address of this machine");
            // The port of a node that was here before may be in its last moments: the next look opens it.
            if let Ok(listener) = TcpListener::bind((address, ACCESS_PORT)).await {
                ports.insert(node.id().clone(), listener);
            }
        }
    }
}
