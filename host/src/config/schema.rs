//! Which settings there are, made from the defaults themselves: so that text from variables, flags and property files
//! gets the right type, and an unknown key is answered with the nearest known one.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use figment::value::{Dict, Num, Value};

use super::Config;
use super::check::Problem;

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Switch,
    Whole,
    List,
    /// Names given by the operator, with a value each.
    Table,
}

/// Settings whose keys are the operator's: they stand in the defaults as tables, not as sections.
const TABLES: [&str; 2] = ["cloud.prices", "cloud.simulated.regions"];

/// Settings never shown.
pub(super) const SECRETS: [&str; 4] = [
    "auth.admin_token",
    "auth.cluster_password",
    "cloud.ec2.access_key_id",
    "cloud.ec2.secret_access_key",
];

static KNOWN: LazyLock<BTreeMap<String, Kind>> = LazyLock::new(|| {
    let mut known = BTreeMap::new();
    // Numbers, text, lists and tables of those: serialising them cannot fail, and a test would show it.
    if let Ok(Value::Dict(_, root)) = Value::serialize(Config::default()) {
        add(&mut known, "", &root);
    }
    known
});

fn add(known: &mut BTreeMap<String, Kind>, prefix: &str, dict: &Dict) {
    for (name, value) in dict {
        let key = join(prefix, name);
        let kind = match value {
            Value::Dict(..) if TABLES.contains(&key.as_str()) => Kind::Table,
            Value::Dict(_, inner) => {
                add(known, &key, inner);
                continue;
            }
            Value::String(..) | Value::Char(..) | Value::Empty(..) => Kind::Text,
            Value::Bool(..) => Kind::Switch,
            Value::Num(..) => Kind::Whole,
            Value::Array(..) => Kind::List,
        };
        known.insert(key, kind);
    }
}

pub(super) fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}

/// The setting's kind; `None` when there is no such setting.
pub(super) fn kind(key: &str) -> Option<Kind> {
    KNOWN.get(key).copied()
}

/// All settings, in order of their keys.
pub(super) fn keys() -> impl Iterator<Item = &'static str> {
    KNOWN.keys().map(String::as_str)
}

/// Text of a variable, flag or property as the setting's type; the error says what the text must be.
pub(super) fn typed(kind: Kind, text: &str) -> Result<Value, &'static str> {
    let text = text.trim();
    match kind {
        Kind::Text => Ok(Value::from(text)),
        Kind::Switch => match text.to_ascii_lowercase().as_str() {
            "true" => Ok(Value::from(true)),
            "false" => Ok(Value::from(false)),
            _ => Err(must_be(kind)),
        },
        Kind::Whole => text
            .parse::<u64>()
            .map(Value::from)
            .map_err(|_| must_be(kind)),
        Kind::List if text.starts_with('[') => from_toml(text, kind),
        Kind::List => Ok(Value::from(
            text.split(',')
                .map(str::trim)
                .filter(|entry| !entry.is_empty())
                .map(str::to_owned)
                .collect::<Vec<String>>(),
        )),
        Kind::Table => from_toml(text, kind),
    }
}

fn from_toml(text: &str, kind: Kind) -> Result<Value, &'static str> {
    let mut dict: Dict = toml::from_str(&format!("x = {text}")).map_err(|_| must_be(kind))?;
    let value = dict.remove("x").ok_or(must_be(kind))?;
    if fits(kind, &value) && dict.is_empty() {
        Ok(value)
    } else {
        Err(must_be(kind))
    }
}

fn must_be(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "must be text in quotes",
        Kind::Switch => "must be true or false",
        Kind::Whole => "must be a whole number, 0 or more",
        Kind::List => "must be a list, such as [\"a\", \"b\"]",
        Kind::Table => "must be a table, such as { \"a\" = 1 }",
    }
}

fn fits(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::Text => matches!(value, Value::String(..)),
        Kind::Switch => matches!(value, Value::Bool(..)),
        Kind::Whole => match value {
            Value::Num(_, Num::F32(_) | Num::F64(_)) => false,
            Value::Num(_, number) => number.to_u128_lossy().is_some(),
            _ => false,
        },
        Kind::List => matches!(value, Value::Array(..)),
        Kind::Table => matches!(value, Value::Dict(..)),
    }
}

/// Looks through a parsed file for keys nobody knows and values of another type.
pub(super) fn check(dict: &Dict, source: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    walk("", dict, &mut |key, value| {
        let mend = match kind(key) {
            Some(kind) if fits(kind, value) => return,
            Some(kind) => must_be(kind).to_owned(),
            None if is_section(key) => "is a section: it holds settings, it is none".to_owned(),
            None => unknown(key),
        };
        problems.push(Problem {
            key: key.to_owned(),
            value: String::new(),
            mend,
            source: Some(source.to_owned()),
        });
    });
    problems
}

/// Calls `visit` for each setting and for whatever is neither a setting nor a section.
pub(super) fn walk(prefix: &str, dict: &Dict, visit: &mut impl FnMut(&str, &Value)) {
    for (name, value) in dict {
        let key = join(prefix, name);
        match value {
            // A section nobody knows too: its settings' names may show which one was meant.
            Value::Dict(_, inner) if kind(&key).is_none() && !inner.is_empty() => {
                walk(&key, inner, visit);
            }
            _ => visit(&key, value),
        }
    }
}

fn is_section(key: &str) -> bool {
    keys().any(|known| {
        known
            .strip_prefix(key)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

/// What to say of a key nobody knows.
pub(super) fn unknown(key: &str) -> String {
    let of_table = || nearest(key.rsplit_once('.')?.0, keys());
    match nearest(key, keys()).or_else(of_table) {
        Some(near) => format!("is no setting; did you mean {near}?"),
        None => "is no setting; weir serve --print-config shows them all".to_owned(),
    }
}

/// The most similar of the names, if any is similar enough to be a slip of the pen.
pub(super) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|known| (strsim::normalized_damerau_levenshtein(name, known), known))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, known)| known)
}
