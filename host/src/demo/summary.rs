//! What there is to tell at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::picture::Picture;

/// What the demo went through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Most viewers at once.
    pub peak_viewers: u64,
    /// Viewers that were connected.
    pub joined: u64,
    /// Nodes launched.
    pub launched: u64,
    /// Nodes terminated.
    pub retired: u64,
    /// Most edges in service at once, draining ones not counted.
    pub most_edges: u64,
    /// Edges in service at the last look, draining ones not counted.
    pub edges: u64,
    /// Viewers the manager had no server for.
    pub refused: u64,
    /// Viewers whose node went away under them.
    pub cut: u64,
    /// Viewers dropped at the end of a drain.
    pub kicked: u64,
    /// Scaling decisions by policy and version; `host` where no policy answered.
    pub decisions: BTreeMap<String, u64>,
    seen: BTreeSet<u64>,
}

/// Decisions are recognised by their times; so many are remembered, far more than an answer lists.
const REMEMBERED: usize = 4_096;

impl Summary {
    /// Adds what a look showed.
    pub(super) fn add(&mut self, picture: &Picture) {
        self.peak_viewers = self.peak_viewers.max(picture.crowd.peak);
        self.joined = picture.crowd.joined;
        self.launched = picture.cloud.launched;
        self.retired = picture.cloud.terminated;
        self.edges = picture.count("edge", "inservice") as u64;
        self.most_edges = self.most_edges.max(self.edges);
        self.refused = picture.crowd.refused;
        self.cut = picture.cloud.viewers_cut;
        self.kicked = picture.cloud.viewers_kicked;
        for decision in &picture.group.decisions {
            if self.seen.insert(decision.at) {
                *self.decisions.entry(decision.who()).or_default() += 1;
            }
        }
        while self.seen.len() > REMEMBERED {
            self.seen.pop_first();
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            peak_viewers,
            joined,
            launched,
            retired,
            most_edges,
            edges,
            refused,
            cut,
            kicked,
            ..
        } = self;
        writeln!(f, "viewers   {peak_viewers} at the peak, {joined} in all")?;
        writeln!(f, "edges     {most_edges} at the most, {edges} at the end")?;
        writeln!(f, "nodes     {launched} launched, {retired} retired")?;
        writeln!(
            f,
            "trouble   {refused} refused, {cut} cut, {kicked} dropped at a drain's end"
        )?;
        let by_policy = self.decisions.iter();
        let by_policy: Vec<String> = by_policy.map(|(who, n)| format!("{n} by {who}")).collect();
        write!(f, "decisions {}", by_policy.join(", "))
    }
}
