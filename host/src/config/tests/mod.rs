#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod credentials;
mod layers;
mod properties;
mod reload;
mod sections;

use std::path::{Path, PathBuf};

use super::{Config, ConfigError, ConfigFile, Flag, Loaded, Sources, load};

/// Sources of nothing but what a test adds: no `weir.toml` that happens to lie about.
fn nothing() -> Sources {
    Sources {
        config: ConfigFile::Nowhere,
        ..Sources::default()
    }
}

fn flag(key: &str, value: &str) -> Flag {
    Flag {
        name: "--set".into(),
        key: key.into(),
        value: value.into(),
    }
}

fn variables(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Loads a TOML text.
fn toml(text: &str) -> Result<Loaded, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let config = ConfigFile::Named(file(&folder, "weir.toml", text));
    load(&Sources {
        config,
        ..nothing()
    })
}

/// The error's text.
fn refused(text: &str) -> String {
    match toml(text) {
        Ok(_) => panic!("taken although it must not be: {text}"),
        Err(error) => error.to_string(),
    }
}

fn tutorial() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/fixtures/red5-web.properties"
    ))
}

fn defaults() -> Config {
    load(&nothing()).unwrap().config
}
