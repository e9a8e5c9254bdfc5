//! Who is who: from an identifier, a cloud id or an address to a node, over all groups.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use weir_core::ids::{NodeId, NodeNo};
use weir_core::node::Node;
use weir_core::report::Envelope;

use super::group::GroupHandle;

/// A node and the group it belongs to.
#[derive(Clone)]
pub struct Entry {
    /// Its group.
    pub group: Arc<GroupHandle>,
    /// Its number there.
    pub no: NodeNo,
    /// Its identifier.
    pub id: NodeId,
}

#[derive(Default)]
struct Maps {
    by_id: HashMap<NodeId, Entry>,
    by_platform: HashMap<String, NodeId>,
    by_address: HashMap<String, NodeId>,
    by_private_address: HashMap<String, NodeId>,
}

/// The directory. Written by the reconcilers after each commit, read by everybody.
#[derive(Default)]
pub struct Directory {
    maps: RwLock<Maps>,
}

impl Directory {
    /// Adds a node or takes its new addresses.
    pub fn put(&self, group: &Arc<GroupHandle>, node: &Node) {
        let mut maps = self.maps.write();
        let entry = Entry {
            group: group.clone(),
            no: node.no,
            id: node.id.clone(),
        };
        maps.by_id.insert(node.id.clone(), entry);
        if let Some(platform_id) = &node.platform_id {
            maps.by_platform
                .insert(platform_id.to_string(), node.id.clone());
        }
        for name in [&node.address, &node.hostname].into_iter().flatten() {
            maps.by_address.insert(name.clone(), node.id.clone());
        }
        if let Some(address) = &node.private_address {
            maps.by_private_address
                .insert(address.clone(), node.id.clone());
        }
    }

    /// Forgets a node.
    pub fn remove(&self, id: &NodeId) {
        let mut maps = self.maps.write();
        maps.by_id.remove(id);
        maps.by_platform.retain(|_, known| known != id);
        maps.by_address.retain(|_, known| known != id);
        maps.by_private_address.retain(|_, known| known != id);
    }

    /// By identifier.
    pub fn by_id(&self, id: &str) -> Option<Entry> {
        self.maps.read().by_id.get(&NodeId::from(id)).cloned()
    }

    /// By identifier, address or host name.
    pub fn find(&self, key: &str) -> Option<Entry> {
        let maps = self.maps.read();
        let id = NodeId::from(key);
        let id = maps
            .by_address
            .get(key)
            .or_else(|| maps.by_private_address.get(key))
            .unwrap_or(&id);
        maps.by_id.get(id).cloned()
    }

    /// Whose message this is: by identifier, then cloud id, public address, private address, and last the peer's.
    pub fn identify(&self, envelope: &Envelope, peer: &str) -> Option<Entry> {
        if let Some(id) = envelope.node_id.as_deref().filter(|id| !id.is_empty()) {
            return self.by_id(id);
        }
        let maps = self.maps.read();
        let platform = envelope
            .platform_id
            .as_ref()
            .and_then(|id| maps.by_platform.get(id));
        let public = || {
            envelope
                .public_ip
                .as_ref()
                .and_then(|address| maps.by_address.get(address))
        };
        let private = || {
            envelope
                .private_ip
                .as_ref()
                .and_then(|address| maps.by_private_address.get(address))
        };
        let by_peer = || {
            maps.by_address
                .get(peer)
                .or_else(|| maps.by_private_address.get(peer))
        };
        let id = platform.or_else(public).or_else(private).or_else(by_peer)?;
        maps.by_id.get(id).cloned()
    }

    /// Is this address one of the node's own?
    pub fn is_address_of(&self, id: &NodeId, address: &str) -> bool {
        let maps = self.maps.read();
        let owner = maps
            .by_address
            .get(address)
            .or_else(|| maps.by_private_address.get(address));
        owner == Some(id)
    }
}
