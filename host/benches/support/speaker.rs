//! A node's side of the protocol: its reports as they come over the wire.

use std::ops::Range;

use weir_core::node::{Node, Role};
use weir_core::report::{Body, Envelope, Message, Report};

use crate::figures::{figures, with_clients};
use crate::records;

/// One node that reports.
pub struct Speaker {
    pub id: String,
    role: Role,
    figures: Report,
    seq: u64,
}

impl Speaker {
    /// A node that holds the streams `live/stream-N` and links to these parents.
    pub fn new(node: &Node, parents: &[&Node], streams: Range<u32>) -> Self {
        Self {
            id: node.id.to_string(),
            role: node.role,
            figures: figures(node, parents, streams),
            seq: 0,
        }
    }

    /// The next report, with so many clients.
    pub fn report(&mut self, clients: u32) -> Message {
        self.seq += 1;
        Message {
            envelope: Envelope {
                v: 1,
                node_id: Some(self.id.clone()),
                platform_id: None,
                public_ip: None,
                private_ip: None,
                hostname: None,
                boot: records::boot(),
                seq: self.seq,
                timestamp: 1_700_000_200_000 + self.seq * 10_000,
                ack: Vec::new(),
            },
            body: Body::Report(with_clients(&self.figures, self.role, clients)),
        }
    }
}
