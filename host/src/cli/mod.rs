//! The command line: what there is, said so that `--help` teaches it.

mod backtest;
mod demo;
mod doctor;
mod policy;
mod properties;
mod remote;
mod serve;

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand};

pub use backtest::{BacktestArgs, CompareArgs, backtest, compare};
pub use demo::DemoArgs;
pub use doctor::DoctorArgs;
pub use policy::{
    BindArgs, DecidesArg, DecisionArgs, ListArgs, PolicyCommand, PushArgs, ReplayArgs,
    policy_command, replay_command,
};
pub use properties::{CheckArgs, PropertiesCommand, check_properties};
pub use remote::RemoteArgs;
pub use serve::ServeArgs;

/// Manager of autoscaling clusters of live-streaming nodes, with WebAssembly policies.
#[derive(Debug, Parser)]
#[command(name = "weir", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  weir demo                         see it work: a simulated cloud with an audience in fast motion
  weir serve                        a server on 127.0.0.1:5080, simulated cloud, data in ./weir-data
  weir serve --print-config         every setting, its value and where that came from
  weir doctor                       is everything there that the settings name?
  weir backtest TRACE               what a scaling policy makes of a recorded audience
  weir compare TRACE                the built-in scaling policies side by side
  weir properties check FILE        what each key of a red5-web.properties becomes
  weir policy push mine.wasm        upload a policy to the server of this machine
  weir policy bind mine --group g --decides scaling
  weir replay 1234                  make a past decision again: is it identical?";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    Serve(ServeArgs),
    /// Look whether everything that the server needs is there; one line each, with the mend
    Doctor(DoctorArgs),
    /// Show it at work: temporary store, simulated cloud, an audience in fast motion
    Demo(DemoArgs),
    /// Run scaling policies over a recorded audience: what they cost, and whom they turn away
    Backtest(BacktestArgs),
    /// Run every built-in scaling policy over a recorded audience, side by side
    Compare(CompareArgs),
    /// Work with the settings file of the server that this one replaces
    #[command(subcommand)]
    Properties(PropertiesCommand),
    /// Policies of a running server: upload, bind, roll back, list
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Make a past scaling decision of a running server again; exit code 1 when anything differs
    Replay(ReplayArgs),
    /// Compile a policy from standard input; started by the server itself
    #[command(hide = true)]
    CompilePolicy(CompileArgs),
}

/// Limits of a compilation. Its own code reads them before anything else is set up.
#[derive(Debug, Args)]
pub struct CompileArgs {
    /// Seconds and bytes.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub limits: Vec<OsString>,
}

#[cfg(test)]
mod tests;
