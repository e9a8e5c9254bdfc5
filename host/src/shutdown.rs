//! The end of the process and the reload of its settings, as the system asks for them.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Tells every task that it is to end. Cheap to clone; whoever holds one may ask for the end.
#[derive(Debug, Clone)]
pub struct Shutdown {
    sender: watch::Sender<bool>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// One that nothing triggers but [`Shutdown::request`].
    pub fn new() -> Self {
        Self {
            sender: watch::Sender::new(false),
        }
    }

    /// One that SIGINT and SIGTERM trigger. A second such signal ends the process at once, with exit code 130: a
    /// person who asks twice does not want to wait.
    ///
    /// # Errors
    /// The system refuses to tell this process of signals. Must be called on a runtime.
    pub fn on_signals() -> io::Result<Self> {
        let shutdown = Self::new();
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let asked = shutdown.clone();
        tokio::spawn(async move {
            either(&mut interrupt, &mut terminate).await;
            tracing::info!("ending: finishing what is under way; once more ends at once");
            asked.request();
            either(&mut interrupt, &mut terminate).await;
            std::process::exit(130);
        });
        Ok(shutdown)
    }

    /// Asks every task to end. Asking again changes nothing.
    pub fn request(&self) {
        self.sender.send_replace(true);
    }

    /// The end was asked for.
    pub fn is_requested(&self) -> bool {
        *self.sender.borrow()
    }

    /// For a task: turns `true` when the end is asked for.
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.sender.subscribe()
    }

    /// Waits until the end is asked for; at once when it was already.
    pub async fn requested(&self) {
        // Cannot fail: this very value holds a sender.
        let _ = self.watch().wait_for(|asked| *asked).await;
    }
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

/// Requests to read the settings again (SIGHUP). Once made, that signal no longer ends the process.
#[derive(Debug)]
pub struct Reloads {
    signal: Signal,
}

impl Reloads {
    /// Starts listening.
    ///
    /// # Errors
    /// The system refuses to tell this process of signals. Must be called on a runtime.
    pub fn on_signal() -> io::Result<Self> {
        Ok(Self {
            signal: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next request; several that came meanwhile count as one.
    pub async fn next(&mut self) {
        if self.signal.recv().await.is_none() {
            // No more signals will come: there is nothing to wait for.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Shutdown;

    #[tokio::test]
    async fn everybody_hears_of_the_end_early_or_late() {
        let shutdown = Shutdown::new();
        let mut early = shutdown.watch();
        assert!(!shutdown.is_requested());
        shutdown.request();
        shutdown.request();
        early
            .wait_for(|asked| *asked)
            .await
            .map(drop)
            .expect("the sender lives");
        assert!(*shutdown.watch().borrow(), "a late one hears it too");
        shutdown.clone().requested().await;
    }
}
