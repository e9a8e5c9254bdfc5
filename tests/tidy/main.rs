//! What review would have to say again and again, said by the machine: who may use whom, how long things may get,
//! what may not stand in the repository. Only text is read: no compiler, nothing to install.
//!
//! `tree` finds the files, `source` tells code, comments and strings of a Rust file apart; each other module holds
//! the rules of one subject. A failure names file and line, and how to mend it.

mod documents;
mod homes;
mod layering;
mod leftovers;
mod manifests;
mod mask;
mod paths;
mod report;
mod settings;
mod settings_page;
mod sizes;
mod source;
mod tree;
mod twins;
