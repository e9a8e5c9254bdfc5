//! Who is who: from an identifier, a cloud id or an address to a node, over all groups.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::RwLock;
use weir_core::ids::{GroupId, NodeId, NodeNo};
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

/// A node's place in the maps.
struct Listed {
    entry: Entry,
    /// Every other name it was ever put under, to be forgotten with it.
    names: Vec<String>,
}

#[derive(Default)]
struct Maps {
    by_id: HashMap<NodeId, Listed>,
    by_platform: HashMap<String, NodeId>,
    by_address: HashMap<String, NodeId>,
    by_private_address: HashMap<String, NodeId>,
}

impl Maps {
    fn entry(&self, id: &str) -> Option<Entry> {
        self.by_id.get(id).map(|listed| listed.entry.clone())
    }

    fn by_any_address(&self, address: &str) -> Option<&NodeId> {
        self.by_address
            .get(address)
            .or_else(|| self.by_private_address.get(address))
    }
}

/// The directory. Written by the reconcilers after each commit, read by everybody.
#[derive(Default)]
pub struct Directory {
    maps: RwLock<Maps>,
}

impl Directory {
    /// Adds a node or takes its new addresses.
    pub fn put(&self, group: &Arc<GroupHandle>, node: &Node) {
        let maps = &mut *self.maps.write();
        let listed = maps.by_id.entry(node.id.clone()).or_insert_with(|| Listed {
            entry: Entry {
                group: group.clone(),
                no: node.no,
                id: node.id.clone(),
            },
            names: Vec::new(),
        });
        // A group that was read again has a new handle.
        listed.entry.group.clone_from(group);
        let platform_id = node.platform_id.as_ref().map(|id| id.as_str());
        let places = [
            (&mut maps.by_platform, [platform_id, None]),
            (
                &mut maps.by_address,
                [node.address.as_deref(), node.hostname.as_deref()],
            ),
            (
                &mut maps.by_private_address,
                [node.private_address.as_deref(), None],
            ),
        ];
        for (map, names) in places {
            for name in names.into_iter().flatten() {
                if map.get(name) != Some(&node.id) {
                    map.insert(name.to_owned(), node.id.clone());
                }
                if !listed.names.iter().any(|known| known == name) {
                    listed.names.push(name.to_owned());
                }
            }
        }
    }

    /// Forgets a node. A name that another node has by now stays that one's.
    pub fn remove(&self, id: &NodeId) {
        let maps = &mut *self.maps.write();
        let Some(listed) = maps.by_id.remove(id) else {
            return;
        };
        for map in [
            &mut maps.by_platform,
            &mut maps.by_address,
            &mut maps.by_private_address,
        ] {
            for name in &listed.names {
                if map.get(name) == Some(id) {
                    map.remove(name);
                }
            }
        }
    }

    /// Forgets the group's nodes that are not among these.
    pub fn keep_only(&self, group: GroupId, nodes: &[Node]) {
        let kept: HashSet<&NodeId> = nodes.iter().map(|node| &node.id).collect();
        let gone: Vec<NodeId> = {
            let maps = self.maps.read();
            let entries = maps.by_id.values().map(|listed| &listed.entry);
            let of_group = entries.filter(|entry| entry.group.id == group);
            of_group
                .filter(|entry| !kept.contains(&entry.id))
                .map(|entry| entry.id.clone())
                .collect()
        };
        for id in &gone {
            self.remove(id);
        }
    }

    /// By identifier.
    pub fn by_id(&self, id: &str) -> Option<Entry> {
        self.maps.read().entry(id)
    }

    /// By identifier, address or host name.
    pub fn find(&self, key: &str) -> Option<Entry> {
        let maps = self.maps.read();
        let id = maps.by_any_address(key).map_or(key, |id| id.as_str());
        maps.entry(id)
    }

    /// Whose message this is: by identifier, then cloud id, public address, private address, and last the peer's.
    pub fn identify(&self, envelope: &Envelope, peer: IpAddr) -> Option<Entry> {
        let maps = self.maps.read();
        if let Some(id) = envelope.node_id.as_deref().filter(|id| !id.is_empty()) {
            return maps.entry(id);
        }
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
        let by_peer = || maps.by_any_address(&peer.to_string());
        let id = platform.or_else(public).or_else(private).or_else(by_peer)?;
        maps.entry(id.as_str())
    }

    /// Is this address one of the node's own?
    pub fn is_address_of(&self, id: &NodeId, address: IpAddr) -> bool {
        self.maps.read().by_any_address(&address.to_string()) == Some(id)
    }
}
