//! Settings are documented where they are declared, and a slip in a key is never silent.

use crate::report::Findings;
use crate::source::{self, Source, item_end};

/// First lines of the structs that are sections of the configuration.
fn sections(source: &Source) -> Vec<usize> {
    let is_section = |text: &str| {
        let name = text.trim().strip_prefix("pub struct ").unwrap_or_default();
        let name = name.split([' ', '{']).next().unwrap_or_default();
        name == "Config" || name.ends_with("Config")
    };
    let lines = source.production();
    lines
        .filter(|(_, text)| is_section(text) && text.contains('{'))
        .map(|(line, _)| line)
        .collect()
}

fn of_configuration() -> Vec<Source> {
    let mut sources = source::all();
    sources.retain(|source| source.path.starts_with("host/src/config/") && !source.is_all_test());
    sources
}

#[test]
fn every_setting_is_documented() {
    let mut findings = Findings::default();
    let mut fields = 0;
    for source in of_configuration() {
        let lines: Vec<&str> = source.text.lines().collect();
        for start in sections(&source) {
            let end = item_end(&source.code, start - 1);
            for index in start..end {
                let line = lines[index].trim_start();
                if !line.starts_with("pub ") {
                    continue;
                }
                fields += 1;
                let above = lines[..index].iter().rev().map(|line| line.trim_start());
                let documented = above
                    .skip_while(|line| line.starts_with("#["))
                    .take(1)
                    .any(|line| line.starts_with("/// "));
                if !documented {
                    findings.add(&source.path, index + 1, line);
                }
            }
        }
    }
    assert!(
        fields > 30,
        "only {fields} settings found: this test looks in the wrong place"
    );
    findings.none("write above it what it does, its unit, its bounds and its default");
}

#[test]
fn every_section_refuses_unknown_keys() {
    let mut findings = Findings::default();
    for source in of_configuration() {
        let lines: Vec<&str> = source.text.lines().collect();
        for start in sections(&source) {
            let attributes = lines[..start - 1]
                .iter()
                .rev()
                .take_while(|line| line.starts_with("#["));
            if !attributes
                .into_iter()
                .any(|line| line.contains("deny_unknown_fields"))
            {
                findings.add(&source.path, start, lines[start - 1]);
            }
        }
    }
    findings.none("add #[serde(default, deny_unknown_fields)]");
}
