//! What may not stand in the repository: unfinished work, waiting by the clock, traces of somebody's machine.

use crate::report::Findings;
use crate::source::{self, Source};
use crate::tree;

/// A statement's or a short function's attribute stands so near.
const EXCUSED_WITHIN: usize = 12;

#[test]
fn nothing_unfinished_is_landed() {
    let mut findings = Findings::default();
    for (path, text) in texts() {
        for (index, line) in text.lines().enumerate() {
            let marks = ["todo!", "unimplemented!", "FIXME", "TODO", "XXX"];
            if let Some(mark) = marks.iter().find(|mark| line.contains(*mark)) {
                findings.add(&path, index + 1, format!("says {mark}"));
            }
        }
    }
    findings.none("finish it, or leave it out and say so where the work is planned");
}

/// Texts that people write; these rules themselves are left out, as they have to name what they forbid.
fn texts() -> Vec<(String, String)> {
    let endings = [
        ".rs", ".md", ".toml", ".wit", ".sql", ".sh", "/run", "/full", ".json",
    ];
    let paths = endings.iter().flat_map(|ending| tree::files(ending));
    paths
        .filter(|path| !path.starts_with("tests/tidy/"))
        .map(|path| (path.clone(), tree::read(&path)))
        .collect()
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let mut findings = Findings::default();
    let signs = ["/home/", "/Users/", "artifactory", "/tmp/"];
    for (path, text) in texts() {
        for (index, line) in text.lines().enumerate() {
            if let Some(sign) = signs.iter().find(|sign| line.contains(*sign)) {
                findings.add(&path, index + 1, format!("names {sign}"));
            }
        }
    }
    findings
        .none("use a path relative to the repository, a setting, or an example such as /srv/weir");
}

#[test]
fn tests_do_not_sleep() {
    let mut findings = Findings::default();
    // Benches pace a load by the machine's time: that is what they measure.
    let tests = source::all()
        .into_iter()
        .filter(|source| !source.path.starts_with("host/benches"));
    for source in tests {
        for (line, text) in source.tests() {
            let sleeps = ["thread::sleep(", "time::sleep(", "time::sleep_until("];
            if sleeps.iter().any(|sleep| text.contains(sleep)) && !is_excused(&source, line) {
                findings.add(&source.path, line, "sleeps");
            }
        }
    }
    findings.none("move the ManualClock, or wait for a condition with a deadline; the pause of such a loop says so in #[expect(clippy::disallowed_methods, reason = …)] above it");
}

/// The lint against sleeping is switched off, with a reason, on one of the lines just above.
fn is_excused(source: &Source, line: usize) -> bool {
    let above = source.code[..line - 1].iter().rev().take(EXCUSED_WITHIN);
    above
        .into_iter()
        .any(|line| line.contains("clippy::disallowed_methods"))
}

#[test]
fn doubles_are_implementations_of_a_trait() {
    let mut findings = Findings::default();
    for source in source::all().iter().filter(|source| !source.is_all_test()) {
        for (index, line) in source.code.iter().enumerate() {
            let next = source
                .code
                .get(index + 1)
                .map_or("", |line| line.trim_start());
            let of_module = [
                "mod ",
                "pub mod ",
                "pub(crate) mod ",
                "pub(super) mod ",
                "use ",
                "#[",
            ];
            let inside = line.trim() == "#[cfg(test)]"
                && !of_module.iter().any(|word| next.starts_with(word));
            if inside || line.contains("cfg(not(test))") || line.contains("cfg!(test)") {
                findings.add(
                    &source.path,
                    index + 1,
                    "production code that knows of tests",
                );
            }
        }
    }
    findings.none("put a second implementation behind the seam; cfg(test) stands before modules of tests only");
}
