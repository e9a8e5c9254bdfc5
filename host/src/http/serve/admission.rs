//! Who may open a connection: so many at once in all, so many at once of one client.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use weir_core::units::DurationMs;

use crate::http::settings::HttpSettings;

/// One line of each kind in so long.
const TELL_EVERY: DurationMs = DurationMs::secs(60);

#[derive(Default)]
struct Counts {
    all: u32,
    by_client: HashMap<IpAddr, u32>,
}

/// The count of open connections.
pub(super) struct Admission {
    settings: Arc<ArcSwap<HttpSettings>>,
    counts: Mutex<Counts>,
    ended: Notify,
    started: Instant,
    /// When the log may next hear of a full house and of a crowding client, ms after `started`.
    tell_full: AtomicU64,
    tell_client: AtomicU64,
}

/// The right to one connection; given back when it is dropped.
pub(super) struct Pass {
    admission: Arc<Admission>,
    client: IpAddr,
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut counts = self.admission.counts.lock();
        counts.all -= 1;
        if let Some(count) = counts.by_client.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                counts.by_client.remove(&self.client);
            }
        }
        metrics::gauge!("weir_http_connections").set(f64::from(counts.all));
        drop(counts);
        self.admission.ended.notify_one();
    }
}

impl Admission {
    pub(super) fn new(settings: Arc<ArcSwap<HttpSettings>>) -> Self {
        Self {
            settings,
            counts: Mutex::default(),
            ended: Notify::new(),
            started: Instant::now(),
            tell_full: AtomicU64::new(0),
            tell_client: AtomicU64::new(0),
        }
    }

    /// Waits until one more connection may be open.
    pub(super) async fn room(&self) {
        loop {
            let most = self.settings.load().connections.most;
            if self.counts.lock().all < most {
                return;
            }
            if self.may_tell(&self.tell_full) {
                tracing::warn!(
                    most,
                    "as many connections are open as server.max_connections allows: further ones wait"
                );
            }
            // A connection that ended since the look above left its notice.
            self.ended.notified().await;
        }
    }

    /// The right to a connection, unless its client has too many.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Pass> {
        let settings = self.settings.load();
        let (client, most) = (client(peer), settings.connections.most_per_client);
        let free = settings.trusts(peer.to_canonical());
        let mut counts = self.counts.lock();
        let count = counts.by_client.entry(client).or_insert(0);
        if !free && *count >= most {
            drop(counts);
            metrics::counter!("weir_http_connections_refused_total").increment(1);
            if self.may_tell(&self.tell_client) {
                tracing::warn!(%client, most, "a client has as many connections open as server.max_connections_per_client allows: further ones are closed; if it is a proxy, name it in server.trusted_proxies");
            }
            return None;
        }
        *count += 1;
        counts.all += 1;
        metrics::gauge!("weir_http_connections").set(f64::from(counts.all));
        drop(counts);
        Some(Pass {
            admission: self.clone(),
            client,
        })
    }

    fn may_tell(&self, next: &AtomicU64) -> bool {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let due = next.load(Ordering::Relaxed);
        let later = now.saturating_add(TELL_EVERY.0);
        let mine = || next.compare_exchange(due, later, Ordering::Relaxed, Ordering::Relaxed);
        now >= due && mine().is_ok()
    }
}

/// Who counts as one client: an IPv4 address, or the network of 64 bits that one IPv6 host is given (RFC 4291 §2.5.4).
fn client(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use futures_util::FutureExt;

    use super::*;
    use crate::http::serve::ConnectionBounds;

    fn admission(most: u32, most_per_client: u32, proxies: &[&str]) -> Arc<Admission> {
        let settings = HttpSettings {
            connections: ConnectionBounds {
                most,
                most_per_client,
                ..ConnectionBounds::default()
            },
            trusted_proxies: proxies.iter().map(|net| net.parse().unwrap()).collect(),
            ..HttpSettings::default()
        };
        Arc::new(Admission::new(Arc::new(ArcSwap::from_pointee(settings))))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_client_has_its_share_and_no_more() {
        let door = admission(10, 2, &["10.0.0.0/8"]);
        let first = door.admit(ip("1.2.3.4")).unwrap();
        let _second = door.admit(ip("::ffff:1.2.3.4")).unwrap();
        assert!(door.admit(ip("1.2.3.4")).is_none());
        let _other = door.admit(ip("1.2.3.5")).unwrap();
        drop(first);
        let _third = door.admit(ip("1.2.3.4")).unwrap();
        let of_proxy: Vec<_> = (0..5).map(|_| door.admit(ip("10.0.0.1"))).collect();
        assert!(of_proxy.iter().all(Option::is_some));
    }

    #[test]
    fn hosts_of_one_network_of_64_bits_are_one_client() {
        let door = admission(10, 1, &[]);
        let _first = door.admit(ip("2001:db8:1:2::1")).unwrap();
        assert!(door.admit(ip("2001:db8:1:2:ffff::1")).is_none());
        assert!(door.admit(ip("2001:db8:1:3::1")).is_some());
    }

    #[tokio::test]
    async fn a_full_house_waits_for_somebody_to_leave() {
        let door = admission(1, 1, &[]);
        let pass = door.admit(ip("1.2.3.4")).unwrap();
        assert!(door.room().now_or_never().is_none());
        drop(pass);
        assert!(door.room().now_or_never().is_some());
        assert!(door.counts.lock().by_client.is_empty());
    }
}
