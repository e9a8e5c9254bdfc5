//! The effective settings as a TOML file that could be read back, but for its starred secrets.

use std::collections::BTreeMap;
use std::fmt::Write;

use toml::{Table, Value};

use super::{Config, schema};

pub(super) fn to_toml(config: &Config, sources: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    // Numbers, text, lists and tables of those always have a TOML form; a test reads it back.
    if let Ok(Value::Table(root)) = Value::try_from(config) {
        section(&mut text, "", &root, sources);
    }
    text
}

fn section(text: &mut String, path: &str, table: &Table, sources: &BTreeMap<String, String>) {
    let is_setting = |name: &str| schema::kind(&schema::join(path, name)).is_some();
    let (settings, sections): (Vec<_>, Vec<_>) =
        table.iter().partition(|(name, _)| is_setting(name));
    if !settings.is_empty() {
        let gap = if text.is_empty() { "" } else { "\n" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{gap}[{path}]");
    }
    for (name, value) in settings {
        let source = sources
            .get(&schema::join(path, name))
            .map_or("default", String::as_str);
        let _ = writeln!(text, "{name} = {value} # {source}");
    }
    for (name, value) in sections {
        if let Value::Table(inner) = value {
            section(text, &schema::join(path, name), inner, sources);
        }
    }
}
