//! How far the cloud got with one node: what is wanted of it next, verb by verb.
//!
//! Each verb has its own pauses and its own call under way, so that a cloud which throttles launches, or does not
//! answer one, is still looked at. Only the end of an instance waits for a launch under way: what is made late would
//! otherwise have no record.

use crate::node::{Node, NodeState};
use crate::units::{DurationMs, UtcMs};

use super::{CallAnswer, CallKind, LaunchFailure};

/// Between two looks at an instance that is coming or going.
const LOOK_EVERY: DurationMs = DurationMs::secs(2);
/// First pause after a call that got nowhere; doubles.
const FIRST_PAUSE: DurationMs = DurationMs::secs(1);
/// Longest pause after calls that got nowhere.
const LONGEST_PAUSE: DurationMs = DurationMs::secs(30);
/// Looks in a row that must find nothing before a terminated instance counts as gone.
const ABSENT_UNTIL_GONE: u32 = 2;

/// The calls of one verb.
#[derive(Debug, Clone, Default)]
struct Line {
    in_flight: bool,
    next_at: UtcMs,
    /// Calls in a row that got nowhere.
    vain: u32,
    problem: Option<String>,
}

impl Line {
    fn got_nowhere(&mut self, problem: String, now: UtcMs) {
        let doublings = self.vain.min(8);
        self.vain = self.vain.saturating_add(1);
        self.next_at = now + DurationMs((FIRST_PAUSE.0 << doublings).min(LONGEST_PAUSE.0));
        self.problem = Some(problem);
    }

    fn was_answered(&mut self, now: UtcMs) {
        self.vain = 0;
        self.next_at = now + LOOK_EVERY;
        self.problem = None;
    }
}

/// How far the cloud got with a node.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallProgress {
    launch: Line,
    look: Line,
    end: Line,
    /// The instance was seen.
    launched: bool,
    /// A launch got lost on its way, or was another process's to make: the instance may exist.
    in_doubt: bool,
    looked: bool,
    end_accepted: bool,
    absent: u32,
    pub(crate) gone: bool,
    pub(crate) failed: Option<LaunchFailure>,
}

impl CallProgress {
    /// Of a record that another process left behind: it may have asked for the instance.
    pub(crate) fn restored(node: &Node) -> Self {
        Self {
            launched: node.platform_id.is_some(),
            in_doubt: node.state == NodeState::Pending,
            ..Self::default()
        }
    }

    /// A new goal: what was counted for the old one is forgotten, calls under way are waited for.
    pub(crate) fn reset(&mut self) {
        let waiting = |line: &Line| Line {
            in_flight: line.in_flight,
            ..Line::default()
        };
        *self = Self {
            launch: waiting(&self.launch),
            look: waiting(&self.look),
            end: waiting(&self.end),
            in_doubt: self.in_doubt,
            ..Self::default()
        };
    }

    fn line(&self, kind: CallKind) -> &Line {
        match kind {
            CallKind::Launch => &self.launch,
            CallKind::Describe => &self.look,
            CallKind::Terminate => &self.end,
        }
    }

    fn line_mut(&mut self, kind: CallKind) -> &mut Line {
        match kind {
            CallKind::Launch => &mut self.launch,
            CallKind::Describe => &mut self.look,
            CallKind::Terminate => &mut self.end,
        }
    }

    /// What the record wants of the cloud, the most wanted first.
    fn wanted(&self, node: &Node) -> [Option<CallKind>; 2] {
        if self.gone || self.failed.is_some() {
            return [None, None];
        }
        let look = Some(CallKind::Describe);
        match node.state {
            NodeState::Pending if !self.launched => {
                [Some(CallKind::Launch), look.filter(|_| self.in_doubt)]
            }
            NodeState::Pending => [look, None],
            NodeState::Running | NodeState::InService | NodeState::Unresponsive => {
                // Addresses may come later than the instance itself.
                [
                    look.filter(|_| !self.looked || node.address.is_none()),
                    None,
                ]
            }
            NodeState::Terminating if self.launch.in_flight => [None, None],
            NodeState::Terminating if !self.end_accepted => [Some(CallKind::Terminate), None],
            NodeState::Terminating => [look, None],
        }
    }

    /// Calls that may be made as soon as their time has come.
    fn open(&self, node: &Node) -> impl Iterator<Item = (CallKind, UtcMs)> {
        let wanted = self.wanted(node).into_iter().flatten();
        wanted
            .map(|kind| (kind, self.line(kind)))
            .filter(|(_, line)| !line.in_flight)
            .map(|(kind, line)| (kind, line.next_at))
    }

    /// When the next call is due; `None`: nothing to ask, or answers are awaited.
    pub(crate) fn due(&self, node: &Node) -> Option<UtcMs> {
        self.open(node).map(|(_, at)| at).min()
    }

    /// The call to make now; it is under way until [`CallProgress::answered`].
    pub(super) fn take(&mut self, node: &Node, now: UtcMs) -> Option<CallKind> {
        let kind = self.open(node).find(|(_, at)| *at <= now)?.0;
        self.line_mut(kind).in_flight = true;
        Some(kind)
    }

    /// What an answer is worth. A refusal speaks of one call: while an earlier one may have made the instance, it settles
    /// nothing. "No capacity" does, as the cloud answers a call it took before with what that one made.
    pub(super) fn weigh(&self, kind: CallKind, answer: CallAnswer) -> CallAnswer {
        match answer {
            CallAnswer::Failed(LaunchFailure::Refused(words))
                if kind == CallKind::Launch && self.in_doubt =>
            {
                CallAnswer::Unclear(words)
            }
            other => other,
        }
    }

    /// Takes what the answer says of the verb itself. Answers whether it says anything of the instance.
    pub(super) fn answered(&mut self, kind: CallKind, answer: &CallAnswer, now: UtcMs) -> bool {
        let line = self.line_mut(kind);
        line.in_flight = false;
        match answer {
            CallAnswer::Throttled => {
                line.got_nowhere("the cloud throttles our calls".to_owned(), now);
                return false;
            }
            CallAnswer::Unclear(problem) => {
                line.got_nowhere(problem.clone(), now);
                if kind == CallKind::Launch {
                    self.in_doubt = true;
                    // What was just made is not listed at once.
                    self.look.next_at = self.look.next_at.max(now + LOOK_EVERY);
                }
                return false;
            }
            CallAnswer::Instance(_)
            | CallAnswer::Ending
            | CallAnswer::Ended
            | CallAnswer::Absent
            | CallAnswer::Accepted
            | CallAnswer::Failed(_) => line.was_answered(now),
        }
        if kind == CallKind::Launch {
            // The answer was a look as well.
            self.look.next_at = self.look.next_at.max(now + LOOK_EVERY);
        }
        true
    }

    /// The instance is there.
    pub(super) fn saw(&mut self, runs: bool) {
        self.launched = true;
        self.looked = runs;
        self.in_doubt = false;
        self.launch.problem = None;
    }

    /// It was not listed: answers whether that may mean something. Of a launch that got lost it says nothing.
    pub(super) fn missed(&mut self, state: NodeState) -> bool {
        self.looked = state != NodeState::Pending;
        self.launched || self.looked
    }

    /// The launch will never be. Answers false when the instance was seen or spoke: an earlier call made it then.
    pub(super) fn fail(&mut self, failure: &LaunchFailure, state: NodeState) -> bool {
        let never = !self.launched && state == NodeState::Pending;
        if never {
            self.failed = Some(failure.clone());
        }
        never
    }

    /// An answer while the instance is to end.
    pub(super) fn ending(&mut self, kind: CallKind, answer: &CallAnswer) {
        match answer {
            CallAnswer::Accepted => {
                self.end_accepted = true;
                // Look at once: many clouds answer "ended" straight away.
                self.look.next_at = UtcMs(0);
            }
            CallAnswer::Ended => self.gone = self.end_accepted || kind == CallKind::Describe,
            CallAnswer::Absent => {
                self.absent += 1;
                self.gone = self.absent >= ABSENT_UNTIL_GONE;
            }
            // Still there after the order was taken: give the order again.
            CallAnswer::Instance(_) => {
                self.absent = 0;
                self.end_accepted = false;
            }
            CallAnswer::Ending => self.absent = 0,
            // The launch never was, so there is nothing to end.
            CallAnswer::Failed(_) => self.gone = kind == CallKind::Launch,
            CallAnswer::Unclear(_) | CallAnswer::Throttled => {}
        }
    }

    /// What the cloud last said against a call, for people.
    pub(super) fn problem(&self) -> Option<String> {
        let lines = [&self.launch, &self.end, &self.look];
        let told = lines.into_iter().find_map(|line| line.problem.clone());
        told.or_else(|| match &self.failed {
            Some(LaunchFailure::NoCapacity) => Some("no capacity in the zone".to_owned()),
            Some(LaunchFailure::Refused(words)) => Some(words.clone()),
            None => None,
        })
    }
}
