//! The log of a scenario: a line for whatever changed, with the time since its start.

use weir_core::node::Node;
use weir_core::proposal::Proposal;
use weir_core::reason::Clamp;
use weir_core::units::UtcMs;

use crate::manager::START;

/// Lines so far.
#[derive(Default)]
pub struct Log {
    lines: Vec<String>,
    /// The last decision, and its reasons, without their numbers.
    last: String,
    reasons: Vec<String>,
}

impl Log {
    pub fn say(&mut self, now: UtcMs, what: String) {
        let seconds = now.since(START).0 / 1_000;
        let at = format!("{:>3}:{:02}", seconds / 60, seconds % 60);
        self.lines.push(format!("{at}  {what}"));
    }

    /// A node's record as it was and as it is now.
    pub fn node(&mut self, now: UtcMs, name: &str, before: Option<&Node>, after: &Node) {
        let state = after.state.as_str();
        let Some(before) = before else {
            let (zone, why) = (&after.zone, after.reason.text());
            return self.say(now, format!("{name} is {state} in {zone}: {why}"));
        };
        if before.state != after.state {
            let why = if before.reason == after.reason {
                String::new()
            } else {
                format!(": {}", after.reason.text())
            };
            self.say(now, format!("{name} is {state}{why}"));
        }
        match (&before.drain, &after.drain) {
            (None, Some(drain)) => {
                let why = drain.reason.text();
                let until = drain.deadline.map_or("for ever".to_owned(), |at| {
                    format!("for {} s at most", at.since(now).0 / 1_000)
                });
                self.say(now, format!("{name} drains {until}: {why}"));
            }
            (Some(_), None) => self.say(now, format!("{name} drains no longer")),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }

    /// A decision; one that is like the last but for its numbers is not told again, nor is such a reason.
    pub fn decision(
        &mut self,
        now: UtcMs,
        granted: &[String],
        wish: Option<&Proposal>,
        clamps: &[Clamp],
    ) {
        let cut = |clamp: &Clamp| {
            let Clamp {
                reason,
                wish,
                wanted,
                granted,
            } = clamp;
            format!("cut: {wish}, {granted} of {wanted} granted ({reason:?})")
        };
        let cuts: Vec<String> = clamps.iter().map(cut).collect();
        let reasons = wish.map_or(&[][..], |wish| &wish.reasons[..]);
        let known: Vec<String> = reasons.iter().map(|reason| numberless(reason)).collect();
        let told = numberless(&format!("{granted:?}{cuts:?}{known:?}"));
        let before = std::mem::replace(&mut self.reasons, known);
        let holds = granted.is_empty() && cuts.is_empty() && reasons.is_empty();
        if holds || std::mem::replace(&mut self.last, told.clone()) == told {
            return;
        }
        let granted = if granted.is_empty() {
            "hold".to_owned()
        } else {
            granted.join(", ")
        };
        self.say(now, format!("decided: {granted}"));
        let new = |reason: &&String| !before.contains(&numberless(reason));
        for line in reasons.iter().filter(new).chain(&cuts) {
            self.lines.push(format!("          {line}"));
        }
    }

    /// The whole.
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }
}

fn numberless(text: &str) -> String {
    text.replace(|c: char| c.is_ascii_digit() || c == '.', "")
}
