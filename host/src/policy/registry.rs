//! Policies by name: the built-in ones, and those an operator loads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parking_lot::RwLock;
use weir_core::group::{Binding, Decides};

use super::builtin::BUILTINS;
use super::engine::WasmEngine;
use super::{AdmitError, PolicyEngine, PolicyFault, SharedPolicy};

/// Why a file is no policy of this server.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("policy file {path} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Its name is taken.
    #[error("policy file {path}: there is a policy {name} already, rename the file")]
    NameTaken {
        /// The file.
        path: PathBuf,
        /// Its name without the ending.
        name: String,
    },
    /// It was not admitted.
    #[error("policy {name}: {source}")]
    Refused {
        /// Its name.
        name: String,
        /// Why.
        source: AdmitError,
    },
}

/// Why a binding cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// No policy has that name.
    #[error("there is no policy {name}; there are {known}")]
    Unknown {
        /// The name bound.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The policy does not do that.
    #[error("policy {name} does not decide {what}")]
    WrongDuty {
        /// The name bound.
        name: String,
        /// What it was bound for.
        what: &'static str,
    },
    /// The policy refuses the settings.
    #[error("policy {name} refuses its settings: {problems}")]
    Settings {
        /// The name bound.
        name: String,
        /// The policy's words.
        problems: String,
    },
    /// The policy broke while it looked at the settings.
    #[error("policy {name} broke while it checked its settings: {fault}")]
    Fault {
        /// The name bound.
        name: String,
        /// What it did.
        fault: PolicyFault,
    },
}

/// Longest settings document, bytes: it is handed to the policy at every call.
const MOST_SETTINGS: usize = 64 * 1024;

/// A policy's name without its number: `mine` of `mine@3`.
pub fn family(name: &str) -> &str {
    name.split_once('@').map_or(name, |(family, _)| family)
}

/// The policies of a server; shared by reference.
#[derive(Default)]
pub struct PolicyRegistry {
    policies: RwLock<BTreeMap<String, SharedPolicy>>,
}

impl PolicyRegistry {
    /// No policy yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Admits the built-in policies. Milliseconds when their compiled code is kept, else some hundred: call it off the
    /// runtime.
    ///
    /// # Errors
    /// A component in this program does not fit this program.
    pub fn load_builtins(&self, engine: &WasmEngine) -> Result<(), LoadError> {
        for (name, bytes) in BUILTINS {
            let admitted = engine.admit_trusted(name, bytes);
            self.insert(admitted.map_err(|source| LoadError::Refused {
                name: name.to_owned(),
                source,
            })?);
        }
        Ok(())
    }

    /// Admits a file; its name is the file's without the ending.
    ///
    /// # Errors
    /// [`LoadError`]: nothing was kept.
    pub async fn load_file(
        &self,
        engine: &dyn PolicyEngine,
        path: &Path,
    ) -> Result<SharedPolicy, LoadError> {
        let name = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        if self.get(&name).is_some() {
            return Err(LoadError::NameTaken {
                path: path.to_owned(),
                name,
            });
        }
        let bytes = tokio::fs::read(path)
            .await
            .map_err(|source| LoadError::Read {
                path: path.to_owned(),
                source,
            })?;
        let policy = engine
            .admit(&name, &bytes)
            .await
            .map_err(|source| LoadError::Refused {
                name: name.clone(),
                source,
            })?;
        self.insert(policy.clone());
        Ok(policy)
    }

    /// Adds a policy under its own name, in place of one that had it.
    pub fn insert(&self, policy: SharedPolicy) {
        let name = policy.name().to_owned();
        self.policies.write().insert(name, policy);
    }

    /// Forgets a policy; whoever holds it may go on using it.
    pub fn remove(&self, name: &str) {
        self.policies.write().remove(name);
    }

    /// The policy of that name.
    pub fn get(&self, name: &str) -> Option<SharedPolicy> {
        self.policies.read().get(name).cloned()
    }

    /// All names, in order.
    pub fn names(&self) -> Vec<String> {
        self.policies.read().keys().cloned().collect()
    }

    /// The policy of a binding, its settings checked by the policy itself. Runs the guest: call it off the runtime.
    ///
    /// # Errors
    /// [`BindError`], in words for who wrote the binding.
    pub fn bind(&self, binding: &Binding, decides: Decides) -> Result<SharedPolicy, BindError> {
        let name = binding.policy.clone();
        let Some(policy) = self.get(&name) else {
            return Err(BindError::Unknown {
                name,
                known: self.names().join(", "),
            });
        };
        let (able, what) = match decides {
            Decides::Scaling => (policy.scales(), "how many nodes there are"),
            Decides::Broadcast | Decides::Subscribe => {
                (policy.places(), "which node a client is sent to")
            }
        };
        if !able {
            return Err(BindError::WrongDuty { name, what });
        }
        if binding.settings.len() > MOST_SETTINGS {
            return Err(BindError::Settings {
                name,
                problems: format!(
                    "they have {} bytes, more than the {MOST_SETTINGS} allowed",
                    binding.settings.len()
                ),
            });
        }
        let checked = match decides {
            Decides::Scaling => policy.check_scaling_settings(&binding.settings),
            Decides::Broadcast | Decides::Subscribe => {
                policy.check_placement_settings(&binding.settings)
            }
        };
        match checked {
            Ok(problems) if problems.is_empty() => Ok(policy),
            Ok(problems) => Err(BindError::Settings {
                name,
                problems: problems.join("; "),
            }),
            Err(fault) => Err(BindError::Fault { name, fault }),
        }
    }
}
