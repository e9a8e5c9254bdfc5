//! What happens when a policy fails again and again: a ladder of stand-ins, stepped down and climbed again.
//!
//! ```text
//! bound ──3 faults──▶ last good ──3 faults──▶ built-in ──3 faults──▶ hold
//!   ▲  ▲                  │                      │                    │
//!   │  └───a fault────────┴── after 1, 2, 4 … 60 minutes the bound ───┘
//!   └───ten good calls────────── version is tried again
//! ```
//!
//! Pure: the caller tells the time and what each call did, and carries out what the ladder says. Faults of this server
//! step nothing down: another policy would meet them too.

use weir_core::units::{DurationMs, UtcMs};

use super::{Blame, PolicyFault};

/// Faults in a row after which a rung is left.
pub const FAULTS_IN_A_ROW: u32 = 3;
/// Good calls after which the bound version is trusted again.
pub const GOOD_CALLS: u32 = 10;
/// Minutes until the bound version is tried again; the last one repeats.
const RETRY_MINUTES: [u64; 7] = [1, 2, 4, 8, 16, 32, 60];

/// Who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// The version the group is bound to.
    Bound,
    /// The last version that worked for the group.
    LastGood,
    /// The built-in policy for this decision.
    BuiltIn,
    /// Nobody. Scaling holds, and the host keeps the minimum; placement answers 503.
    Hold,
}

/// What happened on the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A stand-in took over.
    SteppedDown,
    /// The bound version is tried again.
    TriedAgain,
    /// The bound version failed its trial.
    TrialFailed,
    /// The bound version is trusted again.
    Restored,
}

/// A step, for the event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LadderEvent {
    /// What happened.
    pub step: Step,
    /// Who decided so far.
    pub from: Rung,
    /// Who decides from now on.
    pub to: Rung,
    /// The fault behind a step down.
    pub fault: Option<PolicyFault>,
    /// When the bound version is tried again.
    pub retry_at: Option<UtcMs>,
}

impl LadderEvent {
    /// Who has to mend it; `None` for a step up.
    pub fn blame(&self) -> Option<Blame> {
        self.fault.as_ref().map(PolicyFault::blame)
    }
}

/// The state of one binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// The rungs there are, best first; the last is [`Rung::Hold`].
    rungs: Vec<Rung>,
    /// Index of the rung that decides outside a trial.
    at: usize,
    faults: u32,
    /// Good calls of a trial that is under way.
    trial: Option<u32>,
    /// Index into [`RETRY_MINUTES`] of the wait that runs or comes next.
    wait: usize,
    retry_at: Option<UtcMs>,
}

impl Ladder {
    /// A binding that works. A rung without a policy of its own is left out.
    pub fn new(has_last_good: bool, bound_is_built_in: bool) -> Self {
        let mut rungs = vec![Rung::Bound];
        if has_last_good {
            rungs.push(Rung::LastGood);
        }
        if !bound_is_built_in {
            rungs.push(Rung::BuiltIn);
        }
        rungs.push(Rung::Hold);
        Self {
            rungs,
            at: 0,
            faults: 0,
            trial: None,
            wait: 0,
            retry_at: None,
        }
    }

    /// Who decides the next call.
    pub fn rung(&self) -> Rung {
        match self.trial {
            Some(_) => Rung::Bound,
            None => self.rungs[self.at],
        }
    }

    /// Who stands in for this one call when `rung` just failed it.
    pub fn below(&self, rung: Rung) -> Rung {
        let next = self.rungs.iter().position(|known| *known == rung);
        next.and_then(|at| self.rungs.get(at + 1))
            .copied()
            .unwrap_or(Rung::Hold)
    }

    /// When [`Ladder::tick`] has something to do.
    pub fn retry_at(&self) -> Option<UtcMs> {
        self.retry_at
    }

    /// Starts a trial of the bound version when it is due. Call it before [`Ladder::rung`].
    pub fn tick(&mut self, now: UtcMs) -> Option<LadderEvent> {
        if self.trial.is_some() || self.retry_at? > now {
            return None;
        }
        let from = self.rung();
        self.trial = Some(0);
        self.retry_at = None;
        self.faults = 0;
        Some(self.event(Step::TriedAgain, from, None))
    }

    /// Notes what a call of `rung` did. A call of a rung that no longer decides is old news.
    pub fn record(
        &mut self,
        now: UtcMs,
        rung: Rung,
        result: Result<(), &PolicyFault>,
    ) -> Option<LadderEvent> {
        if rung != self.rung() || rung == Rung::Hold {
            return None;
        }
        match result {
            Ok(()) => self.good(),
            Err(fault) if fault.blame() == Blame::Host => None,
            Err(fault) => self.fault(now, fault),
        }
    }

    fn good(&mut self) -> Option<LadderEvent> {
        self.faults = 0;
        let good = self.trial.as_mut()?;
        *good += 1;
        if *good < GOOD_CALLS {
            return None;
        }
        let from = self.rungs[self.at];
        self.trial = None;
        self.at = 0;
        self.wait = 0;
        Some(self.event(Step::Restored, from, None))
    }

    fn fault(&mut self, now: UtcMs, fault: &PolicyFault) -> Option<LadderEvent> {
        if self.trial.take().is_some() {
            self.wait_again(now);
            return Some(self.event(Step::TrialFailed, Rung::Bound, Some(fault)));
        }
        self.faults += 1;
        if self.faults < FAULTS_IN_A_ROW {
            return None;
        }
        let from = self.rung();
        self.faults = 0;
        self.at += 1;
        if self.retry_at.is_none() {
            self.wait_again(now);
        }
        Some(self.event(Step::SteppedDown, from, Some(fault)))
    }

    fn wait_again(&mut self, now: UtcMs) {
        let minutes = RETRY_MINUTES[self.wait.min(RETRY_MINUTES.len() - 1)];
        self.wait += 1;
        self.retry_at = Some(now + DurationMs::secs(60 * minutes));
    }

    fn event(&self, step: Step, from: Rung, fault: Option<&PolicyFault>) -> LadderEvent {
        LadderEvent {
            step,
            from,
            to: self.rung(),
            fault: fault.cloned(),
            retry_at: self.retry_at,
        }
    }
}

#[cfg(test)]
mod tests;
