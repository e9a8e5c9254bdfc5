//! Finds a compiler that can build for wasm32-unknown-unknown.
//!
//! Two ways: a compiler with the target's standard library (rustup), or one with the sources of the standard library
//! (Debian's rust-web-src, rustup's rust-src), which are then compiled along.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

/// The target of all guests.
pub const TARGET: &str = "wasm32-unknown-unknown";

const MISSING: &str = "no compiler here can build for wasm32-unknown-unknown. Do one of these:\n  \
    rustup target add wasm32-unknown-unknown\n  \
    apt-get install -y --no-install-recommends rustc-web rust-web-src   (Debian 12 with its security suite)";

/// A compiler and what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// The cargo to run.
    pub cargo: PathBuf,
    /// The compiler, when it is not cargo's own.
    pub rustc: Option<PathBuf>,
    /// First line of its version.
    pub version: String,
    /// The standard library is compiled along.
    pub build_std: bool,
    /// The linker, when the compiler brings none.
    pub linker: Option<PathBuf>,
}

/// The first way that works.
///
/// # Errors
/// None does; the text says what to install.
pub fn find() -> Result<Toolchain> {
    let own = ask("rustc", &["--print", "sysroot"]).map(PathBuf::from);
    let cargo = own
        .as_deref()
        .map(|sysroot| sysroot.join("bin/cargo"))
        .filter(|path| path.exists())
        .unwrap_or_else(|| PathBuf::from("cargo"));
    let linker = own.as_deref().and_then(bundled_linker);
    for rustc in ["rustc", "/usr/bin/rustc"] {
        let Some(sysroot) = ask(rustc, &["--print", "sysroot"]).map(PathBuf::from) else {
            continue;
        };
        let ready = has_target(rustc);
        if !ready && !sysroot.join("lib/rustlib/src/rust/library").exists() {
            continue;
        }
        let brings_linker = bundled_linker(&sysroot).is_some();
        return Ok(Toolchain {
            cargo,
            rustc: (rustc != "rustc").then(|| PathBuf::from(rustc)),
            version: ask(rustc, &["--version"]).unwrap_or_default(),
            build_std: !ready,
            linker: if brings_linker { None } else { linker },
        });
    }
    bail!(MISSING)
}

fn has_target(rustc: &str) -> bool {
    let folder = ask(rustc, &["--print", "target-libdir", "--target", TARGET]);
    folder.is_some_and(|folder| Path::new(&folder).exists())
}

/// `rust-lld` of a toolchain by rustup.
fn bundled_linker(sysroot: &Path) -> Option<PathBuf> {
    let hosts = std::fs::read_dir(sysroot.join("lib/rustlib")).ok()?;
    hosts
        .flatten()
        .map(|host| host.path().join("bin/rust-lld"))
        .find(|path| path.exists())
}

/// The first line a command prints; none when it fails.
fn ask(command: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(command).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().next()?.trim().to_owned();
    output.status.success().then_some(line)
}
