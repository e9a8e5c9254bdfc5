//! Builds the built-in policies into `policies/dist`, and tells whether what lies there belongs to the sources.
//!
//! `sources` digests, `manifest` remembers, `toolchain` finds a compiler, `compile` runs it and makes components.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod compile;
pub mod manifest;
pub mod sources;
pub mod toolchain;

use std::path::{Path, PathBuf};

/// The built-in policies: folders of `policies/`, names of components, packages without their prefix.
pub const GUESTS: [&str; 3] = ["threshold", "weighted", "round-robin"];

/// The folder of the workspace this package was built from.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .map_or_else(|| here.to_path_buf(), Path::to_path_buf)
}

/// Where the components lie.
pub fn dist(workspace: &Path) -> PathBuf {
    workspace.join("policies/dist")
}
