//! A simulated node: an instance's streaming service with its agent, which speaks the node protocol to the manager over
//! real HTTP, and the clients connected to it.
//!
//! The agent is a task (`agent`); the service is state behind a lock (`service`, `links`), since clients come and go
//! from any task.

mod agent;
mod failures;
mod figures;
mod links;
mod orders;
mod service;
pub(crate) mod uplink;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use weir_core::ids::{NodeId, PlatformId};
use weir_core::liveness::Port;
use weir_core::node::Role;
use weir_core::report::Body;
use weir_core::stream::StreamName;
use weir_core::units::DurationMs;

use crate::audience::{ClientKind, ConnectError, Connection};
use crate::clock::SharedClock;
use crate::simulated::{Record, Tally, World, count};
use agent::Agent;
use service::{Phase, Service};

pub(crate) use service::Seat;

/// Signals an agent may have waiting. When it is full, notices are lost: the next report tells the same.
const MAILBOX: usize = 256;

/// What an agent is told from outside its task.
pub(crate) enum Signal {
    /// Say this at once.
    Notice(Body),
    /// Report now, and tell whether the manager took it.
    ReportNow(oneshot::Sender<bool>),
    /// The service was restarted.
    Restarted,
    /// The instance ends.
    End,
}

/// A node of the simulated cloud.
pub struct SimulatedNode {
    id: NodeId,
    platform_id: PlatformId,
    role: Role,
    capacity: u32,
    /// Public address, private address, host name.
    addresses: [String; 3],
    clock: SharedClock,
    tally: Arc<Tally>,
    mailbox: mpsc::Sender<Signal>,
    task: OnceLock<AbortHandle>,
    service: Mutex<Service>,
}

impl std::fmt::Debug for SimulatedNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SimulatedNode").field(&self.id).finish()
    }
}

impl SimulatedNode {
    /// Makes the node of an instance and its task, which waits until the service is due. An instance that is on its way
    /// out gets no task.
    pub(crate) fn start(world: &Arc<World>, record: &Record) -> Arc<Self> {
        let (mailbox, signals) = mpsc::channel(MAILBOX);
        let node = Arc::new(Self {
            id: record.asked.id.clone(),
            platform_id: record.platform_id(),
            role: record.asked.role,
            capacity: record.asked.capacity,
            addresses: [
                record.address(),
                record.private_address(),
                record.hostname(),
            ],
            clock: Arc::clone(&world.clock),
            tally: Arc::clone(&world.tally),
            mailbox,
            task: OnceLock::new(),
            service: Mutex::new(Service::off()),
        });
        if record.ending.is_none() {
            let agent = Agent::new(world, &node, record.service_at, signals);
            let task = tokio::spawn(agent.run());
            node.task.get_or_init(|| task.abort_handle());
        }
        node
    }

    /// Its identifier.
    pub fn id(&self) -> &NodeId {
        &self.id
    }

    /// What it was launched as.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Address clients use.
    pub fn address(&self) -> &str {
        &self.addresses[0]
    }

    /// Whether its service takes connections.
    pub fn is_up(&self) -> bool {
        self.service.lock().phase == Phase::Up
    }

    /// What dialling its service's port would tell.
    pub fn port(&self) -> Port {
        match self.service.lock().phase {
            Phase::Up => Port::Open,
            Phase::Crashed => Port::Closed,
            Phase::Off => Port::Unreachable,
        }
    }

    /// Whether the manager told it to take no new clients.
    pub fn is_draining(&self) -> bool {
        self.service.lock().draining
    }

    /// Viewers connected.
    pub fn viewers(&self) -> u32 {
        self.service.lock().count(ClientKind::Viewer)
    }

    /// Publishers connected.
    pub fn publishers(&self) -> u32 {
        self.service.lock().count(ClientKind::Publisher)
    }

    /// Addresses of the parents it is linked to.
    pub fn established(&self) -> Vec<String> {
        self.service.lock().links.established()
    }

    /// Streams it pulls from parents.
    pub fn restreams(&self) -> Vec<StreamName> {
        self.service
            .lock()
            .links
            .restreams()
            .keys()
            .cloned()
            .collect()
    }

    /// Address of the parent from which it pulls the stream; `None` when it does not.
    pub fn source_of(&self, stream: &StreamName) -> Option<String> {
        let service = self.service.lock();
        let restream = service.links.restreams().get(stream)?;
        Some(restream.from.clone())
    }

    pub(crate) fn reaches(&self, address: &str) -> bool {
        !self.service.lock().unreachable.contains(address)
    }

    pub(crate) fn admit(
        self: &Arc<Self>,
        kind: ClientKind,
        stream: &StreamName,
    ) -> Result<Connection, ConnectError> {
        let now = self.clock.now();
        let seat = self.service.lock().admit(kind, stream, now)?;
        if kind == ClientKind::Publisher {
            self.signal(Signal::Notice(figures::published(stream, now)));
        }
        Ok(Connection::new(Arc::clone(self), kind, stream, seat))
    }

    /// A connection was dropped by its client.
    pub(crate) fn leave(&self, client: u64) {
        let now = self.clock.now();
        let left = self.service.lock().leave(client, now);
        if let Some(left) = left.filter(|left| left.kind == ClientKind::Publisher) {
            let notice = figures::unpublished(&left.stream, left.since, now, "client");
            self.signal(Signal::Notice(notice));
        }
    }

    pub(crate) fn publishes(&self, stream: &StreamName) -> bool {
        self.service.lock().publishes(stream)
    }

    pub(crate) fn addresses(&self) -> &[String] {
        &self.addresses
    }

    pub(crate) fn is_linked_to(&self, parent: &[String]) -> bool {
        let established = self.established();
        established.iter().any(|address| parent.contains(address))
    }

    pub(crate) fn parent_addresses(&self) -> Vec<String> {
        self.service.lock().links.parent_addresses()
    }

    pub(crate) fn refresh_links(&self, alive: &BTreeSet<String>, delay: DurationMs) {
        let now = self.clock.now();
        self.service.lock().links.refresh(alive, delay, now);
    }

    pub(crate) fn pull(&self, stream: &StreamName, from: &str) {
        let now = self.clock.now();
        self.service.lock().links.pull(stream, from, now);
    }

    pub(crate) fn stop_pulling(&self, stream: &StreamName) {
        self.service.lock().links.stop_pulling(stream);
    }

    /// Streams pulled from the parent that has one of these addresses.
    pub(crate) fn pulls_from(&self, parent: &[String]) -> BTreeSet<StreamName> {
        let service = self.service.lock();
        let restreams = service.links.restreams().iter();
        let from_there = restreams.filter(|(_, restream)| parent.contains(&restream.from));
        from_there.map(|(stream, _)| stream.clone()).collect()
    }

    pub(crate) fn set_child(&self, child: &NodeId, pulls: BTreeSet<StreamName>) {
        self.service.lock().links.set_child(child.as_str(), pulls);
    }

    pub(crate) fn children(&self) -> Vec<String> {
        self.service.lock().links.children()
    }

    pub(crate) fn keep_children(&self, linked: &BTreeSet<String>) {
        self.service.lock().links.keep_children(linked);
    }

    /// Streams that its viewers watch or that it pulls.
    pub(crate) fn wanted_streams(&self) -> BTreeSet<StreamName> {
        let service = self.service.lock();
        let watched = service.clients().map(|client| &client.stream);
        watched
            .chain(service.links.restreams().keys())
            .cloned()
            .collect()
    }

    /// How long nobody has wanted a stream that it pulls.
    pub(crate) fn idle_time(&self, stream: &StreamName) -> DurationMs {
        let now = self.clock.now();
        let mut service = self.service.lock();
        if service.viewers_of(stream) > 0 || service.links.is_pulled(stream) {
            service.links.want(stream, now);
        }
        let restream = service.links.restreams().get(stream);
        restream.map_or(DurationMs(0), |restream| now.since(restream.wanted_at))
    }

    /// The instance is being terminated.
    pub(crate) fn end(&self) {
        self.fall(Phase::Off);
        if self.mailbox.try_send(Signal::End).is_err() {
            self.abort();
        }
    }

    /// Ends the task where it stands.
    pub(crate) fn abort(&self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }

    fn fall(&self, phase: Phase) {
        let dropped = self.service.lock().fall(phase);
        for _ in 0..dropped.viewers {
            count(&self.tally.viewers_cut);
        }
        for _ in &dropped.published {
            count(&self.tally.publishers_cut);
        }
    }

    fn signal(&self, signal: Signal) {
        if self.mailbox.try_send(signal).is_err() {
            tracing::debug!(node.id = %self.id, "a node's signal was lost: its agent is gone or far behind");
        }
    }
}
