//! What packages may depend on.

use crate::report::Findings;
use crate::tree;

/// Names of a section of a manifest, with their lines.
fn names(path: &str, section: &str) -> Vec<(usize, String)> {
    let text = tree::read(path);
    let header = format!("[{section}]");
    let lines = text.lines().enumerate();
    lines
        .skip_while(|(_, line)| *line != header)
        .skip(1)
        .take_while(|(_, line)| !line.starts_with('['))
        .filter_map(|(index, line)| {
            let name = line.split(['.', '=', ' ']).next()?;
            (!name.is_empty() && !name.starts_with('#')).then(|| (index + 1, name.to_owned()))
        })
        .collect()
}

fn only(path: &str, allowed: &[&str], mend: &str) {
    let mut findings = Findings::default();
    for (line, name) in names(path, "dependencies") {
        if !allowed.contains(&name.as_str()) {
            findings.add(path, line, format!("depends on {name}"));
        }
    }
    findings.none(mend);
}

fn never(path: &str, banned: &[&str], mend: &str) {
    let mut findings = Findings::default();
    for (line, name) in names(path, "dependencies") {
        if banned.contains(&name.as_str()) {
            findings.add(path, line, format!("depends on {name}"));
        }
    }
    findings.none(mend);
}

#[test]
fn the_core_depends_on_nothing_that_reaches_outside() {
    assert!(
        !names("host/core/Cargo.toml", "dependencies").is_empty(),
        "the manifest is read"
    );
    let mend = "weir-core describes data and decides; whatever does I/O belongs in host/src";
    only("host/core/Cargo.toml", &["serde", "thiserror"], mend);
}

#[test]
fn the_cloud_knows_neither_server_nor_store_nor_engine() {
    let mend = "weir-cloud knows weir-core only; the server is wired in host/src/app";
    never("host/cloud/Cargo.toml", &["weir", "sqlx", "wasmtime"], mend);
}

#[test]
fn ec2_knows_the_seam_and_not_the_server() {
    let mend = "weir-ec2 implements weir-cloud's trait; settings reach it through host/src/ec2.rs";
    never("host/ec2/Cargo.toml", &["weir", "sqlx", "wasmtime"], mend);
    let mend = "only the program is built with the AWS SDK: tests and benches need none of it";
    never("tests/Cargo.toml", &["weir-ec2", "aws-sdk-ec2"], mend);
}

#[test]
fn guests_depend_on_little() {
    let allowed = ["tinyjson", "weir-policy-kit", "wit-bindgen"];
    let mend = "a guest is small and imports nothing: write it, or put it into policies/kit";
    for path in tree::files("Cargo.toml") {
        if path.starts_with("policies/") && !path.starts_with("policies/build/") {
            only(&path, &allowed, mend);
        }
    }
}

#[test]
fn versions_stand_in_one_place() {
    let mut findings = Findings::default();
    for path in tree::files("Cargo.toml") {
        // The guests' own: nobody else needs them.
        if path == "Cargo.toml" || path.starts_with("policies/") {
            continue;
        }
        let text = tree::read(&path);
        for section in ["dependencies", "dev-dependencies"] {
            for (line, name) in names(&path, section) {
                let shared = text
                    .lines()
                    .nth(line - 1)
                    .is_some_and(|line| line.contains("workspace"));
                if !shared {
                    findings.add(&path, line, format!("a version of its own for {name}"));
                }
            }
        }
    }
    findings
        .none("put it into [workspace.dependencies] of Cargo.toml and write name.workspace = true");
}
