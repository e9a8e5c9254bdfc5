//! What a server under test logged. A WARN or an ERROR that nobody announced fails the test.

use std::fmt::Write;
use std::sync::Arc;

use parking_lot::Mutex;
use tracing::field::{Field, Visit};
use tracing::{Dispatch, Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

/// Set: lines are printed as they come.
const PRINT: &str = "WEIR_TEST_LOG";
/// Lines shown when a test fails.
const SHOWN: usize = 60;

#[derive(Default)]
struct Book {
    lines: Vec<(Level, String)>,
    expected: Vec<String>,
}

/// The log of one server, over all its restarts.
#[derive(Clone, Default)]
pub struct Logs(Arc<Mutex<Book>>);

impl Logs {
    /// For the threads of the server.
    pub(crate) fn dispatch(&self) -> Dispatch {
        Dispatch::new(tracing_subscriber::registry().with(Capture(self.clone())))
    }

    /// Lines of WARN and ERROR with this part are wanted.
    pub fn expect(&self, part: &str) {
        self.0.lock().expected.push(part.to_owned());
    }

    /// Lines with this part, oldest first.
    pub fn with(&self, part: &str) -> Vec<String> {
        let book = self.0.lock();
        let lines = book.lines.iter().filter(|(_, line)| line.contains(part));
        lines.map(|(_, line)| line.clone()).collect()
    }

    /// WARNs and ERRORs that nobody announced.
    pub fn unexpected(&self) -> Vec<String> {
        let book = self.0.lock();
        let wanted = |line: &str| book.expected.iter().any(|part| line.contains(part));
        let grave = |level: &Level| *level <= Level::WARN;
        let lines = book.lines.iter();
        lines
            .filter(|(level, line)| grave(level) && !wanted(line))
            .map(|(_, line)| line.clone())
            .collect()
    }

    /// The newest lines.
    pub(crate) fn tail(&self) -> String {
        let book = self.0.lock();
        let skipped = book.lines.len().saturating_sub(SHOWN);
        let lines = book.lines.iter().skip(skipped);
        lines.fold(String::new(), |text, (_, line)| text + line + "\n")
    }
}

struct Capture(Logs);

impl<S: Subscriber> Layer<S> for Capture {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let meta = event.metadata();
        // Libraries warn of slow machines; what matters here is what the server itself says.
        if *meta.level() > Level::INFO || !meta.target().starts_with("weir") {
            return;
        }
        let mut line = Line(meta.level().to_string());
        event.record(&mut line);
        if std::env::var_os(PRINT).is_some() {
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{}\n", line.0));
        }
        self.0.0.lock().lines.push((*meta.level(), line.0));
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}
