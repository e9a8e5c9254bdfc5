//! Nodes that report past the HTTP side.

use std::net::{IpAddr, Ipv4Addr};

use weir::fleet::{Caller, Fleet};
use weir_core::report::Message;

use crate::speaker::Speaker;

/// The node's next report.
pub fn tell(fleet: &Fleet, speaker: &mut Speaker, clients: u32) {
    let report = speaker.report(clients);
    give(fleet, speaker.id.clone(), report);
}

/// A report as a signed caller brings it.
pub fn give(fleet: &Fleet, id: String, report: Message) {
    let caller = Caller {
        signed_as: Some(id),
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let answer = fleet.receive(report, &caller);
    assert!(answer.accepted, "a bench's node is known");
}
