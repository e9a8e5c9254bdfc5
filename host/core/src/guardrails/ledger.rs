//! The count of a group's nodes while wishes are granted one after the other.

use std::collections::{BTreeMap, BTreeSet};

use super::{Granted, GuardFacts, MAX_LAUNCHES_PER_DECISION};
use crate::ids::NodeNo;
use crate::node::{NodeState, Role};
use crate::reason::{Clamp, ClampReason, Reason};
use crate::snapshot::{FLAG_DRAINING, FLAG_PUBLISHERS, FLAG_SUNSET, Snapshot};

/// A role in a region (by index).
pub(super) type Place = (Role, u32);

/// What guardrails need to know of one node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub id: u32,
    pub place: Place,
    pub state: NodeState,
    pub draining: bool,
    pub sunset: bool,
    pub publishers: bool,
    /// Direct clients, and those on their way.
    pub clients: u32,
    /// Already granted something in this decision.
    pub touched: bool,
}

impl Row {
    pub fn counts_against_max(&self) -> bool {
        self.state != NodeState::Terminating && !self.draining && !self.sunset
    }

    pub fn is_offered(&self) -> bool {
        self.state == NodeState::InService && !self.draining && !self.sunset
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub min: u32,
    pub max: u32,
}

/// Launches still allowed by the host's own cap on their rate, and what the cap on nodes is held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub rate: u32,
    /// Nodes that stand, all those that are not terminating.
    pub standing: u32,
}

/// A place below its minimum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deficit {
    pub place: Place,
    pub missing: u32,
    pub reason: Reason,
}

pub(super) struct Ledger<'a> {
    pub snapshot: &'a Snapshot,
    pub facts: &'a GuardFacts<'a>,
    /// Ascending by id, each id once.
    pub rows: Vec<Row>,
    pub bounds: BTreeMap<Place, Bounds>,
    counted: BTreeMap<Place, u32>,
    offered: BTreeMap<Place, u32>,
    /// Regions in which an origin with publishers was drained: one offered origin must stay there.
    pub burdened: BTreeSet<u32>,
    pub budget: Budget,
    pub granted: Granted,
}

impl<'a> Ledger<'a> {
    pub fn new(snapshot: &'a Snapshot, facts: &'a GuardFacts<'a>) -> Self {
        let rows = rows(snapshot);
        let mut bounds = BTreeMap::new();
        let regions = u32::try_from(snapshot.regions.len()).unwrap_or(u32::MAX);
        for row in snapshot.limits.iter().filter(|row| row.region < regions) {
            bounds.entry((row.role, row.region)).or_insert(Bounds {
                min: row.min,
                max: row.max,
            });
        }
        let standing = rows
            .iter()
            .filter(|row| row.state != NodeState::Terminating)
            .count();
        let standing = u32::try_from(standing).unwrap_or(u32::MAX);
        let rate = facts.caps.launches_per_minute;
        let mut ledger = Self {
            snapshot,
            facts,
            rows,
            bounds,
            counted: BTreeMap::new(),
            offered: BTreeMap::new(),
            burdened: BTreeSet::new(),
            budget: Budget {
                rate: rate
                    .saturating_sub(facts.launches_last_minute)
                    .min(MAX_LAUNCHES_PER_DECISION),
                standing,
            },
            granted: Granted::default(),
        };
        for at in 0..ledger.rows.len() {
            ledger.enter(at);
        }
        ledger
    }

    /// Position of a node's row.
    pub fn find(&self, id: u32) -> Option<usize> {
        self.rows.binary_search_by_key(&id, |row| row.id).ok()
    }

    pub fn bounds_of(&self, place: Place) -> Bounds {
        let none = Bounds { min: 0, max: 0 };
        self.bounds.get(&place).copied().unwrap_or(none)
    }

    /// Every place that has bounds or nodes, by role and region.
    pub fn places(&self) -> BTreeSet<Place> {
        let bounded = self.bounds.keys();
        bounded.chain(self.counted.keys()).copied().collect()
    }

    pub fn counted(&self, place: Place) -> u32 {
        self.counted.get(&place).copied().unwrap_or(0)
    }

    pub fn offered(&self, place: Place) -> u32 {
        self.offered.get(&place).copied().unwrap_or(0)
    }

    /// Nodes of a role, in all regions, that count against a maximum.
    pub fn counted_anywhere(&self, role: Role) -> u32 {
        sum(&self.counted, role)
    }

    /// Nodes of a role, in all regions, that are offered to clients.
    pub fn offered_anywhere(&self, role: Role) -> u32 {
        sum(&self.offered, role)
    }

    /// Changes a row and keeps the counts right.
    pub fn change(&mut self, at: usize, edit: impl FnOnce(&mut Row)) {
        self.leave(at);
        if let Some(row) = self.rows.get_mut(at) {
            edit(row);
            row.touched = true;
        }
        self.enter(at);
    }

    /// Counts launches that were granted.
    pub fn launched(&mut self, place: Place, count: u32) {
        let counted = self.counted.entry(place).or_insert(0);
        *counted = counted.saturating_add(count);
        self.budget.rate = self.budget.rate.saturating_sub(count);
        self.budget.standing = self.budget.standing.saturating_add(count);
    }

    /// Launches that the cap on nodes still allows.
    pub fn node_budget(&self) -> u32 {
        let cap = self.facts.caps.nodes_per_group;
        cap.saturating_sub(self.budget.standing)
    }

    /// Keeps the refusal of a wish about one node.
    pub fn refuse(&mut self, verb: &str, id: u32, reason: ClampReason) {
        self.granted.clamps.push(Clamp {
            reason,
            wish: format!("{verb} {id}"),
            wanted: 1,
            granted: 0,
        });
    }

    /// Places that have fewer counted nodes than the host keeps there, by role and region.
    pub fn deficits(&self) -> Vec<Deficit> {
        let facts = self.facts;
        if facts.terminating || !(facts.active || facts.minimum_origin_only) {
            return Vec::new();
        }
        let below = |(&place, bounds): (&Place, &Bounds)| {
            let kept = facts.active || place.0 == Role::Origin;
            let wanted = if kept { bounds.min.min(bounds.max) } else { 0 };
            Deficit {
                place,
                missing: wanted.saturating_sub(self.counted(place)),
                reason: Reason::BelowMinimum,
            }
        };
        let mut deficits: Vec<Deficit> = self
            .bounds
            .iter()
            .map(below)
            .filter(|deficit| deficit.missing > 0)
            .collect();
        let origin_comes = deficits
            .iter()
            .any(|deficit| deficit.place.0 == Role::Origin);
        if self.counted_anywhere(Role::Origin) == 0 && !origin_comes {
            let first = self
                .bounds
                .iter()
                .find(|((role, _), bounds)| *role == Role::Origin && bounds.max > 0);
            deficits.extend(first.map(|(&place, _)| Deficit {
                place,
                missing: 1,
                reason: Reason::NoOrigin,
            }));
        }
        deficits
    }

    fn enter(&mut self, at: usize) {
        let Some(row) = self.rows.get(at) else { return };
        if row.counts_against_max() {
            *self.counted.entry(row.place).or_insert(0) += 1;
        }
        if row.is_offered() {
            *self.offered.entry(row.place).or_insert(0) += 1;
        }
    }

    fn leave(&mut self, at: usize) {
        let Some(row) = self.rows.get(at) else { return };
        let counts = [
            (row.counts_against_max(), &mut self.counted),
            (row.is_offered(), &mut self.offered),
        ];
        for (counted, map) in counts {
            if let Some(count) = map.get_mut(&row.place).filter(|_| counted) {
                *count = count.saturating_sub(1);
            }
        }
    }
}

impl GuardFacts<'_> {
    /// Whether the policy may add nodes at all.
    pub(super) fn hears_launches(&self) -> bool {
        self.active && !self.terminating
    }
}

/// A node's number as actions have it.
pub(super) fn no(row: &Row) -> NodeNo {
    NodeNo(row.id)
}

fn sum(counts: &BTreeMap<Place, u32>, role: Role) -> u32 {
    counts
        .range((role, 0)..=(role, u32::MAX))
        .fold(0, |sum, (_, count)| sum.saturating_add(*count))
}

/// Reads the columns; a row with a number that means nothing is no node.
fn rows(snapshot: &Snapshot) -> Vec<Row> {
    let nodes = &snapshot.nodes;
    let columns = nodes
        .id
        .iter()
        .zip(&nodes.role)
        .zip(&nodes.state)
        .zip(&nodes.flags)
        .zip(&nodes.zone)
        .zip(nodes.connections.iter().zip(&nodes.assigned));
    let mut rows: Vec<Row> = columns
        .filter_map(|(((((&id, &role), &state), &flags), &zone), clients)| {
            let zone = snapshot.zones.get(usize::try_from(zone).ok()?)?;
            Some(Row {
                id,
                place: (*Role::ALL.get(usize::from(role))?, zone.region),
                state: state_of(state)?,
                draining: flags & FLAG_DRAINING != 0,
                sunset: flags & FLAG_SUNSET != 0,
                publishers: flags & FLAG_PUBLISHERS != 0,
                clients: clients.0.saturating_add(*clients.1),
                touched: false,
            })
        })
        .collect();
    rows.sort_by_key(|row| row.id);
    rows.dedup_by_key(|row| row.id);
    rows
}

/// The state behind the contract's number.
fn state_of(number: u8) -> Option<NodeState> {
    const STATES: [NodeState; 5] = [
        NodeState::Pending,
        NodeState::Running,
        NodeState::InService,
        NodeState::Unresponsive,
        NodeState::Terminating,
    ];
    STATES.get(usize::from(number)).copied()
}
