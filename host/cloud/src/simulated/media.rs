//! How streams flow in the simulation: a publisher gives one to an origin, and a node that is asked for a stream it
//! does not have pulls it from a parent that can supply it.

use std::collections::BTreeSet;
use std::sync::Arc;

use weir_core::ids::NodeId;
use weir_core::node::Role;
use weir_core::stream::StreamName;

use super::World;
use crate::audience::{ClientKind, ConnectError, Connection};
use crate::node::SimulatedNode;

/// Edge, relay, origin: no path is longer.
const LONGEST_PATH: u8 = 3;

impl World {
    pub(crate) fn connect_publisher(
        &self,
        address: &str,
        stream: &StreamName,
    ) -> Result<Connection, ConnectError> {
        let node = self.node_at(address).ok_or(ConnectError::Unreachable)?;
        match node.role() {
            Role::Origin | Role::Transcoder => node.admit(ClientKind::Publisher, stream),
            Role::Edge | Role::Relay => Err(ConnectError::TakesNoPublishers),
        }
    }

    pub(crate) fn connect_viewer(
        &self,
        address: &str,
        stream: &StreamName,
    ) -> Result<Connection, ConnectError> {
        let node = self.node_at(address).ok_or(ConnectError::Unreachable)?;
        if !node.is_up() {
            return Err(ConnectError::Unreachable);
        }
        if !self.supplies(&node, stream, LONGEST_PATH) {
            return Err(ConnectError::NoStream);
        }
        node.admit(ClientKind::Viewer, stream)
    }

    /// Looks at a node's links and restreams again: links come and go with the parents, restreams end with their source
    /// or when nobody wants them any more.
    pub(crate) fn refresh(&self, node: &Arc<SimulatedNode>) {
        self.refresh_links(node);
        for stream in node.wanted_streams() {
            let unwanted = node.idle_time(&stream) >= self.settings.nodes.idle_restream;
            if unwanted || !self.supplies(node, &stream, LONGEST_PATH) {
                node.stop_pulling(&stream);
            }
        }
        for address in node.established() {
            if let Some(parent) = self.node_at(&address) {
                parent.set_child(node.id(), node.pulls_from(parent.addresses()));
            }
        }
        let linked = node.children().into_iter().filter(|child| {
            let child = self.node(&NodeId::new(child.as_str()));
            child.is_some_and(|child| child.is_up() && child.is_linked_to(node.addresses()))
        });
        node.keep_children(&linked.collect());
    }

    fn refresh_links(&self, node: &Arc<SimulatedNode>) {
        let parents = node.parent_addresses();
        let up = |address: &String| {
            let parent = self.node_at(address);
            parent.is_some_and(|parent| parent.is_up()) && node.reaches(address)
        };
        let alive: BTreeSet<String> = parents.into_iter().filter(up).collect();
        node.refresh_links(&alive, self.settings.nodes.link_delay);
    }

    /// Whether `node` has the stream, or gets it from a parent now.
    fn supplies(&self, node: &Arc<SimulatedNode>, stream: &StreamName, path: u8) -> bool {
        if !node.is_up() {
            return false;
        }
        if node.publishes(stream) {
            return true;
        }
        if path == 0 {
            return false;
        }
        self.refresh_links(node);
        for address in node.established() {
            let Some(parent) = self.node_at(&address) else {
                continue;
            };
            if self.supplies(&parent, stream, path - 1) {
                node.pull(stream, &address);
                parent.set_child(node.id(), node.pulls_from(parent.addresses()));
                return true;
            }
        }
        false
    }
}
