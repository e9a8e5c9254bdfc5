//! Runs the compiler and turns its core modules into components.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use wit_component::ComponentEncoder;

use crate::GUESTS;
use crate::toolchain::{TARGET, Toolchain};

/// The profile: speed before size (a select is worth more than a kilobyte), nothing that unwinds.
const PROFILE: [&str; 5] = [
    "profile.release.opt-level=3",
    "profile.release.lto=true",
    "profile.release.codegen-units=1",
    "profile.release.panic=\"abort\"",
    "profile.release.strip=true",
];

/// A stack of 64 KiB, and memory from the start for a view of a thousand nodes: the pages a fresh instance touches lie
/// close together, the engine keeps them resident, and no decision has to ask for more.
const LINK: &str = "-Clink-arg=-zstack-size=65536 -Clink-arg=--initial-memory=393216";

/// Everything about the way of building that shapes the bytes; part of the sources' digest.
pub fn recipe() -> String {
    format!("{}\n{LINK}\n{TARGET}\n", PROFILE.join("\n"))
}

/// Compiles all guests in one target folder and returns their components, in the order of [`GUESTS`].
///
/// # Errors
/// The compiler's, or a module that is no policy.
pub fn all(workspace: &Path, toolchain: &Toolchain) -> Result<Vec<Vec<u8>>> {
    let target = target_folder(workspace);
    let mut command = command(workspace, toolchain, &target);
    let status = command
        .status()
        .with_context(|| format!("run {}", toolchain.cargo.display()))?;
    if !status.success() {
        bail!("the guests do not compile: {status}");
    }
    GUESTS
        .iter()
        .map(|guest| {
            let file = format!("weir_policy_{}.wasm", guest.replace('-', "_"));
            let path = target.join(TARGET).join("release").join(file);
            let module = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
            encode(&module).with_context(|| format!("make a component of {guest}"))
        })
        .collect()
}

fn target_folder(workspace: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace.join("target"), PathBuf::from)
        .join("guests")
}

fn command(workspace: &Path, toolchain: &Toolchain, target: &Path) -> Command {
    let mut command = Command::new(&toolchain.cargo);
    command
        .current_dir(workspace)
        .args(["build", "--release", "--lib", "--target", TARGET])
        .arg("--target-dir")
        .arg(target)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
            format!("{LINK} {}", remap(workspace)),
        );
    for setting in PROFILE {
        command.args(["--config", setting]);
    }
    for guest in GUESTS {
        command.args(["-p", &format!("weir-policy-{guest}")]);
    }
    if let Some(rustc) = &toolchain.rustc {
        command.env("RUSTC", rustc);
    }
    if toolchain.build_std {
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .arg("-Zbuild-std=std,panic_abort");
    }
    if let Some(linker) = &toolchain.linker {
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    command
}

/// Keeps the paths of this machine out of the components, so that every machine builds the same bytes.
fn remap(workspace: &Path) -> String {
    let home = env::var("HOME").unwrap_or_default();
    let cargo = env::var("CARGO_HOME").unwrap_or_else(|_| format!("{home}/.cargo"));
    format!(
        "--remap-path-prefix={cargo}=/cargo --remap-path-prefix={}=/weir",
        workspace.display()
    )
}

fn encode(module: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default()
        .module(module)?
        .validate(true)
        .encode()
}
