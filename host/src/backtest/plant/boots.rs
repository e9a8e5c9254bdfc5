//! How long launches take, from the call until the node speaks.

use std::fmt;
use std::str::FromStr;

use rand::RngExt;
use weir_cloud::simulated::{P95_DEVIATIONS, lognormal, randomness};
use weir_core::ids::NodeId;
use weir_core::units::DurationMs;

use crate::backtest::words;

/// Nine hundred and ninety-nine of a thousand values of a normal distribution are below so many standard deviations.
const P999_DEVIATIONS: f64 = 3.090_232;
/// A day: a longer boot is a misspelt unit.
const LONGEST: DurationMs = DurationMs::secs(86_400);

/// A distribution of boot times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boots {
    /// Every time between the two is as likely as another.
    Uniform {
        /// None is shorter.
        shortest: DurationMs,
        /// None is longer.
        longest: DurationMs,
    },
    /// Most near the median, some much longer.
    Lognormal {
        /// Half of them are shorter.
        median: DurationMs,
        /// 95 of 100 are shorter.
        p95: DurationMs,
    },
}

/// A text is no distribution of boot times.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no boot time: write 90s, uniform:60s..200s, or lognormal:75s..120s (median and 95th percentile)"
)]
pub struct BootsError(pub String);

impl Boots {
    /// Mean boot time.
    pub fn mean(&self) -> DurationMs {
        match self {
            Self::Uniform { shortest, longest } => DurationMs(u64::midpoint(shortest.0, longest.0)),
            Self::Lognormal { median, p95 } => {
                let spread = spread(*median, *p95);
                DurationMs((median.0 as f64 * (spread * spread / 2.0).exp()).round() as u64)
            }
        }
    }

    /// Hardly any boot takes longer than this (999 of 1,000 do not).
    pub fn longest(&self) -> DurationMs {
        match self {
            Self::Uniform { longest, .. } => *longest,
            Self::Lognormal { median, p95 } => {
                let longest = median.0 as f64 * (spread(*median, *p95) * P999_DEVIATIONS).exp();
                DurationMs(longest.round() as u64)
            }
        }
    }

    /// The boot time of one node, by its name: the same whoever launches what before.
    pub(in crate::backtest) fn draw(&self, seed: u64, id: &NodeId) -> DurationMs {
        let mut random = randomness(seed, "boot", id.as_str());
        match self {
            Self::Uniform { shortest, longest } => {
                DurationMs(random.random_range(shortest.0..=longest.0))
            }
            Self::Lognormal { median, p95 } => lognormal(*median, *p95, &mut random),
        }
    }
}

fn spread(median: DurationMs, p95: DurationMs) -> f64 {
    (p95.0.max(median.0) as f64 / median.0.max(1) as f64).ln() / P95_DEVIATIONS
}

impl FromStr for Boots {
    type Err = BootsError;

    fn from_str(text: &str) -> Result<Self, BootsError> {
        let wrong = || BootsError(text.to_owned());
        let time = |text: &str| {
            let time = words::read_length(text)
                .ok()
                .filter(|time| *time <= LONGEST);
            time.ok_or_else(wrong)
        };
        let Some((kind, times)) = text.trim().split_once(':') else {
            let every = time(text)?;
            return Ok(Self::Uniform {
                shortest: every,
                longest: every,
            });
        };
        let (low, high) = times.split_once("..").ok_or_else(wrong)?;
        let (low, high) = (time(low)?, time(high)?);
        match kind.trim() {
            _ if low > high => Err(wrong()),
            "uniform" => Ok(Self::Uniform {
                shortest: low,
                longest: high,
            }),
            "lognormal" => Ok(Self::Lognormal {
                median: low,
                p95: high,
            }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Boots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uniform { shortest, longest } if shortest == longest => {
                write!(f, "boot {}", words::length(*shortest))
            }
            Self::Uniform { shortest, longest } => write!(
                f,
                "boot {} to {}",
                words::length(*shortest),
                words::length(*longest)
            ),
            Self::Lognormal { median, p95 } => write!(
                f,
                "boot {} (95 % within {})",
                words::length(*median),
                words::length(*p95)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boot_times_are_read_and_the_wrong_ones_named() {
        let secs = DurationMs::secs;
        let uniform = |shortest, longest| Boots::Uniform {
            shortest: secs(shortest),
            longest: secs(longest),
        };
        let lognormal = Boots::Lognormal {
            median: secs(75),
            p95: secs(120),
        };
        let table = [
            ("90s", Some(uniform(90, 90))),
            ("uniform:60s..200s", Some(uniform(60, 200))),
            ("uniform:60..200", Some(uniform(60, 200))),
            ("uniform:1m..200s", Some(uniform(60, 200))),
            ("lognormal:75s..2m", Some(lognormal)),
            ("uniform:200s..60s", None),
            ("uniform:60s", None),
            ("normal:60s..90s", None),
            ("uniform:60s..25h", None),
            ("soon", None),
            ("", None),
        ];
        for (text, boots) in table {
            assert_eq!(text.parse().ok(), boots, "{text}");
        }
    }

    #[test]
    fn drawn_times_keep_to_their_distribution() {
        let texts = ["uniform:60s..200s", "lognormal:75s..120s"];
        for boots in texts.map(|text| text.parse::<Boots>().expect("it is one")) {
            let id = |n: u32| NodeId::from(format!("node-{n}"));
            let times: Vec<u64> = (0..4_000).map(|n| boots.draw(7, &id(n)).0).collect();
            let mean = times.iter().sum::<u64>() / 4_000;
            assert!(
                mean.abs_diff(boots.mean().0) < boots.mean().0 / 50,
                "{boots}: {mean} ms"
            );
            let longer = times.iter().filter(|time| **time > boots.longest().0);
            assert!(longer.count() < 16, "{boots}");
            assert_eq!(boots.draw(7, &id(1)), boots.draw(7, &id(1)));
            assert_ne!(boots.draw(7, &id(1)), boots.draw(8, &id(1)));
        }
    }
}
