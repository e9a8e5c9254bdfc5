//! The address of whoever asks.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};

use super::AppState;
use super::settings::HttpSettings;

/// Peer address, or what a trusted proxy says of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client(pub IpAddr);

impl FromRequestParts<AppState> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Infallible> {
        Ok(Self::of(
            &app.settings.load(),
            &parts.extensions,
            &parts.headers,
        ))
    }
}

impl Client {
    /// Of a request.
    pub(super) fn of(settings: &HttpSettings, sent: &Extensions, headers: &HeaderMap) -> Self {
        // Without a socket (a test that calls the router itself) nobody is at 0.0.0.0.
        let peer = sent
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
        Self(address(settings, peer, headers))
    }
}

/// Walks `X-Forwarded-For` from our side as long as the hop is a trusted proxy.
fn address(settings: &HttpSettings, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let mut at = peer.to_canonical();
    if !settings.trusts(at) {
        return at;
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().rev();
    let hops = forwarded
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.rsplit(','));
    for hop in hops {
        let Ok(hop) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        at = hop.to_canonical();
        if !settings.trusts(at) {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn seen(proxies: &[&str], peer: &str, forwarded: Option<&str>) -> String {
        let settings = HttpSettings {
            trusted_proxies: proxies.iter().map(|net| net.parse().unwrap()).collect(),
            ..HttpSettings::default()
        };
        let mut headers = HeaderMap::new();
        if let Some(value) = forwarded {
            headers.insert("x-forwarded-for", value.parse().unwrap());
        }
        address(&settings, peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_may_speak_for_others() {
        assert_eq!(seen(&[], "10.0.0.1", Some("1.2.3.4")), "10.0.0.1");
        assert_eq!(
            seen(&["10.0.0.0/8"], "10.0.0.1", Some("1.2.3.4")),
            "1.2.3.4"
        );
        assert_eq!(
            seen(
                &["10.0.0.0/8"],
                "::ffff:10.0.0.1",
                Some("6.6.6.6, 1.2.3.4, 10.0.0.2")
            ),
            "1.2.3.4"
        );
        assert_eq!(
            seen(&["10.0.0.0/8"], "10.0.0.1", Some("nonsense")),
            "10.0.0.1"
        );
        assert_eq!(seen(&["10.0.0.0/8"], "10.0.0.1", None), "10.0.0.1");
    }
}
