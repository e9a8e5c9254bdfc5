//! A MariaDB server on a free loopback port, with its data in a temporary folder. It starts in some three seconds and
//! takes about 100 MiB.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::parts;

/// Longest time a start may take, on a busy machine and after a crash.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The server does not run as root.
const NOBODY: u32 = 65_534;
/// Of the user that tests' servers are, with signs that addresses have to escape.
const PASSWORD: [&str; 2] = ["p@ss/w:rd", "p%40ss%2Fw%3Ard"];

/// Files of a server that speaks TLS.
const AUTHORITY: &str = "authority.pem";
const CERTIFICATE: &str = "server.pem";
const KEY: &str = "server-key.pem";

/// The server ends when its standard input does, at once and unready, as by `kill -9`: also when the test is killed.
const MORTAL: &str =
    r#""$@" & server=$!; cat >/dev/null; kill -9 "$server"; wait "$server" 2>/dev/null"#;

/// A server; it ends when this is dropped.
pub struct MariaDb {
    child: Option<Child>,
    port: u16,
    folder: TempDir,
    made: u32,
}

impl MariaDb {
    /// Starts a server without any database.
    ///
    /// # Panics
    /// It is not installed, or does not start.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts one with a certificate for `localhost`, made by an authority of its own.
    pub async fn start_with_tls() -> Self {
        Self::with(make_certificates).await
    }

    /// The file of the authority's certificate.
    pub fn authority(&self) -> String {
        self.folder.path().join(AUTHORITY).display().to_string()
    }

    async fn with(prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        prepare(folder.path());
        // A server that starts clears its folder of other servers' temporary tables.
        let own = folder.path().join("tmp");
        std::fs::create_dir(&own).unwrap();
        if is_root() {
            for folder in [folder.path(), &own] {
                std::os::unix::fs::chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        let mut install = Command::new(parts::installed_by_system("mariadb-install-db"));
        install
            .args(["--no-defaults", "--auth-root-authentication-method=normal"])
            .args(["--skip-test-db", "--skip-name-resolve"])
            .arg("--innodb-log-file-size=8M")
            .arg(format!("--tmpdir={}", own.display()))
            .arg(format!("--datadir={}", data.display()));
        let made = as_nobody(&mut install).stdin(Stdio::null()).output();
        let made = made.unwrap();
        assert!(made.status.success(), "{made:?}");
        let port = free_port();
        let mut server = Self {
            child: None,
            port,
            folder,
            made: 0,
        };
        server.start_again().await;
        server
    }

    /// Starts the server that was killed, on the same port and data.
    pub async fn start_again(&mut self) {
        assert!(self.child.is_none(), "the server runs");
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", MORTAL, "sh"])
            .arg(parts::installed_by_system("mariadbd"))
            .args(["--no-defaults", "--bind-address=127.0.0.1"])
            .args(["--skip-name-resolve", "--performance-schema=OFF"])
            .args(["--innodb-buffer-pool-size=32M", "--innodb-log-file-size=8M"])
            .arg(format!("--port={}", self.port))
            .arg(format!("--datadir={}", path("data")))
            .arg(format!("--tmpdir={}", path("tmp")))
            .arg(format!("--socket={}", path("socket")))
            .arg(format!("--pid-file={}", path("pid")))
            .arg(format!("--log-error={}", path("log")));
        if Path::new(&path(AUTHORITY)).exists() {
            command
                .arg(format!("--ssl-ca={}", path(AUTHORITY)))
                .arg(format!("--ssl-cert={}", path(CERTIFICATE)))
                .arg(format!("--ssl-key={}", path(KEY)));
        }
        as_nobody(&mut command);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
        self.child = Some(child.unwrap());
        let deadline = Instant::now() + READY_WITHIN;
        while MySqlConnection::connect(&self.root()).await.is_err() {
            let log = || std::fs::read_to_string(path("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "it does not start:\n{}", log());
            #[expect(
                clippy::disallowed_methods,
                reason = "the pause of a loop that waits for another program"
            )]
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Kills it where it stands.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    /// Lets it stand still: connections stay, nothing is answered.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = std::fs::read_to_string(self.folder.path().join("pid")).unwrap();
        let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Makes an empty database and answers its address.
    pub async fn database(&mut self) -> String {
        self.made += 1;
        let name = format!("cluster{}", self.made);
        let [plain, escaped] = PASSWORD;
        for statement in [
            format!("CREATE DATABASE {name}"),
            format!("GRANT ALL ON {name}.* TO weir@127.0.0.1 IDENTIFIED BY '{plain}'"),
        ] {
            self.root_says(&statement).await;
        }
        format!("mysql://weir:{escaped}@127.0.0.1:{}/{name}", self.port)
    }

    /// Has the server's owner say something; it lasts as long as the connection.
    pub async fn root_says(&self, statement: &str) -> MySqlConnection {
        let mut root = MySqlConnection::connect(&self.root()).await.unwrap();
        let said = root.execute(AssertSqlSafe(statement.to_owned())).await;
        said.unwrap();
        root
    }

    fn root(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/mysql", self.port)
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

/// An authority, and a certificate by it for this machine's names.
fn make_certificates(folder: &Path) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let of_authority = authority.self_signed(&authority_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let certificate = params.signed_by(&key, &issuer).unwrap();
    for (name, text) in [
        (AUTHORITY, of_authority.pem()),
        (CERTIFICATE, certificate.pem()),
        (KEY, key.serialize_pem()),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

/// A port that nobody listens on. Somebody may take it before it is used; then the start fails and says so.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn as_nobody(command: &mut Command) -> &mut Command {
    command.current_dir(Path::new("/"));
    match is_root() {
        true => command.uid(NOBODY).gid(NOBODY),
        false => command,
    }
}
