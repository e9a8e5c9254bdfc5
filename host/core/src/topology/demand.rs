//! The table of links on demand: which links no rule gives, and when each was last of use.

use std::collections::BTreeMap;

use crate::ids::NodeNo;
use crate::units::UtcMs;

/// Marks by (child, parent). A mark outlives its link when that fails: the link is made again while it is wanted.
#[derive(Debug, Default)]
pub(super) struct Demand {
    marks: BTreeMap<(NodeNo, NodeNo), UtcMs>,
}

impl Demand {
    pub fn has(&self, child: NodeNo, parent: NodeNo) -> bool {
        self.marks.contains_key(&(child, parent))
    }

    pub fn parents_of(&self, child: NodeNo) -> impl Iterator<Item = NodeNo> {
        let range = (child, NodeNo(0))..=(child, NodeNo(u32::MAX));
        self.marks.range(range).map(|((_, parent), _)| *parent)
    }

    /// Every mark: child, parent, and when the link was last of use.
    pub fn all(&self) -> impl Iterator<Item = (NodeNo, NodeNo, UtcMs)> {
        let marks = self.marks.iter();
        marks.map(|((child, parent), at)| (*child, *parent, *at))
    }

    /// The link is wanted now; marked from here on.
    pub fn mark(&mut self, child: NodeNo, parent: NodeNo, now: UtcMs) {
        self.marks.insert((child, parent), now);
    }

    /// The link is of use now, if it is one on demand.
    pub fn used(&mut self, child: NodeNo, parent: NodeNo, now: UtcMs) {
        if let Some(at) = self.marks.get_mut(&(child, parent)) {
            *at = now;
        }
    }

    pub fn unmark(&mut self, child: NodeNo, parent: NodeNo) {
        self.marks.remove(&(child, parent));
    }

    /// The node is gone.
    pub fn forget(&mut self, no: NodeNo) {
        self.marks
            .retain(|(child, parent), _| *child != no && *parent != no);
    }
}
