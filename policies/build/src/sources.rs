//! One digest for everything a component is made from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::compile;

/// SHA-256 (hex) over the policy's package, the shared package, the contract, the compiler's flags and the workspace's
/// release profile. Versions of dependencies are not in it.
///
/// # Errors
/// A folder or file that cannot be read.
pub fn digest(workspace: &Path, guest: &str) -> io::Result<String> {
    let policies = workspace.join("policies");
    let mut files = Vec::new();
    collect(&policies.join(guest), &mut files)?;
    collect(&policies.join("kit"), &mut files)?;
    collect(&workspace.join("wit"), &mut files)?;
    files.sort();
    let mut hash = Sha256::new();
    hash.update(compile::recipe());
    let manifest = fs::read_to_string(workspace.join("Cargo.toml"))?;
    hash.update(release_profile(&manifest));
    for path in files {
        let name = path.strip_prefix(workspace).unwrap_or(&path);
        let content = fs::read(&path)?;
        hash.update(name.to_string_lossy().as_bytes());
        hash.update([0]);
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(content);
    }
    Ok(hex::encode(hash.finalize()))
}

/// The settings of the release profile. Those for single packages reach the generator of the bindings, and with it the
/// names and the order of what the compiler puts out.
fn release_profile(manifest: &str) -> String {
    let lines = manifest.lines().map(str::trim);
    let mut inside = false;
    let kept = lines.filter(|line| {
        if line.starts_with('[') {
            inside = line.starts_with("[profile.release");
        }
        inside && !line.is_empty() && !line.starts_with('#')
    });
    kept.flat_map(|line| [line, "\n"]).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if is_source(&path) {
            files.push(path);
        }
    }
    Ok(())
}

/// Tests are no part of a component.
fn is_source(path: &Path) -> bool {
    let kind = path.extension().and_then(|kind| kind.to_str());
    let name = path.file_name().and_then(|name| name.to_str());
    matches!(kind, Some("rs" | "toml" | "wit")) && name != Some("tests.rs")
}
