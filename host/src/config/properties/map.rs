//! From properties to settings.

use super::keys::{self, Rule};
use super::parse::Entry;
use super::{Became, Mapped, Row, Set, shown};
use crate::config::check::{Problem, Warning};
use crate::config::cloud::Provider;
use crate::config::schema;

/// Maps the properties of the file called `name`.
pub(super) fn map(name: &str, entries: Vec<Entry>) -> Mapped {
    let mut mapper = Mapper {
        name,
        entries: &entries,
        mapped: Mapped::default(),
    };
    for (index, entry) in entries.iter().enumerate() {
        let again = entries[index + 1..]
            .iter()
            .rev()
            .find(|later| later.key == entry.key);
        let became = match again {
            Some(later) => {
                let text = format!("line {} is overridden by line {}", entry.line, later.line);
                mapper.warn(&entry.key, &text);
                Became::Overridden(later.line)
            }
            None => mapper.became(entry),
        };
        mapper.mapped.rows.push(Row {
            line: entry.line,
            key: entry.key.clone(),
            shown: shown(&entry.key, &entry.value),
            became,
        });
    }
    mapper.provider();
    mapper.database();
    mapper.consistency();
    mapper.mapped
}

struct Mapper<'a> {
    name: &'a str,
    entries: &'a [Entry],
    mapped: Mapped,
}

impl Mapper<'_> {
    fn became(&mut self, entry: &Entry) -> Became {
        let Some(rule) = keys::rule(&entry.key) else {
            let text = match schema::nearest(&entry.key, keys::names()) {
                Some(near) => format!("is unknown and has no effect; did you mean {near}?"),
                None => "is unknown and has no effect".to_owned(),
            };
            self.warn(&entry.key, &text);
            return Became::Unknown;
        };
        if entry.value.is_empty() {
            return Became::Blank;
        }
        if let Some(braces) = template(&entry.key, &entry.value) {
            let mend = format!("replace {braces} with the real value");
            return self.refuse(entry, &mend);
        }
        self.apply(entry, rule)
    }

    fn apply(&mut self, entry: &Entry, rule: Rule) -> Became {
        match rule {
            Rule::To(key) => {
                self.set(key, entry, entry.value.clone());
                Became::Setting(key)
            }
            Rule::Database => Became::PartOf("store.url"),
            Rule::Only(value, _) | Rule::Must(value, _)
                if entry.value.eq_ignore_ascii_case(value) =>
            {
                Became::Accepted
            }
            Rule::Must(value, why) => {
                let mend = format!("must be {value}: it {why}");
                self.refuse(entry, &mend)
            }
            Rule::Only(_, why) | Rule::NoEffect(why) => {
                self.warn(&entry.key, &format!("has no effect: {why}"));
                Became::NoEffect(why)
            }
            // Said once, by the provider's refusal.
            Rule::OtherCloud => Became::NoEffect("this release has no controller for this cloud"),
        }
    }

    /// The section with values decides; two of them contradict each other.
    fn provider(&mut self) {
        let mut found: Vec<(&'static str, Provider, &Entry)> = Vec::new();
        for entry in self.entries.iter().filter(|entry| !entry.value.is_empty()) {
            let Some((prefix, provider)) = keys::section(&entry.key) else {
                continue;
            };
            if found.iter().all(|known| known.0 != prefix) {
                found.push((prefix, provider, entry));
            }
        }
        match found.as_slice() {
            [] => {}
            [(_, provider, entry)] => {
                self.set("cloud.provider", entry, provider.as_str().to_owned());
            }
            [(first, ..), .., (_, _, entry)] => {
                let mend = format!(
                    "belongs to a second cloud beside {first}*: comment one section out, as only one cloud can be used"
                );
                self.refuse(entry, &mend);
            }
        }
    }

    /// Host, port, user, password and driver make one address.
    fn database(&mut self) {
        let Some(host) = self.last("config.dbHost") else {
            return;
        };
        let text = |key: &str| self.last(key).map_or("", |entry| entry.value.as_str());
        let driver = text("config.dbDriver");
        let (scheme, port) = match driver {
            "" => ("mysql", "3306"),
            _ if driver.contains("mysql") || driver.contains("mariadb") => ("mysql", "3306"),
            _ if driver.contains("postgresql") => ("postgres", "5432"),
            _ => {
                if let Some(entry) = self.last("config.dbDriver") {
                    self.refuse(entry, "must be a driver of MySQL or PostgreSQL");
                }
                return;
            }
        };
        let port = match text("config.dbPort") {
            "" => port,
            given if given.parse::<u16>().is_ok_and(|port| port > 0) => given,
            _ => {
                if let Some(entry) = self.last("config.dbPort") {
                    self.refuse(entry, "must be a port, 1 to 65535");
                }
                return;
            }
        };
        let user = escaped(text("config.dbUser"));
        let password = escaped(text("config.dbPass"));
        let url = format!("{scheme}://{user}:{password}@{}:{port}/cluster", host.value);
        self.set("store.url", host, url);
    }

    /// What the values say of each other where the settings no longer show it.
    fn consistency(&mut self) {
        let number = |key: &str, shipped: u64| match self.last(key) {
            Some(entry) => entry.value.parse().unwrap_or(shipped),
            None => shipped,
        };
        let blacklist = number("instancecontroller.blackListCleanUpTime", 600_000);
        let sweep = number("instancecontroller.cloudCleanupInterval", 180_000);
        if blacklist <= 2 * sweep {
            self.warn(
                "instancecontroller.blackListCleanUpTime",
                "is not above twice instancecontroller.cloudCleanupInterval, as the original needs it",
            );
        }
    }

    /// The line that counts for the key, unless it is blank.
    fn last<'a>(&self, key: &str) -> Option<&'a Entry>
    where
        Self: 'a,
    {
        let last = self.entries.iter().rev().find(|entry| entry.key == key);
        last.filter(|entry| !entry.value.is_empty())
    }

    fn set(&mut self, key: &'static str, entry: &Entry, value: String) {
        self.mapped.settings.push(Set {
            key: key.to_owned(),
            property: entry.key.clone(),
            value,
            source: self.source(entry),
        });
    }

    fn warn(&mut self, key: &str, text: &str) {
        self.mapped.warnings.push(Warning {
            key: key.to_owned(),
            text: text.to_owned(),
        });
    }

    fn refuse(&mut self, entry: &Entry, mend: &str) -> Became {
        self.mapped.problems.push(Problem {
            key: entry.key.clone(),
            value: shown(&entry.key, &entry.value),
            mend: mend.to_owned(),
            source: Some(self.source(entry)),
        });
        Became::Refused
    }

    fn source(&self, entry: &Entry) -> String {
        format!("{} line {}, {}", self.name, entry.line, entry.key)
    }
}

/// A template's placeholder left in the value, such as `{host}`. Of a secret only the whole value counts: passwords
/// may hold braces.
fn template<'a>(key: &str, value: &'a str) -> Option<&'a str> {
    let start = value.find('{')?;
    let end = start + value[start..].find('}')?;
    let braces = &value[start..=end];
    let inner = &braces[1..braces.len() - 1];
    let word = |c: char| c.is_ascii_alphanumeric() || " _-.".contains(c);
    let whole = braces.len() == value.len();
    let is_template = !inner.trim().is_empty() && inner.chars().all(word);
    (is_template && (whole || !keys::is_secret(key))).then_some(braces)
}

/// For the user part of an address: everything but unreserved characters as `%XX`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex::encode_upper([byte]));
        }
    }
    out
}
