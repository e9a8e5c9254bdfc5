//! Does an answer fit its recording? Values that differ from run to run stand as `<kind>` or `<kind:name>`; a name is
//! remembered, must be the same from then on, and can be used in requests as `{name}`. `<any>` is any value.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What was remembered.
pub type Names = BTreeMap<String, String>;

/// Puts remembered values in place of `{name}`.
pub fn filled(text: &str, names: &Names) -> String {
    names.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

/// Where and how the answer differs; empty when it fits. What is learnt goes to `names` only then.
pub fn differences(wanted: &Value, got: &Value, names: &mut Names) -> Vec<String> {
    let mut learnt = names.clone();
    let mut found = Vec::new();
    compare("answer", wanted, got, &mut learnt, &mut found);
    if found.is_empty() {
        *names = learnt;
    }
    found
}

fn compare(at: &str, wanted: &Value, got: &Value, names: &mut Names, found: &mut Vec<String>) {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => {
            compare_members(at, wanted, got, names, found)
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            for (index, (wanted, got)) in wanted.iter().zip(got).enumerate() {
                compare(&format!("{at}[{index}]"), wanted, got, names, found);
            }
        }
        (Value::String(any), _) if any == "<any>" => {}
        (Value::String(pattern), _) if pattern.contains('<') => {
            if let Err(problem) = fit(pattern, got, names) {
                found.push(format!("{at}: {problem}"));
            }
        }
        (Value::String(text), Value::String(_)) if text.contains('{') => {
            let wanted = filled(text, names);
            if got.as_str() != Some(&wanted) {
                found.push(format!("{at}: wanted {wanted:?}, got {got}"));
            }
        }
        _ if wanted == got => {}
        _ => found.push(format!("{at}: wanted {wanted}, got {got}")),
    }
}

fn compare_members(
    at: &str,
    wanted: &Map<String, Value>,
    got: &Map<String, Value>,
    names: &mut Names,
    found: &mut Vec<String>,
) {
    for (key, wanted) in wanted {
        match got.get(key) {
            Some(got) => compare(&format!("{at}.{key}"), wanted, got, names, found),
            None => found.push(format!("{at}.{key} is missing, wanted {wanted}")),
        }
    }
    let extra = got.iter().filter(|(key, _)| !wanted.contains_key(*key));
    found.extend(extra.map(|(key, value)| format!("{at}.{key}: was not wanted, got {value}")));
}

/// One placeholder, with fixed text round it.
fn fit(pattern: &str, got: &Value, names: &mut Names) -> Result<(), String> {
    let wrong = || format!("wanted {pattern:?}, got {got}");
    let (before, rest) = pattern.split_once('<').ok_or_else(wrong)?;
    let (placeholder, after) = rest.split_once('>').ok_or_else(wrong)?;
    let (kind, name) = match placeholder.split_once(':') {
        Some((kind, name)) => (kind, Some(name)),
        None => (placeholder, None),
    };
    let (before, after) = (filled(before, names), filled(after, names));
    let text = match got {
        Value::String(text) => text.clone(),
        Value::Number(number) if is_number(kind) => number.to_string(),
        _ => return Err(wrong()),
    };
    let middle = text
        .strip_prefix(before.as_str())
        .and_then(|text| text.strip_suffix(after.as_str()));
    let middle = middle
        .filter(|middle| is_of_kind(kind, middle))
        .ok_or_else(wrong)?;
    match name {
        Some(name) if names.get(name).is_some_and(|known| known != middle) => Err(format!(
            "wanted {name} {:?} again, got {middle:?}",
            names[name]
        )),
        Some(name) => {
            names.insert(name.to_owned(), middle.to_owned());
            Ok(())
        }
        None => Ok(()),
    }
}

fn is_number(kind: &str) -> bool {
    matches!(kind, "ms" | "int")
}

fn is_of_kind(kind: &str, text: &str) -> bool {
    let hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit());
    match kind {
        // After 2001 and before 2286: a time in seconds or microseconds does not pass.
        "ms" => text.len() == 13 && text.parse::<u64>().is_ok(),
        "int" => text.parse::<u64>().is_ok(),
        "address" => text.parse::<std::net::IpAddr>().is_ok(),
        "uuid" => text.len() == 36 && text.split('-').all(hex),
        "hex" => text.len() == 32 && hex(text),
        "zone" => text.len() == "ap-northeast-1c".len() && text.starts_with("ap-northeast-1"),
        "text" => !text.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_remembered_value_must_come_again() {
        let mut names = Names::new();
        let wanted = json!({"name": "group-<uuid:g>", "timestamp": "<ms>"});
        let got = json!({"name": "group-260c318a-0436-4f14-98e4-e72b9b6a2a61", "timestamp": 1_534_840_964_132_u64});
        assert_eq!(differences(&wanted, &got, &mut names), Vec::<String>::new());
        let other = json!({"name": "group-160c318a-0436-4f14-98e4-e72b9b6a2a61", "timestamp": 1_534_840_964_132_u64});
        assert_eq!(differences(&wanted, &other, &mut names).len(), 1);
        assert_eq!(
            filled("/a/group-{g}/b", &names),
            "/a/group-260c318a-0436-4f14-98e4-e72b9b6a2a61/b"
        );
    }

    #[test]
    fn missing_and_additional_members_are_differences() {
        let found = differences(
            &json!({"a": 1, "b": 2}),
            &json!({"a": 1, "c": 3}),
            &mut Names::new(),
        );
        assert_eq!(found.len(), 2, "{found:?}");
        let seconds = differences(&json!("<ms>"), &json!(1_534_840_964), &mut Names::new());
        assert_eq!(seconds.len(), 1);
    }
}
