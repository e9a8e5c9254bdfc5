//! `cargo run -p weir-policy-build`: builds the built-in policies into `policies/dist`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command that talks to people"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use weir_policy_build::manifest::{Entry, Manifest, disagreements};
use weir_policy_build::{GUESTS, compile, dist, sources, toolchain, workspace};

/// Builds the built-in policies into policies/dist.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only tell whether the sources, the manifest and the components agree (needs no WebAssembly toolchain).
    #[arg(long)]
    check: bool,
    /// Write to this folder instead.
    #[arg(long)]
    out: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.check {
        return check();
    }
    let workspace = workspace();
    let toolchain = toolchain::find()?;
    println!(
        "{}{}",
        toolchain.version,
        if toolchain.build_std {
            ", standard library compiled along (the first time takes a minute or two)"
        } else {
            ""
        }
    );
    let components = compile::all(&workspace, &toolchain)?;
    let folder = arguments.out.unwrap_or_else(|| dist(&workspace));
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    let mut entries = BTreeMap::new();
    for (guest, component) in GUESTS.into_iter().zip(components) {
        let path = folder.join(format!("{guest}.wasm"));
        fs::write(&path, &component).with_context(|| format!("write {}", path.display()))?;
        println!("{}: {} bytes", path.display(), component.len());
        let entry = Entry::new(sources::digest(&workspace, guest)?, &component);
        entries.insert(guest.to_owned(), entry);
    }
    Manifest {
        compiler: toolchain.version,
        components: entries,
    }
    .write(&folder)?;
    Ok(ExitCode::SUCCESS)
}

fn check() -> Result<ExitCode> {
    let found = disagreements(&workspace())?;
    found.iter().for_each(|line| eprintln!("{line}"));
    Ok(match found.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
