//! Documents keep what they promise.

use crate::report::Findings;
use crate::tree;

/// Lines of the code blocks of a document.
fn commands(path: &str) -> Vec<String> {
    let text = tree::read(path);
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside || line.starts_with("    ") {
            lines.push(line.trim().to_owned());
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

#[test]
fn the_readme_starts_with_two_commands_that_exist() {
    let commands = commands("README.md");
    let [show, test, ..] = commands.as_slice() else {
        panic!("README.md:1: has fewer than two commands");
    };
    let words: Vec<&str> = show.split_whitespace().collect();
    // Without EC2: the first look should not wait for its SDK.
    let wanted = "cargo run --release --no-default-features -- demo";
    let wanted: Vec<&str> = wanted.split(' ').collect();
    assert!(
        words.starts_with(&wanted),
        "README.md: the first command is {show}"
    );
    let mut sources = tree::files(".rs");
    sources.retain(|path| path.starts_with("host/src/cli"));
    assert!(
        sources
            .iter()
            .any(|path| tree::read(path).contains("    Demo(")),
        "host/src/cli: has no command demo, which README.md promises"
    );
    let script = test.split_whitespace().next().unwrap_or_default();
    assert!(
        is_executable(script),
        "README.md: the second command {script} is no script that can be run"
    );
}

#[cfg(unix)]
fn is_executable(path: &str) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let meta = std::fs::metadata(tree::root().join(path));
    meta.is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[test]
fn scripts_stop_at_the_first_failure() {
    for path in [".ci/run", "tests/run", "tests/full"] {
        assert!(
            is_executable(path),
            "{path}:1: cannot be run\nMend: chmod +x {path}"
        );
        assert!(
            tree::read(path).contains("\nset -euo pipefail\n"),
            "{path}:1: goes on after a failure\nMend: set -euo pipefail"
        );
    }
}

/// Paths that stand in backticks and look like files of the repository.
fn named_paths(line: &str) -> Vec<String> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted
        .filter(|word| word.contains('/') && !word.contains([' ', '{', '<', '…', '*', ':']))
        .filter(|word| !word.starts_with(['/', '.', '-']))
        .map(str::to_owned)
        .collect()
}

#[test]
fn documents_name_files_that_exist() {
    let mut findings = Findings::default();
    let mut paths = vec![
        "host/ARCHITECTURE.md".to_owned(),
        "CONTRIBUTING.md".to_owned(),
        "tests/README.md".to_owned(),
    ];
    paths.extend(
        tree::files(".md")
            .into_iter()
            .filter(|path| path.starts_with("host/decisions/")),
    );
    for path in paths {
        for (index, line) in tree::read(&path).lines().enumerate() {
            for name in named_paths(line) {
                let is_file = [".rs", ".md", ".toml", ".wit", ".sql"]
                    .iter()
                    .any(|ending| name.ends_with(ending));
                let is_folder = name.ends_with('/');
                if (is_file || is_folder) && !tree::exists(&name) {
                    findings.add(
                        &path,
                        index + 1,
                        format!("names {name}, which does not exist"),
                    );
                }
            }
        }
    }
    findings.none("name the file by its path from the root, as it is now");
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut findings = Findings::default();
    for path in tree::files(".md") {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (index, line) in tree::read(&path).lines().enumerate() {
            for link in links(line) {
                let target = format!("{folder}/{link}");
                if !tree::exists(target.trim_start_matches('/')) {
                    findings.add(&path, index + 1, format!("links to {link}"));
                }
            }
        }
    }
    findings.none("a link is relative to the document it stands in");
}

fn links(line: &str) -> Vec<&str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .map(|link| link.split('#').next().unwrap_or_default())
        .filter(|link| !link.is_empty() && !link.contains("://"))
        .collect()
}

#[test]
fn decisions_are_numbered_in_order() {
    let mut pages = tree::files(".md");
    pages.retain(|path| path.starts_with("host/decisions/") && !path.ends_with("README.md"));
    for (index, path) in pages.iter().enumerate() {
        let start = format!("host/decisions/{:04}-", index + 1);
        assert!(
            path.starts_with(&start),
            "{path}:1: is number {} in order",
            index + 1
        );
    }
}
