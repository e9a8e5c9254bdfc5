//! Nodes as columns, and the tables their indices speak of: the shape in which policies get them.

use std::collections::BTreeMap;

use super::{GroupState, Member};
use crate::ids::{InstanceType, NodeNo, RegionName, ZoneName};
use crate::node::Role;
use crate::snapshot::{
    FLAG_DISCOURAGED, FLAG_DRAINING, FLAG_PUBLISHERS, FLAG_SUNSET, Metric, NEVER_MS, Nodes,
    TypeRow, ZoneRow,
};
use crate::topology::LinkState;
use crate::units::UtcMs;

/// Names and their positions in the lists a policy gets.
pub(super) struct Tables {
    pub(super) zones: Vec<ZoneRow>,
    pub(super) zone_at: BTreeMap<ZoneName, u32>,
    pub(super) types: Vec<TypeRow>,
    pub(super) type_at: BTreeMap<InstanceType, u32>,
}

pub(super) fn position(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl GroupState {
    /// The zones a policy's indices speak of, as of `now`; blocked are those without room for this machine type.
    pub(crate) fn zones_for(&self, instance_type: &InstanceType, now: UtcMs) -> Vec<ZoneRow> {
        let mut zones = self.tables(now).zones;
        for zone in &mut zones {
            zone.blocked = self.troubles.is_full_of(&zone.name, instance_type, now);
        }
        zones
    }

    /// The zone of the region that has been without room for the machine type for the longest time: the first to try
    /// again where all are.
    pub(crate) fn zone_full_longest(
        &self,
        region: &RegionName,
        instance_type: &InstanceType,
    ) -> Option<ZoneName> {
        let here = self.places.iter().filter(|place| place.region == *region);
        here.map(|place| &place.zone)
            .min_by_key(|zone| self.troubles.full_until(zone, instance_type))
            .cloned()
    }

    pub(super) fn tables(&self, now: UtcMs) -> Tables {
        let region_at =
            |region: &RegionName| self.group.regions.iter().position(|name| name == region);
        let mut tables = Tables {
            zones: Vec::new(),
            zone_at: BTreeMap::new(),
            types: Vec::new(),
            type_at: BTreeMap::new(),
        };
        let of_places = self.places.iter().map(|place| (&place.zone, &place.region));
        let of_nodes = self
            .members
            .values()
            .map(|member| (&member.node.zone, &member.node.region));
        for (zone, region) in of_places.chain(of_nodes) {
            let Some(region) = region_at(region) else {
                continue;
            };
            if !tables.zone_at.contains_key(zone) {
                tables
                    .zone_at
                    .insert(zone.clone(), position(tables.zones.len()));
                let blocked = self.troubles.is_full(zone, now);
                tables.zones.push(ZoneRow {
                    name: zone.clone(),
                    region: position(region),
                    blocked,
                });
            }
        }
        let of_targets = self
            .spec
            .launch
            .values()
            .map(|target| (&target.instance_type, target.capacity));
        let of_nodes = self
            .members
            .values()
            .map(|member| (&member.node.instance_type, member.node.capacity));
        for (name, capacity) in of_targets.chain(of_nodes) {
            if !tables.type_at.contains_key(name) {
                tables
                    .type_at
                    .insert(name.clone(), position(tables.types.len()));
                let price_micros_per_hour = self.rules.prices.get(name).copied().unwrap_or(0);
                tables.types.push(TypeRow {
                    name: name.clone(),
                    capacity,
                    price_micros_per_hour,
                });
            }
        }
        tables
    }

    pub(super) fn columns(&self, members: &[&Member], tables: &Tables, now: UtcMs) -> Nodes {
        // Edges have nobody below them, and a view of edges is made often.
        let has_parents = members
            .iter()
            .any(|member| matches!(member.node.role, Role::Origin | Role::Relay));
        let below = if has_parents {
            self.subscribers_below()
        } else {
            BTreeMap::new()
        };
        let mut nodes = Nodes::default();
        for member in members {
            let (node, load) = (&member.node, &member.load);
            nodes.id.push(node.no.0);
            nodes.role.push(node.role as u8);
            nodes.state.push(node.state as u8);
            nodes.flags.push(self.flags(member));
            nodes
                .zone
                .push(tables.zone_at.get(&node.zone).copied().unwrap_or(0));
            nodes.instance_type.push(
                tables
                    .type_at
                    .get(&node.instance_type)
                    .copied()
                    .unwrap_or(0),
            );
            nodes
                .age_s
                .push(u32::try_from(now.since(node.launched_at).0 / 1_000).unwrap_or(u32::MAX));
            nodes.report_age_ms.push(
                member
                    .last_report
                    .map_or(NEVER_MS, |at| now.since(at).as_u32()),
            );
            nodes.capacity.push(node.capacity);
            nodes.connections.push(load.connections);
            nodes.publishers.push(load.publishers);
            nodes.streams.push(self.streams.count_on(node.no));
            nodes
                .edge_subscribers
                .push(below.get(&node.no).copied().unwrap_or(0));
            nodes.restreamers.push(load.restreamers);
            nodes.assigned.push(member.assigned);
            nodes.free_memory_mib.push(load.free_memory_mib);
            nodes.max_memory_mib.push(load.max_memory_mib);
        }
        nodes
    }

    fn flags(&self, member: &Member) -> u8 {
        let node = &member.node;
        let set = |bit: u8, on: bool| if on { bit } else { 0 };
        set(FLAG_DRAINING, node.drain.is_some())
            | set(FLAG_SUNSET, node.sunset)
            | set(FLAG_DISCOURAGED, self.discouraged.contains(&node.no))
            | set(FLAG_PUBLISHERS, member.load.publishers > 0)
    }

    /// Subscribers of the edges below each origin and relay, by established links, counted once for each parent.
    fn subscribers_below(&self) -> BTreeMap<NodeNo, u32> {
        let mut below: BTreeMap<NodeNo, u32> = BTreeMap::new();
        let established = || {
            self.topology
                .links()
                .filter(|link| link.state == LinkState::Established)
        };
        let role_of = |no: NodeNo| self.members.get(&no).map(|member| member.node.role);
        for link in established().filter(|link| role_of(link.child) == Some(Role::Edge)) {
            let subscribers = self
                .members
                .get(&link.child)
                .map_or(0, |member| member.load.subscribers);
            let sum = below.entry(link.parent).or_default();
            *sum = sum.saturating_add(subscribers);
        }
        let relays: Vec<(NodeNo, u32)> = established()
            .filter(|link| role_of(link.child) == Some(Role::Relay))
            .map(|link| (link.parent, below.get(&link.child).copied().unwrap_or(0)))
            .collect();
        for (parent, subscribers) in relays {
            let sum = below.entry(parent).or_default();
            *sum = sum.saturating_add(subscribers);
        }
        below
    }
}

/// Columns of metrics at most: nodes with names of their own must not widen everybody's row.
const MOST_COLUMNS: usize = 256;

/// Every metric that some node reports, one column each, 0 where a node does not report it. Of too many those that most
/// nodes report.
pub(super) fn metrics_of(members: &[&Member]) -> Vec<Metric> {
    let mut reporters: BTreeMap<&str, usize> = BTreeMap::new();
    // Nodes of one kind report the same names: those are counted together.
    for alike in members.chunk_by(|one, other| names_of(one).eq(names_of(other))) {
        for name in names_of(alike[0]) {
            *reporters.entry(name).or_default() += alike.len();
        }
    }
    let mut names: Vec<(&str, usize)> = reporters.into_iter().collect();
    if names.len() > MOST_COLUMNS {
        names.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        names.truncate(MOST_COLUMNS);
        names.sort_unstable();
    }
    let mut columns: BTreeMap<&str, Vec<u32>> = names
        .into_iter()
        .map(|(name, _)| (name, vec![0; members.len()]))
        .collect();
    for (row, member) in members.iter().enumerate() {
        for (name, value) in member.load.metrics.iter() {
            if let Some(column) = columns.get_mut(name.as_str()) {
                column[row] = *value;
            }
        }
    }
    columns
        .into_iter()
        .map(|(name, values)| Metric {
            name: name.to_owned(),
            values,
        })
        .collect()
}

fn names_of(member: &Member) -> impl Iterator<Item = &str> {
    member.load.metrics.iter().map(|(name, _)| name.as_str())
}
