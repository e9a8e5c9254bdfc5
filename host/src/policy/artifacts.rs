//! Compiled code: loading it, and a folder that keeps it between starts.
//!
//! A file is named by the component's digest and by a hash of the engine's version and settings, and starts with the
//! SHA-256 of what follows. Anything that does not fit is compiled again.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

const DIGEST_BYTES: usize = 32;

/// One number for the engine's version and its settings: code compiled for another one is not loaded.
pub(super) fn fingerprint(engine: &Engine) -> u64 {
    let mut hash = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hash);
    hash.finish()
}

/// The folder, if there is one.
pub(super) struct Artifacts {
    folder: Option<PathBuf>,
    engine: u64,
}

impl Artifacts {
    /// Makes the folder, readable by this user only.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn open(folder: Option<PathBuf>, engine: &Engine) -> io::Result<Self> {
        if let Some(folder) = &folder {
            fs::create_dir_all(folder)?;
            owner_only(folder)?;
        }
        Ok(Self {
            folder,
            engine: fingerprint(engine),
        })
    }

    /// The kept code of a component; none when there is none that fits.
    pub(super) fn load(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let path = self.path(digest)?;
        let file = fs::read(&path).ok()?;
        let (stated, artifact) = file.split_at_checked(DIGEST_BYTES)?;
        if stated != Sha256::digest(artifact).as_slice() {
            tracing::warn!(path = %path.display(), "a compiled policy is damaged and will be compiled again");
            return None;
        }
        load(engine, artifact).ok()
    }

    /// Loads fresh code and keeps a copy; a copy that cannot be written only costs time at the next start.
    ///
    /// # Errors
    /// The component asks for more than any instance may have, such as memory from the start.
    pub(super) fn keep(
        &self,
        engine: &Engine,
        digest: &str,
        artifact: &[u8],
    ) -> Result<Component, String> {
        let component = load(engine, artifact).map_err(|error| format!("{error:#}"))?;
        if let Some(path) = self.path(digest)
            && let Err(error) = write(&path, artifact)
        {
            tracing::warn!(path = %path.display(), %error, "a compiled policy could not be kept");
        }
        Ok(component)
    }

    fn path(&self, digest: &str) -> Option<PathBuf> {
        let file = format!("{digest}-{:016x}.compiled", self.engine);
        Some(self.folder.as_ref()?.join(file))
    }
}

#[expect(
    unsafe_code,
    reason = "compiled code can only be loaded on trust; the comment says what it rests on"
)]
fn load(engine: &Engine, artifact: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` runs what it is given as machine code, so the bytes must come from our own compiler. They
    // do: either they were just handed over by this program (in this process, or by the child it started and whose
    // pipe nobody else holds), or they were read from a folder that only this user may write and whose digest, taken
    // when they were written, still holds, so that they are complete. Who can write as this user can replace this
    // program too. Code of another version or other settings is refused by wasmtime itself.
    unsafe { Component::deserialize(engine, artifact) }
}

/// Writes beside the target and renames, so that no reader ever sees half a file.
fn write(path: &std::path::Path, artifact: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&Sha256::digest(artifact))?;
    file.write_all(artifact)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(unix)]
fn owner_only(folder: &std::path::Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn owner_only(_folder: &std::path::Path) -> io::Result<()> {
    Ok(())
}
