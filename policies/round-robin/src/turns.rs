//! The order of a view and one question against it.

use weir_policy_kit::codes::{DISCOURAGED, DRAINING, SUNSET};
use weir_policy_kit::ranking::{Place, Question, Ranking, Row, key};

use crate::types::{Choice, Refusal, Request, View};

/// What is kept of a view.
#[derive(Debug, Default)]
pub struct Turns {
    ranking: Ranking,
    /// Per row: clients that still fit, and whether the node should empty.
    room: Vec<(u32, bool)>,
}

impl Turns {
    /// Keeps every node that takes new clients, in the order of the view.
    pub fn new(view: &View) -> Self {
        let nodes = &view.nodes;
        let count = nodes.id.len();
        let (mut rows, mut room) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for at in 0..count {
            let flags = nodes.flags[at];
            if flags & (DRAINING | SUNSET) != 0 {
                continue;
            }
            let clients = nodes.connections[at].saturating_add(nodes.assigned[at]);
            let free = nodes.capacity[at].saturating_sub(clients);
            let discouraged = flags & DISCOURAGED != 0;
            room.push((free, discouraged));
            rows.push(Row {
                id: nodes.id[at],
                zone: nodes.zone[at],
                key: key(free > 0, discouraged, 0),
            });
        }
        let region_of_zone = view.zones.iter().map(|zone| zone.region).collect();
        Self {
            ranking: Ranking::new(rows, region_of_zone),
            room,
        }
    }

    /// The next nodes in turn.
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
        let ids = self.ranking.choose(&question, handed_out, |row, clients| {
            let (free, discouraged) = self.room[row];
            key(free > clients, discouraged, 0)
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
