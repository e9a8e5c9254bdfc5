//! Random histories of a group: whatever nodes, the cloud, operators and a wild policy do, these hold.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::story::Story;
use crate::group_state::{CallAnswer, CallKind, LaunchFailure};
use crate::ids::NodeNo;
use crate::liveness::Port;
use crate::node::{NodeState, Role};
use crate::placement::Action;
use crate::plan::OperatorOrder;
use crate::proposal::{LaunchWish, Proposal};

#[derive(Debug, Clone)]
enum Step {
    Later(u32),
    Decide {
        launches: u8,
        retire: u8,
        reinstate: u8,
        cancel: u8,
    },
    Answer {
        which: u8,
        how: u8,
    },
    Report {
        which: u8,
        clients: u8,
    },
    Probe(Port),
    Terminate {
        which: u8,
        force: bool,
    },
    InstanceEnds(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1..40_000_u32).prop_map(Step::Later),
        (0..5_u8, any::<u8>(), any::<u8>(), any::<u8>()).prop_map(
            |(launches, retire, reinstate, cancel)| Step::Decide {
                launches,
                retire,
                reinstate,
                cancel
            }
        ),
        (any::<u8>(), 0..6_u8).prop_map(|(which, how)| Step::Answer { which, how }),
        (any::<u8>(), 0..3_u8).prop_map(|(which, clients)| Step::Report { which, clients }),
        prop::sample::select(vec![
            Port::Open,
            Port::Closed,
            Port::Unreachable,
            Port::Untold
        ])
        .prop_map(Step::Probe),
        (any::<u8>(), any::<bool>()).prop_map(|(which, force)| Step::Terminate { which, force }),
        any::<u8>().prop_map(Step::InstanceEnds),
    ];
    prop::collection::vec(step, 1..80)
}

fn nos(story: &Story) -> Vec<NodeNo> {
    story.state.members().map(|member| member.node.no).collect()
}

fn pick(story: &Story, which: u8) -> Option<NodeNo> {
    let nos = nos(story);
    (!nos.is_empty()).then(|| nos[which as usize % nos.len()])
}

fn carry_out(story: &mut Story, step: &Step) {
    match step {
        Step::Later(ms) => story.later(u64::from(*ms)),
        Step::Decide {
            launches,
            retire,
            reinstate,
            cancel,
        } => {
            let id = |which: &u8| {
                pick(story, *which)
                    .map(|no| no.0)
                    .into_iter()
                    .collect::<Vec<_>>()
            };
            let wish = LaunchWish {
                role: Role::Edge,
                region: 0,
                zone: None,
                instance_type: None,
                count: u32::from(*launches),
            };
            let proposal = Proposal {
                launches: vec![wish],
                retirements: id(retire),
                reinstatements: id(reinstate),
                cancellations: id(cancel),
                ..Proposal::default()
            };
            story.decide(Some(&proposal));
        }
        Step::Answer { which, how } => {
            let calls = story.calls();
            let Some((no, kind)) = calls.get(*which as usize % calls.len().max(1)).copied() else {
                return;
            };
            answer(story, no, kind, *how);
        }
        Step::Report { which, clients } => {
            let Some(no) = pick(story, *which) else {
                return;
            };
            story.report(no, u32::from(*clients));
        }
        Step::Probe(port) => {
            story.probe(*port);
        }
        Step::Terminate { which, force } => {
            let Some(no) = pick(story, *which) else {
                return;
            };
            // A refusal is a fine answer.
            let _ = story.order_on(OperatorOrder::Terminate { no, force: *force });
        }
        Step::InstanceEnds(which) => {
            let Some(no) = pick(story, *which) else {
                return;
            };
            story.state.instance_ended(no);
        }
    }
    story.pass();
}

fn answer(story: &mut Story, no: NodeNo, kind: CallKind, how: u8) {
    let answer = match (how, kind) {
        (0, CallKind::Launch) => CallAnswer::Failed(LaunchFailure::NoCapacity),
        (1, CallKind::Launch) => CallAnswer::Failed(LaunchFailure::Refused("quota".to_owned())),
        (_, CallKind::Terminate) => CallAnswer::Accepted,
        (0, _) => CallAnswer::Absent,
        (1, _) => CallAnswer::Ended,
        (2, _) => CallAnswer::Unclear("lost".to_owned()),
        _ => return story.runs(no),
    };
    story.answer(no, kind, answer);
}

fn limits(story: &Story, role: Role) -> u32 {
    story
        .state
        .spec()
        .limits
        .values()
        .find(|limits| limits.role == role)
        .map_or(0, |limits| limits.max)
}

fn check(story: &Story, before: &BTreeMap<NodeNo, NodeState>) -> Result<(), TestCaseError> {
    for role in Role::ALL {
        let counted = story
            .state
            .members()
            .filter(|member| member.node.role == role && member.node.counts_against_max())
            .count();
        prop_assert!(
            counted as u32 <= limits(story, role),
            "{counted} nodes of role {role}"
        );
    }
    for no in story.offered(Action::Subscribe) {
        let node = story.node(no);
        prop_assert!(
            node.is_offered(),
            "node {no} is {:?}, drain {:?}",
            node.state,
            node.drain
        );
    }
    for (no, state) in before {
        if *state == NodeState::Terminating && story.has(*no) {
            prop_assert_eq!(
                story.state_of(*no),
                NodeState::Terminating,
                "there is no way back"
            );
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_history_passes_the_maximum_or_offers_a_node_that_is_not_in_service(steps in steps(), edges in 1..4_u32) {
        let mut story = Story::serving(edges);
        let mut highest = story.state.group().next_no;
        for step in &steps {
            let before = story.state.members().map(|member| (member.node.no, member.node.state)).collect();
            carry_out(&mut story, step);
            check(&story, &before)?;
            let next = story.state.group().next_no;
            prop_assert!(next >= highest, "numbers are never used again");
            highest = next;
        }
    }
}
