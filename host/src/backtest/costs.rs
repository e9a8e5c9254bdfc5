//! What calls of a policy cost: fuel and time as distributions, faults.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::policy::Outcome;

/// Values are kept to one part in so many, so that a million calls need no more room than a thousand.
const PRECISION: u64 = 1_000;

/// How often which value came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Spread {
    times: BTreeMap<u64, u64>,
    total: u64,
}

impl Spread {
    pub(super) fn add(&mut self, value: u64) {
        *self.times.entry(rounded(value)).or_default() += 1;
        self.total += 1;
    }

    /// The value below which so many of a hundred lie; 0 without any.
    pub(super) fn percentile(&self, percent: u64) -> u64 {
        let rank = (self.total * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (value, times) in &self.times {
            seen += times;
            if seen >= rank {
                return *value;
            }
        }
        0
    }
}

/// The value with its first three digits or four.
fn rounded(value: u64) -> u64 {
    let mut unit = 1;
    while value / unit >= PRECISION * 10 {
        unit *= 10;
    }
    value / unit * unit
}

/// What calls cost so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Costs {
    fuel: Spread,
    micros: Spread,
    faults: u64,
    first_fault: Option<String>,
    /// Decisions of which the guardrails cut something.
    pub(super) clamped: u64,
}

impl Costs {
    pub(super) fn count<T>(&mut self, outcome: &Outcome<T>) {
        self.fuel.add(outcome.fuel);
        self.micros.add(outcome.micros);
        if let Err(fault) = &outcome.answer {
            self.faults += 1;
            self.first_fault.get_or_insert_with(|| fault.to_string());
        }
    }

    pub(super) fn summary(&self) -> CallCosts {
        CallCosts {
            calls: self.fuel.total,
            fuel_median: self.fuel.percentile(50),
            fuel_p99: self.fuel.percentile(99),
            micros_median: self.micros.percentile(50),
            micros_p99: self.micros.percentile(99),
            faults: self.faults,
            first_fault: self.first_fault.clone(),
        }
    }
}

/// What the calls of one kind cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallCosts {
    /// How many there were.
    pub calls: u64,
    /// Fuel of a call: half of them used less. The same in every run.
    pub fuel_median: u64,
    /// Fuel of a call: 99 of 100 used less.
    pub fuel_p99: u64,
    /// Time of a call on this machine, microseconds.
    pub micros_median: u64,
    /// As above, 99 of 100 took less.
    pub micros_p99: u64,
    /// Calls without an answer.
    pub faults: u64,
    /// The first of those, in words.
    pub first_fault: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_values_to_three_digits() {
        let mut spread = Spread::default();
        assert_eq!(spread.percentile(50), 0);
        for value in 1..=100 {
            spread.add(value * 1_000_001);
        }
        assert_eq!(spread.percentile(50), 50_000_000);
        assert_eq!(spread.percentile(99), 99_000_000);
        assert_eq!(spread.percentile(100), 100_000_000);
    }
}
