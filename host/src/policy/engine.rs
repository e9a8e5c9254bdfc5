//! The engine: compiled code in, policies out. Everything that all policies share lives in [`Core`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::artifacts::{Artifacts, fingerprint};
use super::compiler::{Compiler, compile_here};
use super::limits::Limits;
use super::report::AdmissionReport;
use super::scan::Kind;
use super::ticker::Ticker;
use super::trial::DEAR_SELECT_MICROS;
use super::{AdmitError, Admitted, PolicyEngine, SharedPolicy, admission, engine_config, scan};

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
    /// Version and settings of the engine.
    pub(super) fingerprint: String,
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
                fingerprint: format!("{:016x}", fingerprint(&engine)),
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
        let (policy, _) = admission::admit(&self.core, name, digest, &component)?;
        Ok(policy)
    }

    fn keep(&self, digest: &str, artifact: &[u8]) -> Result<Component, AdmitError> {
        self.artifacts
            .keep(&self.core.engine, digest, artifact)
            .map_err(|problem| AdmitError::Compile { problem })
    }
}

#[async_trait::async_trait]
impl PolicyEngine for WasmEngine {
    async fn admit_with_report(&self, name: &str, bytes: &[u8]) -> Result<Admitted, AdmitError> {
        let limit = self.core.limits.upload_bytes;
        if bytes.len() > limit {
            return Err(AdmitError::TooLarge {
                size: bytes.len(),
                limit,
            });
        }
        let (kind, digest) = look(bytes).await?;
        let kept = self.load(&digest).await?;
        let cached = kept.is_some();
        let started = Instant::now();
        let artifact = match kept {
            Some(component) => Ok(component),
            None => Err(self.compiler.compile(bytes, &self.core.limits).await?),
        };
        let compile_ms = match cached {
            true => 0,
            false => u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        let (this, name) = (self.clone(), name.to_owned());
        // Loading and trying it takes milliseconds.
        off_the_runtime(move || {
            let component = match artifact {
                Ok(component) => component,
                Err(artifact) => this.keep(&digest, &artifact)?,
            };
            let (policy, findings) = admission::admit(&this.core, &name, digest, &component)?;
            let mut report = AdmissionReport {
                kind: kind.word().to_owned(),
                compile_ms,
                cached,
                memory_bytes: findings.memory_bytes,
                trials: findings.trials,
                prices: findings.prices,
                warnings: Vec::new(),
            };
            report.warnings = warnings(&report);
            Ok(Admitted { policy, report })
        })
        .await
    }

    fn upload_bytes(&self) -> usize {
        self.core.limits.upload_bytes
    }
}

impl WasmEngine {
    async fn load(&self, digest: &str) -> Result<Option<Component>, AdmitError> {
        let (this, digest) = (self.clone(), digest.to_owned());
        off_the_runtime(move || Ok(this.artifacts.load(&this.core.engine, &digest))).await
    }
}

/// Refuses what is no policy at a first look; kind and digest of what may be one.
async fn look(bytes: &[u8]) -> Result<(Kind, String), AdmitError> {
    let bytes = bytes.to_vec();
    off_the_runtime(move || {
        let kind = scan::look(&bytes)?;
        Ok((kind, hex::encode(Sha256::digest(&bytes))))
    })
    .await
}

fn warnings(report: &AdmissionReport) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(micros) = report.select_micros().filter(|it| *it > DEAR_SELECT_MICROS) {
        warnings.push(format!(
            "a placement question among 100 nodes takes {micros:.0} µs, and every client waits for one: sort in prepare \
             and let select walk a prefix (under {DEAR_SELECT_MICROS:.0} µs is ordinary)"
        ));
    }
    for trial in report
        .trials
        .iter()
        .filter(|trial| trial.input.ends_with(" nodes"))
    {
        if let Some(words) = &trial.gave_up {
            warnings.push(format!(
                "{} gave up on an ordinary input with default settings: {words}",
                trial.export
            ));
        }
    }
    warnings
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
