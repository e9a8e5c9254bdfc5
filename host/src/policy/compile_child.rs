//! The child's side of `compiler`: the hidden command `weir compile-policy SECONDS BYTES`.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use super::AdmitError;
use super::compiler::{REFUSED, compile_here};

/// Larger inputs were refused before a child was started, bytes.
const MOST_INPUT: u64 = 256 * 1024 * 1024;

/// Reads a component from standard input, compiles it and writes the code to standard output. The last two arguments
/// of the program are the limits, in seconds and bytes; they are set before anything is read.
#[expect(
    clippy::print_stderr,
    reason = "its error output is read by the parent"
)]
pub fn compile_child_main() -> ExitCode {
    let outcome = read_limits()
        .and_then(|(seconds, bytes)| restrict(seconds, bytes))
        .and_then(|()| compile());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Refused(error)) => {
            eprintln!("{error}");
            ExitCode::from(REFUSED as u8)
        }
        Err(Failure::Broken(text)) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

enum Failure {
    Refused(String),
    Broken(String),
}

fn compile() -> Result<(), Failure> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(MOST_INPUT)
        .read_to_end(&mut bytes)
        .map_err(broken)?;
    let artifact = compile_here(&bytes).map_err(|error| match error {
        AdmitError::NotAComponent { problem } => Failure::Refused(problem),
        other => Failure::Broken(other.to_string()),
    })?;
    io::stdout().lock().write_all(&artifact).map_err(broken)
}

fn read_limits() -> Result<(u64, u64), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |from_end: usize| {
        let text = arguments.iter().rev().nth(from_end)?;
        text.parse::<u64>().ok()
    };
    match (number(1), number(0)) {
        (Some(seconds), Some(bytes)) => Ok((seconds, bytes)),
        (_, _) => Err(Failure::Broken(
            "usage: compile-policy SECONDS BYTES < component".to_owned(),
        )),
    }
}

#[cfg(unix)]
fn restrict(seconds: u64, bytes: u64) -> Result<(), Failure> {
    use rustix::process::{Resource, Rlimit, nice, setrlimit};
    let most = |value: u64| Rlimit {
        current: Some(value),
        maximum: Some(value),
    };
    // Threads of the compiler share the processor time.
    setrlimit(Resource::Cpu, most(seconds)).map_err(broken)?;
    // Of what is mapped, only writable memory counts: the places reserved for nothing are free.
    setrlimit(Resource::Data, most(bytes)).map_err(broken)?;
    setrlimit(Resource::Core, most(0)).map_err(broken)?;
    setrlimit(Resource::Fsize, most(0)).map_err(broken)?;
    nice(10).map_err(broken)?;
    Ok(())
}

#[cfg(not(unix))]
fn restrict(_seconds: u64, _bytes: u64) -> Result<(), Failure> {
    Ok(())
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::Broken(error.to_string())
}
