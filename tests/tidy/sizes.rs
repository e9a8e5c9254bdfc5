//! How long things may get before they are split by responsibility.

use crate::report::Findings;
use crate::source::{self, Source, item_end};
use crate::tree;

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 80;

#[test]
fn files_stay_readable_in_one_go() {
    let mut findings = Findings::default();
    for source in source::all() {
        let lines = source.production().count();
        if lines > FILE_LINES {
            findings.add(
                &source.path,
                lines,
                format!("{lines} lines of production code"),
            );
        }
    }
    findings.none(&format!(
        "split it by responsibility; {FILE_LINES} lines is the end, 60 to 200 the aim"
    ));
}

#[test]
fn functions_stay_on_a_screen() {
    let mut findings = Findings::default();
    for source in source::all().iter().filter(|source| !source.is_all_test()) {
        for (line, length) in functions(source) {
            if length > FUNCTION_LINES {
                findings.add(&source.path, line, format!("a function of {length} lines"));
            }
        }
    }
    findings.none(&format!(
        "split it; {FUNCTION_LINES} lines is the end, 30 the aim"
    ));
}

/// First line and length of each function of production code.
fn functions(source: &Source) -> Vec<(usize, usize)> {
    let starts = source
        .production()
        .filter(|(_, text)| is_function(text))
        .map(|(line, _)| line);
    starts
        .map(|line| (line, item_end(&source.code, line - 1) + 2 - line))
        .collect()
}

fn is_function(line: &str) -> bool {
    let words = line.split_whitespace();
    let mut rest = words.skip_while(|word| {
        matches!(*word, "async" | "const" | "unsafe" | "extern") || word.starts_with("pub")
    });
    rest.next() == Some("fn")
}

/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "helpers", "helper", "common", "misc"];

#[test]
fn files_are_named_for_what_they_hold() {
    let mut findings = Findings::default();
    for path in tree::files(".rs") {
        let mut parts = path.trim_end_matches(".rs").split('/');
        if parts.any(|part| EMPTY_NAMES.contains(&part) || part.starts_with("new_")) {
            findings.add(&path, 1, "a name that fits anything");
        }
    }
    findings.none("name the file for its responsibility, in the field's words");
}

#[test]
fn every_file_says_what_it_owns() {
    let mut findings = Findings::default();
    for source in source::all().iter().filter(|source| !source.is_all_test()) {
        if !source.text.starts_with("//!") {
            findings.add(&source.path, 1, "no header");
        }
    }
    findings.none("start it with //! what it owns, who calls it, which invariant it keeps");
}
