//! Reads a `red5-web.properties` and says what each of its keys became.
//!
//! Every key the original knew is known: mapped onto a setting, accepted because it already says what this server
//! does, or without effect, which is warned by name with the reason.

mod keys;
mod map;
mod parse;
mod report;

use std::path::Path;

use super::check::{ConfigError, Problem, Warning};
use super::{ConfigFile, Sources, load};
use crate::secret::STARS;

pub use report::table;

/// One line of the file and what it became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line it begins on, from 1.
    pub line: usize,
    /// Property.
    pub key: String,
    /// Value as it may be shown: secrets starred.
    pub shown: String,
    /// What it became.
    pub became: Became,
}

/// What a property became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// A setting.
    Setting(&'static str),
    /// A part of a setting that several properties make together.
    PartOf(&'static str),
    /// It is blank: the default stands.
    Blank,
    /// It says what this server does anyway.
    Accepted,
    /// It is known and does nothing, for this reason.
    NoEffect(&'static str),
    /// A later line sets it again.
    Overridden(usize),
    /// Nobody knows it.
    Unknown,
    /// It cannot be used.
    Refused,
}

/// A setting that the file makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set {
    /// Dotted key.
    pub key: String,
    /// Property it came from.
    pub property: String,
    /// Its text, not starred.
    pub value: String,
    /// File, line and property, for people.
    pub source: String,
}

/// The whole file.
#[derive(Debug, Clone, Default)]
pub struct Mapped {
    /// In the order of the file.
    pub rows: Vec<Row>,
    /// Keys without effect, unknown ones, and values that do not fit together.
    pub warnings: Vec<Warning>,
    /// What cannot be used.
    pub problems: Vec<Problem>,
    settings: Vec<Set>,
}

impl Mapped {
    pub(super) fn settings(&self) -> &[Set] {
        &self.settings
    }
}

/// Reads and maps a file.
///
/// # Errors
/// [`ConfigError`] when it cannot be read or is no properties file. What is wrong with single keys is in
/// [`Mapped::problems`].
pub fn read(file: &Path) -> Result<Mapped, ConfigError> {
    let name = file.display().to_string();
    let bytes = std::fs::read(file)
        .map_err(|error| ConfigError::one(&name, format!("cannot be read: {error}")))?;
    let entries = parse::parse(&bytes).map_err(|mend| ConfigError::one(&name, mend))?;
    Ok(map::map(&name, entries))
}

/// What `weir properties check` says of a file: its table, and the whole judgement as if it were the only source.
pub struct Checked {
    /// Line by line.
    pub mapped: Mapped,
    /// Warnings, or what is wrong.
    pub outcome: Result<Vec<Warning>, ConfigError>,
    /// What this release cannot serve although it can be read, with the way round it.
    pub unserved: Vec<Problem>,
}

/// Reads, maps and checks a file, without environment, flags or `weir.toml`.
///
/// # Errors
/// As [`read`].
pub fn check(file: &Path) -> Result<Checked, ConfigError> {
    let mapped = read(file)?;
    let sources = Sources {
        config: ConfigFile::Nowhere,
        properties: Some(file.to_owned()),
        ..Sources::default()
    };
    let loaded = load(&sources);
    let servable = loaded.as_ref().map_or(Ok(()), |it| it.config.servable());
    Ok(Checked {
        mapped,
        outcome: loaded.map(|loaded| loaded.warnings),
        unserved: servable.map_or_else(|error| error.problems, |()| Vec::new()),
    })
}

/// A property's value as it may be shown.
fn shown(key: &str, value: &str) -> String {
    if keys::is_secret(key) && !value.is_empty() {
        STARS.to_owned()
    } else {
        value.to_owned()
    }
}
