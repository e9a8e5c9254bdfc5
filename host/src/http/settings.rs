//! What the HTTP side can be told. Filled from the configuration; swapped whole when it is reloaded.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use axum::http::HeaderValue;
use ipnet::IpNet;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use weir_core::ids::RegionName;
use weir_core::units::DurationMs;

use super::ConnectionBounds;
use crate::secret::Secret;

/// Settings of the HTTP side.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Tokens that open the admin tree and Weir's own API.
    pub admin_tokens: AdminTokens,
    /// Origins that browsers may call the admin tree from; default none.
    pub cors_admin: CorsOrigins,
    /// Origins that browsers may call the stream routes from; default all.
    pub cors_streams: CorsOrigins,
    /// Log files may be listed and downloaded by the API; `None` (default): refused.
    pub log_access: Option<LogAccess>,
    /// How nodes prove who they are.
    pub nodes_auth: NodesAuth,
    /// Secret the keys of nodes are derived from.
    pub cluster_password: Secret,
    /// Proxies whose `X-Forwarded-For` is believed; default none.
    pub trusted_proxies: Vec<IpNet>,
    /// What connections may take.
    pub connections: ConnectionBounds,
    /// Largest body, bytes, after decompression; default 1 MiB. Read when the router is made.
    pub body_limit: usize,
    /// Region preferred for questions that name none (`location.region`).
    pub location_region: Option<RegionName>,
    /// `strict` for questions that do not say (`location.strict`); default false.
    pub location_strict: bool,
    /// Display name of the cloud.
    pub platform: String,
    /// Id of this environment: the tag its instances carry.
    pub environment: String,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            admin_tokens: AdminTokens::default(),
            cors_admin: CorsOrigins::default(),
            cors_streams: CorsOrigins::new(["*"]),
            log_access: None,
            nodes_auth: NodesAuth::Hmac,
            cluster_password: Secret::default(),
            trusted_proxies: Vec::new(),
            connections: ConnectionBounds::default(),
            body_limit: 1024 * 1024,
            location_region: None,
            location_strict: false,
            platform: "Simulated Cloud Services".to_owned(),
            environment: String::new(),
        }
    }
}

/// Where log files are and how long a download lives.
#[derive(Debug, Clone)]
pub struct LogAccess {
    /// Folder of the log files; sub-folders are not shown.
    pub dir: PathBuf,
    /// Life of a download name (`debug.logcachexpiretime`); default 60 s.
    pub expiry: DurationMs,
}

/// How nodes prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodesAuth {
    /// A key per node, the body covered.
    Hmac,
    /// The published digest over action, time and cluster password; bound to the node's known address.
    Digest,
    /// Nothing but the node's known address.
    Open,
}

/// Tokens kept as digests, compared in constant time. No token: nobody is let in.
#[derive(Clone, Default)]
pub struct AdminTokens(Vec<[u8; 32]>);

impl AdminTokens {
    /// Takes tokens; empty ones are left out.
    pub fn new<T: AsRef<str>>(tokens: impl IntoIterator<Item = T>) -> Self {
        let kept = tokens
            .into_iter()
            .filter(|token| !token.as_ref().is_empty());
        Self(kept.map(|token| digest(token.as_ref())).collect())
    }

    /// One of them. Every token is looked at, whichever fits.
    pub fn accept(&self, presented: &str) -> bool {
        let presented = digest(presented);
        let fits = |token: &[u8; 32]| token.ct_eq(&presented);
        self.0
            .iter()
            .map(fits)
            .fold(Choice::from(0), |any, one| any | one)
            .into()
    }
}

impl fmt::Debug for AdminTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens", self.0.len())
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Origins of browsers' pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorsOrigins(Vec<String>);

impl CorsOrigins {
    /// Origins as browsers send them (`https://example.com`); `*` is all of them.
    pub fn new<T: Into<String>>(origins: impl IntoIterator<Item = T>) -> Self {
        Self(origins.into_iter().map(Into::into).collect())
    }

    /// A page of this origin may call.
    pub fn allow(&self, origin: &HeaderValue) -> bool {
        self.0
            .iter()
            .any(|allowed| allowed == "*" || allowed.as_bytes() == origin.as_bytes())
    }
}

impl HttpSettings {
    /// The peer is a proxy whose word counts.
    pub(super) fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|net| net.contains(&peer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_configured_token_lets_nobody_in() {
        assert!(!AdminTokens::default().accept(""));
        assert!(!AdminTokens::new([""]).accept(""));
        let tokens = AdminTokens::new(["first", "second"]);
        assert!(tokens.accept("first") && tokens.accept("second") && !tokens.accept("firs"));
    }

    #[test]
    fn secrets_do_not_print() {
        let settings = HttpSettings {
            admin_tokens: AdminTokens::new(["abracadabra"]),
            cluster_password: Secret::new("sesame"),
            ..HttpSettings::default()
        };
        let shown = format!("{settings:?}");
        assert!(
            !shown.contains("abracadabra") && !shown.contains("sesame"),
            "{shown}"
        );
    }
}
