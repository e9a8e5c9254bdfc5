//! Connections: accepted, counted, served, ended.
//!
//! Whoever has no password of ours can still open connections, and be slow on them. So every connection is counted, in
//! all and by its client ([`admission`]); a request's head has to come within [`ConnectionBounds::head_within`], and its
//! body at a steady pace ([`arriving`]).

mod admission;
mod arriving;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use futures_util::future::{Either, select};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::Service;
use weir_core::units::DurationMs;

use super::Front;
use super::settings::HttpSettings;
use admission::{Admission, Pass};
use arriving::{Arriving, Held};
pub(super) use arriving::{BodyFault, fault_of};

/// Pause after the system could not give us a connection: too many open files pass, but not at once.
const ACCEPT_PAUSE: DurationMs = DurationMs::secs(1);

/// What connections may take of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionBounds {
    /// Connections at once; further ones wait until one ends. Default 16,384.
    pub most: u32,
    /// Connections at once of one address, a trusted proxy's excepted; further ones are closed. Default 4,096.
    pub most_per_client: u32,
    /// From when a connection has nothing to do until the head of its next request is whole. Default 75 s.
    pub head_within: DurationMs,
}

impl Default for ConnectionBounds {
    fn default() -> Self {
        Self {
            most: 16_384,
            most_per_client: 4_096,
            head_within: DurationMs::secs(75),
        }
    }
}

/// Serves until `stop`; ends when the last request under way is answered.
pub async fn serve(
    listener: TcpListener,
    front: Front,
    settings: Arc<ArcSwap<HttpSettings>>,
    stop: impl Future<Output = ()>,
) {
    let door = Door {
        front,
        admission: Arc::new(Admission::new(settings.clone())),
        held: Arc::default(),
        settings,
        stopping: watch::Sender::new(()),
    };
    // What is left behind when the stop comes is a connection that was not accepted yet.
    let _ = select(pin!(stop), pin!(door.accept(listener))).await;
    door.stopping.send_replace(());
    door.stopping.closed().await;
}

/// What every connection is served with.
struct Door {
    front: Front,
    admission: Arc<Admission>,
    held: Arc<Held>,
    settings: Arc<ArcSwap<HttpSettings>>,
    /// Every connection has a receiver as long as it lives.
    stopping: watch::Sender<()>,
}

impl Door {
    async fn accept(&self, listener: TcpListener) -> Infallible {
        loop {
            self.admission.room().await;
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    wait_after(&error).await;
                    continue;
                }
            };
            if let Some(pass) = self.admission.admit(peer.ip()) {
                self.open(stream, peer, pass);
            }
        }
    }

    fn open(&self, stream: TcpStream, peer: SocketAddr, pass: Pass) {
        let (front, held) = (self.front.clone(), self.held.clone());
        let answering = service_fn(move |request| answer(&front, request, peer, &held));
        let head_within = self.settings.load().connections.head_within.to_std();
        let mut stopping = self.stopping.subscribe();
        tokio::spawn(async move {
            let _pass = pass;
            // Answers are written whole: there is nothing to wait for.
            let _ = stream.set_nodelay(true);
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(head_within)
                .serve_connection(TokioIo::new(stream), answering);
            let mut connection = pin!(connection);
            let stopped = {
                let stop = pin!(stopping.changed());
                matches!(select(connection.as_mut(), stop).await, Either::Right(_))
            };
            // How a connection ended is its client's affair.
            if stopped {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
            drop(stopping);
        });
    }
}

fn answer(
    front: &Front,
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
    held: &Arc<Held>,
) -> impl Future<Output = Result<Response, Infallible>> + use<> {
    let mut request = request.map(|incoming| match incoming.is_end_stream() {
        true => Body::empty(),
        false => Body::new(Arriving::new(incoming, held.clone())),
    });
    request.extensions_mut().insert(ConnectInfo(peer));
    front.clone().call(request)
}

/// A client that left before it was accepted is no trouble of ours; anything else is, and may pass.
async fn wait_after(error: &std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionReset) {
        return;
    }
    tracing::error!(%error, "cannot accept connections; trying again in {ACCEPT_PAUSE}");
    #[expect(
        clippy::disallowed_methods,
        reason = "the machine is what has to recover, not the fleet"
    )]
    tokio::time::sleep(ACCEPT_PAUSE.to_std()).await;
}
