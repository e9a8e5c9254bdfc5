//! The files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold nothing of ours.
const SKIPPED: [&str; 4] = ["target", ".git", "weir-data", "node_modules"];

/// The root of the repository.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("the tests have a folder of their own")
        .to_path_buf()
}

/// Every file with this ending, by its path from the root with `/`, in order.
pub fn files(ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect(&root(), "", &mut found);
    found.retain(|path| path.ends_with(ending));
    found.sort();
    found
}

fn collect(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    let entries = fs::read_dir(folder).expect("folders of the repository can be read");
    for entry in entries {
        let entry = entry.expect("folders of the repository can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().expect("kinds of files can be read");
        if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
            collect(&entry.path(), &format!("{prefix}{name}/"), found);
        } else if kind.is_file() {
            found.push(format!("{prefix}{name}"));
        }
    }
}

/// The text of a file, by its path from the root.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("read {path}: {error}"))
}

/// There is such a file or folder.
pub fn exists(path: &str) -> bool {
    root().join(path).exists()
}
