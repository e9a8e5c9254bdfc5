//! `weir properties …`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::config::properties;

/// Work with the settings file of the server that this one replaces.
#[derive(Debug, Subcommand)]
pub enum PropertiesCommand {
    /// Say what each key of a red5-web.properties becomes; exit code 1 when the file cannot be used
    Check(CheckArgs),
}

/// Which file.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Prints the table, the warnings and what is wrong. Secrets are starred.
///
/// # Errors
/// `out` cannot be written.
pub fn check_properties(args: &CheckArgs, out: &mut dyn Write) -> io::Result<ExitCode> {
    match properties::check(&args.file) {
        Ok(checked) => {
            out.write_all(properties::table(&checked).as_bytes())?;
            Ok(if checked.outcome.is_ok() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        Err(error) => {
            writeln!(out, "{error}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}
