//! A decision made again: the same policy over the same input has to give the same answer for the same fuel.

use serde::Serialize;

use super::entry::{Attempt, Entry};
use crate::policy::{Outcome, Policy, PolicyFault, SharedPolicy};

/// What came of making a decision again.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// The policies that were asked, in their order.
    pub attempts: Vec<Verdict>,
}

/// How one call went when it was made again.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The policy.
    pub policy: String,
    /// SHA-256 of its bytes, hex.
    pub digest: String,
    /// `identical`, `drift`, `not replayable` or `policy missing`.
    pub verdict: &'static str,
    /// What differs, or why it was not run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Drift>,
    /// Fuel it used then.
    pub fuel: u64,
    /// Another engine, or other settings of it, runs it now.
    pub other_engine: bool,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// What differs.
    pub what: &'static str,
    /// As it was logged.
    pub logged: String,
    /// As it is now.
    pub now: String,
}

/// Words of a long value that are shown.
const SHOWN: usize = 400;

impl Replayed {
    /// Every call that could be made again gave the same, and at least one was.
    pub fn is_identical(&self) -> bool {
        let mut attempts = self.attempts.iter();
        !self.attempts.is_empty() && attempts.all(|attempt| attempt.verdict == "identical")
    }
}

/// Makes a decision again. `find` looks for the policy with these bytes. Runs guests: call it off the runtime.
pub fn replay(entry: &Entry, find: impl Fn(&Attempt) -> Option<SharedPolicy>) -> Replayed {
    let again = |attempt: &Attempt| match find(attempt) {
        _ if !is_repeatable(attempt) => {
            let why =
                "it was ended by the clock or by this server, which is no matter of its input";
            unlike(attempt, "not replayable", why)
        }
        None => unlike(
            attempt,
            "policy missing",
            "no policy here has these bytes any more",
        ),
        Some(policy) => compare(
            attempt,
            policy.as_ref(),
            ask(entry, attempt, policy.as_ref()),
        ),
    };
    Replayed {
        attempts: entry.attempts.iter().map(again).collect(),
    }
}

fn ask(
    entry: &Entry,
    attempt: &Attempt,
    policy: &dyn Policy,
) -> Outcome<weir_core::proposal::Proposal> {
    policy.propose(&entry.snapshot, &attempt.settings, &attempt.state)
}

/// What the wall clock or this server did to a call it may not do again.
fn is_repeatable(attempt: &Attempt) -> bool {
    !matches!(
        attempt.answer,
        Err(PolicyFault::Deadline { .. } | PolicyFault::Engine { .. })
    )
}

fn unlike(attempt: &Attempt, verdict: &'static str, why: &str) -> Verdict {
    Verdict {
        policy: attempt.policy.clone(),
        digest: attempt.digest.clone(),
        verdict,
        differences: vec![Drift {
            what: "not run",
            logged: String::new(),
            now: why.to_owned(),
        }],
        fuel: attempt.fuel,
        other_engine: false,
    }
}

fn compare(
    attempt: &Attempt,
    policy: &dyn Policy,
    now: Outcome<weir_core::proposal::Proposal>,
) -> Verdict {
    let mut differences = Vec::new();
    let mut note = |what, logged: String, now: String| {
        if logged != now {
            differences.push(Drift {
                what,
                logged: short(logged),
                now: short(now),
            });
        }
    };
    match (&attempt.answer, &now.answer) {
        (Ok(logged), Ok(now)) => {
            let bare = |proposal: &weir_core::proposal::Proposal| weir_core::proposal::Proposal {
                state: Vec::new(),
                ..proposal.clone()
            };
            note(
                "answer",
                format!("{:?}", bare(logged)),
                format!("{:?}", bare(now)),
            );
            note("state", hex::encode(&logged.state), hex::encode(&now.state));
        }
        (logged, now) => note("answer", format!("{logged:?}"), format!("{now:?}")),
    }
    note("fuel", attempt.fuel.to_string(), now.fuel.to_string());
    Verdict {
        policy: attempt.policy.clone(),
        digest: attempt.digest.clone(),
        verdict: match differences.is_empty() {
            true => "identical",
            false => "drift",
        },
        differences,
        fuel: attempt.fuel,
        other_engine: attempt.engine != policy.engine(),
    }
}

fn short(text: String) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}
