//! The clock of wall-clock limits: a thread that moves the engine's epoch on by one each millisecond.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wasmtime::Engine;

/// Ticks until dropped.
pub(super) struct Ticker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(engine: &Engine) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (engine, stopped) = (engine.clone(), Arc::clone(&stop));
        let thread = thread::Builder::new()
            .name("policy-epoch".to_owned())
            .spawn(move || tick(&engine, &stopped))?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

fn tick(engine: &Engine, stop: &AtomicBool) {
    let start = Instant::now();
    let mut ticks: u128 = 0;
    while !stop.load(Ordering::Relaxed) {
        thread::park_timeout(Duration::from_millis(1));
        // A late wake-up catches up, so that a busy machine does not stretch the limits.
        let due = start.elapsed().as_millis();
        while ticks < due {
            engine.increment_epoch();
            ticks += 1;
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A thread that only counts cannot fail; there is nothing to do if it did.
            let _ = thread.join();
        }
    }
}
