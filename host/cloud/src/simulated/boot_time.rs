//! How long an instance takes until it runs and until its service speaks.

use rand::SeedableRng;
use rand::distr::Distribution;
use rand::rngs::StdRng;
use rand_distr::LogNormal;
use sha2::{Digest, Sha256};
use weir_core::units::DurationMs;

/// Distance of the 95th percentile from the median of a normal distribution, in standard deviations.
pub const P95_DEVIATIONS: f64 = 1.644_853_626_951_472_2;

/// Lengths of time spread lognormally: from the launch until the node's service is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootTime {
    /// Half of the boots are faster.
    pub median: DurationMs,
    /// 95 % of the boots are faster; less than the median is taken as the median (all boots alike).
    pub p95: DurationMs,
    /// How much of that time passes until the cloud calls the instance running, percent.
    pub running_percent: u8,
}

/// One boot's two lengths, both from the launch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Boot {
    pub(crate) until_running: DurationMs,
    pub(crate) until_service: DurationMs,
}

impl BootTime {
    /// Every boot takes exactly `length`, half of it until the instance runs.
    pub fn always(length: DurationMs) -> Self {
        Self {
            median: length,
            p95: length,
            running_percent: 50,
        }
    }

    pub(crate) fn draw(&self, random: &mut StdRng) -> Boot {
        let until_service = lognormal(self.median, self.p95, random);
        let share = u64::from(self.running_percent.min(100));
        Boot {
            until_running: DurationMs(until_service.0 * share / 100),
            until_service,
        }
    }
}

/// A length drawn from the lognormal distribution with this median and 95th percentile.
pub fn lognormal(median: DurationMs, p95: DurationMs, random: &mut StdRng) -> DurationMs {
    let median_ms = (median.0 as f64).max(1.0);
    let spread = ((p95.0 as f64).max(median_ms) / median_ms).ln() / P95_DEVIATIONS;
    let drawn = LogNormal::new(median_ms.ln(), spread).map(|curve| curve.sample(random));
    // The parameters are finite and the spread is not negative, so the distribution exists.
    DurationMs(drawn.unwrap_or(median_ms).round() as u64)
}

/// Randomness of one thing (`what`) of one `name` under a seed: the same whoever asks first.
pub fn randomness(seed: u64, what: &str, name: &str) -> StdRng {
    let hash = Sha256::new()
        .chain_update(seed.to_le_bytes())
        .chain_update(what)
        .chain_update([0])
        .chain_update(name);
    StdRng::from_seed(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOT: BootTime = BootTime {
        median: DurationMs(75_000),
        p95: DurationMs(90_000),
        running_percent: 40,
    };

    fn boot_of(name: &str) -> Boot {
        BOOT.draw(&mut randomness(7, "boot", name))
    }

    #[test]
    fn boots_have_the_median_and_the_percentile_asked_for() {
        let mut boots: Vec<u64> = (0..10_000)
            .map(|n| boot_of(&format!("node-{n}")).until_service.0)
            .collect();
        boots.sort_unstable();
        let near = |value: u64, wanted: u64| value.abs_diff(wanted) < wanted / 50;
        assert!(near(boots[5_000], 75_000), "median {}", boots[5_000]);
        assert!(near(boots[9_500], 90_000), "p95 {}", boots[9_500]);
    }

    #[test]
    fn a_boot_depends_on_the_seed_and_the_name_only() {
        assert_eq!(boot_of("a"), boot_of("a"));
        assert_ne!(boot_of("a"), boot_of("b"));
        let other_seed = BOOT.draw(&mut randomness(8, "boot", "a"));
        assert_ne!(boot_of("a"), other_seed);
    }

    #[test]
    fn constant_boots_are_constant() {
        let boot = BootTime::always(DurationMs(400)).draw(&mut randomness(1, "boot", "a"));
        assert_eq!(boot.until_running, DurationMs(200));
        assert_eq!(boot.until_service, DurationMs(400));
    }
}
