//! `moto_server`: EC2's API on a free loopback port, with unknown images, types and keys refused as EC2 refuses them.
//!
//! It takes a second or two to start and up to 200 MiB. It ignores client tokens and knows no time between states:
//! [`crate::ec2_proxy`] stands before it for that.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;

use crate::ec2_api::{Ec2Api, REGION};
use crate::parts;

/// Longest time a start may take, on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// It ends when its standard input does: also when the test is killed.
const PROGRAM: &str = "import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(['-H', '127.0.0.1', '-p', '0'])";

/// Switches that make it refuse what EC2 refuses, and start without a catalogue of images.
const STRICT: [(&str, &str); 4] = [
    ("MOTO_EC2_LOAD_DEFAULT_AMIS", "false"),
    ("MOTO_ENABLE_AMI_VALIDATION", "true"),
    ("MOTO_ENABLE_KEYPAIR_VALIDATION", "true"),
    ("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "true"),
];

/// A running server; it ends when this is dropped.
pub struct Moto {
    child: Child,
    url: String,
    _folder: TempDir,
}

impl Moto {
    /// Starts an empty cloud and waits until it answers.
    ///
    /// # Panics
    /// It is not installed, or does not start.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let output = std::fs::File::create(&log).unwrap();
        let child = Command::new(parts::moto_python())
            .args(["-c", PROGRAM])
            .envs(STRICT)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(output)
            .spawn()
            .unwrap();
        let mut moto = Self {
            child,
            url: String::new(),
            _folder: folder,
        };
        moto.url = moto.listening(&log).await;
        moto.api().must("DescribeRegions", &[]).await;
        moto
    }

    /// The address that it says it listens on.
    async fn listening(&mut self, log: &Path) -> String {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let said = std::fs::read_to_string(log).unwrap();
            let url = said
                .lines()
                .find_map(|line| line.split(" * Running on ").nth(1));
            if let Some(url) = url {
                return url.trim().to_owned();
            }
            let ended = self.child.try_wait().unwrap();
            let over = Instant::now() > deadline;
            assert!(
                ended.is_none() && !over,
                "moto does not start: {ended:?}\n{said}"
            );
            #[expect(
                clippy::disallowed_methods,
                reason = "the pause of a loop that waits for another program"
            )]
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Where it listens, no slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its API in the tutorial's region, without anything between.
    pub fn api(&self) -> Ec2Api {
        Ec2Api::new(&self.url, REGION)
    }

    /// Empties it, and fixes the ids that it makes from now on.
    pub async fn reset(&self, seed: u32) {
        for path in ["reset".to_owned(), format!("seed?a={seed}")] {
            let request = reqwest::Client::new().post(format!("{}/moto-api/{path}", self.url));
            let answer = request.send().await.unwrap();
            assert!(answer.status().is_success(), "{path}: {answer:?}");
        }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // Both fail only when it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
