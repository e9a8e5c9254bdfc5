//! Reasons for people, with the numbers they follow from.

use weir_policy_kit::codes::role_word;

use crate::types::{Input, Limits};

/// "edge in eu-west-1".
pub(crate) fn place(input: &Input, limits: &Limits) -> String {
    let region = input
        .regions
        .get(limits.region as usize)
        .map_or("?", |region| region.name.as_str());
    format!("{} in {region}", role_word(limits.role as u8))
}

/// "1 of 2 connections is 50 %".
pub(crate) fn load(connections: u64, capacity: u64) -> String {
    match load_permille(connections, capacity) {
        Some(permille) => format!(
            "{connections} of {capacity} connections is {}",
            percent(permille)
        ),
        None => format!("{connections} connections and no capacity in service"),
    }
}

/// Connections in permille of the capacity, rounded down; none without capacity.
pub(crate) fn load_permille(connections: u64, capacity: u64) -> Option<u64> {
    (connections * 1_000).checked_div(capacity)
}

/// "62.5 %".
pub(crate) fn percent(permille: u64) -> String {
    match permille % 10 {
        0 => format!("{} %", permille / 10),
        tenth => format!("{}.{tenth} %", permille / 10),
    }
}

/// "12 s", rounded up.
pub(crate) fn seconds(ms: u64) -> String {
    format!("{} s", ms.div_ceil(1_000))
}

/// "1 edge", "2 edges".
pub(crate) fn count(number: u32, limits: &Limits) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {}{plural}", role_word(limits.role as u8))
}
