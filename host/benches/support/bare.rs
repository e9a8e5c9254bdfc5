//! A floor on a socket.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;

use crate::server::Process;

/// Serves on loopback as axum does by itself, until the process ends.
pub fn serve(process: &Process, floor: Router) -> anyhow::Result<SocketAddr> {
    let listener = process.runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    process
        .runtime
        .spawn(async move { axum::serve(listener, floor).await });
    Ok(address)
}
