//! `server.*`: where this server listens and keeps its files.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};

use super::check::Check;

/// Where this server listens and keeps its files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port of everything this server serves. Port 0 takes a free one. Default `127.0.0.1:5080`; with
    /// `--properties` it is `0.0.0.0:5080`, as that file expects.
    #[serde(deserialize_with = "listen")]
    pub listen: SocketAddr,
    /// Address under which clients and nodes reach this server (`https://sm.example.com`), no slash at the end.
    /// Empty: made from `listen`.
    pub public_url: String,
    /// Folder of the database, of secrets made by the server and of compiled policies; made with mode 0700.
    /// Default `weir-data`, beside where the server was started.
    pub data_dir: PathBuf,
    /// Pages of other origins.
    pub cors: CorsConfig,
    /// Proxies and balancers before this server, as addresses or networks (`10.0.0.0/8`): their `X-Forwarded-For` is
    /// believed. Default none.
    pub trusted_proxies: Vec<String>,
    /// Connections at once (100 to 1,000,000); further ones wait until one ends. Open files of the process bound it too.
    /// Default 16,384.
    pub max_connections: u32,
    /// Connections at once of one address, or of one IPv6 network of 64 bits (10 to 1,000,000); further ones are closed.
    /// Trusted proxies are not counted. Default 4,096.
    pub max_connections_per_client: u32,
    /// From when a connection has nothing to do until the head of its next request is whole, ms (1,000 to 3,600,000). Give
    /// nodes that report seldom more than their period. Default 75,000.
    pub request_head_ms: u64,
}

/// Which origins' pages may call the API from a browser: `*` for all, empty for none, else a comma list of origins
/// (`https://a.example, https://b.example`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorsConfig {
    /// Admin calls. Default none.
    pub admin: String,
    /// What clients ask: servers for a stream. Default all.
    pub streams: String,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 5080)),
            public_url: String::new(),
            data_dir: PathBuf::from("weir-data"),
            cors: CorsConfig::default(),
            trusted_proxies: Vec::new(),
            max_connections: 16_384,
            max_connections_per_client: 4_096,
            request_head_ms: 75_000,
        }
    }
}

impl Default for CorsConfig {
    fn default() -> Self {
        Self {
            admin: String::new(),
            streams: "*".to_owned(),
        }
    }
}

/// Origins a list allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// No page of another origin.
    None,
    /// Every page.
    All,
    /// Pages of these origins.
    Listed(Vec<String>),
}

impl Origins {
    /// Reads a list as it stands in the settings.
    pub fn parse(list: &str) -> Self {
        let entries: Vec<String> = list
            .split(',')
            .map(|entry| entry.trim().to_owned())
            .filter(|entry| !entry.is_empty())
            .collect();
        if entries.iter().any(|entry| entry == "*") {
            Origins::All
        } else if entries.is_empty() {
            Origins::None
        } else {
            Origins::Listed(entries)
        }
    }
}

impl ServerConfig {
    pub(super) fn validate(&self, check: &mut Check) {
        let url = &self.public_url;
        let web = url.starts_with("http://") || url.starts_with("https://");
        if !url.is_empty() && (!web || url.ends_with('/')) {
            check.refuse(
                "public_url",
                url,
                "must start with http:// or https:// and end without a slash",
            );
        }
        if self.data_dir.as_os_str().is_empty() {
            check.refuse("data_dir", "\"\"", "must name a folder");
        }
        check.range(
            "max_connections",
            self.max_connections,
            100..=1_000_000,
            "connections",
        );
        check.range(
            "max_connections_per_client",
            self.max_connections_per_client,
            10..=1_000_000,
            "connections",
        );
        check.range(
            "request_head_ms",
            self.request_head_ms,
            1_000..=3_600_000,
            "ms",
        );
        for proxy in self.trusted_proxies.iter().filter(|text| !is_network(text)) {
            check.refuse(
                "trusted_proxies",
                proxy,
                "must be addresses or networks, such as 10.1.2.3 or 10.0.0.0/8",
            );
        }
        for (key, list) in [
            ("cors.admin", &self.cors.admin),
            ("cors.streams", &self.cors.streams),
        ] {
            let Origins::Listed(origins) = Origins::parse(list) else {
                continue;
            };
            for origin in origins {
                if !is_origin(&origin) {
                    check.refuse(
                        key,
                        &origin,
                        "must be * or origins such as https://player.example.com, without a path",
                    );
                }
            }
        }
        if Origins::parse(&self.cors.admin) == Origins::All {
            check.warn(
                "cors.admin",
                "lets every web page call the admin API of whoever has the token stored in the browser",
            );
        }
    }

    /// Address under which clients and nodes reach this server, no slash at the end. `bound` is the address it
    /// really listens on; one that stands for all is replaced by loopback.
    pub fn public_url(&self, bound: SocketAddr) -> String {
        if !self.public_url.is_empty() {
            return self.public_url.clone();
        }
        let mut address = bound;
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        format!("http://{address}")
    }
}

fn is_network(text: &str) -> bool {
    let (address, bits) = text.split_once('/').unwrap_or((text, "0"));
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    bits.parse::<u8>().is_ok_and(|bits| bits <= most)
}

fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(['/', ' ', '*']))
}

fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    let text = text.trim();
    let numeric = text.replacen("localhost:", "127.0.0.1:", 1);
    numeric.parse().map_err(|_| {
        let why = why_no_address(&numeric);
        serde::de::Error::custom(format!(
            "{text:?} {why}: must be an address and a port, such as 127.0.0.1:5080"
        ))
    })
}

fn why_no_address(text: &str) -> &'static str {
    let Some((host, port)) = text.rsplit_once(':') else {
        return "has no port";
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.parse::<IpAddr>().is_err() {
        "has no numeric address before the port"
    } else if port.parse::<u16>().is_err() {
        "has a port that is not 0 to 65535"
    } else {
        "is no address with a port (one of IPv6 stands in brackets)"
    }
}
