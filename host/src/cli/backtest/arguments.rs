//! Flags of backtests, and what they mean together.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use weir_core::units::DurationMs;

use crate::backtest::{Admission, Boots, Limits, Mode, Plant, Setup, Trace, read_length};

/// Most edges where no maximum is given: so many times those the peak needs, so that no policy is cut.
const ROOM: f64 = 4.0;

/// A policy and its name in tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// In tables, and for `--settings`.
    pub name: String,
    /// Name of a built-in policy, or a file.
    pub policy: String,
}

/// Settings, and whose they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsOf {
    /// Name of a policy; `None`: all of them.
    pub name: Option<String>,
    /// JSON.
    pub settings: String,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, policy) = match text.split_once('=') {
            Some((name, policy)) => (name.trim().to_owned(), policy.trim()),
            None => {
                let file = std::path::Path::new(text.trim());
                let stem = file.file_stem().unwrap_or_default();
                (stem.to_string_lossy().into_owned(), text.trim())
            }
        };
        if name.is_empty() || policy.is_empty() {
            return Err("write a built-in policy's name, a .wasm file, or NAME=POLICY".to_owned());
        }
        Ok(Self {
            name,
            policy: policy.to_owned(),
        })
    }
}

impl FromStr for SettingsOf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (name, settings) = match text.split_once('=') {
            Some((name, settings)) if !text.starts_with('{') => {
                (Some(name.trim().to_owned()), settings)
            }
            Some(_) | None => (None, text),
        };
        let problem =
            |error| format!("the settings are no JSON object such as {{\"drain\":true}}: {error}");
        serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(settings)
            .map_err(|error| problem(error.to_string()))?;
        Ok(Self {
            name,
            settings: settings.to_owned(),
        })
    }
}

/// Who places viewers.
#[derive(Debug, Args)]
#[command(next_help_heading = "Placement (only with --mode viewers)")]
pub struct PlacementArgs {
    /// The placement policy: a built-in one by name, or a .wasm file
    #[arg(long, value_name = "POLICY", default_value = "weighted")]
    pub placement: Named,

    /// Its settings, JSON
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub placement_settings: SettingsOf,
}

/// How the audience behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    /// Spread evenly over all nodes at once; fast
    Fluid,
    /// Each viewer is sent to a node by the placement policy
    Viewers,
}

/// What happens when every node is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AdmissionArg {
    /// Viewers are let in all the same, and counted as over capacity
    Soft,
    /// Viewers are turned away, and counted as refused
    Hard,
}

/// Machines and audience.
#[derive(Debug, Args)]
#[command(next_help_heading = "Machines and audience")]
pub struct PlantArgs {
    /// Viewers that one node carries; without it the trace's peak divided by --peak-nodes
    #[arg(long, value_name = "VIEWERS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub capacity: Option<u32>,

    /// Nodes that the peak needs, when --capacity is not given
    #[arg(long, value_name = "N", default_value_t = 50, conflicts_with = "capacity", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub peak_nodes: u32,

    /// From a launch to the node's first report: 90s, uniform:60s..200s, or lognormal:75s..120s (median and 95th percentile)
    #[arg(long, value_name = "TIMES", default_value = "uniform:60s..200s")]
    pub boot: Boots,

    /// How long a draining node keeps its viewers at the most
    #[arg(long, value_name = "TIME", default_value = "300s", value_parser = wait)]
    pub drain: DurationMs,

    /// Mean length of a viewer's stay
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = time)]
    pub session: DurationMs,

    /// Price of a node for an hour, in your currency; policies see it too
    #[arg(long, value_name = "PRICE", default_value = "0", value_parser = price)]
    pub price: u32,

    /// Part of the launches whose node never speaks, such as 2%
    #[arg(long, value_name = "PERCENT", default_value = "0%", value_parser = part)]
    pub launch_failures: f64,

    /// Everything drawn by lot follows from it
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Between two looks at the group; nodes report as often
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = tick)]
    pub tick: DurationMs,

    /// How the audience behaves
    #[arg(long, value_enum, default_value_t = ModeArg::Fluid)]
    pub mode: ModeArg,

    /// What happens when every node is full
    #[arg(long, value_enum, default_value_t = AdmissionArg::Soft)]
    pub admission: AdmissionArg,

    /// Streams the audience watches, the n-th 1/n as often as the first; with --mode viewers
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub streams: u32,

    /// Leave out so much of the trace's beginning
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = wait)]
    pub from: DurationMs,

    /// Take so much of the trace; without it the rest
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    pub length: Option<DurationMs>,
}

/// The group's limits.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits of the group, as its scale policy would state them")]
pub struct LimitsArgs {
    /// Fewest edges
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub min: u32,

    /// Most edges; without it four times those the peak needs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max: Option<u32>,

    /// Edges that are added at a time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub step: u32,

    /// Load above which edges are added, percent
    #[arg(long, value_name = "PERCENT", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub threshold: u32,

    /// How long the load has to be over the threshold before a launch [default: the server's, 0s]
    #[arg(long, value_name = "TIME", value_parser = wait)]
    pub scale_out_wait: Option<DurationMs>,

    /// How long a node has to be idle before it goes [default: the server's, 60s]
    #[arg(long, value_name = "TIME", value_parser = wait)]
    pub scale_in_wait: Option<DurationMs>,

    /// How long a launch holds back further ones [default: the server's, 150s]
    #[arg(long, value_name = "TIME", value_parser = wait)]
    pub warm_up: Option<DurationMs>,

    /// Between two removals [default: the server's, 180s]
    #[arg(long, value_name = "TIME", value_parser = wait)]
    pub cool_down: Option<DurationMs>,

    /// Launches of the group per minute at the most, the host's own cap
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub launches_per_minute: u32,
}

/// Where results go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Results")]
pub struct FilesArgs {
    /// Write everything as JSON to a file; - is the standard output, without the table then
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Draw the runs into an SVG file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,

    /// Draw the runs into a PNG file
    #[arg(long, value_name = "FILE")]
    pub png: Option<PathBuf>,
}

impl PlantArgs {
    /// What the flags and the trace say together.
    pub fn setup(&self, limits: &LimitsArgs, trace: &Trace) -> Setup {
        let by_peak = || (trace.peak() / f64::from(self.peak_nodes)).ceil() as u32;
        let plant = Plant {
            boots: self.boot,
            drain: self.drain,
            session: self.session,
            price_micros: self.price,
            launch_failures: self.launch_failures,
            seed: self.seed,
            tick: self.tick,
            mode: match self.mode {
                ModeArg::Fluid => Mode::Fluid,
                ModeArg::Viewers => Mode::Viewers,
            },
            admission: match self.admission {
                AdmissionArg::Soft => Admission::Soft,
                AdmissionArg::Hard => Admission::Hard,
            },
            streams: self.streams,
            ..Plant::of(self.capacity.unwrap_or_else(by_peak))
        };
        let peak = (trace.peak() / f64::from(plant.capacity) * ROOM).ceil() as u32;
        let max = limits.max.unwrap_or_else(|| peak.max(limits.min).max(1));
        Setup {
            plant,
            limits: Limits {
                min: limits.min.min(max),
                step: limits.step,
                threshold_percent: limits.threshold,
                scale_out_wait: limits.scale_out_wait,
                scale_in_wait: limits.scale_in_wait,
                warm_up: limits.warm_up,
                cool_down: limits.cool_down,
                launches_per_minute: limits.launches_per_minute,
                ..Limits::up_to(max)
            },
        }
    }
}

/// A length of time, zero included.
fn wait(text: &str) -> Result<DurationMs, String> {
    read_length(text).map_err(|error| error.to_string())
}

/// A length of time, not zero.
fn time(text: &str) -> Result<DurationMs, String> {
    match wait(text)? {
        DurationMs(0) => Err("must be longer than nothing".to_owned()),
        length => Ok(length),
    }
}

fn tick(text: &str) -> Result<DurationMs, String> {
    let length = time(text)?;
    let fits = (DurationMs::secs(1)..=DurationMs::secs(60)).contains(&length);
    let wrong = || "must be 1s to 60s: nodes report as often".to_owned();
    fits.then_some(length).ok_or_else(wrong)
}

/// Millionths of the currency unit.
fn price(text: &str) -> Result<u32, String> {
    let price: f64 = text.trim().parse().unwrap_or(f64::NAN);
    if (0.0..=4_000.0).contains(&price) {
        Ok((price * 1e6).round() as u32)
    } else {
        Err("must be a number from 0 to 4000, such as 0.096".to_owned())
    }
}

/// `2%` or `2`, as a part of one.
fn part(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim();
    let percent: f64 = number.parse().unwrap_or(f64::NAN);
    if (0.0..=100.0).contains(&percent) {
        Ok(percent / 100.0)
    } else {
        Err("must be 0% to 100%".to_owned())
    }
}
