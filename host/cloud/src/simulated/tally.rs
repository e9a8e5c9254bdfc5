//! What happened to clients, counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts over the life of the simulated cloud.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Instances launched (repeated launches not counted).
    pub launched: u64,
    /// Instances ordered to terminate.
    pub terminated: u64,
    /// Viewers whose node went away under them (terminated, crashed, restarted).
    pub viewers_cut: u64,
    /// Viewers the manager had dropped by a `kick` command.
    pub viewers_kicked: u64,
    /// Publishers whose node went away or dropped them.
    pub publishers_cut: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) launched: AtomicU64,
    pub(crate) terminated: AtomicU64,
    pub(crate) viewers_cut: AtomicU64,
    pub(crate) viewers_kicked: AtomicU64,
    pub(crate) publishers_cut: AtomicU64,
}

impl Tally {
    pub(crate) fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            launched: read(&self.launched),
            terminated: read(&self.terminated),
            viewers_cut: read(&self.viewers_cut),
            viewers_kicked: read(&self.viewers_kicked),
            publishers_cut: read(&self.publishers_cut),
        }
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
