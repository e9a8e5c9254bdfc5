//! The scores of a view and one question against them.

use std::cell::Cell;

use weir_policy_kit::codes::{DISCOURAGED, DRAINING, EDGE, ORIGIN, RELAY, SUNSET, TRANSCODER};
use weir_policy_kit::ranking::{MAX_SCORE, Place, Question, Ranking, Row, key};

use crate::types::{Choice, Nodes, Refusal, Request, View};
use crate::weights::Weights;

/// Column of metrics with the capacity of the edges behind an origin; without it the origin's own is used.
const EDGE_CAPACITY: &str = "edge-capacity";

/// What is kept of a view.
#[derive(Debug, Default)]
pub struct Scores {
    ranking: Ranking,
    standings: Vec<Standing>,
    /// Weight of the free slots, in units of the score.
    connections: u32,
}

/// What a node's key is made of.
#[derive(Debug, Clone, Copy)]
struct Standing {
    clients: u32,
    capacity: u32,
    /// Score without the part of the free slots.
    rest: u32,
    discouraged: bool,
}

impl Standing {
    #[inline]
    fn key(&self, extra: u32, slots: &mut Share) -> u32 {
        let clients = self.clients.saturating_add(extra);
        let free = self.capacity.saturating_sub(clients);
        let score = self.rest + slots.of(free, self.capacity);
        key(free > 0, self.discouraged, score)
    }
}

/// A weight's part of the score. Remembers what one unit of the last whole is worth: nodes of one type have the same
/// whole, and a division costs more than everything else about a score.
#[derive(Debug, Clone, Copy)]
struct Share {
    weight: u32,
    whole: u32,
    unit: u64,
}

/// Bits of a unit below one.
const FRACTION: u32 = 20;

impl Share {
    fn new(weight: u32) -> Self {
        Self {
            weight,
            whole: 0,
            unit: 0,
        }
    }

    /// weight · part / whole; all of it when the part is the whole or more, nothing when there is no whole.
    #[inline]
    fn of(&mut self, part: u32, whole: u32) -> u32 {
        if whole != self.whole {
            self.whole = whole;
            self.unit = (u64::from(self.weight) << FRACTION) / u64::from(whole.max(1));
        }
        let part = part.min(whole);
        ((u64::from(part) * self.unit) >> FRACTION) as u32
    }
}

/// The shares of the five metrics.
struct Shares {
    connections: Share,
    streams: Share,
    subscribers: Share,
    memory: Share,
    restreamer: Share,
}

impl Shares {
    /// Together at most the largest score.
    fn new(weights: &Weights) -> Self {
        // Without any weight there is nothing to rank by.
        let scale = f64::from(MAX_SCORE) / weights.sum().max(1e-9);
        let share = |weight: f64| Share::new((weight * scale) as u32);
        Self {
            connections: share(weights.connections),
            streams: share(weights.streams),
            subscribers: share(weights.subscribers),
            memory: share(weights.memory),
            restreamer: share(weights.restreamer),
        }
    }

    /// The part of the score that a role's work makes up: less work is better.
    fn work(&mut self, nodes: &Nodes, at: usize, role: u8, edge_capacity: &[u32]) -> u32 {
        let capacity = nodes.capacity[at];
        let streams = capacity.saturating_sub(nodes.publishers[at]);
        match role {
            ORIGIN => {
                let viewers = nodes.edge_subscribers[at];
                let left = edge_capacity[at].saturating_sub(viewers);
                self.streams.of(streams, capacity) + self.subscribers.of(left, edge_capacity[at])
            }
            TRANSCODER => self.streams.of(streams, capacity),
            RELAY => {
                let left = capacity.saturating_sub(nodes.restreamers[at]);
                self.restreamer.of(left, capacity)
            }
            _ => 0,
        }
    }
}

impl Scores {
    /// Scores every node that takes new clients.
    pub fn new(view: &View, weights: &Weights) -> Self {
        let nodes = &view.nodes;
        let count = nodes.id.len();
        let mut shares = Shares::new(weights);
        let edge_capacity = view
            .metrics
            .iter()
            .find(|metric| metric.name == EDGE_CAPACITY)
            .map_or(&nodes.capacity, |metric| &metric.values);
        // All of one length: said here once, it need not be looked up for each value.
        let (id, zone) = (&nodes.id[..count], &nodes.zone[..count]);
        let (flags, role) = (&nodes.flags[..count], &nodes.role[..count]);
        let (capacity, assigned) = (&nodes.capacity[..count], &nodes.assigned[..count]);
        let connections = &nodes.connections[..count];
        let (free, most) = (
            &nodes.free_memory_mib[..count],
            &nodes.max_memory_mib[..count],
        );
        let (mut rows, mut standings) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for at in 0..count {
            if flags[at] & (DRAINING | SUNSET) != 0 {
                continue;
            }
            let mut rest = shares.memory.of(free[at], most[at]);
            if role[at] != EDGE {
                rest += shares.work(nodes, at, role[at], edge_capacity);
            }
            let standing = Standing {
                clients: connections[at].saturating_add(assigned[at]),
                capacity: capacity[at],
                rest,
                discouraged: flags[at] & DISCOURAGED != 0,
            };
            rows.push(Row {
                id: id[at],
                zone: zone[at],
                key: standing.key(0, &mut shares.connections),
            });
            standings.push(standing);
        }
        let region_of_zone = view.zones.iter().map(|zone| zone.region).collect();
        Self {
            ranking: Ranking::new(rows, region_of_zone),
            standings,
            connections: shares.connections.weight,
        }
    }

    /// The best nodes, counting the clients handed out since the view was made.
    ///
    /// # Errors
    /// `full` when the view has no node at all, `no-such-place` when only the wanted place has none.
    pub fn select(&self, request: &Request) -> Result<Choice, Refusal> {
        let handed_out = request.handed_out.iter();
        let handed_out = handed_out.map(|entry| (entry.id, entry.count));
        let question = Question {
            place: Place {
                region: request.region,
                zone: request.zone,
                strict: request.strict,
            },
            count: request.count as usize,
            sequence: request.sequence,
        };
        let slots = Cell::new(Share::new(self.connections));
        let ids = self.ranking.choose(&question, handed_out, |row, clients| {
            let mut share = slots.get();
            let key = self.standings[row].key(clients, &mut share);
            slots.set(share);
            key
        });
        match ids.is_empty() {
            false => Ok(Choice { ids }),
            true if self.ranking.is_empty() => Err(Refusal::Full),
            true => Err(Refusal::NoSuchPlace),
        }
    }
}

#[cfg(test)]
mod tests;
