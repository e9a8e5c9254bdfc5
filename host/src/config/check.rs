//! Collecting what is wrong with settings: all of it at once, each with its key, value and mend.

use std::fmt;
use std::ops::RangeInclusive;

/// One setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Dotted key, property or variable.
    pub key: String,
    /// Value as it may be shown; empty when there is none to show.
    pub value: String,
    /// What is wrong and how to mend it.
    pub mend: String,
    /// Where the value came from, once known.
    pub source: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        if !self.value.is_empty() {
            write!(f, " = {}", self.value)?;
        }
        write!(f, ": {}", self.mend)?;
        match &self.source {
            Some(source) => write!(f, " (set by {source})"),
            None => Ok(()),
        }
    }
}

/// Something an operator should know that stops nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Dotted key, property or variable.
    pub key: String,
    /// What is to be known.
    pub text: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.text)
    }
}

/// Settings that cannot be used: every problem found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// One problem.
    pub fn one(key: &str, mend: impl Into<String>) -> Self {
        Self {
            problems: vec![Problem {
                key: key.to_owned(),
                value: String::new(),
                mend: mend.into(),
                source: None,
            }],
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these settings cannot be used:")?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

/// Collects problems and warnings while sections check themselves.
#[derive(Debug, Default)]
pub struct Check {
    section: &'static str,
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
}

impl Check {
    /// Keys named from here on are of this section; empty: keys are given whole.
    pub fn section(&mut self, section: &'static str) -> &mut Self {
        self.section = section;
        self
    }

    /// A number with its unit must lie in the range.
    pub fn range(
        &mut self,
        key: &str,
        value: impl Into<u64>,
        allowed: RangeInclusive<u64>,
        unit: &str,
    ) {
        let value = value.into();
        if !allowed.contains(&value) {
            let (low, high) = allowed.into_inner();
            let unit = if unit.is_empty() {
                String::new()
            } else {
                format!(" {unit}")
            };
            self.refuse(key, value, &format!("must be {low} to {high}{unit}"));
        }
    }

    /// The value cannot be used; never pass a secret as `value`.
    pub fn refuse(&mut self, key: &str, value: impl fmt::Display, mend: &str) {
        let problem = Problem {
            key: self.whole(key),
            value: value.to_string(),
            mend: mend.to_owned(),
            source: None,
        };
        self.problems.push(problem);
    }

    /// The value can be used, but.
    pub fn warn(&mut self, key: &str, text: &str) {
        let warning = Warning {
            key: self.whole(key),
            text: text.to_owned(),
        };
        self.warnings.push(warning);
    }

    /// The warnings, or the problems.
    ///
    /// # Errors
    /// Every problem collected.
    pub fn finish(self) -> Result<Vec<Warning>, ConfigError> {
        if self.problems.is_empty() {
            Ok(self.warnings)
        } else {
            Err(ConfigError {
                problems: self.problems,
            })
        }
    }

    fn whole(&self, key: &str) -> String {
        if self.section.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.section)
        }
    }
}
