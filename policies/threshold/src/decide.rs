//! One decision: each row of the limits is judged by itself, scale-out first.

use crate::memory::{Lasting, Memory};
use crate::options::Options;
use crate::tally::{self, Tally};
use crate::types::{Fact, Input, Limits, Proposal};
use crate::{scale_in, scale_out, words};

/// The host takes no more signals than this.
const MOST_SIGNALS: usize = 64;
/// Groups with more rows than this still get every decision, only fewer words.
const MOST_REASONS: usize = 200;

/// What one row's judgement may read.
pub(crate) struct Case<'a> {
    pub input: &'a Input,
    pub limits: &'a Limits,
    pub tally: &'a Tally,
    pub options: &'a Options,
    pub before: &'a Memory,
    /// "edge in eu-west-1".
    pub place: String,
    /// Nodes of the role in service anywhere in the group.
    pub serving_anywhere: usize,
}

/// What the judgements write.
pub(crate) struct Draft {
    pub proposal: Proposal,
    pub after: Memory,
}

impl Draft {
    /// Adds a line for people.
    pub fn say(&mut self, text: String) {
        if self.proposal.reasons.len() < MOST_REASONS {
            self.proposal.reasons.push(text);
        }
    }

    fn acts(&self) -> usize {
        let Proposal {
            launches,
            retirements,
            reinstatements,
            ..
        } = &self.proposal;
        launches.len() + retirements.len() + reinstatements.len()
    }

    /// Asks for a call after so long at the latest.
    pub fn wake_in(&mut self, ms: u64) {
        let ms = u32::try_from(ms).unwrap_or(u32::MAX).max(1);
        let sooner = self.proposal.next_wake_ms.map_or(ms, |known| known.min(ms));
        self.proposal.next_wake_ms = Some(sooner);
    }
}

/// Decides.
pub fn propose(input: &Input, options: &Options, state: &[u8]) -> Proposal {
    let limits: Vec<Limits> = input.limits.iter().map(|row| options.apply(row)).collect();
    let tallies = tally::count(input, &limits);
    let before = Memory::read(state);
    let mut draft = Draft {
        proposal: empty(),
        after: Memory::default(),
    };
    remember_idle(&mut draft, &tallies, &before, input.now_ms);
    for (limits, tally) in limits.iter().zip(&tallies) {
        let case = Case {
            input,
            limits,
            tally,
            options,
            before: &before,
            place: words::place(input, limits),
            serving_anywhere: serving_anywhere(input, limits, &tallies),
        };
        signal(&mut draft, &case);
        let acts = draft.acts();
        judge(&mut draft, &case);
        if draft.acts() > acts {
            // Whoever reads one line only reads what was done.
            draft.proposal.reasons.rotate_right(1);
        }
    }
    draft.proposal.state = draft.after.write();
    draft.proposal
}

fn empty() -> Proposal {
    Proposal {
        launches: Vec::new(),
        retirements: Vec::new(),
        reinstatements: Vec::new(),
        cancellations: Vec::new(),
        discouraged: Vec::new(),
        next_wake_ms: None,
        reasons: Vec::new(),
        signals: Vec::new(),
        state: Vec::new(),
    }
}

fn serving_anywhere(input: &Input, limits: &Limits, tallies: &[Tally]) -> usize {
    let of_role = input
        .limits
        .iter()
        .zip(tallies)
        .filter(|(row, _)| row.role == limits.role);
    of_role.map(|(_, tally)| tally.serving.len()).sum()
}

fn remember_idle(draft: &mut Draft, tallies: &[Tally], before: &Memory, now_ms: u64) {
    let idle = &mut draft.after.idle;
    for node in tallies.iter().flat_map(|tally| &tally.serving) {
        if node.idle {
            idle.push((node.id, before.idle_since(node.id).unwrap_or(now_ms)));
        }
    }
    if !idle.is_sorted() {
        idle.sort_unstable();
    }
}

fn signal(draft: &mut Draft, case: &Case<'_>) {
    let Some(permille) = words::load_permille(case.tally.connections, case.tally.capacity) else {
        return;
    };
    if draft.proposal.signals.len() < MOST_SIGNALS {
        draft.proposal.signals.push(Fact {
            name: format!("load-permille.{}", case.place.replace(" in ", ".")),
            value: permille as f64,
        });
    }
}

fn judge(draft: &mut Draft, case: &Case<'_>) {
    let (role, region) = (case.limits.role as u8, case.limits.region);
    if over(case, case.tally.capacity) {
        let since_ms =
            crate::memory::since(&case.before.alarms, role, region).unwrap_or(case.input.now_ms);
        draft.after.alarms.push(Lasting {
            role,
            region,
            since_ms,
        });
        scale_out::judge(draft, case, since_ms);
    } else {
        scale_in::judge(draft, case);
    }
}

/// Strictly over the threshold. Clients without any capacity are over every threshold.
pub(crate) fn over(case: &Case<'_>, capacity: u64) -> bool {
    let threshold = u64::from(case.limits.threshold_permille);
    case.tally.connections * 1_000 > threshold * capacity
}
