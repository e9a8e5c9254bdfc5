//! From facts, orders of operators and granted wishes to the records that have to be stored.
//!
//! A plan is all or nothing: the reconciler stores it in one transaction and then commits it to the state. Calls to
//! the cloud are not in it: they follow from the stored records ([`GroupState::take_calls`]).

use std::collections::{BTreeMap, BTreeSet};

use crate::group::{Group, GroupState as Phase};
use crate::group_state::{GroupState, Member};
use crate::guardrails::{Granted, GrantedLaunch};
use crate::ids::{NodeId, NodeNo, RegionName, ZoneName};
use crate::lifecycle::{self, NodeEvent};
use crate::node::{Node, NodeState, Role};
use crate::reason::Reason;
use crate::units::UtcMs;
use crate::zones;

/// A node whose record is to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// Number.
    pub no: NodeNo,
    /// Identifier.
    pub id: NodeId,
}

/// What an operator asks of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperatorOrder {
    /// One more node of the role.
    Launch(Role),
    /// End the node; with force whatever its state, forgetting its record.
    Terminate {
        /// Which.
        no: NodeNo,
        /// Forget the record at once; the sweep ends the instance.
        force: bool,
    },
    /// Let the edge empty, then end it.
    Sunset(NodeNo),
    /// End all nodes, then the group.
    DeleteGroup,
}

/// Why an operator's order cannot be carried out. The text names the mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OrderRefused(pub String);

/// Durable changes of one pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The group's new record.
    pub group: Option<Group>,
    /// New and changed node records.
    pub nodes: Vec<Node>,
    /// Records to remove.
    pub gone: Vec<Gone>,
    /// The new set of discouraged nodes (soft).
    pub discouraged: Option<BTreeSet<NodeNo>>,
    /// Numbers of the nodes this plan launches.
    pub launched: Vec<NodeNo>,
}

impl Plan {
    /// Nothing to store.
    pub fn is_empty(&self) -> bool {
        self.group.is_none() && self.nodes.is_empty() && self.gone.is_empty()
    }
}

/// Makes one plan. Take a fresh one for each pass; the order of calls is the order of effects.
pub struct Planner<'a> {
    state: &'a GroupState,
    now: UtcMs,
    mint: &'a mut dyn FnMut(&ZoneName) -> NodeId,
    group: Group,
    changed: BTreeMap<NodeNo, Node>,
    launched: Vec<NodeNo>,
    gone: BTreeMap<NodeNo, Gone>,
    discouraged: Option<BTreeSet<NodeNo>>,
}

impl<'a> Planner<'a> {
    /// Over this state, at this moment. `mint` makes identifiers that are unique in the environment.
    pub fn new(
        state: &'a GroupState,
        mint: &'a mut dyn FnMut(&ZoneName) -> NodeId,
        now: UtcMs,
    ) -> Self {
        let group = state.group().clone();
        Self {
            state,
            now,
            mint,
            group,
            changed: BTreeMap::new(),
            launched: Vec::new(),
            gone: BTreeMap::new(),
            discouraged: None,
        }
    }

    /// What follows from the facts: nodes come into service, go silent, end; the group becomes active.
    pub fn follow_facts(&mut self) {
        for member in self.state.members() {
            if let Some(gone) = self.is_gone(member) {
                self.gone.insert(gone.no, gone);
                continue;
            }
            for event in self.state.due(member, self.now) {
                self.step(&member.node, &event);
            }
        }
        self.advance_phase();
    }

    fn is_gone(&self, member: &Member) -> Option<Gone> {
        let over = match member.node.state {
            NodeState::Pending => member.call.failed.is_some(),
            NodeState::Terminating => member.call.gone,
            NodeState::Running | NodeState::InService | NodeState::Unresponsive => false,
        };
        over.then(|| Gone {
            no: member.node.no,
            id: member.node.id.clone(),
        })
    }

    /// The newest record of a node in this plan.
    fn record(&self, node: &Node) -> Node {
        self.changed
            .get(&node.no)
            .cloned()
            .unwrap_or_else(|| node.clone())
    }

    /// One event; what the life cycle refuses or what changes nothing is left out. Answers whether it took effect.
    fn step(&mut self, node: &Node, event: &NodeEvent) -> bool {
        let mut record = self.record(node);
        let stored = node.version;
        match lifecycle::next(&record, event, self.now) {
            Ok(Some(next)) => {
                record = next;
                // Several events of one pass are one stored change.
                record.version = stored + 1;
                self.changed.insert(node.no, record);
                true
            }
            Ok(None) | Err(_) => false,
        }
    }

    fn advance_phase(&mut self) {
        let serves = |planner: &Self, member: &Member| {
            let record = planner.changed.get(&member.node.no).unwrap_or(&member.node);
            record.role == Role::Origin && record.state == NodeState::InService
        };
        if self.group.state == Phase::Initializing
            && self.state.members().any(|member| serves(self, member))
        {
            self.group.state = Phase::Active;
        }
    }

    /// Carries out an operator's order.
    ///
    /// # Errors
    /// [`OrderRefused`]; the plan stays as it was.
    pub fn order(&mut self, order: &OperatorOrder) -> Result<(), OrderRefused> {
        match order {
            OperatorOrder::Launch(role) => self.launch_by_hand(*role),
            OperatorOrder::Terminate { no, force } => self.terminate(*no, *force),
            OperatorOrder::Sunset(no) => self.sunset(*no),
            OperatorOrder::DeleteGroup => {
                self.group.state = Phase::Terminating;
                for member in self.state.members() {
                    self.step(
                        &member.node,
                        &NodeEvent::EndDecided {
                            reason: Reason::GroupDeleted,
                        },
                    );
                }
                Ok(())
            }
        }
    }

    fn launch_by_hand(&mut self, role: Role) -> Result<(), OrderRefused> {
        if self.group.state == Phase::Terminating {
            return Err(OrderRefused(format!(
                "group {} is being deleted",
                self.group.name
            )));
        }
        let spec = self.state.spec();
        if !spec.launch.contains_key(&role) {
            let config = &self.group.launch_config;
            return Err(OrderRefused(format!(
                "launch configuration {config:?} has no target of role {role}: add one"
            )));
        }
        let counted = |region: &RegionName| {
            let counts = |node: &Node| {
                node.role == role && node.region == *region && node.counts_against_max()
            };
            self.state
                .members()
                .filter(|member| counts(&member.node))
                .count()
        };
        let room = self.group.regions.iter().filter_map(|region| {
            let max = spec.limits.get(&(role, region.clone()))?.max as usize;
            (counted(region) < max).then(|| (counted(region), region.clone()))
        });
        // The emptiest region first, then the group's order.
        let Some((_, region)) = room.min_by_key(|(count, _)| *count) else {
            let limits = &self.group.limits;
            return Err(OrderRefused(format!(
                "every region has its maximum of role {role} already: raise maxLimit in scale policy {limits:?}"
            )));
        };
        let index = self
            .group
            .regions
            .iter()
            .position(|name| *name == region)
            .unwrap_or(0);
        let wish = GrantedLaunch {
            role,
            region: index as u32,
            zone: None,
            instance_type: None,
            reason: Reason::Operator,
        };
        if !self.launch(&wish, true) {
            return Err(OrderRefused(format!(
                "the cloud has no zone in region {region}"
            )));
        }
        Ok(())
    }

    fn terminate(&mut self, no: NodeNo, force: bool) -> Result<(), OrderRefused> {
        let Some(member) = self.state.member(no) else {
            return Err(OrderRefused("the node is gone already".to_owned()));
        };
        let node = member.node.clone();
        if force {
            self.gone.insert(
                no,
                Gone {
                    no,
                    id: node.id.clone(),
                },
            );
            self.changed.remove(&no);
            return Ok(());
        }
        if node.state != NodeState::InService {
            return Err(OrderRefused(format!(
                "node {} is {}: only nodes in service can be terminated; add force=true for one that is stuck",
                node.id,
                node.state.as_str()
            )));
        }
        self.step(
            &node,
            &NodeEvent::EndDecided {
                reason: Reason::Operator,
            },
        );
        Ok(())
    }

    fn sunset(&mut self, no: NodeNo) -> Result<(), OrderRefused> {
        let Some(member) = self.state.member(no) else {
            return Err(OrderRefused("the node is gone already".to_owned()));
        };
        let node = member.node.clone();
        lifecycle::next(&node, &NodeEvent::SunsetMarked, self.now)
            .map_err(|refusal| OrderRefused(format!("node {}: {refusal}", node.id)))?;
        self.step(&node, &NodeEvent::SunsetMarked);
        self.step(
            &node,
            &NodeEvent::DrainMarked {
                deadline: None,
                reason: Reason::Sunset,
            },
        );
        Ok(())
    }

    /// Carries out what the guardrails granted.
    pub fn grant(&mut self, granted: &Granted) {
        for no in &granted.reinstatements {
            // A policy takes back what a policy gave away, never what an operator or the host drained.
            let by_policy = |member: &Member| {
                let drain = member.node.drain.as_ref();
                drain.is_some_and(|drain| drain.reason == Reason::Policy)
            };
            if self.state.member(*no).is_some_and(by_policy) {
                self.step_no(*no, &NodeEvent::DrainLifted);
            }
        }
        for no in &granted.cancellations {
            self.step_no(
                *no,
                &NodeEvent::EndDecided {
                    reason: Reason::Cancelled,
                },
            );
        }
        let deadline = Some(self.now + self.state.rules().timers.drain_deadline);
        for no in &granted.retirements {
            self.step_no(
                *no,
                &NodeEvent::DrainMarked {
                    deadline,
                    reason: Reason::Policy,
                },
            );
        }
        for wish in &granted.launches {
            self.launch(wish, false);
        }
        self.discouraged = Some(granted.discouraged.iter().copied().collect());
    }

    fn step_no(&mut self, no: NodeNo, event: &NodeEvent) {
        if let Some(member) = self.state.member(no) {
            let node = member.node.clone();
            self.step(&node, event);
        }
    }

    /// Adds the record of a launch. `insist`: also where launches failed lately. Answers whether there was a place.
    fn launch(&mut self, wish: &GrantedLaunch, insist: bool) -> bool {
        let Some(region) = self.group.regions.get(wish.region as usize).cloned() else {
            return false;
        };
        let spec = self.state.spec().clone();
        let Some(target) = spec.launch.get(&wish.role) else {
            return false;
        };
        if self.state.is_held(wish.role, &region, self.now) && !insist {
            return false;
        }
        let Some(zone) = self.zone_for(wish) else {
            return false;
        };
        let node = Node {
            no: NodeNo(self.group.next_no),
            id: (self.mint)(&zone),
            role: wish.role,
            region,
            zone,
            instance_type: target.instance_type.clone(),
            image: target.image.clone().unwrap_or_else(|| spec.image.clone()),
            capacity: target.capacity,
            launch_config: self.group.launch_config.clone(),
            tags: spec.tags.clone(),
            properties: spec.properties.clone(),
            state: NodeState::Pending,
            state_since: self.now,
            launched_at: self.now,
            in_service_at: None,
            drain: None,
            sunset: false,
            reason: wish.reason,
            platform_id: None,
            address: None,
            private_address: None,
            hostname: None,
            boot: None,
            version: 1,
        };
        self.group.next_no += 1;
        if self.group.state == Phase::New {
            self.group.state = Phase::Initializing;
        }
        self.launched.push(node.no);
        self.changed.insert(node.no, node);
        true
    }

    fn zone_for(&self, wish: &GrantedLaunch) -> Option<ZoneName> {
        let snapshot_zones = self.state.zone_rows(self.now);
        if let Some(zone) = wish
            .zone
            .and_then(|index| snapshot_zones.get(index as usize))
        {
            return Some(zone.name.clone());
        }
        let counts: Vec<u32> = snapshot_zones
            .iter()
            .map(|zone| self.crowding(wish.role, &zone.name))
            .collect();
        let index = zones::choose(&snapshot_zones, wish.region, &counts, true)?;
        Some(snapshot_zones[index as usize].name.clone())
    }

    /// Nodes of the role in the zone, and as a tie-break all nodes of the group there.
    fn crowding(&self, role: Role, zone: &ZoneName) -> u32 {
        let stored = self.state.members().map(|member| member.node.as_ref());
        let stored = stored.filter(|node| !self.changed.contains_key(&node.no));
        let here = |node: &&Node| node.zone == *zone && node.counts_against_max();
        let (mut of_role, mut all) = (0_u32, 0_u32);
        for node in stored.chain(self.changed.values()).filter(here) {
            of_role += u32::from(node.role == role);
            all += 1;
        }
        of_role
            .saturating_mul(u32::from(u16::MAX))
            .saturating_add(all)
    }

    /// Numbers of the nodes launched so far.
    pub fn launched(&self) -> &[NodeNo] {
        &self.launched
    }

    /// The plan. The group's record is in it only when it changed.
    pub fn finish(mut self) -> Plan {
        for no in self.gone.keys() {
            self.changed.remove(no);
        }
        let before = self.state.group();
        let group = (self.group != *before).then(|| {
            self.group.version = before.version + 1;
            self.group.clone()
        });
        Plan {
            group,
            nodes: self.changed.into_values().collect(),
            gone: self.gone.into_values().collect(),
            discouraged: self.discouraged,
            launched: self.launched,
        }
    }
}
