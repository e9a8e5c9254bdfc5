//! What the process logs, kept in memory.

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tracing_subscriber::EnvFilter;

static LOG: OnceLock<Log> = OnceLock::new();

/// Everything logged so far by this process, at the finest level.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Starts to listen, once for the process.
    pub fn listen() -> Self {
        LOG.get_or_init(|| {
            let log = Log::default();
            let writer = log.clone();
            let listening = tracing_subscriber::fmt()
                .with_env_filter(EnvFilter::new(
                    "warn,weir=trace,tower_http=trace,axum=trace",
                ))
                .with_ansi(false)
                .with_writer(move || writer.clone())
                .try_init();
            listening.expect("nobody else listens in this process");
            log
        })
        .clone()
    }

    /// Its lines.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
