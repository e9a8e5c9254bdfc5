//! Compiling what strangers wrote: in a child process that is poor in time, memory and priority.
//!
//! The child reads the component from its input and writes the compiled code to its output; a refusal is a text on its
//! error output and exit code [`REFUSED`]. Everything else it does is taken as "too much".

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use wit_component::ComponentEncoder;

use super::limits::Limits;
use super::scan::{Kind, look};
use super::{AdmitError, engine_config};

/// Exit code of a child that read the component and refused it.
pub(super) const REFUSED: i32 = 3;

/// More compiled code than this is never read from a child, bytes.
const MOST_OUTPUT: u64 = 1024 * 1024 * 1024;
/// More words than this are not read, bytes.
const MOST_WORDS: u64 = 8 * 1024;

/// Who compiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compiler {
    /// A program that calls [`super::compile_child_main`], with these arguments.
    Child {
        /// The program; the server uses itself.
        program: PathBuf,
        /// `["compile-policy"]` for the server.
        arguments: Vec<String>,
    },
    /// This process: only for components that are trusted.
    InProcess,
}

impl Compiler {
    /// This very program, as `weir compile-policy`.
    ///
    /// # Errors
    /// The system does not tell where the program is.
    pub fn this_program() -> std::io::Result<Self> {
        Ok(Compiler::Child {
            program: std::env::current_exe()?,
            arguments: vec!["compile-policy".to_owned()],
        })
    }

    /// Compiles a component or a core module with component types.
    ///
    /// # Errors
    /// [`AdmitError::NotAComponent`], [`AdmitError::Compile`] or [`AdmitError::Engine`].
    pub(super) async fn compile(
        &self,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<Vec<u8>, AdmitError> {
        match self {
            Compiler::InProcess => {
                let bytes = bytes.to_vec();
                tokio::task::spawn_blocking(move || compile_here(&bytes))
                    .await
                    .map_err(|error| failed(error.to_string()))?
            }
            Compiler::Child { program, arguments } => {
                let child = Command::new(program)
                    .args(arguments)
                    .arg(limits.compile_ms.div_ceil(1_000).to_string())
                    .arg(limits.compile_bytes.to_string())
                    .env_clear()
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .kill_on_drop(true)
                    .spawn()
                    .map_err(|error| {
                        failed(format!("{} does not start: {error}", program.display()))
                    })?;
                let time = Duration::from_millis(limits.compile_ms);
                tokio::time::timeout(time, talk(child, bytes))
                    .await
                    .unwrap_or_else(|_| {
                        Err(AdmitError::Compile {
                            problem: format!("it took longer than {} ms", limits.compile_ms),
                        })
                    })
            }
        }
    }
}

async fn talk(mut child: Child, bytes: &[u8]) -> Result<Vec<u8>, AdmitError> {
    let (Some(mut input), Some(output), Some(words)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(failed("the compiler has no pipes".to_owned()));
    };
    let (mut artifact, mut text) = (Vec::new(), Vec::new());
    let mut output = output.take(MOST_OUTPUT);
    let mut words = words.take(MOST_WORDS);
    let give = async {
        // A child that gives up early closes its input: what it says then counts, not the broken pipe.
        let _ = input.write_all(bytes).await;
        drop(input);
    };
    let ((), read, said) = tokio::join!(
        give,
        output.read_to_end(&mut artifact),
        words.read_to_end(&mut text)
    );
    let status = child.wait().await;
    let status = read
        .and(said)
        .and(status)
        .map_err(|error| failed(error.to_string()))?;
    if status.success() {
        return Ok(artifact);
    }
    let said = String::from_utf8_lossy(&text).trim().to_owned();
    Err(match status.code() {
        Some(REFUSED) => AdmitError::NotAComponent { problem: said },
        Some(_) | None => AdmitError::Compile {
            problem: format!("the compiler ended with {status} {said}"),
        },
    })
}

/// Compiles in this process.
///
/// # Errors
/// [`AdmitError::NotAComponent`]: what the readers and the compiler said.
pub(super) fn compile_here(bytes: &[u8]) -> Result<Vec<u8>, AdmitError> {
    let wrapped = match look(bytes)? {
        Kind::Component => None,
        Kind::CoreModule => Some(wrap(bytes)?),
    };
    let engine = engine_config::compiling().map_err(|error| failed(format!("{error:#}")))?;
    engine
        .precompile_component(wrapped.as_deref().unwrap_or(bytes))
        .map_err(|error| AdmitError::NotAComponent {
            problem: format!("{error:#}"),
        })
}

/// A core module as a component, by the types in its `component-type` section.
fn wrap(module: &[u8]) -> Result<Vec<u8>, AdmitError> {
    ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|error| AdmitError::NotAComponent {
            problem: format!("a core module without the types of a policy: {error:#}"),
        })
}

fn failed(message: String) -> AdmitError {
    AdmitError::Engine { message }
}
