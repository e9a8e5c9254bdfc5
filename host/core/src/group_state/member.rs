//! One node of the group: its record, and everything soft that is known of it.

use std::sync::Arc;

use super::calls::CallProgress;
use crate::lifecycle::Addresses;
use crate::liveness::Port;
use crate::node::Node;
use crate::report::{Boot, Command};
use crate::units::UtcMs;

/// A node's load as it last reported it. Counts are direct clients, memory is MiB.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "the members of the report, in the contract's units"
)]
pub struct Load {
    pub connections: u32,
    pub publishers: u32,
    pub subscribers: u32,
    pub restreamers: u32,
    pub free_memory_mib: u32,
    pub max_memory_mib: u32,
    pub last_traffic_ms: u64,
    pub metrics: Arc<[(String, u32)]>,
}

/// What the cloud last said of the instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Sighting {
    /// Nothing yet, or nothing that proves anything.
    #[default]
    Unknown,
    /// It exists.
    Seen(Addresses),
    /// It ended, by the cloud's own word.
    Ended,
    /// It was not listed so many times in a row; proves nothing by itself.
    Missing {
        /// How often in a row.
        times: u32,
    },
}

/// A node: record and soft facts.
#[derive(Debug, Clone)]
pub struct Member {
    /// The durable record.
    pub node: Arc<Node>,
    /// Newest load.
    pub load: Load,
    /// When the newest report arrived.
    pub last_report: Option<UtcMs>,
    /// When the newest report that listed all its streams arrived.
    pub(crate) listed: Option<UtcMs>,
    /// Arrival of the newest report, when it showed no client. A node that left service has not shown anything.
    pub(crate) seen_empty: Option<UtcMs>,
    /// Clients handed out that no report shows yet; kept up by the owner of the reservations.
    pub assigned: u32,
    /// The boot that spoke last.
    pub boot: Option<Boot>,
    /// Orders not acknowledged yet.
    pub commands: Vec<Command>,
    pub(crate) said_bye: bool,
    /// A message arrived that no stored record reflects yet.
    pub(crate) heard: bool,
    pub(crate) last_message: Option<UtcMs>,
    pub(crate) sighting: Sighting,
    /// What its port told, and when that was tried.
    pub(crate) probed: Option<(Port, UtcMs)>,
    pub(crate) probing: bool,
    pub(crate) call: CallProgress,
}

impl Member {
    pub(crate) fn new(node: Node) -> Self {
        Self {
            node: Arc::new(node),
            load: Load::default(),
            last_report: None,
            listed: None,
            seen_empty: None,
            assigned: 0,
            boot: None,
            commands: Vec::new(),
            said_bye: false,
            heard: false,
            last_message: None,
            sighting: Sighting::Unknown,
            probed: None,
            probing: false,
            call: CallProgress::default(),
        }
    }

    /// Of a record that was read from the store.
    pub(crate) fn restored(node: Node) -> Self {
        let call = CallProgress::restored(&node);
        Self {
            call,
            ..Self::new(node)
        }
    }

    /// What it reported is past: it restarted, left service or said goodbye.
    pub(crate) fn forget_load(&mut self) {
        self.load = Load::default();
        self.seen_empty = None;
        self.listed = None;
    }

    /// The cloud itself said that the instance ended.
    pub(crate) fn instance_ended(&self) -> bool {
        self.sighting == Sighting::Ended
    }
}
