//! Pictures of the aggregate: load per role, the scaling snapshot, the placement view.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::RegionName;
use crate::node::{NodeState, Role};
use crate::placement::Action;
use crate::snapshot::{Fact, InFlightRow, LimitsRow, NEVER_MS, Snapshot, View};
use crate::topology::Member as Linked;
use crate::units::{DurationMs, UtcMs};

use super::columns::{Tables, metrics_of, position};
use super::{GroupState, Member, OriginServes};

/// Load of a role in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleLoad {
    /// Role.
    pub role: Role,
    /// Region.
    pub region: RegionName,
    /// Nodes of any state.
    pub nodes: u32,
    /// Nodes in service.
    pub in_service: u32,
    /// Nodes draining.
    pub draining: u32,
    /// Capacity of all nodes.
    pub capacity: u32,
    /// Capacity of nodes in service that take clients.
    pub capacity_in_service: u32,
    /// Direct clients on nodes in service, draining ones included.
    pub connections: u32,
}

impl RoleLoad {
    /// Over the threshold: connections × 100 > threshold × capacity in service.
    pub fn is_over(&self, threshold_percent: u32) -> bool {
        u64::from(self.connections) * 100
            > u64::from(threshold_percent) * u64::from(self.capacity_in_service)
    }
}

/// Defaults of the waits where a limits document states none: the `threshold` policy's, by the contract.
const DEFAULT_SCALE_OUT_WAIT: DurationMs = DurationMs(0);
const DEFAULT_SCALE_IN_WAIT: DurationMs = DurationMs::secs(60);
const DEFAULT_COOL_DOWN: DurationMs = DurationMs::secs(180);
const DEFAULT_WARM_UP: DurationMs = DurationMs::secs(150);

/// Roles that answer an action in the group as it stands: origins serve viewers where no edge is kept and none is there.
pub fn placement_roles(state: &GroupState, action: Action) -> Vec<Role> {
    let is_edge = |role: Role| role == Role::Edge;
    let kept = state
        .spec
        .limits
        .values()
        .any(|limits| is_edge(limits.role) && limits.min > 0);
    let edges = kept
        || state
            .members
            .values()
            .any(|member| is_edge(member.node.role) && member.node.counts_against_max());
    match (action, state.rules.origin_serves) {
        (Action::Broadcast, _) => vec![Role::Origin],
        (Action::Subscribe, OriginServes::Always) => vec![Role::Edge, Role::Origin],
        (Action::Subscribe, OriginServes::WhenNoEdges) if !edges => vec![Role::Origin],
        (Action::Subscribe, OriginServes::WhenNoEdges | OriginServes::Never) => vec![Role::Edge],
    }
}

impl GroupState {
    /// Load of each role in each region that has limits or nodes; by role, then in the order of the group's regions.
    pub fn role_loads(&self) -> Vec<RoleLoad> {
        let mut loads: BTreeMap<(Role, usize), RoleLoad> = BTreeMap::new();
        let region_at = |region: &RegionName| {
            self.group
                .regions
                .iter()
                .position(|name| name == region)
                .unwrap_or(self.group.regions.len())
        };
        let empty = |role: Role, region: &RegionName| RoleLoad {
            role,
            region: region.clone(),
            nodes: 0,
            in_service: 0,
            draining: 0,
            capacity: 0,
            capacity_in_service: 0,
            connections: 0,
        };
        for (role, region) in self.spec.limits.keys() {
            loads
                .entry((*role, region_at(region)))
                .or_insert_with(|| empty(*role, region));
        }
        for member in self.members.values() {
            let node = &member.node;
            let load = loads
                .entry((node.role, region_at(&node.region)))
                .or_insert_with(|| empty(node.role, &node.region));
            load.nodes += 1;
            load.draining += u32::from(node.drain.is_some() || node.sunset);
            load.capacity = load.capacity.saturating_add(node.capacity);
            if node.state == NodeState::InService {
                load.in_service += 1;
                load.connections = load.connections.saturating_add(member.load.connections);
                if node.is_offered() {
                    load.capacity_in_service =
                        load.capacity_in_service.saturating_add(node.capacity);
                }
            }
        }
        loads.into_values().collect()
    }

    /// Input of a scaling decision at `now`. `seed` is the only randomness the policy gets.
    pub fn snapshot(&self, seed: u32, now: UtcMs) -> Snapshot {
        let tables = self.tables(now);
        let everybody: Vec<&Member> = self
            .members
            .values()
            .filter(|member| self.has_place(member))
            .collect();
        let refused = self.history.refused_since(self.last_decision);
        let fact = |name: &str, value: u32| Fact {
            name: name.to_owned(),
            value: f64::from(value),
        };
        Snapshot {
            now,
            seed,
            group: self.group.name.to_string(),
            regions: self.group.regions.clone(),
            nodes: self.columns(&everybody, &tables, now),
            metrics: metrics_of(&everybody),
            in_flight: self.in_flight(&tables, now),
            limits: self.limits_rows(now),
            boot: self.boot_times.rows(),
            history: self.history.rows(&self.group.regions, now),
            calendar: Vec::new(),
            facts: vec![
                fact("refused-since-last-decision", refused),
                fact("origins-over-capacity", self.overloaded(Role::Origin)),
                fact("relays-over-capacity", self.overloaded(Role::Relay)),
            ],
            zones: tables.zones,
            instance_types: tables.types,
        }
    }

    /// Nodes that may be chosen for the action at `now`: in service, taking clients, with enough free memory and, with
    /// hard capacity, with room.
    pub fn view(&self, action: Action, now: UtcMs) -> View {
        let tables = self.tables(now);
        let roles = placement_roles(self, action);
        let fits = |member: &&Member| {
            roles.contains(&member.node.role)
                && self.takes_clients(member)
                && self.has_place(member)
        };
        let mut chosen: Vec<&Member> = self.members.values().filter(fits).collect();
        self.leave_out_cut_off(&mut chosen);
        let weight = |(name, value): (&String, &f64)| Fact {
            name: format!("weight.{name}"),
            value: *value,
        };
        View {
            now,
            group: self.group.name.to_string(),
            action,
            regions: self.group.regions.clone(),
            nodes: self.columns(&chosen, &tables, now),
            metrics: metrics_of(&chosen),
            facts: self.rules.weights.iter().map(weight).collect(),
            zones: tables.zones,
        }
    }

    /// A node to which no stream comes (its first link is on its way, or its parents lost theirs) is left out where its
    /// region has others. Whether it gets *the* stream of a question is looked at when it is asked.
    fn leave_out_cut_off(&self, chosen: &mut Vec<&Member>) {
        let fed = |member: &Member| !self.topology.is_cut_off(member.node.no);
        let regions: BTreeSet<&RegionName> = chosen
            .iter()
            .filter(|member| fed(member))
            .map(|member| &member.node.region)
            .collect();
        chosen.retain(|member| fed(member) || !regions.contains(&member.node.region));
    }

    /// The host's own conditions on a node that is offered to clients.
    pub fn takes_clients(&self, member: &Member) -> bool {
        let load = &member.load;
        let enough_memory =
            load.max_memory_mib == 0 || load.free_memory_mib >= self.rules.min_free_memory_mib;
        let room = !self.rules.hard_capacity
            || load.connections.saturating_add(member.assigned) < member.node.capacity;
        let reachable = member.node.address.is_some() || member.node.private_address.is_some();
        member.node.is_offered() && enough_memory && room && reachable
    }

    /// A node of a region that left the group has no index in a policy's tables and is not shown.
    fn has_place(&self, member: &Member) -> bool {
        self.group.regions.contains(&member.node.region)
    }

    fn in_flight(&self, tables: &Tables, now: UtcMs) -> Vec<InFlightRow> {
        let flying = self
            .members
            .values()
            .filter(|member| member.node.state.is_in_flight());
        flying
            .filter_map(|member| {
                Some(InFlightRow {
                    id: member.node.no.0,
                    role: member.node.role,
                    zone: *tables.zone_at.get(&member.node.zone)?,
                    instance_type: tables
                        .type_at
                        .get(&member.node.instance_type)
                        .copied()
                        .unwrap_or(0),
                    age_ms: now.since(member.node.launched_at).as_u32(),
                })
            })
            .collect()
    }

    fn limits_rows(&self, now: UtcMs) -> Vec<LimitsRow> {
        let mut rows = Vec::new();
        for ((role, region), limits) in &self.spec.limits {
            let Some(index) = self.group.regions.iter().position(|name| name == region) else {
                continue;
            };
            let place = (*role, region.clone());
            let since = |when: &BTreeMap<(Role, RegionName), UtcMs>| {
                when.get(&place)
                    .map_or(NEVER_MS, |at| now.since(*at).as_u32())
            };
            rows.push(LimitsRow {
                role: *role,
                region: position(index),
                min: limits.min,
                max: limits.max,
                max_step: limits.step.max(1),
                threshold_permille: self.spec.threshold(*role) * 10,
                scale_out_wait_ms: limits
                    .scale_out_wait
                    .unwrap_or(DEFAULT_SCALE_OUT_WAIT)
                    .as_u32(),
                scale_in_wait_ms: limits
                    .scale_in_wait
                    .unwrap_or(DEFAULT_SCALE_IN_WAIT)
                    .as_u32(),
                warm_up_ms: limits.warm_up.unwrap_or(DEFAULT_WARM_UP).as_u32(),
                cool_down_ms: limits.cool_down.unwrap_or(DEFAULT_COOL_DOWN).as_u32(),
                since_launch_ms: since(&self.last_launch),
                since_retirement_ms: since(&self.last_retirement),
            });
        }
        rows
    }

    /// Nodes of the role whose children may pull more than they carry.
    fn overloaded(&self, role: Role) -> u32 {
        let overloaded = self.topology.overloaded().iter();
        let of_role = overloaded.filter(|no| {
            self.members
                .get(no)
                .is_some_and(|member| member.node.role == role)
        });
        position(of_role.count())
    }

    pub(crate) fn topology_members(&self) -> Vec<Linked> {
        let linked = |member: &Member| Linked {
            no: member.node.no,
            role: member.node.role,
            region: member.node.region.clone(),
            alive: member.node.state == NodeState::InService,
            leaving: member.node.drain.is_some() || member.node.state == NodeState::Terminating,
            capacity: member.node.capacity,
            connections: member.load.connections,
            streams: self.streams.count_on(member.node.no),
        };
        self.members.values().map(linked).collect()
    }
}
