//! An audience of single viewers: each one is sent somewhere by the placement policy, stays for a while, and is sent somewhere
//! else when its node ends under it.

use std::collections::{BTreeMap, BTreeSet};

use rand::distr::Distribution;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::Binomial;
use weir_core::group_state::GroupState;
use weir_core::ids::NodeNo;
use weir_core::node::NodeState;
use weir_core::stream::StreamName;

use super::desk::{Desk, load_if_offered};
use super::{Audience, Questions, Standing, Step, Tally};
use crate::backtest::costs::CallCosts;
use crate::backtest::plant::Plant;

/// The viewers.
pub(in crate::backtest) struct Viewers {
    desk: Desk,
    random: StdRng,
    streams: Streams,
    capacity: u32,
    /// Viewers by node, then by stream.
    on: BTreeMap<NodeNo, BTreeMap<usize, u32>>,
    /// Viewers on the node, and those of them that no report showed yet.
    counts: BTreeMap<NodeNo, (u32, u32)>,
    /// Part of a viewer that comes with the next step.
    owed: f64,
    /// Streams of viewers whose node ended: they ask again.
    cut: Vec<usize>,
    /// Who would still watch of those who were refused.
    away: f64,
    tally: Tally,
}

/// What is watched, the n-th stream 1/n as often as the first.
struct Streams {
    keys: Vec<u32>,
    /// Sums of the weights.
    sums: Vec<f64>,
    carriers: Vec<BTreeSet<u32>>,
}

impl Viewers {
    /// Nobody yet; the first step brings the first audience.
    pub(in crate::backtest) fn new(plant: &Plant, desk: Desk) -> Self {
        Self {
            desk,
            random: StdRng::seed_from_u64(plant.seed),
            streams: Streams::new(plant.streams),
            capacity: plant.capacity,
            on: BTreeMap::new(),
            counts: BTreeMap::new(),
            owed: 0.0,
            cut: Vec::new(),
            away: 0.0,
            tally: Tally::default(),
        }
    }

    /// Of the viewers of each stream on each node so many stay as the lot says.
    fn leave(&mut self, stay: f64) {
        for (no, streams) in &mut self.on {
            for (stream, viewers) in streams.iter_mut() {
                let left = leavers(*viewers, stay, &mut self.random);
                *viewers -= left;
                if let Some((count, _)) = self.counts.get_mut(no) {
                    *count -= left;
                }
                if *viewers == 0 {
                    self.streams.carriers[*stream].remove(&no.0);
                }
            }
            streams.retain(|_, viewers| *viewers > 0);
        }
    }

    /// One viewer asks. Answers whether there was a place.
    fn join(&mut self, stream: usize, state: &mut GroupState, step: &Step) -> bool {
        if self.desk.wants_view() {
            let counts = &self.counts;
            state.set_assigned(|no| counts.get(&no).map_or(0, |(_, fresh)| *fresh));
            self.desk.look(state, step.now);
        }
        let counts = &self.counts;
        let state = &*state;
        let fits = |no: NodeNo| {
            let viewers = counts.get(&no).map_or(0, |(count, _)| *count);
            load_if_offered(state, state.member(no)?, viewers)
        };
        let Streams { keys, carriers, .. } = &self.streams;
        let carriers = carriers[stream].iter().copied().collect();
        let Some(no) = self.desk.ask(keys[stream], carriers, fits) else {
            return false;
        };
        *self.on.entry(no).or_default().entry(stream).or_default() += 1;
        let (count, fresh) = self.counts.entry(no).or_default();
        *count += 1;
        *fresh += 1;
        self.streams.carriers[stream].insert(no.0);
        true
    }
}

fn leavers(viewers: u32, stay: f64, random: &mut StdRng) -> u32 {
    let leavers = Binomial::new(u64::from(viewers), (1.0 - stay).clamp(0.0, 1.0));
    // The part lies between 0 and 1, so the distribution exists.
    leavers.map_or(0, |leavers| leavers.sample(random) as u32)
}

impl Audience for Viewers {
    fn step(&mut self, state: &mut GroupState, step: &Step) -> Questions {
        self.leave(step.stay);
        let coming = if step.is_first {
            step.demand
        } else {
            step.joins
        };
        self.owed += coming;
        let whole = self.owed.floor();
        self.owed -= whole;
        let cut = std::mem::take(&mut self.cut);
        let mut questions = Questions::default();
        for at in 0..whole as usize + cut.len() {
            let stream = match cut.get(at) {
                Some(stream) => *stream,
                None => self.streams.draw(&mut self.random),
            };
            match self.join(stream, state, step) {
                true => questions.answered += 1,
                false => questions.refused += 1,
            }
        }
        if !step.is_first {
            self.tally.joins += whole;
        }
        self.tally.refused += f64::from(questions.refused);
        self.away = self.away * step.stay + f64::from(questions.refused);
        // The reports that follow show everybody.
        self.counts.values_mut().for_each(|(_, fresh)| *fresh = 0);
        state.set_assigned(|_| 0);
        self.desk.renew();
        questions
    }

    fn on(&self, no: NodeNo) -> u32 {
        self.counts.get(&no).map_or(0, |(count, _)| *count)
    }

    fn settle(&mut self, state: &GroupState) -> Standing {
        let serves = |no: &NodeNo| {
            let member = state.member(*no);
            member.is_some_and(|member| match member.node.state {
                NodeState::InService | NodeState::Unresponsive => true,
                NodeState::Pending | NodeState::Running | NodeState::Terminating => false,
            })
        };
        let ended: Vec<NodeNo> = self.on.keys().filter(|no| !serves(no)).copied().collect();
        for no in ended {
            self.counts.remove(&no);
            for (stream, viewers) in self.on.remove(&no).unwrap_or_default() {
                self.tally.moved += f64::from(viewers);
                self.cut.extend((0..viewers).map(|_| stream));
                self.streams.carriers[stream].remove(&no.0);
            }
        }
        let counts = || self.counts.values().map(|(count, _)| *count);
        let over = counts().map(|count| count.saturating_sub(self.capacity));
        let viewers: f64 = counts().map(f64::from).sum();
        Standing {
            viewers,
            over: over.map(f64::from).sum(),
            turned_away: self.away,
        }
    }

    fn tally(&self) -> Tally {
        self.tally
    }

    fn costs(&self) -> Option<CallCosts> {
        Some(self.desk.costs.summary())
    }
}

impl Streams {
    fn new(count: u32) -> Self {
        let ranks = 1..=count.max(1);
        let mut sum = 0.0;
        let add = |rank: u32| {
            sum += 1.0 / f64::from(rank);
            sum
        };
        let name = |rank: u32| StreamName::new("live", &format!("stream-{rank}"));
        Self {
            keys: ranks.clone().map(|rank| name(rank).key()).collect(),
            sums: ranks.clone().map(add).collect(),
            carriers: ranks.map(|_| BTreeSet::new()).collect(),
        }
    }

    fn draw(&self, random: &mut StdRng) -> usize {
        let total = self.sums.last().copied().unwrap_or(1.0);
        let lot = random.random::<f64>() * total;
        let rank = self.sums.partition_point(|sum| *sum <= lot);
        rank.min(self.sums.len().saturating_sub(1))
    }
}
