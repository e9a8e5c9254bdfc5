//! Hostile guests: a few functions of text each, made whole by the honest ones, with the contract's types embedded.

use std::path::{Path, PathBuf};

use wit_component::StringEncoding;
use wit_parser::Resolve;

const HONEST: &str = include_str!("honest.wat");
/// Stands before each function of `honest.wat`, followed by the name it is exported under.
const PART: &str = ";; part: ";

/// Five pages: the honest allocator hands out memory from the fifth on.
const PAGES: u32 = 5;

/// A core module that Weir takes for a policy of both worlds.
pub fn hostile(name: &str) -> Vec<u8> {
    let path = here().join("guests").join(format!("{name}.wat"));
    let own = std::fs::read_to_string(&path).expect("the guest's text");
    module(&own)
}

/// The text with every function of the contract that it lacks.
pub fn module(own: &str) -> Vec<u8> {
    module_of(PAGES, own)
}

/// The same with so many pages of memory from the start.
pub fn module_of(pages: u32, own: &str) -> Vec<u8> {
    // Imports must come first in a module.
    let (imports, rest): (Vec<&str>, Vec<&str>) =
        own.lines().partition(|line| line.starts_with("(import"));
    let imports = imports.join("\n");
    let mut text = format!("(module {imports}\n(memory (export \"memory\") {pages})\n");
    for part in HONEST.split(PART).skip(1) {
        let (export, code) = part.split_once('\n').expect("a name and a function");
        if !own.contains(&format!("(export \"{export}\")")) {
            text.push_str(code);
        }
    }
    text.push_str(&rest.join("\n"));
    text.push_str("\n)");
    let mut bytes = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    embed(&mut bytes);
    bytes
}

/// Adds the section that tells a core module's component types.
fn embed(bytes: &mut Vec<u8>) {
    let mut resolve = Resolve::default();
    let wit = here().join("../../wit");
    let (package, _) = resolve.push_dir(&wit).expect("the contract");
    let world = resolve
        .select_world(&[package], Some("full-policy"))
        .expect("the world");
    wit_component::embed_component_metadata(bytes, &resolve, world, StringEncoding::UTF8)
        .expect("types fit into a section");
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sandbox")
}
