//! The trial of a component before it is admitted: every export, over inputs that have nothing or as little as there
//! can be, and over ordinary ones to learn what it costs.

use weir_core::placement::Action;
use weir_core::proposal::Proposal;
use weir_core::snapshot::Snapshot;

use super::report::{Price, Trial};
use super::wasm_policy::WasmPolicy;
use super::{AdmitError, Outcome, Policy, PolicyFault, edge_cases, ordinary};

/// Nodes of the ordinary inputs.
const NODES: u32 = 100;
/// Calls of a scaling policy whose middle is its price: the cheap ones take microseconds, the dear ones milliseconds.
const PROPOSALS: usize = 5;
/// Calls of a placement policy whose middle is its price.
const SELECTIONS: usize = 101;
/// A placement question above this is worth a word, microseconds.
pub(super) const DEAR_SELECT_MICROS: f64 = 50.0;

/// What the trial found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) trials: Vec<Trial>,
    pub(super) prices: Vec<Price>,
    pub(super) memory_bytes: usize,
}

/// Runs it.
///
/// # Errors
/// [`AdmitError::Trial`]: a call broke.
pub(super) fn run(policy: &WasmPolicy) -> Result<Findings, AdmitError> {
    let mut findings = Findings::default();
    if policy.scales() {
        findings.scaling(policy)?;
    }
    if policy.places() {
        findings.placement(policy)?;
    }
    Ok(findings)
}

/// A function that broke.
pub(super) fn broke(export: &str, fault: PolicyFault) -> AdmitError {
    AdmitError::Trial {
        export: export.to_owned(),
        fault,
    }
}

impl Findings {
    fn scaling(&mut self, policy: &WasmPolicy) -> Result<(), AdmitError> {
        for settings in edge_cases::SETTINGS {
            checked(policy.check_scaling_settings(settings))?;
        }
        for (input, snapshot) in edge_cases::snapshots() {
            let call = self.propose(policy, &snapshot, &[]);
            let first = self.note("propose", input, call)?;
            let state = first.map(|proposal| proposal.state).unwrap_or_default();
            let call = self.propose(policy, &snapshot, &state);
            self.note("propose", &format!("{input}, its own state"), call)?;
        }
        let snapshot = ordinary::snapshot(NODES);
        let mut calls = Vec::new();
        let mut state = Vec::new();
        for _ in 0..PROPOSALS {
            let call = self.propose(policy, &snapshot, &state);
            calls.push((call.fuel, call.micros as f64));
            match self.note("propose", &format!("{NODES} nodes"), call)? {
                Some(proposal) => state = proposal.state,
                None => break,
            }
        }
        self.price("propose", calls);
        Ok(())
    }

    fn propose(
        &mut self,
        policy: &WasmPolicy,
        snapshot: &Snapshot,
        state: &[u8],
    ) -> Outcome<Proposal> {
        let (call, memory) = policy.propose_measured(snapshot, "{}", state);
        self.memory_bytes = self.memory_bytes.max(memory);
        call
    }

    fn placement(&mut self, policy: &WasmPolicy) -> Result<(), AdmitError> {
        for settings in edge_cases::SETTINGS {
            checked(policy.check_placement_settings(settings))?;
        }
        for action in [Action::Broadcast, Action::Subscribe] {
            for (input, view) in edge_cases::views(action) {
                let input = format!("{input}, {}", action.as_str());
                let call = policy.prepare(&view, "{}");
                let Some(mut prepared) = self.note("prepare", &input, call)? else {
                    continue;
                };
                self.memory_bytes = self.memory_bytes.max(prepared.memory_bytes());
                for request in edge_cases::requests(&view) {
                    self.note("select", &input, prepared.select(&request))?;
                }
            }
        }
        self.placement_price(policy)
    }

    fn placement_price(&mut self, policy: &WasmPolicy) -> Result<(), AdmitError> {
        let view = ordinary::view(Action::Subscribe, NODES);
        let call = policy.prepare(&view, "{}");
        let prepare = vec![(call.fuel, call.micros as f64)];
        let Some(mut prepared) = self.note("prepare", &format!("{NODES} nodes"), call)? else {
            return Ok(());
        };
        self.price("prepare", prepare);
        let mut calls = Vec::new();
        for number in 0..SELECTIONS as u32 {
            let request = ordinary::request(&view, number);
            // A clock of microseconds is too coarse for this one.
            let started = std::time::Instant::now();
            let call = prepared.select(&request);
            calls.push((call.fuel, started.elapsed().as_nanos() as f64 / 1_000.0));
            if let Err(fault) = call.answer {
                return Err(broke("select", fault));
            }
        }
        self.price("select", calls);
        Ok(())
    }

    /// A policy may say that it cannot; it may not break.
    fn note<T>(
        &mut self,
        export: &str,
        input: &str,
        call: Outcome<T>,
    ) -> Result<Option<T>, AdmitError> {
        let (answer, gave_up) = match call.answer {
            Ok(answer) => (Some(answer), None),
            Err(PolicyFault::GaveUp { message }) => (None, Some(message)),
            Err(fault) => return Err(broke(export, fault)),
        };
        self.trials.push(Trial {
            export: export.to_owned(),
            input: input.to_owned(),
            fuel: call.fuel,
            micros: call.micros,
            gave_up,
        });
        Ok(answer)
    }

    fn price(&mut self, export: &str, mut calls: Vec<(u64, f64)>) {
        calls.sort_by(|a, b| a.1.total_cmp(&b.1));
        let Some((fuel, median_micros)) = calls.get(calls.len() / 2).copied() else {
            return;
        };
        self.prices.push(Price {
            export: export.to_owned(),
            nodes: NODES,
            fuel,
            median_micros,
        });
    }
}

/// What a policy thinks of odd settings is its own business, as long as it does not break over them.
fn checked(answer: Result<Vec<String>, PolicyFault>) -> Result<(), AdmitError> {
    match answer {
        Ok(_) | Err(PolicyFault::GaveUp { .. }) => Ok(()),
        Err(fault) => Err(broke("check-settings", fault)),
    }
}
