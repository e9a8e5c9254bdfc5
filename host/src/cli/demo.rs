//! `weir demo`.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use crate::backtest::read_length;

/// Show it at work.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DemoArgs {
    /// End by itself after so long, with exit code 0; without it Ctrl-C ends it
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub length: Option<Duration>,

    /// How many times faster than real its clock runs
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub speed: u32,

    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,

    /// Print plain lines even on a terminal
    #[arg(long)]
    pub plain: bool,
}

const EXAMPLES: &str = "\
Examples:
  weir demo                  until Ctrl-C
  weir demo --for 60s        ends by itself
  weir demo --speed 60       faster still
  weir demo | cat            plain lines instead of the live view";

/// At most a day.
fn duration(text: &str) -> Result<Duration, String> {
    let length = read_length(text).map_err(|error| error.to_string())?;
    match (1..=86_400_000).contains(&length.0) {
        true => Ok(length.to_std()),
        false => Err("must be 1ms to 24h".to_owned()),
    }
}
