//! `host/settings.md` says of every setting what its declaration says, word for word.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::source::{self, Source, item_end};
use crate::tree;

const PAGE: &str = "host/settings.md";
const HEAD: &str = "# Settings

Every setting, its unit, its bounds and its default. The page is made from the declarations in `host/src/config/`; how to set one
stands in the [README](../README.md#settings). `weir serve --print-config` shows the values in force and where each came from.
";

/// A member of a struct, or a case of an enum.
struct Entry {
    name: String,
    kind: String,
    text: String,
}

/// What is declared: structs by name with their members, enums with their cases.
#[derive(Default)]
struct Declared {
    structs: BTreeMap<String, Vec<Entry>>,
    enums: BTreeMap<String, Vec<Entry>>,
}

fn declared() -> Declared {
    let mut declared = Declared::default();
    let mut sources = source::all();
    sources.retain(|source| source.path.starts_with("host/src/config/") && !source.is_all_test());
    for source in &sources {
        for (line, text) in source.production() {
            let text = text.trim();
            let name = |word: &str| {
                let rest = text.strip_prefix(word)?.strip_suffix('{')?;
                Some(rest.trim().to_owned())
            };
            if let Some(name) = name("pub struct ").filter(|name| name.ends_with("Config")) {
                declared.structs.insert(name, entries(source, line, "pub "));
            } else if let Some(name) = name("pub enum ") {
                declared.enums.insert(name, entries(source, line, ""));
            }
        }
    }
    declared
}

/// The documented lines of an item that start with `word`.
fn entries(source: &Source, start: usize, word: &str) -> Vec<Entry> {
    let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
    let end = item_end(&source.code, start - 1);
    let mut found = Vec::new();
    let mut said: Vec<&str> = Vec::new();
    for line in &lines[start..end] {
        if let Some(words) = line.strip_prefix("///") {
            said.push(words.trim());
        } else if let Some(entry) = line.strip_prefix(word).filter(|_| !line.starts_with("#[")) {
            let (name, kind) = entry.split_once(':').unwrap_or((entry, ""));
            found.push(Entry {
                name: name.trim_end_matches(',').to_owned(),
                kind: kind.trim().trim_end_matches(',').to_owned(),
                text: std::mem::take(&mut said).join(" "),
            });
        }
    }
    found.retain(|entry| !entry.text.is_empty());
    found
}

/// `WhenNoEdges` as it is written in a setting.
fn word(case: &str) -> String {
    let mut word = String::new();
    for letter in case.chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.extend(letter.to_lowercase());
    }
    word
}

fn last(kind: &str) -> &str {
    kind.rsplit("::").next().unwrap_or(kind)
}

/// The members of a struct, those of structs within it after them.
fn write(page: &mut String, declared: &Declared, of: &str, prefix: &str) {
    let members = &declared.structs[of];
    let (nested, own): (Vec<_>, Vec<_>) = members
        .iter()
        .partition(|member| declared.structs.contains_key(last(&member.kind)));
    for member in own {
        let _ = writeln!(page, "* `{prefix}{}`: {}", member.name, member.text);
        for case in declared.enums.get(last(&member.kind)).into_iter().flatten() {
            let _ = writeln!(page, "  * `{}`: {}", word(&case.name), case.text);
        }
    }
    for member in nested {
        let name = format!("{prefix}{}", member.name);
        let _ = writeln!(page, "\n## `{name}`\n\n{}\n", member.text);
        write(page, declared, last(&member.kind), &format!("{name}."));
    }
}

#[test]
fn the_page_of_settings_says_what_their_declarations_say() {
    let mut page = HEAD.to_owned();
    write(&mut page, &declared(), "Config", "");
    if std::env::var_os("WEIR_WRITE_PAGES").is_some() {
        std::fs::write(tree::root().join(PAGE), &page).expect("it can be written");
    }
    let there = std::fs::read_to_string(tree::root().join(PAGE)).unwrap_or_default();
    assert!(
        there == page,
        "{PAGE} is not what the declarations say: write it anew with\n  WEIR_WRITE_PAGES=1 cargo test -p weir-tests --test tidy settings_page"
    );
}
