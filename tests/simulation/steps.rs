//! What may happen, and in which order: a function of the seed alone.

use std::fmt;

use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use weir_core::units::DurationMs;

/// Kinds of step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A new stream is published.
    Publish,
    /// A publisher leaves.
    Unpublish,
    /// Viewers come.
    Join,
    /// Viewers leave.
    Leave,
    /// The operator changes the limits of the edges.
    Limits,
    /// The operator ends an edge.
    Terminate,
    /// The operator sunsets an edge.
    Sunset,
    /// A node's agent falls silent.
    Mute,
    /// The silent ones are heard again.
    Unmute,
    /// A node's service dies.
    NodeDies,
    /// The cloud takes an instance away.
    InstanceLost,
    /// Calls to the cloud fail: throttled, lost, without capacity.
    CloudFails,
    /// Listings of the cloud lack instances.
    ListingsFail,
    /// A zone is full.
    ZoneFull,
    /// All zones have room again.
    ZonesOpen,
    /// The store fails, before or after it did it, or somebody else wrote.
    StoreFails,
    /// The server stops and starts again.
    Restart,
    /// The server is killed and started again.
    Crash,
}

use Kind::*;

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 18] = [
        Publish,
        Unpublish,
        Join,
        Leave,
        Limits,
        Terminate,
        Sunset,
        Mute,
        Unmute,
        NodeDies,
        InstanceLost,
        CloudFails,
        ListingsFail,
        ZoneFull,
        ZonesOpen,
        StoreFails,
        Restart,
        Crash,
    ];

    /// How often it comes, beside the others.
    fn weight(self) -> u32 {
        match self {
            Join | Leave => 6,
            Publish | Limits | CloudFails | StoreFails | Crash => 3,
            Unpublish | Mute | Unmute | NodeDies | ListingsFail | ZonesOpen => 2,
            Terminate | Sunset | InstanceLost | ZoneFull | Restart => 1,
        }
    }
}

/// One step: what happens, a random word for its details, and how long the world then goes on.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub kind: Kind,
    pub word: u32,
    pub pause: DurationMs,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:08x}, then {}", self.kind, self.word, self.pause)
    }
}

impl Step {
    /// One of so many.
    pub fn of(&self, many: usize) -> usize {
        self.word as usize % many.max(1)
    }
}

/// The steps of a history: a publisher and viewers, every kind once in a random order, then `more` others.
pub fn drawn(seed: u64, more: usize) -> Vec<Step> {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut kinds = Kind::ALL.to_vec();
    kinds.shuffle(&mut random);
    // Without a stream there is no audience, and without an audience little to go wrong.
    kinds.splice(0..0, [Publish, Join]);
    let weighted: Vec<Kind> = Kind::ALL
        .into_iter()
        .flat_map(|kind| std::iter::repeat_n(kind, kind.weight() as usize))
        .collect();
    kinds.extend((0..more).map(|_| weighted[random.random_range(0..weighted.len())]));
    kinds
        .into_iter()
        .map(|kind| Step {
            kind,
            word: random.random(),
            // Often at once, so that one trouble meets the other.
            pause: DurationMs(match random.random_range(0..3) {
                0 => 0,
                1 => random.random_range(0..2_000),
                _ => random.random_range(2_000..20_000),
            }),
        })
        .collect()
}
