//! A group at work without a server round it: everybody reported and is linked, the cloud was asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use weir_core::group::{Bindings, GroupSpec};
use weir_core::group_state::{CallAnswer, GroupState, HostRules, Place};
use weir_core::lifecycle::Addresses;
use weir_core::report::Report;
use weir_core::units::UtcMs;

use crate::figures::{figures, with_clients};
use crate::records::{self, Crew, REGION, ZONES, bound};

/// When its nodes reported last.
pub const NOW: UtcMs = UtcMs(1_700_001_000_000);

/// A group of so many nodes, and what each of them reported.
pub fn group(nodes: u32) -> (GroupState, Vec<Report>) {
    let crew = Crew {
        origins: nodes / 100,
        relays: nodes / 100,
        edges: nodes - nodes / 100 * 2,
        capacity: 2_000,
        room: 0,
    };
    let records = records::nodes(1, &crew, NOW);
    let reports: Vec<Report> = records
        .iter()
        .zip(0_u32..)
        .map(|(node, at)| {
            let origins: Vec<_> = records[..crew.origins as usize].iter().collect();
            let relay = &records[(crew.origins + at % crew.relays) as usize];
            let first = at * 10 % (crew.origins * 1_000);
            let figures = match at {
                at if at < crew.origins => figures(node, &[], at * 1_000..(at + 1) * 1_000),
                at if at < crew.origins + crew.relays => figures(node, &origins, 0..0),
                _ => figures(node, &[relay], first..first + 10),
            };
            with_clients(&figures, node.role, 500)
        })
        .collect();
    let mut state = restored(&crew, records);
    settle(&mut state, &reports);
    (state, reports)
}

fn restored(crew: &Crew, records: Vec<weir_core::node::Node>) -> GroupState {
    let regions = [REGION.into()];
    let bindings = Bindings {
        scaling: bound("threshold"),
        broadcast: bound("round-robin"),
        subscribe: bound("weighted"),
    };
    let (limits, launch) = (records::limits("l", crew), records::launch("l", crew));
    let spec = GroupSpec::resolve(&regions, &limits, &launch, &BTreeMap::new(), &bindings);
    let place = |zone: &str| Place {
        region: REGION.into(),
        zone: zone.into(),
    };
    GroupState::restore(
        records::group(1, crew, NOW),
        records,
        Arc::new(spec),
        Arc::new(HostRules::default()),
        ZONES.map(place).to_vec(),
        NOW,
    )
}

fn settle(state: &mut GroupState, reports: &[Report]) {
    let nos: Vec<_> = state.members().map(|member| member.node.no).collect();
    for _ in 0..2 {
        for (no, report) in nos.iter().zip(reports) {
            state.heard(*no, &records::boot(), &[], NOW);
            state.reported(*no, report, NOW);
        }
        state.relink(&[], &mut String::new, NOW);
    }
    for call in state.take_calls(NOW) {
        let addresses = Addresses {
            platform_id: format!("i-{}", call.node.id).into(),
            running: true,
            address: None,
            private_address: None,
            hostname: None,
        };
        state.called(
            call.node.no,
            call.kind,
            CallAnswer::Instance(addresses),
            NOW,
        );
    }
}
