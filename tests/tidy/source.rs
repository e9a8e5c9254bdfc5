//! A Rust file, with its code, its strings and its tests told apart.

use crate::mask::{Keep, mask};
use crate::tree;

/// A Rust file.
pub struct Source {
    /// Path from the root.
    pub path: String,
    /// As it is written.
    pub text: String,
    /// Lines of code: comments, strings and characters are blank.
    pub code: Vec<String>,
    /// For each line: it is compiled for tests only.
    pub is_test: Vec<bool>,
}

impl Source {
    fn new(path: String) -> Self {
        let text = tree::read(&path);
        let code: Vec<String> = lines(&text, Keep::Code);
        let is_test = test_lines(&code);
        Self {
            path,
            text,
            code,
            is_test,
        }
    }

    /// Lines that go into a product, numbered from 1, without comments and strings.
    pub fn production(&self) -> impl Iterator<Item = (usize, &str)> {
        self.numbered(false)
    }

    /// As above, with strings.
    pub fn production_with_strings(&self) -> Vec<(usize, String)> {
        let numbered = lines(&self.text, Keep::CodeAndStrings)
            .into_iter()
            .enumerate();
        numbered
            .filter(|(index, _)| !self.is_test[*index])
            .map(|(index, line)| (index + 1, line))
            .collect()
    }

    /// Lines of tests, numbered from 1, without comments and strings.
    pub fn tests(&self) -> impl Iterator<Item = (usize, &str)> {
        self.numbered(true)
    }

    fn numbered(&self, tests: bool) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.code.iter().zip(&self.is_test).enumerate();
        lines
            .filter(move |(_, (_, is_test))| **is_test == tests)
            .map(|(index, (line, _))| (index + 1, line.as_str()))
    }

    /// Nothing of the file goes into a product.
    pub fn is_all_test(&self) -> bool {
        self.is_test.iter().all(|test| *test)
    }
}

/// Every Rust file, but for these rules themselves.
pub fn all() -> Vec<Source> {
    let mut paths = tree::files(".rs");
    paths.retain(|path| !path.starts_with("tests/tidy/"));
    let mut sources: Vec<Source> = paths.into_iter().map(Source::new).collect();
    let declared: Vec<String> = sources.iter().flat_map(declared_tests).collect();
    for source in &mut sources {
        let path = &source.path;
        let by_place = path.starts_with("tests/")
            || path.contains("/tests/")
            || path.contains("/benches/")
            || path.ends_with("/tests.rs");
        if by_place || declared.iter().any(|module| is_of_module(path, module)) {
            source.is_test.fill(true);
        }
    }
    sources
}

fn lines(text: &str, keep: Keep) -> Vec<String> {
    mask(text, keep).lines().map(str::to_owned).collect()
}

/// Modules that are declared under `#[cfg(test)]`, as paths without an ending.
fn declared_tests(source: &Source) -> Vec<String> {
    let folder = folder_of_children(&source.path);
    let mut found = Vec::new();
    let mut lines = source.code.iter().map(|line| line.trim());
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]"
            && let Some(name) = lines.next().and_then(declared_module)
        {
            found.push(format!("{folder}/{name}"));
        }
    }
    found
}

fn is_of_module(path: &str, module: &str) -> bool {
    path.strip_prefix(module)
        .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

fn declared_module(line: &str) -> Option<&str> {
    let (_, name) = line.strip_suffix(';')?.rsplit_once("mod ")?;
    Some(name.trim())
}

/// Where the modules a file declares lie.
fn folder_of_children(path: &str) -> String {
    let stem = path.trim_end_matches(".rs");
    match stem.rsplit_once('/') {
        Some((folder, "mod" | "lib" | "main")) => folder.to_owned(),
        _ => stem.to_owned(),
    }
}

/// Marks what `#[cfg(test)]` stands before: to the closing brace of the same indent, or one line.
fn test_lines(code: &[String]) -> Vec<bool> {
    let mut marks = vec![false; code.len()];
    let mut at = 0;
    while at < code.len() {
        if !code[at].trim_start().starts_with("#[cfg(test)]") {
            at += 1;
            continue;
        }
        let end = item_end(code, at + 1);
        marks[at..=end].fill(true);
        at = end + 1;
    }
    marks
}

/// The last line of the item whose first line is here (attributes included).
pub fn item_end(code: &[String], start: usize) -> usize {
    let mut depth = 0_usize;
    for (index, line) in code.iter().enumerate().skip(start) {
        for byte in line.bytes() {
            match byte {
                b'{' => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        let ends = line.trim_end().ends_with(['}', ';']) && !line.trim_start().starts_with('#');
        if depth == 0 && ends {
            return index;
        }
    }
    code.len() - 1
}
