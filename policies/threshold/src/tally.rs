//! What there is of one role in one region.

use weir_policy_kit::codes::{
    DISCOURAGED, DRAINING, EDGE, IN_SERVICE, PENDING, PUBLISHERS, ROLES, RUNNING, SUNSET,
    UNRESPONSIVE,
};

use crate::types::{Input, Limits};

/// A node in service, as far as scale-in is concerned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub id: u32,
    pub connections: u32,
    pub capacity: u32,
    pub discouraged: bool,
    pub publishers: bool,
    /// Nobody is on it, nobody is on the way to it, and nothing runs through it.
    pub idle: bool,
}

/// The figures of one row of limits.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Direct clients of nodes in service, draining ones included.
    pub connections: u64,
    /// Capacity of nodes in service that take clients: a draining node's would make the load look low.
    pub capacity: u64,
    /// Nodes in service that take clients.
    pub serving: Vec<Candidate>,
    /// Draining nodes that could be taken back.
    pub draining: Vec<Candidate>,
    /// What counts against the maximum.
    pub counted: u32,
    /// Launches that still hold back others, and the time the youngest has left.
    pub settling: u32,
    pub settling_left_ms: u32,
}

/// One tally per row of the limits, in their order.
pub(crate) fn count(input: &Input, limits: &[Limits]) -> Vec<Tally> {
    let mut tallies: Vec<Tally> = Vec::new();
    tallies.resize_with(limits.len(), Tally::default);
    let rows = Rows::new(input, limits);
    let nodes = &input.nodes;
    for at in 0..nodes.id.len() {
        let Some(row) = rows.find(nodes.role[at], nodes.zone[at]) else {
            continue;
        };
        add_node(&mut tallies[row], input, at, limits[row].warm_up_ms);
    }
    let mut known: Vec<u32> = match input.in_flight.is_empty() {
        true => Vec::new(),
        false => nodes.id.clone(),
    };
    known.sort_unstable();
    for launch in &input.in_flight {
        // A launch may stand among the nodes as well; then it was counted there.
        if known.binary_search(&launch.id).is_ok() {
            continue;
        }
        if let Some(row) = rows.find(launch.role as u8, launch.zone) {
            add_launch(&mut tallies[row], launch.age_ms, limits[row].warm_up_ms);
        }
    }
    tallies
}

fn add_launch(tally: &mut Tally, age_ms: u32, warm_up_ms: u32) {
    tally.counted += 1;
    if age_ms < warm_up_ms {
        tally.settling += 1;
        tally.settling_left_ms = tally.settling_left_ms.max(warm_up_ms - age_ms);
    }
}

fn add_node(tally: &mut Tally, input: &Input, at: usize, warm_up_ms: u32) {
    let nodes = &input.nodes;
    let flags = nodes.flags[at];
    let leaving = flags & (DRAINING | SUNSET) != 0;
    match nodes.state[at] {
        PENDING | RUNNING if !leaving => {
            add_launch(tally, nodes.age_s[at].saturating_mul(1_000), warm_up_ms);
        }
        UNRESPONSIVE if !leaving => tally.counted += 1,
        IN_SERVICE if leaving => {
            tally.connections += u64::from(nodes.connections[at]);
            if flags & SUNSET == 0 {
                tally.draining.push(candidate(input, at));
            }
        }
        IN_SERVICE => {
            tally.counted += 1;
            tally.connections += u64::from(nodes.connections[at]);
            tally.capacity += u64::from(nodes.capacity[at]);
            tally.serving.push(candidate(input, at));
        }
        _ => {}
    }
}

fn candidate(input: &Input, at: usize) -> Candidate {
    let nodes = &input.nodes;
    let publishers = nodes.publishers[at] > 0 || nodes.flags[at] & PUBLISHERS != 0;
    // Edges hold copies of streams for a while after the last viewer; elsewhere a stream means work.
    let busy = nodes.role[at] != EDGE && (nodes.streams[at] > 0 || nodes.restreamers[at] > 0);
    Candidate {
        id: nodes.id[at],
        connections: nodes.connections[at],
        capacity: nodes.capacity[at],
        discouraged: nodes.flags[at] & DISCOURAGED != 0,
        publishers,
        idle: nodes.connections[at] == 0 && nodes.assigned[at] == 0 && !publishers && !busy,
    }
}

/// Which row of the limits a role in a zone belongs to.
struct Rows {
    region_of_zone: Vec<u32>,
    /// By region, then role; `u32::MAX` where there are no limits.
    rows: Vec<u32>,
}

impl Rows {
    fn new(input: &Input, limits: &[Limits]) -> Self {
        let mut rows = vec![u32::MAX; input.regions.len() * ROLES];
        for (limit, number) in limits.iter().zip(0u32..) {
            if let Some(row) = rows.get_mut(limit.region as usize * ROLES + limit.role as usize) {
                *row = number;
            }
        }
        Self {
            region_of_zone: input.zones.iter().map(|zone| zone.region).collect(),
            rows,
        }
    }

    fn find(&self, role: u8, zone: u32) -> Option<usize> {
        let region = *self.region_of_zone.get(zone as usize)? as usize;
        let row = *self.rows.get(region * ROLES + usize::from(role))?;
        (row != u32::MAX && usize::from(role) < ROLES).then_some(row as usize)
    }
}
