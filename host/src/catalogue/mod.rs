//! The policies of this server as operators know them: uploaded, admitted, numbered, kept, bound.
//!
//! ```text
//! bytes ──signature──▶ engine (checks, compiles, tries) ──admitted──▶ store ──▶ version name@number
//!                                                                                    │
//! binding ──reference──▶ version ──loaded when it is first needed──▶ registry ──▶ groups
//! ```
//!
//! A version never changes: a binding names one by its number, so what decides for a group is always known to the byte.
//! Versions that are bound are loaded at start, others when somebody binds or runs them.

mod reference;
mod signature;
mod uploads;
mod version;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use tokio::sync::MutexGuard;
use weir_cloud::clock::SharedClock;
use weir_core::group::{Binding, Decides};

use crate::policy::{AdmitError, BindError, PolicyEngine, PolicyRegistry, SharedPolicy};
use crate::store::{Store, StoreError};
pub use reference::Reference;
pub use signature::{SignatureError, Signers};
use uploads::Uploads;
pub use uploads::{Checked, Upload, UploadError, UploadState};
pub use version::{Record, Version};

/// Why a policy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Nothing has that name; the text says what there is.
    #[error("{0}")]
    Unknown(String),
    /// What was asked does not fit the policy: wrong decision, wrong settings.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The policy cannot be loaded any more; its author's or this server's fault, the text says which.
    #[error("policy {reference} cannot be loaded: {source}")]
    Load {
        /// The policy.
        reference: Reference,
        /// Why.
        source: AdmitError,
    },
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a catalogue is made of.
pub struct CatalogueParts {
    /// Where uploads are kept.
    pub store: Arc<dyn Store>,
    /// Admits them.
    pub engine: Arc<dyn PolicyEngine>,
    /// The policies that can be called.
    pub registry: Arc<PolicyRegistry>,
    /// Time.
    pub clock: SharedClock,
    /// Whose uploads are taken.
    pub signers: Signers,
}

/// All policies; shared by reference.
pub struct Catalogue {
    parts: CatalogueParts,
    versions: RwLock<BTreeMap<(String, u32), Version>>,
    uploads: Uploads,
    /// Held by whoever binds a version or takes one away: a version must not go while somebody binds it.
    turn: tokio::sync::Mutex<()>,
}

impl Catalogue {
    /// Reads what was uploaded. Nothing is loaded yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open(parts: CatalogueParts) -> Result<Arc<Self>, StoreError> {
        let stored = parts.store.components().await?;
        let versions = stored.into_iter().map(Version::read);
        let versions: Vec<Version> = versions.collect::<Result<_, _>>()?;
        let keyed = versions
            .into_iter()
            .map(|version| ((version.name.clone(), version.number), version));
        Ok(Arc::new(Self {
            versions: RwLock::new(keyed.collect()),
            uploads: Uploads::default(),
            turn: tokio::sync::Mutex::new(()),
            parts,
        }))
    }

    /// The policies that can be called now.
    pub fn registry(&self) -> &Arc<PolicyRegistry> {
        &self.parts.registry
    }

    /// Waits until nobody binds or takes away, and keeps others from it.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// All uploads, by name and number.
    pub fn versions(&self) -> Vec<Version> {
        self.versions.read().values().cloned().collect()
    }

    /// The uploads of a name, newest first.
    pub fn versions_of(&self, name: &str) -> Vec<Version> {
        let versions = self.versions.read();
        let range = (name.to_owned(), 0)..=(name.to_owned(), u32::MAX);
        versions
            .range(range)
            .rev()
            .map(|(_, version)| version.clone())
            .collect()
    }

    /// One upload.
    pub fn version(&self, name: &str, number: u32) -> Option<Version> {
        let key = (name.to_owned(), number);
        self.versions.read().get(&key).cloned()
    }

    /// The bytes of an upload.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bytes(&self, name: &str, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.parts.store.component_bytes(name, number).await
    }

    /// What a name stands for now: the newest upload, or the policy itself when it was not uploaded.
    ///
    /// # Errors
    /// [`CatalogueError::Unknown`], with what there is.
    pub fn resolve(&self, text: &str) -> Result<Reference, CatalogueError> {
        let mut wanted = Reference::parse(text).map_err(CatalogueError::Unknown)?;
        if wanted.number.is_none() {
            wanted.number = self
                .versions_of(&wanted.name)
                .first()
                .map(|newest| newest.number);
        }
        let known = match wanted.number {
            Some(number) => self.version(&wanted.name, number).is_some(),
            None => self.parts.registry.get(&wanted.name).is_some(),
        };
        match known {
            true => Ok(wanted),
            false => Err(CatalogueError::Unknown(self.unknown(&wanted))),
        }
    }

    fn unknown(&self, wanted: &Reference) -> String {
        let versions = self.versions_of(&wanted.name);
        let (what, known): (_, Vec<String>) = if versions.is_empty() {
            let loaded = self.parts.registry.names().into_iter();
            let uploaded = self.versions.read();
            let uploaded = uploaded.keys().map(|(name, _)| name.clone());
            let mut names: Vec<String> = loaded
                .filter(|name| !name.contains('@'))
                .chain(uploaded)
                .collect();
            names.sort();
            names.dedup();
            ("there are", names)
        } else {
            let references = versions
                .iter()
                .map(|version| version.reference().to_string());
            ("of that name there are", references.collect())
        };
        format!("there is no policy {wanted}; {what} {}", known.join(", "))
    }

    /// The policy, loaded from the store when it is not yet.
    ///
    /// # Errors
    /// [`CatalogueError::Unknown`], [`CatalogueError::Load`], [`CatalogueError::Store`].
    pub async fn load(&self, reference: &Reference) -> Result<SharedPolicy, CatalogueError> {
        let name = reference.to_string();
        if let Some(policy) = self.parts.registry.get(&name) {
            return Ok(policy);
        }
        let unknown = || CatalogueError::Unknown(self.unknown(reference));
        let number = reference.number.ok_or_else(unknown)?;
        let version = self.version(&reference.name, number).ok_or_else(unknown)?;
        let bytes = self.bytes(&reference.name, number).await?;
        let bytes = bytes.ok_or_else(unknown)?;
        let failed = |source| CatalogueError::Load {
            reference: reference.clone(),
            source,
        };
        let policy = self
            .parts
            .engine
            .admit(&name, &bytes)
            .await
            .map_err(failed)?;
        if policy.digest() != version.sha256 {
            return Err(failed(AdmitError::NotAComponent {
                problem: format!(
                    "its stored bytes are damaged: their SHA-256 is {}, not {}",
                    policy.digest(),
                    version.sha256
                ),
            }));
        }
        self.parts.registry.insert(policy.clone());
        Ok(policy)
    }

    /// The binding as it is to be stored: its policy named to the version, loaded, able to decide that, and content with
    /// its settings. Runs the policy.
    ///
    /// # Errors
    /// [`CatalogueError`], in words for who wrote the binding.
    pub async fn pin(&self, binding: Binding, decides: Decides) -> Result<Binding, CatalogueError> {
        let reference = self.resolve(&binding.policy)?;
        self.load(&reference).await?;
        let pinned = Binding {
            policy: reference.to_string(),
            settings: binding.settings,
        };
        let registry = self.parts.registry.clone();
        let checked = pinned.clone();
        // A guest runs for as long as its limit lets it: not on the runtime's threads.
        let bound = tokio::task::spawn_blocking(move || registry.bind(&checked, decides).map(drop));
        match bound.await {
            Ok(bound) => bound?,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
        Ok(pinned)
    }

    /// Loads what a group is bound to; what cannot be loaded is told in the log, and the group goes on with a stand-in.
    pub async fn load_bound(&self, binding: &Binding) {
        let loaded = match Reference::parse(&binding.policy) {
            Ok(reference) => self.load(&reference).await,
            Err(problem) => Err(CatalogueError::Unknown(problem)),
        };
        if let Err(error) = loaded {
            let policy = &binding.policy;
            tracing::error!(policy, error = %crate::telemetry::chain(&error), "a bound policy cannot be loaded: a stand-in decides until it can, or another is bound");
        }
    }

    /// Takes an upload away. The caller has its [`Catalogue::turn`] and knows that nobody is bound to it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove(&self, version: &Version) -> Result<bool, StoreError> {
        let removed = self
            .parts
            .store
            .remove_component(&version.name, version.number)
            .await?;
        let key = (version.name.clone(), version.number);
        self.versions.write().remove(&key);
        self.parts.registry.remove(&version.reference().to_string());
        Ok(removed)
    }
}

#[cfg(test)]
mod tests;
