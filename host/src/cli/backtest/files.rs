//! Where results go.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;

use super::FilesArgs;
use crate::backtest::{Comparison, Picture, table};

/// Writes the files that are asked for, and the table unless the standard output is taken.
pub(super) fn write(comparison: &Comparison, files: &FilesArgs) -> anyhow::Result<()> {
    let mut prints_table = true;
    if let Some(path) = &files.json {
        let json = serde_json::to_string_pretty(comparison).context("the result has no JSON")?;
        if path == Path::new("-") {
            prints_table = false;
            print(&format!("{json}\n"))?;
        } else {
            save(path, json.as_bytes())?;
        }
    }
    if files.svg.is_some() || files.png.is_some() {
        let picture = Picture::of(comparison);
        if let Some(path) = &files.svg {
            save(path, picture.svg().as_bytes())?;
        }
        if let Some(path) = &files.png {
            save(path, &picture.png()?)?;
        }
    }
    if prints_table {
        print(&table(comparison))?;
    }
    Ok(())
}

fn save(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    fs::write(path, bytes).with_context(|| format!("{} cannot be written", path.display()))
}

/// A reader that has seen enough is no failure.
fn print(text: &str) -> io::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}
