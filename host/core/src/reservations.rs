//! Reservations: one for each answered question, until the client shows in a report or had its chance.
//!
//! The assigner makes them, reports and time free them. They keep a crowd that asks between two reports from being
//! sent to one node, and a flood of questions from filling nodes with clients that never come. Bounded: a node holds
//! no more than its cap, and clients are remembered only while something is held for them.

use std::collections::{HashMap, VecDeque};

use crate::ids::NodeNo;
use crate::units::{DurationMs, UtcMs};

/// How long reservations live and how many there may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservationLimits {
    /// A reservation ends after so long at the latest.
    pub life: DurationMs,
    /// A report frees what is at least this much older than its sample: these clients had time to connect.
    pub grace: DurationMs,
    /// Most reservations of one client address.
    pub per_client: u32,
    /// Most reservations on a node, in permille of its capacity; ten are always allowed.
    pub per_node_permille: u32,
}

/// So many may always be reserved on a node, however small it is.
pub const LEAST_PER_NODE: u64 = 10;

/// No node holds more, whatever its capacity: with a life of 15 s that is over 4,000 joins a second.
pub const MOST_PER_NODE: u64 = 65_536;

/// Time for which expired reservations of a client over its cap may go unseen: bounds the cost of a flood.
const SWEEP_EVERY: DurationMs = DurationMs(250);

/// Shortest time a refused client is told to wait.
const LEAST_WAIT: DurationMs = DurationMs(1_000);

/// A node's emptied queue that is larger gives its memory back.
const KEPT_ROOM: usize = 64;

/// Why nothing was reserved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReserveError {
    /// The client address holds as many as it may. Its own doing: 429.
    #[error("this client holds as many reservations as it may: ask again in {retry_after}")]
    ClientCap {
        /// When its oldest may be gone.
        retry_after: DurationMs,
    },
    /// The node holds as many as it may: try the next choice.
    #[error("node {node} holds as many reservations as it may")]
    NodeFull {
        /// The node.
        node: NodeNo,
    },
}

#[derive(Debug, Clone, Copy)]
struct Held {
    made_at: UtcMs,
    client: u64,
}

#[derive(Debug, Clone, Copy)]
struct Client {
    held: u32,
    /// When it made the first one since it held none.
    first: UtcMs,
}

/// What is reserved in one group.
#[derive(Debug)]
pub struct ReservationBook {
    limits: ReservationLimits,
    /// Oldest first, `made_at` never falls.
    nodes: HashMap<NodeNo, VecDeque<Held>>,
    clients: HashMap<u64, Client>,
    swept_at: UtcMs,
    total: usize,
}

impl ReservationBook {
    /// An empty book.
    pub fn new(limits: ReservationLimits) -> Self {
        Self {
            limits,
            nodes: HashMap::new(),
            clients: HashMap::new(),
            swept_at: UtcMs::default(),
            total: 0,
        }
    }

    /// Takes over new limits; what is held stays held.
    pub fn set_limits(&mut self, limits: ReservationLimits) {
        self.limits = limits;
    }

    /// Reserves a place on a node of `capacity` connections for `client` (a number made from its address).
    ///
    /// # Errors
    /// [`ReserveError::ClientCap`] when the client holds its share of the group or half of the node's places, else
    /// [`ReserveError::NodeFull`]; the book stays as it was.
    pub fn reserve(
        &mut self,
        node: NodeNo,
        capacity: u32,
        client: u64,
        now: UtcMs,
    ) -> Result<(), ReserveError> {
        self.check_client(client, now)?;
        let expired = now - self.limits.life;
        let most = self.cap(capacity);
        let queue = self.nodes.entry(node).or_default();
        self.total -= free(queue, &mut self.clients, expired);
        if queue.len() >= most {
            return Err(ReserveError::NodeFull { node });
        }
        // One client may hold half of what a node may have outstanding: the other half is for everybody else.
        let own = || queue.iter().filter(|held| held.client == client).count();
        if queue.len() >= most / 2 && own() >= most / 2 {
            let oldest = queue.front().map_or(now, |held| held.made_at);
            let retry_after = (oldest + self.limits.life).since(now);
            return Err(ReserveError::ClientCap { retry_after });
        }
        // A clock that went back must not unsort the queue.
        let made_at = queue.back().map_or(now, |last| last.made_at.max(now));
        queue.push_back(Held { made_at, client });
        self.total += 1;
        let known = self.clients.entry(client).or_insert(Client {
            held: 0,
            first: now,
        });
        known.held += 1;
        Ok(())
    }

    /// Whether the client may reserve at all. To be asked before the policy is: a flood should cost no guest call.
    ///
    /// # Errors
    /// [`ReserveError::ClientCap`] when it holds as many as it may.
    pub fn check_client(&mut self, client: u64, now: UtcMs) -> Result<(), ReserveError> {
        if self.held_by(client) < self.limits.per_client {
            return Ok(());
        }
        if now.since(self.swept_at) >= SWEEP_EVERY {
            self.expire(now);
        }
        if self.held_by(client) < self.limits.per_client {
            return Ok(());
        }
        let waited = self
            .clients
            .get(&client)
            .map_or(DurationMs::default(), |known| now.since(known.first));
        let rest = self.limits.life.0.saturating_sub(waited.0);
        Err(ReserveError::ClientCap {
            retry_after: DurationMs(rest).max(LEAST_WAIT),
        })
    }

    /// Gives the newest place of `client` on the node back: the question came to nothing.
    pub fn release(&mut self, node: NodeNo, client: u64) {
        let Some(queue) = self.nodes.get_mut(&node) else {
            return;
        };
        let Some(at) = queue.iter().rposition(|held| held.client == client) else {
            return;
        };
        queue.remove(at);
        self.total -= 1;
        if let Some(known) = self.clients.get_mut(&client) {
            known.held = known.held.saturating_sub(1);
            if known.held == 0 {
                self.clients.remove(&client);
            }
        }
    }

    /// A report of the node was sampled at `sampled_at` (manager's clock): whoever was to come by then is in it.
    pub fn reported(&mut self, node: NodeNo, sampled_at: UtcMs) {
        self.free_on(node, sampled_at - self.limits.grace);
    }

    /// Frees everything that outlived its time. Costs a look at each node that holds any.
    pub fn expire(&mut self, now: UtcMs) {
        self.swept_at = now;
        let expired = now - self.limits.life;
        for queue in self.nodes.values_mut() {
            self.total -= free(queue, &mut self.clients, expired);
        }
    }

    /// Reservations held on a node. Some may have outlived their time since the last [`Self::expire`].
    pub fn outstanding(&self, node: NodeNo) -> u32 {
        let held = self.nodes.get(&node).map_or(0, VecDeque::len);
        u32::try_from(held).unwrap_or(u32::MAX)
    }

    /// The node is gone, and what was held on it.
    pub fn forget_node(&mut self, node: NodeNo) {
        self.free_on(node, UtcMs(u64::MAX));
        self.nodes.remove(&node);
    }

    /// Reservations held in all.
    pub fn total(&self) -> usize {
        self.total
    }

    fn held_by(&self, client: u64) -> u32 {
        self.clients.get(&client).map_or(0, |known| known.held)
    }

    fn cap(&self, capacity: u32) -> usize {
        let share = u64::from(capacity) * u64::from(self.limits.per_node_permille) / 1_000;
        usize::try_from(share.clamp(LEAST_PER_NODE, MOST_PER_NODE)).unwrap_or(usize::MAX)
    }

    fn free_on(&mut self, node: NodeNo, until: UtcMs) {
        if let Some(queue) = self.nodes.get_mut(&node) {
            self.total -= free(queue, &mut self.clients, until);
        }
    }
}

/// Drops what was made at or before `until`; returns how many that were.
fn free(queue: &mut VecDeque<Held>, clients: &mut HashMap<u64, Client>, until: UtcMs) -> usize {
    let mut freed = 0;
    while let Some(held) = queue.pop_front_if(|held| held.made_at <= until) {
        freed += 1;
        if let Some(known) = clients.get_mut(&held.client) {
            known.held = known.held.saturating_sub(1);
            if known.held == 0 {
                clients.remove(&held.client);
            }
        }
    }
    if queue.is_empty() && queue.capacity() > KEPT_ROOM {
        queue.shrink_to(KEPT_ROOM);
    }
    freed
}

#[cfg(test)]
mod tests;
