//! `policies/dist/manifest.json`: which sources each component was built from.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{GUESTS, dist, sources};

/// The mend of every disagreement.
pub const MEND: &str = "run `cargo run -p weir-policy-build` and commit policies/dist";

/// What lies in `dist`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// First line of the compiler's version.
    pub compiler: String,
    /// By name of the policy.
    pub components: BTreeMap<String, Entry>,
}

/// One component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// SHA-256 of the sources, hex.
    pub sources: String,
    /// SHA-256 of the component, hex.
    pub component: String,
    /// Size of the component.
    pub bytes: usize,
}

impl Entry {
    /// Describes a component and the sources it was built from.
    pub fn new(sources: String, component: &[u8]) -> Self {
        Self {
            sources,
            component: hex::encode(Sha256::digest(component)),
            bytes: component.len(),
        }
    }
}

impl Manifest {
    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// It is missing or no manifest.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("manifest.json");
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("read {}", path.display()))
    }

    /// Writes the manifest into a folder.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join("manifest.json");
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))
    }
}

/// Every way in which the manifest, the components and the sources disagree; empty when all is well.
///
/// # Errors
/// A file that cannot be read.
pub fn disagreements(workspace: &Path) -> Result<Vec<String>> {
    let folder = dist(workspace);
    let manifest = Manifest::read(&folder)?;
    let mut found = Vec::new();
    for guest in GUESTS {
        let Some(entry) = manifest.components.get(guest) else {
            found.push(format!("{guest} is missing in the manifest: {MEND}"));
            continue;
        };
        if entry.sources != sources::digest(workspace, guest)? {
            found.push(format!("the sources of {guest} changed: {MEND}"));
        }
        let path = folder.join(format!("{guest}.wasm"));
        let bytes = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        if *entry != Entry::new(entry.sources.clone(), &bytes) {
            found.push(format!(
                "{guest}.wasm is not the one of the manifest: {MEND}"
            ));
        }
    }
    Ok(found)
}
