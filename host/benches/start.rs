//! From the start of `weir serve` to its first good answer at `/readyz`, with the built-in policies compiled before.
//!
//! `cargo bench -p weir --no-default-features --bench start`

#![expect(
    clippy::disallowed_methods,
    reason = "a bench paces its load by the machine's time"
)]
#![expect(clippy::print_stdout, reason = "a bench tells its figures")]

#[path = "support/median.rs"]
mod median;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use median::median;

const STARTS: usize = 15;

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let first = start(folder.path())?;
    let later: Vec<f64> = (0..STARTS)
        .map(|_| start(folder.path()))
        .collect::<Result<_, _>>()?;
    println!(
        "start to ready: {:.0} ms with compiled components cached (median of {STARTS}; budget 300 ms); {first:.0} ms the \
         first time",
        median(later)
    );
    Ok(())
}

/// Starts the server and ends it again; how long it took to be ready, ms.
fn start(data: &Path) -> anyhow::Result<f64> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let started = Instant::now();
    let mut server = Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(["serve", "--listen", &address.to_string(), "--data-dir"])
        .arg(data)
        .current_dir(data)
        .stderr(Stdio::null())
        .spawn()?;
    let ready = wait(address, started);
    stop(&mut server)?;
    ready
}

fn wait(address: SocketAddr, started: Instant) -> anyhow::Result<f64> {
    while started.elapsed() < Duration::from_secs(30) {
        if is_ready(address).unwrap_or(false) {
            return Ok(started.elapsed().as_secs_f64() * 1e3);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    anyhow::bail!("the server did not become ready within 30 s")
}

fn is_ready(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer.starts_with(b"HTTP/1.1 200"))
}

/// As a service manager does it.
fn stop(server: &mut Child) -> anyhow::Result<()> {
    if let Some(pid) = rustix::process::Pid::from_raw(i32::try_from(server.id())?) {
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
    }
    server.wait()?;
    Ok(())
}
