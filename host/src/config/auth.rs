//! `auth.*`: who may call, and the secrets the server makes when none is set.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::{Config, Secret};

/// Who may call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// The one admin token. Empty: the server makes one and keeps it in `<data_dir>/admin-token`.
    pub admin_token: Secret,
    /// The password nodes share with this server; must equal the one in their `cluster.xml`. Empty: the server makes
    /// one and keeps it in `<data_dir>/cluster-password`.
    pub cluster_password: Secret,
    /// How nodes prove who they are.
    pub nodes: NodeAuth,
}

/// How nodes prove who they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeAuth {
    /// Signed reports (HMAC-SHA256 with a key derived from the cluster password). The default.
    #[default]
    Hmac,
    /// HTTP digest with the cluster password, bound to the node's known address.
    Digest,
    /// Not at all, bound to the node's known address: for closed networks only.
    Open,
}

/// The token of the public tutorial: everybody knows it.
const TUTORIAL_TOKEN: &str = "autoscaling";

impl AuthConfig {
    pub(super) fn validate(&self, check: &mut Check) {
        for (key, secret) in [
            ("admin_token", &self.admin_token),
            ("cluster_password", &self.cluster_password),
        ] {
            let text = secret.reveal();
            if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
                check.refuse(
                    key,
                    "(hidden)",
                    "must not contain blanks or control characters",
                );
            }
            if secret.is_set() && text.len() < 8 {
                check.warn(key, "is shorter than 8 characters: easily guessed");
            }
        }
        if self.admin_token.matches(TUTORIAL_TOKEN) {
            check.warn(
                "admin_token",
                "is the one printed in a public tutorial: choose another before others can reach this server",
            );
        }
        if self.nodes == NodeAuth::Open {
            check.warn(
                "nodes",
                "is open: whoever reaches this server from a node's address can report for that node",
            );
        }
    }
}

/// A secret and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The secret itself.
    pub secret: Secret,
    /// Where it came from.
    pub origin: Origin,
}

/// Where a credential came from. The path may be told to people; the secret may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// From the settings.
    Configured,
    /// From a file that an earlier start made.
    Kept(PathBuf),
    /// Made by this start and written to the file.
    Made(PathBuf),
}

/// A secret's file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error(
    "{file} cannot be read or written: mend its folder's rights, or set {key} so that no file is needed"
)]
pub struct CredentialError {
    /// The file.
    pub file: PathBuf,
    /// The setting that makes it unnecessary.
    pub key: &'static str,
    /// The system's error.
    #[source]
    pub source: std::io::Error,
}

/// The admin token: the configured one, else the one kept in the data folder, else a new one that is kept there.
///
/// # Errors
/// [`CredentialError`] when that file cannot be used.
pub fn admin_token(config: &Config) -> Result<Credential, CredentialError> {
    let file = config.server.data_dir.join("admin-token");
    credential(&config.auth.admin_token, file, "auth.admin_token")
}

/// The cluster password, by the same rule. A made one has no capitals, which nodes' software may not take.
///
/// # Errors
/// [`CredentialError`] when that file cannot be used.
pub fn cluster_password(config: &Config) -> Result<Credential, CredentialError> {
    let file = config.server.data_dir.join("cluster-password");
    credential(&config.auth.cluster_password, file, "auth.cluster_password")
}

fn credential(
    configured: &Secret,
    file: PathBuf,
    key: &'static str,
) -> Result<Credential, CredentialError> {
    if configured.is_set() {
        return Ok(Credential {
            secret: configured.clone(),
            origin: Origin::Configured,
        });
    }
    match kept_or_made(&file) {
        Ok((secret, false)) => Ok(Credential {
            secret,
            origin: Origin::Kept(file),
        }),
        Ok((secret, true)) => Ok(Credential {
            secret,
            origin: Origin::Made(file),
        }),
        Err(source) => Err(CredentialError { file, key, source }),
    }
}

/// The secret in the file, and whether it was made just now.
fn kept_or_made(file: &Path) -> std::io::Result<(Secret, bool)> {
    match std::fs::read_to_string(file) {
        Ok(text) if !text.trim().is_empty() => return Ok((Secret::new(&text), false)),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    if let Some(folder) = file.parent() {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder)?;
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "a secret nobody can foretell, not even from a seed"
    )]
    let secret = Secret::new(&hex::encode(rand::random::<[u8; 32]>()));
    write_private(file, secret.reveal())?;
    Ok((secret, true))
}

/// Written beside and renamed, so that a crash leaves no half of a secret.
fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let beside = file.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut opened = options.open(&beside)?;
    opened.write_all(text.as_bytes())?;
    opened.write_all(b"\n")?;
    opened.sync_all()?;
    std::fs::rename(&beside, file)
}
