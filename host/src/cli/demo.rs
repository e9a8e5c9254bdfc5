//! `weir demo`.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

/// Show it at work.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DemoArgs {
    /// End by itself after so long, with exit code 0; without it Ctrl-C ends it
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub length: Option<Duration>,

    /// How many times faster than real its clock runs
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=200))]
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

/// `500ms`, `60s`, `2m`, `1h`; a bare number is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit_ms = match &text[digits.len()..] {
        "ms" => 1,
        "s" | "" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err("its unit must be ms, s, m or h, such as 60s".to_owned()),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "must be a whole number with a unit, such as 60s".to_owned())?;
    match number.checked_mul(unit_ms) {
        Some(ms) if (1..=86_400_000).contains(&ms) => Ok(Duration::from_millis(ms)),
        _ => Err("must be 1ms to 24h".to_owned()),
    }
}
