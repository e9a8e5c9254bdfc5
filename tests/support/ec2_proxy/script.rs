//! Which call fails, and how: rules in order, then odds, besides lasting conditions.

use std::collections::BTreeSet;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::fault::Fault;

/// A fault for certain calls.
#[derive(Debug, Clone)]
pub struct Rule {
    fault: Fault,
    action: Option<String>,
    skip: u32,
    times: u32,
}

impl Fault {
    /// The next call of this action fails.
    pub fn on(self, action: &str) -> Rule {
        Rule {
            action: Some(action.to_owned()),
            ..self.on_any()
        }
    }

    /// The next call that can fail like this does.
    pub fn on_any(self) -> Rule {
        Rule {
            fault: self,
            action: None,
            skip: 0,
            times: 1,
        }
    }
}

impl Rule {
    /// So many calls pass first.
    #[must_use]
    pub fn skip(mut self, calls: u32) -> Self {
        self.skip = calls;
        self
    }

    /// So many calls fail.
    #[must_use]
    pub fn times(mut self, calls: u32) -> Self {
        self.times = calls;
        self
    }

    /// Every call fails from then on.
    #[must_use]
    pub fn for_ever(self) -> Self {
        self.times(u32::MAX)
    }

    fn matches(&self, action: &str) -> bool {
        self.times > 0
            && self.fault.fits(action)
            && self.action.as_deref().is_none_or(|wanted| wanted == action)
    }

    /// Whether it fires for a call that it matches.
    fn fires(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if self.times != u32::MAX {
            self.times -= 1;
        }
        true
    }
}

/// Faults at random: which call of an action fails follows from the seed and the call's number alone.
#[derive(Debug, Clone)]
pub struct Odds {
    /// The seed; print it when a test fails.
    pub seed: u64,
    /// Faults and how many of a thousand calls they hit.
    pub permille: Vec<(Fault, u32)>,
    /// Most faults in all.
    pub most: u32,
}

impl Odds {
    /// The fault of the call of `action` with this number.
    fn draw(&self, action: &str, number: u64) -> Option<Fault> {
        let mut seed = [0_u8; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&number.to_le_bytes());
        for (at, byte) in action.bytes().enumerate() {
            seed[16 + at % 16] ^= byte.rotate_left(u32::try_from(at / 16).unwrap_or(0));
        }
        let mut random = StdRng::from_seed(seed);
        let mut drawn = self.permille.iter().filter(|(fault, permille)| {
            let hit = random.random_range(0..1_000) < *permille;
            hit && fault.fits(action)
        });
        drawn.next().map(|(fault, _)| fault.clone())
    }
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    odds: Option<Odds>,
    numbers: std::collections::BTreeMap<String, u64>,
    full_zones: BTreeSet<String>,
    forbidden: BTreeSet<String>,
    closed_regions: BTreeSet<String>,
}

/// The script of a proxy.
#[derive(Default)]
pub(super) struct Script(Mutex<State>);

impl Script {
    pub(super) fn add(&self, rule: Rule) {
        self.0.lock().rules.push(rule);
    }

    pub(super) fn set_odds(&self, odds: Odds) {
        self.0.lock().odds = Some(odds);
    }

    pub(super) fn clear(&self) {
        *self.0.lock() = State::default();
    }

    pub(super) fn set_full(&self, zone: &str, full: bool) {
        set(&mut self.0.lock().full_zones, zone, full);
    }

    pub(super) fn set_forbidden(&self, action: &str, forbidden: bool) {
        set(&mut self.0.lock().forbidden, action, forbidden);
    }

    pub(super) fn set_closed_region(&self, region: &str, closed: bool) {
        set(&mut self.0.lock().closed_regions, region, closed);
    }

    pub(super) fn is_closed_region(&self, region: &str) -> bool {
        self.0.lock().closed_regions.contains(region)
    }

    pub(super) fn is_full(&self, zone: &str) -> bool {
        self.0.lock().full_zones.contains(zone)
    }

    pub(super) fn has_full_zones(&self) -> bool {
        !self.0.lock().full_zones.is_empty()
    }

    /// The fault of this call, taken off the script.
    pub(super) fn take(&self, action: &str) -> Option<Fault> {
        let mut state = self.0.lock();
        let state = &mut *state;
        let number = state.numbers.entry(action.to_owned()).or_default();
        *number += 1;
        if state.forbidden.contains(action) {
            return Some(Fault::Unauthorized);
        }
        let mut rules = state.rules.iter_mut();
        let rule = rules.find(|rule| rule.matches(action));
        if let Some(rule) = rule {
            return rule.fires().then(|| rule.fault.clone());
        }
        let odds = state.odds.as_mut().filter(|odds| odds.most > 0)?;
        let fault = odds.draw(action, *number)?;
        odds.most -= 1;
        Some(fault)
    }
}

fn set(names: &mut BTreeSet<String>, name: &str, wanted: bool) {
    if wanted {
        names.insert(name.to_owned());
    } else {
        names.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Odds, Script};
    use weir_core::units::DurationMs;

    #[test]
    fn a_rule_hits_the_calls_it_names_and_no_other() {
        let script = Script::default();
        script.add(Fault::Throttled.on("RunInstances").skip(1).times(2));
        let hits: Vec<bool> = (0..4)
            .map(|_| script.take("RunInstances").is_some())
            .collect();
        assert_eq!(hits, [false, true, true, false]);
        assert_eq!(script.take("DescribeInstances"), None);
    }

    #[test]
    fn a_fault_hits_only_actions_that_can_fail_so() {
        let script = Script::default();
        script.add(Fault::EmptyListing.on_any());
        assert_eq!(script.take("RunInstances"), None);
        assert_eq!(script.take("DescribeInstances"), Some(Fault::EmptyListing));
        assert_eq!(script.take("DescribeInstances"), None);
    }

    #[test]
    fn the_same_seed_makes_the_same_calls_fail() {
        let odds = |seed| Odds {
            seed,
            permille: vec![(Fault::Throttled, 200), (Fault::Slow(DurationMs(5)), 100)],
            most: u32::MAX,
        };
        let draw = |seed| {
            let script = Script::default();
            script.set_odds(odds(seed));
            let draw = |_| script.take("DescribeInstances");
            (0..500).map(draw).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let hits = draw(7).into_iter().flatten().count();
        assert!((80..220).contains(&hits), "{hits} of 500");
    }
}
