//! Things that exist once, or alike in several places.

use std::collections::BTreeMap;

use crate::report::Findings;
use crate::tree;

#[test]
fn the_contract_with_policies_is_written_once() {
    let mut findings = Findings::default();
    for path in tree::files(".wit") {
        if !path.starts_with("wit/") {
            findings.add(&path, 1, "a copy of the contract");
        }
    }
    findings.none("delete it and point wit_bindgen or wasmtime at wit/");
}

#[test]
fn guests_are_built_from_the_contract() {
    let mut findings = Findings::default();
    for path in tree::files("src/lib.rs") {
        if !path.starts_with("policies/") {
            continue;
        }
        for (index, line) in tree::read(&path).lines().enumerate() {
            if line.contains("generate!") && !line.contains("path: \"../../wit\"") {
                findings.add(&path, index + 1, line.trim());
            }
        }
    }
    findings.none("write path: \"../../wit\"");
}

#[test]
fn every_database_has_the_same_migrations() {
    let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in tree::files(".sql") {
        let Some(inside) = path.strip_prefix("migrations/") else {
            continue;
        };
        let (folder, name) = inside
            .split_once('/')
            .unwrap_or_else(|| panic!("{path}:1: belongs into the folder of a database"));
        folders
            .entry(folder.to_owned())
            .or_default()
            .push(name.to_owned());
    }
    let (first, expected) = folders.first_key_value().expect("migrations/ has a folder");
    for (folder, names) in &folders {
        assert_eq!(
            names, expected,
            "migrations/{folder} and migrations/{first} differ\nMend: same number and name in each"
        );
    }
    for (index, name) in expected.iter().enumerate() {
        assert!(
            name.starts_with(&format!("{:04}_", index + 1)),
            "migrations/{first}/{name}:1: is number {} in order\nMend: number without gaps, NNNN_name.sql",
            index + 1
        );
    }
}
