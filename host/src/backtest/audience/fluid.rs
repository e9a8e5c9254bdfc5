//! An audience like water: on all nodes that take viewers at the same height, at once. Viewers of a draining node leave it as
//! their sessions end, and the rest moves when it is over.
//!
//! Beside the audience that is let in always runs a second one with hard admission, through the same nodes: it tells who
//! would have been refused. With hard admission it is the only one.

use std::collections::BTreeMap;

use weir_core::group_state::GroupState;
use weir_core::ids::NodeNo;
use weir_core::node::NodeState;

use super::{Audience, Questions, Standing, Step, Tally, edges};
use crate::backtest::plant::{Admission, Plant};

/// The fluid.
pub(in crate::backtest) struct Fluid {
    capacity: f64,
    hard: bool,
    /// Viewers of the trace.
    demand: f64,
    /// Who watches.
    watching: f64,
    /// Who would watch if full nodes turned viewers away.
    admitted: f64,
    draining: BTreeMap<NodeNo, f64>,
    /// Nodes that take viewers, by number, as of the last pass.
    open: Vec<NodeNo>,
    /// Whole viewers on those together.
    on_open: u64,
    tally: Tally,
}

impl Fluid {
    /// Nobody yet; the first step brings the first audience.
    pub(in crate::backtest) fn new(plant: &Plant) -> Self {
        Self {
            capacity: f64::from(plant.capacity),
            hard: plant.admission == Admission::Hard,
            demand: 0.0,
            watching: 0.0,
            admitted: 0.0,
            draining: BTreeMap::new(),
            open: Vec::new(),
            on_open: 0,
            tally: Tally::default(),
        }
    }

    fn on_draining(&self) -> f64 {
        self.draining.values().sum()
    }

    fn on_open(&self) -> f64 {
        (self.watching - self.on_draining()).max(0.0)
    }

    /// What one node that takes viewers has.
    fn share(&self) -> f64 {
        self.on_open() / (self.open.len().max(1)) as f64
    }

    /// Seats, those taken on draining nodes included.
    fn seats(&self) -> f64 {
        self.open.len() as f64 * self.capacity + self.on_draining()
    }

    /// Whoever comes under hard admission; answers who found no room.
    fn admit(&mut self, step: &Step) -> f64 {
        self.admitted *= step.stay;
        let seats = self.seats();
        let displaced = (self.admitted - seats).max(0.0);
        self.admitted -= displaced;
        let coming = if step.is_first {
            step.demand
        } else {
            step.joins
        };
        let taken = coming.min((seats - self.admitted).max(0.0));
        self.admitted += taken;
        displaced + coming - taken
    }

    fn look(&mut self, state: &GroupState) {
        let offered = edges(state).filter(|member| member.node.is_offered());
        self.open = offered.map(|member| member.node.no).collect();
    }
}

impl Audience for Fluid {
    fn step(&mut self, state: &mut GroupState, step: &Step) -> Questions {
        if step.is_first {
            self.look(state);
        }
        for viewers in self.draining.values_mut() {
            *viewers *= step.stay;
        }
        let refused = self.admit(step);
        self.demand = step.demand;
        self.watching = if self.hard {
            self.admitted
        } else {
            step.demand
        };
        let leaving = self.on_draining();
        if leaving > self.watching {
            let part = self.watching / leaving;
            self.draining
                .values_mut()
                .for_each(|viewers| *viewers *= part);
        }
        self.on_open = self.on_open().round() as u64;
        self.tally.refused += refused;
        if step.is_first {
            return Questions::default();
        }
        self.tally.joins += step.joins;
        // Let in always, but for the moments in which nobody is there to let them in.
        let told = match (self.hard, self.open.is_empty()) {
            (true, _) => refused.min(step.joins),
            (false, true) => step.joins,
            (false, false) => 0.0,
        };
        Questions {
            answered: (step.joins - told).round() as u32,
            refused: told.round() as u32,
        }
    }

    fn on(&self, no: NodeNo) -> u32 {
        if let Some(viewers) = self.draining.get(&no) {
            return viewers.round() as u32;
        }
        let Ok(rank) = self.open.binary_search(&no) else {
            return 0;
        };
        // Whole viewers: the first nodes have one more, so that the sum is right.
        let (viewers, nodes) = (self.on_open, self.open.len() as u64);
        let share = viewers / nodes + u64::from((rank as u64) < viewers % nodes);
        u32::try_from(share).unwrap_or(u32::MAX)
    }

    fn settle(&mut self, state: &GroupState) -> Standing {
        let share = self.share();
        let mut draining = BTreeMap::new();
        let leaves =
            |state: NodeState| matches!(state, NodeState::InService | NodeState::Unresponsive);
        for member in edges(state) {
            let node = &member.node;
            if node.drain.is_some() && leaves(node.state) {
                let viewers = self.draining.remove(&node.no).unwrap_or(share);
                draining.insert(node.no, viewers);
            }
        }
        // The others were taken back, or their drain is over.
        let ended = self.draining.iter().filter(|(no, _)| {
            let member = state.member(**no);
            member.is_none_or(|member| !member.node.is_offered())
        });
        self.tally.moved += ended.map(|(_, viewers)| viewers).sum::<f64>();
        self.draining = draining;
        self.look(state);
        let over = self.on_open() - self.open.len() as f64 * self.capacity;
        Standing {
            viewers: self.watching,
            over: over.max(0.0),
            turned_away: (self.demand - self.admitted).max(0.0),
        }
    }

    fn tally(&self) -> Tally {
        self.tally
    }
}
