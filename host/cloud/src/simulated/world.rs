//! Everything there is in the simulated cloud: what the controller, the nodes and the audience share.
//!
//! Locks: the instances' lock is never held while a node's own lock is taken, and no two nodes' locks are held at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use weir_core::ids::{NodeId, ZoneName};
use weir_core::units::{DurationMs, UtcMs};

use super::record::{Asked, Record};
use super::settings::SimulatedSettings;
use super::tally::Tally;
use crate::CloudError;
use crate::clock::SharedClock;
use crate::node::SimulatedNode;
use crate::node::uplink::Uplink;

/// An ended instance is still known by its id for so long (repeated launches and terminations must find it).
const REMEMBER_ENDED: DurationMs = DurationMs::secs(3_600);

pub(crate) struct World {
    pub(crate) clock: SharedClock,
    pub(crate) settings: SimulatedSettings,
    pub(crate) uplink: Uplink,
    pub(crate) tally: Arc<Tally>,
    instances: RwLock<Instances>,
}

#[derive(Default)]
struct Instances {
    last_number: u32,
    full_zones: BTreeSet<ZoneName>,
    held: BTreeMap<NodeId, Held>,
    by_address: HashMap<String, NodeId>,
}

struct Held {
    record: Record,
    node: Arc<SimulatedNode>,
}

/// What outlives the process.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Saved {
    pub(crate) last_number: u32,
    pub(crate) instances: Vec<Record>,
}

impl World {
    pub(crate) fn new(settings: SimulatedSettings, clock: SharedClock) -> Result<Self, CloudError> {
        let instances = Instances {
            full_zones: settings.full_zones.clone(),
            ..Instances::default()
        };
        Ok(Self {
            uplink: Uplink::new(&settings.nodes)?,
            clock,
            settings,
            tally: Arc::default(),
            instances: RwLock::new(instances),
        })
    }

    /// The instance of `asked`: the one that exists, or a new one made by `make` from the next free number.
    pub(crate) fn find_or_launch(
        self: &Arc<Self>,
        asked: Asked,
        make: impl FnOnce(Asked, u32) -> Record,
    ) -> Result<Record, CloudError> {
        let now = self.clock.now();
        let mut instances = self.instances.write();
        instances.forget_ended(now);
        if let Some(held) = instances.held.get(&asked.id) {
            return held.record.repeated(&asked);
        }
        instances.check_room(&asked, now, self.settings.zone_capacity)?;
        instances.last_number += 1;
        let record = make(asked, instances.last_number);
        instances.hold(self, record.clone());
        Ok(record)
    }

    /// Starts the way out of an instance; its node stops at once. `false` when it is not known.
    pub(crate) fn terminate(&self, id: &NodeId, takes: DurationMs) -> bool {
        let now = self.clock.now();
        let mut instances = self.instances.write();
        let Some(held) = instances.held.get_mut(id) else {
            return false;
        };
        held.record.end(now, takes);
        let node = Arc::clone(&held.node);
        drop(instances);
        node.end();
        true
    }

    pub(crate) fn record(&self, id: &NodeId) -> Option<Record> {
        let instances = self.instances.read();
        instances.held.get(id).map(|held| held.record.clone())
    }

    /// All instances that are not gone, by id.
    pub(crate) fn alive(&self) -> Vec<Record> {
        let now = self.clock.now();
        let instances = self.instances.read();
        let records = instances.held.values().map(|held| &held.record);
        records
            .filter(|record| !record.is_ended(now))
            .cloned()
            .collect()
    }

    pub(crate) fn node(&self, id: &NodeId) -> Option<Arc<SimulatedNode>> {
        let instances = self.instances.read();
        instances.held.get(id).map(|held| Arc::clone(&held.node))
    }

    /// The node that is reached by this address (public or private) or host name.
    pub(crate) fn node_at(&self, address: &str) -> Option<Arc<SimulatedNode>> {
        let instances = self.instances.read();
        let id = instances.by_address.get(address)?;
        instances.held.get(id).map(|held| Arc::clone(&held.node))
    }

    pub(crate) fn nodes(&self) -> Vec<Arc<SimulatedNode>> {
        let instances = self.instances.read();
        let held = instances.held.values();
        held.map(|held| Arc::clone(&held.node)).collect()
    }

    pub(crate) fn set_zone_full(&self, zone: &ZoneName, full: bool) {
        let zones = &mut self.instances.write().full_zones;
        if full {
            zones.insert(zone.clone());
        } else {
            zones.remove(zone);
        }
    }

    pub(crate) fn save(&self) -> Saved {
        let instances = self.instances.read();
        Saved {
            last_number: instances.last_number,
            instances: instances
                .held
                .values()
                .map(|held| held.record.clone())
                .collect(),
        }
    }

    /// Takes up what an earlier process left; its nodes start again. Instances that exist already stay as they are.
    pub(crate) fn restore(self: &Arc<Self>, saved: Saved) {
        let mut instances = self.instances.write();
        let numbers = saved.instances.iter().map(|record| record.number);
        instances.last_number = numbers
            .chain([saved.last_number, instances.last_number])
            .max()
            .unwrap_or_default();
        for record in saved.instances {
            if !instances.held.contains_key(&record.asked.id) {
                instances.hold(self, record);
            }
        }
    }
}

impl Instances {
    fn hold(&mut self, world: &Arc<World>, record: Record) {
        let id = record.asked.id.clone();
        for address in record.names() {
            self.by_address.insert(address, id.clone());
        }
        let node = SimulatedNode::start(world, &record);
        self.held.insert(id, Held { record, node });
    }

    fn check_room(&self, asked: &Asked, now: UtcMs, most: Option<u32>) -> Result<(), CloudError> {
        let in_zone =
            |held: &&Held| held.record.asked.zone == asked.zone && !held.record.is_ended(now);
        let most = most.map_or(usize::MAX, |most| most as usize);
        let full = self.full_zones.contains(&asked.zone)
            || self.held.values().filter(in_zone).count() >= most;
        if full {
            return Err(CloudError::NoCapacity {
                zone: asked.zone.clone(),
                instance_type: asked.instance_type.clone(),
            });
        }
        Ok(())
    }

    fn forget_ended(&mut self, now: UtcMs) {
        let by_address = &mut self.by_address;
        self.held.retain(|_, held| {
            let gone = held.record.ending.map(|ending| ending.gone_at);
            let forget = gone.is_some_and(|gone| now.since(gone) >= REMEMBER_ENDED);
            if forget {
                for address in held.record.names() {
                    by_address.remove(&address);
                }
            }
            !forget
        });
    }
}

impl Record {
    fn names(&self) -> [String; 3] {
        [self.address(), self.private_address(), self.hostname()]
    }

    fn repeated(&self, asked: &Asked) -> Result<Record, CloudError> {
        if self.asked == *asked {
            return Ok(self.clone());
        }
        let reason = format!(
            "{} was launched before with other parameters; use a new identifier",
            asked.id
        );
        // No refusal, after which nothing would be there.
        Err(CloudError::Unknown { reason })
    }
}
