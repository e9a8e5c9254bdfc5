//! The scores of a view and one question against them.

use weir_policy_kit::codes::{DISCOURAGED, DRAINING, ORIGIN, RELAY, SUNSET, TRANSCODER};
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
    /// Weight of the free slots, scaled to whole scores.
    connections: f64,
}

/// What a node's key is made of.
#[derive(Debug, Clone, Copy)]
struct Standing {
    clients: u32,
    capacity: u32,
    discouraged: bool,
    /// Score without the part of the free slots, scaled.
    rest: f64,
}

impl Standing {
    fn key(&self, extra: u32, weight: f64) -> u32 {
        let clients = self.clients.saturating_add(extra);
        let free = 1.0 - share(clients, self.capacity);
        let score = self.rest + weight * free;
        key(clients < self.capacity, self.discouraged, score as u32)
    }
}

/// Part of the whole, 0 to 1; 1 when there is no whole.
fn share(part: u32, whole: u32) -> f64 {
    if part >= whole {
        1.0
    } else {
        f64::from(part) / f64::from(whole)
    }
}

impl Scores {
    /// Scores every node that takes new clients.
    pub fn new(view: &View, weights: &Weights) -> Self {
        let nodes = &view.nodes;
        let count = nodes.id.len();
        // Scores become whole numbers up to MAX_SCORE; a policy with no weight at all ranks nothing.
        let scale = f64::from(MAX_SCORE) / weights.sum().max(1e-9);
        let connections = weights.connections * scale;
        let edge_capacity = view
            .metrics
            .iter()
            .find(|metric| metric.name == EDGE_CAPACITY)
            .map_or(&nodes.capacity, |metric| &metric.values);
        let (mut rows, mut standings) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for (at, edge_capacity) in edge_capacity.iter().enumerate().take(count) {
            if nodes.flags[at] & (DRAINING | SUNSET) != 0 {
                continue;
            }
            let standing = Standing {
                clients: nodes.connections[at].saturating_add(nodes.assigned[at]),
                capacity: nodes.capacity[at],
                discouraged: nodes.flags[at] & DISCOURAGED != 0,
                rest: scale * rest(nodes, at, *edge_capacity, weights),
            };
            rows.push(Row {
                id: nodes.id[at],
                zone: nodes.zone[at],
                key: standing.key(0, connections),
            });
            standings.push(standing);
        }
        let region_of_zone = view.zones.iter().map(|zone| zone.region).collect();
        Self {
            ranking: Ranking::new(rows, region_of_zone),
            standings,
            connections,
        }
    }

    /// The best nodes, counting the clients handed out since the view was made.
    ///
    /// # Errors
    /// `full` when the view has no node at all, `no-such-place` when only the wanted place has none.
    pub fn select(&self, request: &Request) -> Result<Choice, Refusal> {
        let handed_out: Vec<(u32, u32)> = request
            .handed_out
            .iter()
            .map(|entry| (entry.id, entry.count))
            .collect();
        let question = Question {
            place: Place {
                region: request.region,
                zone: request.zone,
                strict: request.strict,
            },
            count: request.count as usize,
            sequence: request.sequence,
            handed_out: &handed_out,
        };
        let ids = self.ranking.choose(&question, |row, clients| {
            self.standings[row].key(clients, self.connections)
        });
        match ids.is_empty() {
            false => Ok(Choice { ids }),
            true if self.ranking.is_empty() => Err(Refusal::Full),
            true => Err(Refusal::NoSuchPlace),
        }
    }
}

/// The score of a node without its free slots.
fn rest(nodes: &Nodes, at: usize, edge_capacity: u32, weights: &Weights) -> f64 {
    let capacity = nodes.capacity[at];
    let role = nodes.role[at];
    let max_memory = nodes.max_memory_mib[at];
    let mut score = 0.0;
    if max_memory > 0 {
        score += weights.memory * share(nodes.free_memory_mib[at], max_memory);
    }
    if role == ORIGIN || role == TRANSCODER {
        score += weights.streams * (1.0 - share(nodes.publishers[at], capacity));
    }
    if role == ORIGIN {
        score += weights.subscribers * (1.0 - share(nodes.edge_subscribers[at], edge_capacity));
    }
    if role == RELAY {
        score += weights.restreamer * (1.0 - share(nodes.restreamers[at], capacity));
    }
    score
}

#[cfg(test)]
mod tests;
