//! From a group's state to the picture others read.

use weir_core::group_state::{GroupState, Member, RoleLoad};
use weir_core::node::Role;
use weir_core::stream::StreamName;

use super::status::{
    BindingStatus, GroupStatus, LinkStatus, NodeStatus, PublishedStream, RoleStatus, StreamStatus,
};

/// The group as it stands, but for the order of the streams: that can be had without the lock on the state.
pub fn of_group(state: &GroupState, bindings: Vec<BindingStatus>) -> GroupStatus {
    GroupStatus {
        group: state.group().clone(),
        spec: state.spec().clone(),
        nodes: state
            .members()
            .map(|member| of_member(state, member))
            .collect(),
        links: state
            .topology()
            .links()
            .map(|link| LinkStatus {
                parent: link.parent,
                child: link.child,
                state: link.state.as_str(),
                since: link.since,
            })
            .collect(),
        streams: state
            .streams()
            .entries()
            .map(|(stream, node, held)| StreamStatus {
                stream: stream.clone(),
                node,
                kind: held.kind,
                subscribers: held.subscribers,
                started_at: held.started_at,
            })
            .collect(),
        roles: state
            .role_loads()
            .iter()
            .map(|load| of_role(state, load))
            .collect(),
        bindings,
        frozen: state.is_frozen(),
    }
}

/// A published stream: its publisher's node, its viewers on the group's edges and origins, its start.
pub fn of_stream(state: &GroupState, stream: &StreamName) -> Option<PublishedStream> {
    let publisher = state.streams().publishers(stream).next()?;
    let viewers = state
        .streams()
        .holders(stream)
        .filter(|(no, _)| {
            let role = state.member(*no).map(|member| member.node.role);
            matches!(role, Some(Role::Edge | Role::Origin))
        })
        .fold(0, |sum: u32, (_, held)| {
            sum.saturating_add(held.subscribers)
        });
    let (_, published) = state
        .streams()
        .holders(stream)
        .find(|(no, _)| *no == publisher)?;
    Some(PublishedStream {
        node: state.member(publisher)?.node.clone(),
        viewers,
        started_at: published.started_at,
    })
}

/// One node.
pub fn of_member(state: &GroupState, member: &Member) -> NodeStatus {
    let address = |no| {
        let node = &state.member(no)?.node;
        node.address
            .clone()
            .or_else(|| node.private_address.clone())
    };
    let no = member.node.no;
    let topology = state.topology();
    let mut on_demand = topology.parents(no);
    on_demand.retain(|parent| topology.is_on_demand(no, *parent));
    NodeStatus {
        node: member.node.clone(),
        connections: member.load.connections,
        publishers: member.load.publishers,
        assigned: member.assigned,
        last_report: member.last_report,
        last_traffic_ms: member.load.last_traffic_ms,
        parents: topology
            .parents(no)
            .into_iter()
            .filter_map(address)
            .collect(),
        parents_on_demand: on_demand.into_iter().filter_map(address).collect(),
        overloaded: topology.overloaded().contains(&no),
        problem: state.call_problem(member.node.no),
    }
}

fn of_role(state: &GroupState, load: &RoleLoad) -> RoleStatus {
    let limits = state.spec().limits.get(&(load.role, load.region.clone()));
    let percent = f64::from(load.connections) * 100.0 / f64::from(load.capacity_in_service);
    RoleStatus {
        role: load.role,
        region: load.region.clone(),
        nodes: load.nodes,
        in_service: load.in_service,
        draining: load.draining,
        capacity: load.capacity,
        capacity_in_service: load.capacity_in_service,
        connections: load.connections,
        load_percent: (load.capacity_in_service > 0).then_some((percent * 100.0).round() / 100.0),
        min: limits.map(|limits| limits.min),
        max: limits.map(|limits| limits.max),
    }
}
