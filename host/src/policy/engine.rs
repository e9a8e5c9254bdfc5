//! The engine: compiled code in, policies out. Everything that all policies share lives in [`Core`].

use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::artifacts::Artifacts;
use super::compiler::{Compiler, compile_here};
use super::limits::Limits;
use super::ticker::Ticker;
use super::{AdmitError, PolicyEngine, SharedPolicy, admission, engine_config, scan};

/// How an engine is set up.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// Bounds of every call.
    pub limits: Limits,
    /// Who compiles uploaded components.
    pub compiler: Compiler,
    /// Folder for compiled code; none: everything is compiled again at each start.
    pub cache: Option<PathBuf>,
    /// Instances that may exist at the same time: prepared ones of every view, and decisions under way. Default 1,000;
    /// each costs address space, memory only once used.
    pub instances: u32,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            compiler: Compiler::InProcess,
            cache: None,
            instances: 1_000,
        }
    }
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The places for instances cannot be had.
    #[error("the policy engine does not start: {0}")]
    Start(String),
    /// No thread for the wall-clock limits.
    #[error("the policy engine's clock does not start")]
    Clock(#[source] std::io::Error),
    /// The folder for compiled code cannot be used.
    #[error("the folder for compiled policies {folder} cannot be used")]
    Cache {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// What policies hold on to: the engine lives as long as the last of them.
pub(super) struct Core {
    pub(super) engine: Engine,
    pub(super) limits: Limits,
    _ticker: Ticker,
}

/// Runs components on wasmtime.
#[derive(Clone)]
pub struct WasmEngine {
    core: Arc<Core>,
    compiler: Compiler,
    artifacts: Arc<Artifacts>,
}

impl WasmEngine {
    /// Starts an engine and its clock.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn new(settings: EngineSettings) -> Result<Self, EngineError> {
        let engine = engine_config::running(&settings.limits, settings.instances)
            .map_err(|error| EngineError::Start(format!("{error:#}")))?;
        let ticker = Ticker::start(&engine).map_err(EngineError::Clock)?;
        let artifacts = Artifacts::open(settings.cache.clone(), &engine).map_err(|source| {
            EngineError::Cache {
                folder: settings.cache.unwrap_or_default(),
                source,
            }
        })?;
        Ok(Self {
            core: Arc::new(Core {
                engine,
                limits: settings.limits,
                _ticker: ticker,
            }),
            compiler: settings.compiler,
            artifacts: Arc::new(artifacts),
        })
    }

    /// Admits a component whose bytes come with this program. Compiles in this process when there is no compiled copy.
    ///
    /// # Errors
    /// As [`PolicyEngine::admit`].
    pub fn admit_trusted(&self, name: &str, bytes: &[u8]) -> Result<SharedPolicy, AdmitError> {
        let digest = hex::encode(Sha256::digest(bytes));
        scan::look(bytes)?;
        let component = match self.artifacts.load(&self.core.engine, &digest) {
            Some(component) => component,
            None => {
                let artifact = compile_here(bytes)?;
                self.keep(&digest, &artifact)?
            }
        };
        admission::admit(&self.core, name, digest, &component)
    }

    fn keep(&self, digest: &str, artifact: &[u8]) -> Result<Component, AdmitError> {
        self.artifacts
            .keep(&self.core.engine, digest, artifact)
            .map_err(|problem| AdmitError::Compile { problem })
    }
}

#[async_trait::async_trait]
impl PolicyEngine for WasmEngine {
    async fn admit(&self, name: &str, bytes: &[u8]) -> Result<SharedPolicy, AdmitError> {
        let limit = self.core.limits.upload_bytes;
        if bytes.len() > limit {
            return Err(AdmitError::TooLarge {
                size: bytes.len(),
                limit,
            });
        }
        let digest = self.look(bytes).await?;
        let artifact = match self.load(&digest).await? {
            Some(component) => Ok(component),
            None => Err(self.compiler.compile(bytes, &self.core.limits).await?),
        };
        let (this, name) = (self.clone(), name.to_owned());
        // Loading and trying it takes milliseconds.
        off_the_runtime(move || {
            let component = match artifact {
                Ok(component) => component,
                Err(artifact) => this.keep(&digest, &artifact)?,
            };
            admission::admit(&this.core, &name, digest, &component)
        })
        .await
    }
}

impl WasmEngine {
    /// Refuses what is no policy at a first look; the digest of what may be one.
    async fn look(&self, bytes: &[u8]) -> Result<String, AdmitError> {
        let bytes = bytes.to_vec();
        off_the_runtime(move || {
            scan::look(&bytes)?;
            Ok(hex::encode(Sha256::digest(&bytes)))
        })
        .await
    }

    async fn load(&self, digest: &str) -> Result<Option<Component>, AdmitError> {
        let (this, digest) = (self.clone(), digest.to_owned());
        off_the_runtime(move || Ok(this.artifacts.load(&this.core.engine, &digest))).await
    }
}

async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AdmitError> + Send + 'static,
) -> Result<T, AdmitError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| AdmitError::Engine {
            message: error.to_string(),
        })?
}
