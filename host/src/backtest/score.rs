//! The figures of a run.

use serde::Serialize;
use weir_core::units::DurationMs;

use super::acts::Act;
use super::audience::{Standing, Tally};
use super::costs::CallCosts;
use super::plant::Setup;

const HOUR_MS: f64 = 3_600_000.0;
/// Scaling in the other direction within this time of the last action undoes it rather than follows the audience.
const FLAP_WITHIN: DurationMs = DurationMs::secs(900);

/// Edges by what they do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fleet {
    /// In service and taking viewers.
    pub serving: u32,
    /// Asked for, not in service yet.
    pub booting: u32,
    /// Leaving, with the viewers they have.
    pub draining: u32,
}

/// The figures of a run. Percentages are of what their comment says; times are of the edges only.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Score {
    /// Time of edges that is paid, boots and drains included.
    pub node_hours: f64,
    /// That at the price of a node; `None`: the price is not known.
    pub cost: Option<f64>,
    /// Time viewers spent above the capacity of their nodes, or without a node.
    pub over_capacity_viewer_seconds: f64,
    /// That, of all time viewers wanted to watch, percent.
    pub over_capacity_percent: f64,
    /// Viewers who came.
    pub joins: u64,
    /// Viewers who were refused. As a fluid with soft admission: who would have been if full nodes turned them away.
    pub refused: u64,
    /// Those, of all who came, percent.
    pub refused_percent: f64,
    /// Time refused viewers would have watched.
    pub refused_viewer_seconds: f64,
    /// Viewers still on a node at the end of its drain.
    pub moved: u64,
    /// Those, of all who came, percent.
    pub moved_percent: f64,
    /// Mean of the load of the nodes that take viewers, at most 100, percent.
    pub utilisation_percent: f64,
    /// Nodes launched.
    pub launches: u64,
    /// Launches whose node never spoke.
    pub failed_launches: u64,
    /// Nodes told to drain.
    pub removals: u64,
    /// Draining nodes taken back.
    pub taken_back: u64,
    /// Launches given up.
    pub cancelled: u64,
    /// All of these together.
    pub actions: u64,
    /// Decisions that scaled in the other direction than the last one, within 15 minutes of it.
    pub flaps: u64,
    /// Mean lack of nodes, of those needed, percent.
    pub lacking_percent: f64,
    /// Mean surplus of nodes, of those needed, percent.
    pub surplus_percent: f64,
    /// Time with too few nodes, percent.
    pub time_lacking_percent: f64,
    /// Time with more nodes than needed, percent.
    pub time_surplus_percent: f64,
    /// Changes of the number of nodes less changes of the number needed, per hour: below 0 calmer than the audience.
    pub jitter_per_hour: f64,
    /// Most nodes at once, of any state.
    pub most_nodes: u32,
    /// Decisions asked for, and what they cost.
    pub decisions: CallCosts,
    /// Of those, cut by the guardrails.
    pub clamped: u64,
    /// Questions to the placement policy, where viewers are told apart.
    pub questions: Option<CallCosts>,
}

/// Adds up.
#[derive(Debug, Default)]
pub(super) struct Scoring {
    time_ms: f64,
    demanded: f64,
    over: f64,
    turned_away: f64,
    loads: f64,
    lacking: f64,
    surplus: f64,
    time_lacking: f64,
    time_surplus: f64,
    supply_changes: i64,
    demand_changes: i64,
    before: Option<(u32, u32)>,
    last_act: Option<(weir_core::units::UtcMs, bool)>,
    score: Score,
}

impl Scoring {
    /// A step: so it stood for its whole length.
    pub(super) fn stood(&mut self, setup: &Setup, demand: f64, standing: &Standing, fleet: Fleet) {
        let ms = setup.plant.tick.0 as f64;
        self.time_ms += ms;
        self.demanded += demand * ms;
        self.over += standing.over * ms;
        self.turned_away += standing.turned_away * ms;
        let capacity = f64::from(fleet.serving) * f64::from(setup.plant.capacity);
        let load = if capacity > 0.0 {
            standing.viewers / capacity
        } else {
            f64::from(standing.viewers > 0.0)
        };
        self.loads += load.min(1.0) * ms;
        let needed = setup.needed(demand);
        let of_needed = |nodes: u32| f64::from(nodes) / f64::from(needed.max(1)) * ms;
        self.lacking += of_needed(needed.saturating_sub(fleet.serving));
        self.surplus += of_needed(fleet.serving.saturating_sub(needed));
        self.time_lacking += f64::from(fleet.serving < needed) * ms;
        self.time_surplus += f64::from(fleet.serving > needed) * ms;
        if let Some((serving, wanted)) = self.before.replace((fleet.serving, needed)) {
            self.supply_changes += i64::from(serving != fleet.serving);
            self.demand_changes += i64::from(wanted != needed);
        }
        let nodes = fleet.serving + fleet.booting + fleet.draining;
        self.score.most_nodes = self.score.most_nodes.max(nodes);
    }

    /// A decision that did something.
    pub(super) fn acted(&mut self, act: &Act) {
        let score = &mut self.score;
        score.launches += u64::from(act.launched);
        score.removals += u64::from(act.retired);
        score.taken_back += u64::from(act.taken_back);
        score.cancelled += u64::from(act.cancelled);
        score.actions += u64::from(act.nodes());
        let out = act.added() >= act.removed();
        if let Some((at, before)) = self.last_act.replace((act.at, out)) {
            score.flaps += u64::from(before != out && act.at.since(at) < FLAP_WITHIN);
        }
    }

    /// The whole.
    pub(super) fn score(self, setup: &Setup, billed: DurationMs, tally: Tally) -> Score {
        let percent = |part: f64, of: f64| if of > 0.0 { part / of * 100.0 } else { 0.0 };
        let of_time = |ms: f64| percent(ms, self.time_ms);
        let of_joins = |viewers: f64| percent(viewers, tally.joins);
        let node_hours = billed.0 as f64 / HOUR_MS;
        let price = f64::from(setup.plant.price_micros) / 1e6;
        let changes = (self.supply_changes - self.demand_changes) as f64;
        Score {
            node_hours,
            cost: (price > 0.0).then_some(node_hours * price),
            over_capacity_viewer_seconds: self.over / 1e3,
            over_capacity_percent: percent(self.over, self.demanded),
            joins: tally.joins.round() as u64,
            refused: tally.refused.round() as u64,
            refused_percent: of_joins(tally.refused),
            refused_viewer_seconds: self.turned_away / 1e3,
            moved: tally.moved.round() as u64,
            moved_percent: of_joins(tally.moved),
            utilisation_percent: of_time(self.loads),
            lacking_percent: of_time(self.lacking),
            surplus_percent: of_time(self.surplus),
            time_lacking_percent: of_time(self.time_lacking),
            time_surplus_percent: of_time(self.time_surplus),
            jitter_per_hour: changes / (self.time_ms / HOUR_MS).max(f64::MIN_POSITIVE),
            ..self.score
        }
    }
}
