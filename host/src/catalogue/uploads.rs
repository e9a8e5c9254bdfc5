//! Uploads on their way: checked one after the other in the background, and told of for a while afterwards.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, watch};

use super::reference::check_name;
use super::version::{Record, Version};
use super::{Catalogue, SignatureError};
use crate::policy::AdmitError;
use crate::store::{NewComponent, StoreError, StoredComponent};
use crate::telemetry::chain;

/// Uploads that are checked or wait for it at one time; each holds its bytes in memory.
const MOST_WAITING: usize = 8;
/// Uploads that are told of after they were checked.
const TOLD_OF: usize = 100;
/// A placement question above this is refused unless it is forced, microseconds: questions are answered one after the
/// other on a few threads.
const MOST_SELECT_MICROS: f64 = 500.0;

/// A policy as it comes in.
pub struct Upload {
    /// Name it is to have.
    pub name: String,
    /// The component.
    pub bytes: Vec<u8>,
    /// What was sent as its signature.
    pub signature: Option<String>,
    /// Who sends it.
    pub by: String,
    /// Take it although its questions are dear.
    pub force: bool,
}

/// Why an upload was not looked at. Nothing was kept.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It cannot have that name.
    #[error("{0}")]
    Name(String),
    /// A policy that was not uploaded has the name.
    #[error("{0} is a policy of this program or of policy.load: upload yours under another name")]
    NameTaken(String),
    /// It is too large.
    #[error(
        "the policy has more than {0} bytes, the most this server takes: build it smaller (strip it, optimise for size), or raise policy.limits.upload_mib"
    )]
    TooLarge(usize),
    /// Its signature does not do.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Too many are being checked. Ask again.
    #[error("{MOST_WAITING} uploads are being checked already; ask again when one is done")]
    Busy,
}

/// Where an upload stands.
#[derive(Debug, Clone)]
pub enum UploadState {
    /// It is being compiled and tried, or waits for its turn.
    Checking,
    /// It is a version now.
    Admitted(Box<Version>),
    /// The same bytes were a version before.
    Known(Box<Version>),
    /// It is not taken; what is wrong and how to mend it. Nothing was kept.
    Refused(String),
    /// It may be good, but could not be stored or checked: nobody's input is at fault, send it again.
    Failed(String),
}

/// An upload as it stands.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Its id.
    pub id: String,
    /// Time since it came, ms.
    pub elapsed_ms: u64,
    /// Where it stands.
    pub state: UploadState,
}

struct Entry {
    id: String,
    name: String,
    since: Instant,
    state: watch::Receiver<UploadState>,
}

/// Uploads of this process.
pub(super) struct Uploads {
    entries: Mutex<VecDeque<Entry>>,
    /// One compiles at a time: the groups need the other cores.
    compiling: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
            compiling: Arc::new(Semaphore::new(1)),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
        }
    }
}

impl Catalogue {
    /// Takes an upload in; it is checked in the background. Answers its id.
    ///
    /// # Errors
    /// [`UploadError`].
    pub fn upload(self: &Arc<Self>, upload: Upload) -> Result<String, UploadError> {
        check_name(&upload.name).map_err(UploadError::Name)?;
        if self.registry().get(&upload.name).is_some() {
            return Err(UploadError::NameTaken(upload.name));
        }
        if upload.bytes.len() > self.upload_bytes() {
            return Err(UploadError::TooLarge(self.upload_bytes()));
        }
        let signer = self
            .parts
            .signers
            .check(&upload.bytes, upload.signature.as_deref())?;
        let place = self.uploads.waiting.clone().try_acquire_owned();
        let place = place.map_err(|_| UploadError::Busy)?;
        let (tell, state) = watch::channel(UploadState::Checking);
        let id = format!("u-{}", uuid::Uuid::new_v4().simple());
        self.uploads.remember(Entry {
            id: id.clone(),
            name: upload.name.clone(),
            since: Instant::now(),
            state,
        });
        let this = self.clone();
        tokio::spawn(async move {
            let state = this.check(upload, signer).await;
            tell.send_replace(state);
            drop(place);
        });
        Ok(id)
    }

    /// Largest upload, bytes.
    pub fn upload_bytes(&self) -> usize {
        self.parts.engine.upload_bytes()
    }

    /// An upload once it was checked, or as it stands after so long. `None`: there is no such upload, or it was checked
    /// long ago.
    pub async fn uploaded(&self, name: &str, id: &str, patience: Duration) -> Option<Checked> {
        let (since, mut state) = self.uploads.find(name, id)?;
        let checked = |state: &UploadState| !matches!(state, UploadState::Checking);
        // A client waits by the machine's clock.
        let _ = tokio::time::timeout(patience, state.wait_for(checked)).await;
        let state = state.borrow().clone();
        Some(Checked {
            id: id.to_owned(),
            elapsed_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
            state,
        })
    }

    async fn check(&self, upload: Upload, signer: Option<String>) -> UploadState {
        let Ok(_turn) = self.uploads.compiling.acquire().await else {
            return UploadState::Failed("the server is shutting down".to_owned());
        };
        let sha256 = hex::encode(Sha256::digest(&upload.bytes));
        let same = |version: &Version| version.sha256 == sha256;
        if let Some(version) = self.versions_of(&upload.name).into_iter().find(same) {
            return UploadState::Known(Box::new(version));
        }
        let admitted = self
            .parts
            .engine
            .admit_with_report(&upload.name, &upload.bytes)
            .await;
        let admitted = match admitted {
            Ok(admitted) => admitted,
            Err(error @ AdmitError::Engine { .. }) => {
                return UploadState::Failed(error.to_string());
            }
            Err(error) => {
                let name = &upload.name;
                tracing::warn!(policy = name, by = upload.by, %error, "an uploaded policy was refused");
                return UploadState::Refused(format!("policy {name} is refused: {error}"));
            }
        };
        let dear = admitted
            .report
            .select_micros()
            .filter(|micros| *micros > MOST_SELECT_MICROS);
        if let Some(micros) = dear.filter(|_| !upload.force) {
            return UploadState::Refused(format!(
                "policy {} is refused: a placement question among 100 nodes takes {micros:.0} µs, more than \
                 {MOST_SELECT_MICROS:.0}; sort in prepare and let select walk a prefix, or send it with force=true",
                upload.name
            ));
        }
        let record = Record::new(
            admitted.policy.as_ref(),
            admitted.report,
            upload.bytes.len(),
            (upload.by.clone(), signer),
        );
        match self.keep(&upload, &sha256, &record).await {
            Ok(version) => {
                tracing::info!(policy = %version.reference(), sha256, by = upload.by, "a policy was uploaded");
                UploadState::Admitted(Box::new(version))
            }
            // An earlier attempt was stored although it was told that it failed.
            Err(StoreError::Exists { .. }) => match self.read_again(&upload.name, &sha256).await {
                Ok(Some(version)) => UploadState::Known(Box::new(version)),
                Ok(None) => UploadState::Failed("the store has it and has it not".to_owned()),
                Err(error) => UploadState::Failed(chain(&error).to_string()),
            },
            Err(error) => UploadState::Failed(chain(&error).to_string()),
        }
    }

    async fn read_again(&self, name: &str, sha256: &str) -> Result<Option<Version>, StoreError> {
        let stored = self.parts.store.components().await?;
        let same = |it: &StoredComponent| it.name == name && it.sha256 == sha256;
        let Some(stored) = stored.into_iter().find(same) else {
            return Ok(None);
        };
        Ok(Some(self.know(Version::read(stored)?)))
    }

    fn know(&self, version: Version) -> Version {
        let key = (version.name.clone(), version.number);
        self.versions.write().insert(key, version.clone());
        version
    }

    async fn keep(
        &self,
        upload: &Upload,
        sha256: &str,
        record: &Record,
    ) -> Result<Version, StoreError> {
        let document = serde_json::to_string(record).map_err(|source| StoreError::Unreadable {
            what: "policy",
            source: source.into(),
        })?;
        let stored = self
            .parts
            .store
            .add_component(&NewComponent {
                name: &upload.name,
                sha256,
                uploaded_at: self.parts.clock.now(),
                document: &document,
                bytes: &upload.bytes,
            })
            .await?;
        Ok(self.know(Version::read(stored)?))
    }
}

impl Uploads {
    fn remember(&self, entry: Entry) {
        let mut entries = self.entries.lock();
        entries.push_back(entry);
        let under_way = |entry: &Entry| matches!(*entry.state.borrow(), UploadState::Checking);
        while entries.len() > TOLD_OF && entries.front().is_some_and(|oldest| !under_way(oldest)) {
            entries.pop_front();
        }
    }

    fn find(&self, name: &str, id: &str) -> Option<(Instant, watch::Receiver<UploadState>)> {
        let entries = self.entries.lock();
        let found = entries
            .iter()
            .find(|entry| entry.id == id && entry.name == name);
        found.map(|entry| (entry.since, entry.state.clone()))
    }
}
