//! A decision in sentences.

use serde_json::Value;

use crate::decisions::{Attempt, Entry};

/// What was decided, by whom, from what, and what the host made of it.
pub(super) fn sentences(group: &str, decision: &Value, entry: Option<&Entry>) -> Vec<String> {
    let text = |member: &str| decision[member].as_str().unwrap_or_default().to_owned();
    let mut said = vec![format!("Group {group}: {}.", text("summary"))];
    if let Some(entry) = entry {
        said.push(shown(entry));
        said.extend(entry.attempts.iter().map(asked));
    }
    if let Some(fault) = decision["fault"].as_str() {
        said.push(format!("Something failed: {fault}."));
    }
    said.extend(each(decision, "reasons").map(|reason| format!("{}.", value_text(reason))));
    for (member, verb) in [
        ("launched", "Launched"),
        ("retired", "Marked for retirement"),
        ("reverted", "Changed back"),
    ] {
        said.extend(each(decision, member).map(|action| acted(verb, action)));
    }
    said.extend(each(decision, "clamps").map(cut));
    said
}

fn each<'a>(decision: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    decision[member].as_array().into_iter().flatten()
}

fn value_text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// What the policies were shown.
fn shown(entry: &Entry) -> String {
    let snapshot = &entry.snapshot;
    let clients: u64 = snapshot
        .nodes
        .connections
        .iter()
        .copied()
        .map(u64::from)
        .sum();
    format!(
        "It was shown {} nodes with {clients} clients and {} launches under way.",
        snapshot.nodes.id.len(),
        snapshot.in_flight.len()
    )
}

fn asked(attempt: &Attempt) -> String {
    let Attempt {
        policy,
        fuel,
        micros,
        ..
    } = attempt;
    match &attempt.answer {
        Ok(wish) => {
            let launches: u64 = wish.launches.iter().map(|wish| u64::from(wish.count)).sum();
            format!(
                "Policy {policy} wished for {launches} launches, {} retirements, {} taken back and {} cancelled (fuel \
                 {fuel}, {micros} µs).",
                wish.retirements.len(),
                wish.reinstatements.len(),
                wish.cancellations.len()
            )
        }
        Err(fault) => {
            format!("Policy {policy} gave no answer: {fault} (fuel {fuel}, {micros} µs).")
        }
    }
}

fn acted(verb: &str, action: &Value) -> String {
    let text = |member: &str| value_text(&action[member]);
    format!(
        "{verb}: {} {} in {}, because {}.",
        text("role"),
        text("node"),
        text("zone"),
        text("why")
    )
}

fn cut(clamp: &Value) -> String {
    format!(
        "The host did not do all of it: {} ({}).",
        value_text(&clamp["wish"]),
        value_text(&clamp["reason"])
    )
}
