//! Things that only one part of the tree may know: foreign crates, adapters, SQL, old words, the outside world.

use crate::report::Findings;
use crate::source::{self, Source};

/// A foreign crate or a word, and the only places that may know it.
const KEPT_TO: [(&str, &[&str], &str); 9] = [
    (
        "sqlx::",
        &["host/src/store/"],
        "SQL is the store's business: add a verb to its trait",
    ),
    (
        "wasmtime::",
        &["host/src/policy/", "host/benches/"],
        "the engine hides wasmtime: use the traits of host/src/policy/mod.rs",
    ),
    (
        "wit_component::",
        &["host/src/policy/", "policies/build/"],
        "the engine hides component tools: use the traits of host/src/policy/mod.rs",
    ),
    (
        "figment::",
        &["host/src/config/"],
        "settings arrive as structs of host/src/config",
    ),
    (
        "ratatui::",
        &["host/src/demo/"],
        "only the demonstration draws on a terminal",
    ),
    (
        "ab_glyph",
        &["host/src/backtest/picture/"],
        "only pictures of backtests draw letters: add a shape to their scene",
    ),
    (
        "png::",
        &["host/src/backtest/picture/"],
        "only pictures of backtests are written as PNG: ask one of them",
    ),
    ("aws_sdk", &["host/ec2/"], "only weir-ec2 sees the AWS SDK"),
    (
        "weir_ec2::",
        &["host/src/ec2.rs", "host/ec2/"],
        "the library knows no cloud's SDK: main.rs hands it in",
    ),
];

#[test]
fn foreign_crates_stay_in_the_part_that_hides_them() {
    for (name, homes, mend) in KEPT_TO {
        let mut findings = Findings::default();
        for source in outside(homes) {
            for (line, text) in source.production() {
                if text.contains(name) {
                    findings.add(&source.path, line, format!("names {name}"));
                }
            }
        }
        findings.none(mend);
    }
}

/// Makers of the things behind the seams, and where they may be named beside the starting point.
const ADAPTERS: [(&str, &[&str]); 10] = [
    ("sqlite::open", &["host/src/store/", "host/benches/"]),
    ("mysql::open", &["host/src/store/"]),
    ("FaultyStore", &["host/src/store/"]),
    ("WasmEngine", &["host/src/policy/", "host/benches/"]),
    ("TcpLink", &["host/src/nodes/", "host/ec2/examples/"]),
    ("SimulatedCloud", &["host/cloud/src/", "host/src/nodes/"]),
    ("ScriptedCloud", &["host/cloud/src/"]),
    ("Ec2Cloud", &["host/ec2/", "host/src/ec2.rs"]),
    ("SystemClock", &["host/cloud/src/"]),
    ("PacedClock", &["host/cloud/src/"]),
];

/// The starting point.
const START: [&str; 5] = [
    "host/src/app",
    "host/src/main.rs",
    "host/src/cli",
    "host/src/demo",
    "host/src/simulation.rs",
];

#[test]
fn things_behind_seams_are_named_at_the_starting_point_only() {
    let mut findings = Findings::default();
    for (name, homes) in ADAPTERS {
        let homes = [homes, &START].concat();
        for source in outside(&homes) {
            for (line, text) in source.production() {
                if text.contains(name) {
                    findings.add(&source.path, line, format!("names {name}"));
                }
            }
        }
    }
    findings.none("take the trait object; host/src/app makes it");
}

/// Words of the compatible API that mean something else inside, or nothing.
const OLD_WORDS: [&str; 8] = [
    "\"scalePolicy\"",
    "\"launchConfig\"",
    "\"scaleAdjustment\"",
    "\"minLimit\"",
    "\"maxLimit\"",
    "\"originConnections\"",
    "\"serverAddress\"",
    "ScalePolicyMaster",
];

/// Where they are spoken; the demonstration and its like are clients of that API.
const OLD_SPEAKERS: [&str; 4] = [
    "host/src/http/v3_1/",
    "host/src/http/v4_0/",
    "host/src/http/normalise/",
    "host/src/demo/",
];

#[test]
fn words_of_the_old_api_stay_in_its_folder() {
    let mut findings = Findings::default();
    for source in outside(&OLD_SPEAKERS) {
        for (line, text) in source.production_with_strings() {
            if let Some(word) = OLD_WORDS.iter().find(|word| text.contains(*word)) {
                findings.add(&source.path, line, format!("spells {word}"));
            }
        }
    }
    findings.none("inside it has another name (limits, launch configuration …); translate in host/src/http/v3_1/wire");
}

/// What starts a statement of SQL.
const SQL: [&str; 7] = [
    "SELECT ",
    "INSERT INTO ",
    "UPDATE ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "ALTER TABLE ",
    "PRAGMA ",
];

#[test]
fn sql_is_written_in_the_store_only() {
    let mut findings = Findings::default();
    for source in outside(&["host/src/store/"]) {
        for (line, text) in source.production_with_strings() {
            if SQL.iter().any(|word| text.contains(&format!("\"{word}"))) {
                findings.add(&source.path, line, "writes SQL");
            }
        }
    }
    findings.none("add a verb to the Store trait in host/src/store/mod.rs");
}

/// Ways out of a pure function.
const OUTSIDE: [&str; 12] = [
    "SystemTime",
    "Instant::now",
    "std::fs",
    "std::net",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "tokio::",
    "rand::",
    "println!",
    "async fn",
];

#[test]
fn deciding_code_touches_nothing_outside() {
    let mut findings = Findings::default();
    for source in source::all() {
        let pure = source.path.starts_with("host/core/src/")
            || (source.path.starts_with("policies/")
                && !source.path.starts_with("policies/build/"));
        if !pure {
            continue;
        }
        for (line, text) in source.production() {
            if let Some(word) = OUTSIDE.iter().find(|word| text.contains(*word)) {
                findings.add(&source.path, line, format!("uses {word}"));
            }
        }
    }
    findings.none("a decision is a function of its input: take the time, the random word or the fact as a parameter");
}

fn outside(homes: &[&str]) -> Vec<Source> {
    let mut sources = source::all();
    sources.retain(|source| !homes.iter().any(|home| source.path.starts_with(home)));
    sources
}
