//! Which of our own parts a file names, in whatever way the path is written.

use crate::source::Source;

/// What the production code names of our own packages, as `crate::part` or `weir_cloud::part`.
pub fn references(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let depth = depth_of(&source.path);
    let production: Vec<(usize, &str)> = source.production().collect();
    for (index, (line, text)) in production.iter().enumerate() {
        for package in ["crate", "weir", "weir_cloud"] {
            let needle = format!("{package}::");
            for at in starts(text, &needle) {
                let rest = &text[at + needle.len()..];
                let following = production[index + 1..].iter().map(|(_, text)| *text);
                for part in parts(rest, following) {
                    let package = if package == "weir" { "crate" } else { package };
                    found.push((*line, format!("{package}::{part}")));
                }
            }
        }
        if let Some(part) = above(text, depth) {
            found.push((*line, format!("crate::{part}")));
        }
    }
    found
}

/// Positions of a path that starts with this, not in the middle of a longer one.
fn starts<'a>(text: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(needle)
        .map(|(at, _)| at)
        .filter(|at| !text[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}

/// The name after the `::`, or all names of a braced list (which may go on in the following lines).
fn parts<'a>(rest: &'a str, following: impl Iterator<Item = &'a str>) -> Vec<String> {
    let Some(list) = rest.strip_prefix('{') else {
        return vec![word(rest)];
    };
    let whole = std::iter::once(list)
        .chain(following)
        .collect::<Vec<_>>()
        .join(" ");
    let mut depth = 0_usize;
    let mut names = vec![String::new()];
    for letter in whole.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            _ if depth == 0 => {
                if let Some(name) = names.last_mut() {
                    name.push(letter);
                }
            }
            _ => {}
        }
    }
    names
        .iter()
        .map(|name| word(name.trim()))
        .filter(|name| !name.is_empty() && name != "self")
        .collect()
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// What `super::super::…` names when it climbs to the root of the package.
fn above(text: &str, depth: usize) -> Option<String> {
    let at = starts(text, "super::").next()?;
    let climbs = text[at..]
        .split("::")
        .take_while(|part| *part == "super")
        .count();
    let rest = &text[at + climbs * "super::".len()..];
    (climbs == depth)
        .then(|| word(rest))
        .filter(|name| !name.is_empty())
}

/// How many `super` lead from a file's module to the root of its package.
fn depth_of(path: &str) -> usize {
    let inside = path.split_once("/src/").map_or(path, |(_, inside)| inside);
    let inside = inside.trim_end_matches(".rs").trim_end_matches("/mod");
    match inside {
        "lib" | "main" => 0,
        _ => inside.split('/').count(),
    }
}

#[test]
fn paths_are_found_however_they_are_written() {
    let none = || std::iter::empty();
    assert_eq!(parts("store::Store;", none()), ["store"]);
    let following = ["    fleet::{Fleet, group},", "    http,", "};"].into_iter();
    assert_eq!(parts("{", following), ["fleet", "http"]);
    assert_eq!(starts("use crate::a; my_crate::b", "crate::").count(), 1);
    assert_eq!(depth_of("host/src/http/v3_1/wire/mod.rs"), 3);
    assert_eq!(
        above("use super::super::store::Store;", 2),
        Some("store".to_owned())
    );
    assert_eq!(above("use super::store::Store;", 2), None);
}
