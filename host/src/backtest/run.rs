//! One policy over one audience.

use std::ops::ControlFlow;

use serde::Serialize;
use weir_core::node::{NodeState, Role};
use weir_core::report::Report;
use weir_core::units::UtcMs;

use super::acts::Act;
use super::audience::{Audience, Desk, Fluid, Step, Viewers};
use super::curve::{Curve, Point};
use super::instances::Instances;
use super::manager::Manager;
use super::plant::{Mode, Setup};
use super::score::{Fleet, Score, Scoring};
use super::trace::{Trace, TraceError};
use super::{foresight::Foresight, group};
use crate::policy::SharedPolicy;

/// So many steps between two looks at whether somebody still wants the result.
const LOOK_EVERY: usize = 64;
/// Decisions kept with their reasons; the figures count all of them.
const MOST_ACTS: usize = 20_000;
/// Memory a node reports, bytes: never the matter here.
const MEMORY: u64 = 8 << 30;

/// A policy with its settings.
#[derive(Clone)]
pub struct Bound {
    /// The policy.
    pub policy: SharedPolicy,
    /// Its settings, JSON.
    pub settings: String,
}

/// Who is judged.
#[derive(Clone)]
pub struct Contender {
    /// Name in tables and pictures.
    pub name: String,
    /// Decides how many nodes there are.
    pub scaling: Bound,
    /// Decides where viewers go; only asked with [`Mode::Viewers`].
    pub placement: Bound,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub of: usize,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The contender's name.
    pub name: String,
    /// The scaling policy, its version and the SHA-256 of its bytes.
    pub policy: String,
    /// See above.
    pub version: String,
    /// See above.
    pub digest: String,
    /// Its settings.
    pub settings: String,
    /// The figures.
    pub score: Score,
    /// The course.
    pub curve: Vec<Point>,
    /// Decisions that did something; the first 20,000.
    pub acts: Vec<Act>,
}

/// Why there is no outcome.
#[derive(Debug, thiserror::Error)]
pub enum BacktestError {
    /// The trace cannot be run.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// Nobody wants it any more.
    #[error("the backtest was cancelled")]
    Cancelled,
}

/// The bounds for an audience on a plant.
///
/// # Errors
/// [`BacktestError::Trace`] when it has too many steps.
pub fn foresight(trace: &Trace, setup: &Setup) -> Result<Foresight, BacktestError> {
    Ok(Foresight::of(&trace.sampled(setup.plant.tick)?, setup))
}

/// Runs the contender over the audience. Blocks; the same input gives the same outcome, but for the times calls took.
/// `watch` is told now and then how far it is, and ends it by breaking.
///
/// # Errors
/// [`BacktestError`].
pub fn run(
    trace: &Trace,
    setup: &Setup,
    contender: &Contender,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Outcome, BacktestError> {
    let demand = trace.sampled(setup.plant.tick)?;
    let mut run = Run::start(setup, contender, trace.start(), &demand);
    for at in 0..demand.len() {
        let progress = Progress {
            done: at,
            of: demand.len(),
        };
        if at.is_multiple_of(LOOK_EVERY) && watch(progress).is_break() {
            return Err(BacktestError::Cancelled);
        }
        let before = at.checked_sub(1).map(|before| demand[before]);
        run.step(before, demand[at]);
    }
    Ok(run.outcome(contender))
}

struct Run<'a> {
    setup: &'a Setup,
    manager: Manager,
    cloud: Instances,
    audience: Box<dyn Audience>,
    report: Report,
    now: UtcMs,
    scoring: Scoring,
    curve: Curve,
    acts: Vec<Act>,
}

impl<'a> Run<'a> {
    fn start(setup: &'a Setup, contender: &Contender, now: UtcMs, demand: &[f64]) -> Self {
        let plant = &setup.plant;
        let first = demand.first().copied().unwrap_or(0.0);
        let nodes = group::records(setup, setup.first_edges(first), now);
        let cloud = Instances::of(plant, &nodes, now);
        let state = group::state(setup, nodes, now);
        let Bound { policy, settings } = contender.scaling.clone();
        let audience: Box<dyn Audience> = match plant.mode {
            Mode::Fluid => Box::new(Fluid::new(plant)),
            Mode::Viewers => {
                let Bound { policy, settings } = contender.placement.clone();
                Box::new(Viewers::new(plant, Desk::new(policy, settings, plant.seed)))
            }
        };
        Self {
            setup,
            manager: Manager::new(state, policy, settings, plant.seed),
            cloud,
            audience,
            report: Report {
                free_memory: MEMORY,
                max_memory: MEMORY,
                ..Report::default()
            },
            now,
            scoring: Scoring::default(),
            curve: Curve::of(demand.len()),
            acts: Vec::new(),
        }
    }

    fn step(&mut self, before: Option<f64>, demand: f64) {
        let now = self.now;
        let step = self.what_happens(before, demand);
        let state = &mut self.manager.state;
        let questions = self.audience.step(state, &step);
        state.note_questions(
            Role::Edge,
            &group::REGION.into(),
            questions.answered,
            questions.refused,
            now,
        );
        self.hear();
        let act = self.manager.pass(&mut self.cloud, now);
        let standing = self.audience.settle(&self.manager.state);
        let fleet = self.fleet();
        self.scoring.stood(self.setup, demand, &standing, fleet);
        let (added, removed) = act
            .as_ref()
            .map_or((0, 0), |act| (act.added(), act.removed()));
        self.curve.add(Point {
            at: now,
            viewers: demand,
            capacity: f64::from(fleet.serving) * f64::from(self.setup.plant.capacity),
            over: standing.over,
            fleet,
            needed: self.setup.needed(demand),
            added,
            removed,
        });
        if let Some(act) = act {
            self.scoring.acted(&act);
            if self.acts.len() < MOST_ACTS {
                self.acts.push(act);
            }
        }
        self.now = now + self.setup.plant.tick;
    }

    /// Viewers leave as their sessions end, faster when the audience shrinks faster; who comes makes up the rest.
    fn what_happens(&self, before: Option<f64>, demand: f64) -> Step {
        let plant = &self.setup.plant;
        let by_sessions = (-(plant.tick.0 as f64) / plant.session.0.max(1) as f64).exp();
        let was = before.unwrap_or(0.0);
        let stay = if was > 0.0 {
            by_sessions.min(demand / was)
        } else {
            by_sessions
        };
        Step {
            now: self.now,
            demand,
            stay,
            joins: (demand - was * stay).max(0.0),
            is_first: before.is_none(),
        }
    }

    fn hear(&mut self) {
        for (no, instance) in self.cloud.talking(self.now) {
            let viewers = self.audience.on(no);
            self.report.client_count = viewers;
            self.report.subscriber_count = viewers;
            self.manager
                .hear(no, &instance.boot, &self.report, self.now);
        }
    }

    fn fleet(&self) -> Fleet {
        let mut fleet = Fleet::default();
        for member in self.manager.state.members() {
            let node = &member.node;
            if node.role != Role::Edge {
                continue;
            }
            match node.state {
                NodeState::Pending | NodeState::Running => fleet.booting += 1,
                NodeState::InService if node.is_offered() => fleet.serving += 1,
                NodeState::InService | NodeState::Unresponsive => fleet.draining += 1,
                // The instance was ended with the decision.
                NodeState::Terminating => {}
            }
        }
        fleet
    }

    fn outcome(self, contender: &Contender) -> Outcome {
        let Bound { policy, settings } = &contender.scaling;
        let billed = self.cloud.billed(self.now);
        let score = self
            .scoring
            .score(self.setup, billed, self.audience.tally());
        Outcome {
            name: contender.name.clone(),
            policy: policy.name().to_owned(),
            version: policy.version().to_owned(),
            digest: policy.digest().to_owned(),
            settings: settings.clone(),
            score: Score {
                failed_launches: self.cloud.failed.into(),
                clamped: self.manager.costs.clamped,
                decisions: self.manager.costs.summary(),
                questions: self.audience.costs(),
                ..score
            },
            curve: self.curve.points(),
            acts: self.acts,
        }
    }
}
