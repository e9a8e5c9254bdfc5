//! The points a server passes, and the one at which it dies.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use parking_lot::Mutex;
use rustix::process::{Signal, getpid, kill_process};

/// Notes the points and kills this process at one of them.
pub struct Deaths {
    die_at: Option<String>,
    passed: Mutex<Passed>,
}

struct Passed {
    known: BTreeSet<String>,
    book: File,
}

impl Deaths {
    /// Notes points in `book`; the first passing of `die_at` is the last thing this process does.
    ///
    /// # Errors
    /// The book cannot be written.
    pub fn new(book: &Path, die_at: Option<String>) -> std::io::Result<Self> {
        Ok(Self {
            die_at,
            passed: Mutex::new(Passed {
                known: BTreeSet::new(),
                book: File::options().create(true).append(true).open(book)?,
            }),
        })
    }

    /// Passes the points before and after a step.
    pub(super) async fn around<T>(&self, what: &str, step: impl Future<Output = T>) -> T {
        self.pass(&format!("before {what}"));
        let done = step.await;
        self.pass(&format!("after {what}"));
        done
    }

    fn pass(&self, point: &str) {
        let mut passed = self.passed.lock();
        if !passed.known.insert(point.to_owned()) {
            return;
        }
        writeln!(passed.book, "{point}").expect("the book of points can be written");
        if self.die_at.as_deref() == Some(point) {
            kill_process(getpid(), Signal::KILL).expect("a process may kill itself");
        }
    }
}
