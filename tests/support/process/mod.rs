//! A server in a process of its own, so that it can be killed as `kill -9` kills: nothing of it is finished.

pub mod clock_file;
pub mod remote_cloud;
mod remote_words;

use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::Instant;

/// Longest time a start may take, on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);
const SIGKILL: i32 = 9;
/// Lines of its log shown when a test fails.
const SHOWN: usize = 40;

/// A running server; killed when this is dropped.
pub struct ServerProcess {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl ServerProcess {
    /// Starts a program that will listen at `address`; what it says is added to the file `log`.
    pub fn start(mut command: Command, address: SocketAddr, log: &Path) -> Self {
        let output = || {
            std::fs::File::options()
                .create(true)
                .append(true)
                .open(log)
                .unwrap()
        };
        let child = command
            .stdin(Stdio::null())
            .stdout(output())
            .stderr(output())
            .kill_on_drop(true)
            .spawn();
        Self {
            child: child.unwrap(),
            address,
            log: log.to_owned(),
        }
    }

    /// Waits until it answers that it is ready, or is dead.
    ///
    /// # Panics
    /// It takes too long.
    pub async fn ready(&mut self) {
        let deadline = Instant::now() + READY_WITHIN;
        let url = format!("http://{}/readyz", self.address);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        while self.child.try_wait().unwrap().is_none() {
            let answer = http.get(&url).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "it is not ready:\n{}",
                self.said()
            );
            #[expect(
                clippy::disallowed_methods,
                reason = "the pause of a loop that waits for another program"
            )]
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until it is dead.
    ///
    /// # Panics
    /// It ended by itself instead of being killed.
    pub async fn killed(&mut self) {
        let status = self.child.wait().await.unwrap();
        let signal = status.signal();
        assert_eq!(
            signal,
            Some(SIGKILL),
            "it ended with {status}:\n{}",
            self.said()
        );
    }

    /// Kills it where it stands.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// The newest lines of its log.
    pub fn said(&self) -> String {
        newest(&self.log)
    }
}

impl Drop for ServerProcess {
    /// Its port is free when this has returned.
    fn drop(&mut self) {
        // It fails only when the process has ended.
        let _ = self.child.start_kill();
        while matches!(self.child.try_wait(), Ok(None)) {
            std::thread::yield_now();
        }
    }
}

/// The newest lines of a log.
pub(crate) fn newest(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(SHOWN)..].join("\n")
}
