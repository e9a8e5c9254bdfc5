//! The simulated cloud's memory in a file, so that its instances outlive the process as a real cloud's do.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::sync::Mutex;

use super::world::{Saved, World};

/// Layout of the file.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Document {
    format: u32,
    #[serde(flatten)]
    saved: Saved,
}

/// Where to write; `None`: nowhere. Held during a write, so that files are written in order.
#[derive(Default)]
pub(crate) struct Memory {
    file: Mutex<Option<PathBuf>>,
}

impl Memory {
    /// Reads the file, if there is one, and writes every later change to it.
    pub(crate) async fn attach(&self, path: &Path) -> io::Result<Option<Saved>> {
        let mut file = self.file.lock().await;
        let saved = match tokio::fs::read(path).await {
            Ok(bytes) => Some(read(path, &bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        *file = Some(path.to_owned());
        Ok(saved)
    }

    /// Writes the world as it is now.
    pub(crate) async fn save(&self, world: &World) -> io::Result<()> {
        let file = self.file.lock().await;
        let Some(path) = file.as_ref() else {
            return Ok(());
        };
        let document = Document {
            format: FORMAT,
            saved: world.save(),
        };
        let text = serde_json::to_vec(&document)?;
        // Written beside it and renamed: a crash leaves the old file or the new one, never half of one.
        let fresh = path.with_extension("new");
        write_private(&fresh, &text).await?;
        tokio::fs::rename(&fresh, path).await
    }
}

/// Writes a file only its owner may read: the launches' properties are in it.
async fn write_private(path: &Path, text: &[u8]) -> io::Result<()> {
    // One left by a crash would keep the mode it had.
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(path).await?;
    file.write_all(text).await?;
    // Dropping the file would leave its last bytes to a background task that the rename does not wait for.
    file.flush().await
}

fn read(path: &Path, bytes: &[u8]) -> io::Result<Saved> {
    let unreadable = |why: String| {
        let text = format!(
            "{} holds no instances of the simulated cloud ({why}); move it away to start without any",
            path.display()
        );
        io::Error::new(io::ErrorKind::InvalidData, text)
    };
    let document: Document =
        serde_json::from_slice(bytes).map_err(|error| unreadable(error.to_string()))?;
    if document.format != FORMAT {
        return Err(unreadable(format!("format {}", document.format)));
    }
    Ok(document.saved)
}
