//! Whole runs, with policies written for the test and with the built-in ones.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod by_hand;
mod pictures;
mod plants;
mod policies;

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use weir_core::ids::NodeNo;
use weir_core::proposal::{LaunchWish, Proposal};
use weir_core::snapshot::Snapshot;

use super::*;
use crate::policy::scripted::ScriptedPolicy;
use crate::policy::{BUILTINS, EngineSettings, PolicyFault, SharedPolicy, WasmEngine};

/// An audience: (second, viewers).
fn trace(records: &[(u64, u32)]) -> Trace {
    let lines = records
        .iter()
        .map(|(second, viewers)| format!("{second},{viewers}\n"));
    let text: String = std::iter::once("timestamp_s,viewers\n".to_owned())
        .chain(lines)
        .collect();
    Trace::parse("test", text.as_bytes()).unwrap()
}

/// Nodes carry 100 viewers and boot in a minute.
fn setup(max: u32) -> Setup {
    Setup {
        plant: Plant {
            boots: "60s".parse().unwrap(),
            ..Plant::of(100)
        },
        limits: Limits::up_to(max),
    }
}

fn builtin(name: &str) -> SharedPolicy {
    static ENGINE: OnceLock<WasmEngine> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| {
        WasmEngine::new(EngineSettings {
            instances: 64,
            ..EngineSettings::default()
        })
        .unwrap()
    });
    let (_, bytes) = BUILTINS.iter().find(|(known, _)| *known == name).unwrap();
    engine.admit_trusted(name, bytes).unwrap()
}

fn contender(scaling: SharedPolicy, placement: SharedPolicy) -> Contender {
    let bound = |policy| Bound {
        policy,
        settings: "{}".to_owned(),
    };
    Contender {
        name: "it".to_owned(),
        scaling: bound(scaling),
        placement: bound(placement),
    }
}

/// A policy that wishes as it is written; placement is asked of nobody.
fn wishing(
    wish: impl Fn(&Snapshot) -> Result<Proposal, PolicyFault> + Send + Sync + 'static,
) -> Contender {
    let policy = ScriptedPolicy::new("scripted").proposing(move |snapshot, _, _| wish(snapshot));
    contender(Arc::new(policy), Arc::new(ScriptedPolicy::new("nobody")))
}

fn holding() -> Contender {
    wishing(|_| Ok(Proposal::default()))
}

fn launch(count: u32) -> Proposal {
    Proposal {
        launches: vec![LaunchWish {
            role: weir_core::node::Role::Edge,
            region: 0,
            zone: None,
            instance_type: None,
            count,
        }],
        ..Proposal::default()
    }
}

fn play(trace: &Trace, setup: &Setup, contender: &Contender) -> Outcome {
    run(trace, setup, contender, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn near(value: f64, wanted: f64) -> bool {
    (value - wanted).abs() <= 1e-6 * wanted.abs().max(1.0)
}

/// Numbers of the edges that serve and take viewers.
fn serving(snapshot: &Snapshot) -> Vec<NodeNo> {
    let nodes = &snapshot.nodes;
    let edge = weir_core::node::Role::Edge as u8;
    let in_service = weir_core::node::NodeState::InService as u8;
    let rows = 0..nodes.id.len();
    rows.filter(|at| nodes.role[*at] == edge && nodes.state[*at] == in_service)
        .filter(|at| nodes.flags[*at] & weir_core::snapshot::FLAG_DRAINING == 0)
        .map(|at| NodeNo(nodes.id[at]))
        .collect()
}
