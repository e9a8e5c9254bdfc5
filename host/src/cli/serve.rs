//! `weir serve`.

use std::path::PathBuf;

use clap::Args;

use crate::config::{ConfigFile, Flag, Sources};

/// Run the server.
#[derive(Debug, Default, Args)]
#[command(after_help = EXAMPLES)]
pub struct ServeArgs {
    /// Settings file; without it ./weir.toml is read if it is there
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// A red5-web.properties: its keys become settings, below the settings file; listens on 0.0.0.0:5080 then
    #[arg(long, value_name = "FILE")]
    pub properties: Option<PathBuf>,

    /// Address and port to listen on (server.listen)
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,

    /// Folder of the database and of what the server makes itself (server.data_dir)
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<String>,

    /// Where instances come from (cloud.provider)
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,

    /// What survives a restart: sqlite:PATH, sqlite: for the file in the data folder, or mysql://USER:PASSWORD@HOST:PORT/DATABASE
    /// (store.url)
    #[arg(long, value_name = "URL")]
    pub store: Option<String>,

    /// Any setting by its name, repeatable; wins over everything else
    #[arg(long, value_name = "KEY=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,

    /// Print the settings in effect and where each came from, secrets starred, and end
    #[arg(long)]
    pub print_config: bool,
}

const EXAMPLES: &str = "\
Settings come from weir.toml, then the environment, then flags; the last wins:
  weir serve --set fleet.drain_deadline_ms=600000
  WEIR_FLEET__DRAIN_DEADLINE_MS=600000 weir serve
  WEIR_AUTH__ADMIN_TOKEN_FILE=/run/secrets/token weir serve

The settings file of the server that this one replaces, on the simulated cloud:
  weir serve --properties red5-web.properties --provider simulated --store sqlite:

No admin token set: the server makes one and says which file it is in.
kill -HUP reads the settings again; what cannot change at run time is named in the log.";

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        _ => Err("must be KEY=VALUE, such as placement.capacity=hard".to_owned()),
    }
}

impl ServeArgs {
    /// Everything the settings come from: these flags and this process's environment. Make it anew for each reload.
    pub fn sources(&self) -> Sources {
        let named = [
            ("--listen", "server.listen", &self.listen),
            ("--data-dir", "server.data_dir", &self.data_dir),
            ("--provider", "cloud.provider", &self.provider),
            ("--store", "store.url", &self.store),
        ];
        let named = named.into_iter().filter_map(|(name, key, value)| {
            let value = value.clone()?;
            Some(Flag {
                name: name.to_owned(),
                key: key.to_owned(),
                value,
            })
        });
        let set = self.set.iter().map(|(key, value)| Flag {
            name: "--set".to_owned(),
            key: key.clone(),
            value: value.clone(),
        });
        let config = self
            .config
            .clone()
            .map_or(ConfigFile::IfPresent, ConfigFile::Named);
        Sources {
            config,
            properties: self.properties.clone(),
            environment: environment(),
            flags: named.chain(set).collect(),
        }
    }
}

/// Variables in order of their names, so that messages come in the same order each time. One that is no UTF-8 cannot
/// be a setting of ours.
fn environment() -> Vec<(String, String)> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let mut all: Vec<_> = std::env::vars_os().filter_map(text).collect();
    all.sort();
    all
}
