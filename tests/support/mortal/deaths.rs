//! The points a server passes, and the one at which it dies.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use parking_lot::Mutex;
use rustix::process::{Signal, getpid, kill_process};
use weir_core::ids::NodeId;
use weir_core::node::Role;

use super::names::Names;

/// Notes the points and kills this process at one of them.
pub struct Deaths {
    die_at: Option<String>,
    passed: Mutex<Passed>,
}

struct Passed {
    known: BTreeSet<String>,
    book: File,
    names: Names,
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
                names: Names::default(),
            }),
        })
    }

    /// Passes the points before and after a step that is all of this.
    pub(super) async fn around<T>(&self, what: &[String], step: impl Future<Output = T>) -> T {
        self.pass("before", what);
        let done = step.await;
        self.pass("after", what);
        done
    }

    /// The node's name in points, a new one when it was not heard of yet.
    pub(super) fn name(&self, id: &NodeId, role: Role) -> String {
        self.passed.lock().names.of(id, role)
    }

    /// The node's name in points.
    pub(super) fn known_name(&self, id: &NodeId) -> String {
        self.passed.lock().names.known(id)
    }

    fn pass(&self, when: &str, what: &[String]) {
        let mut passed = self.passed.lock();
        for step in what {
            let point = format!("{when} {step}");
            if !passed.known.insert(point.clone()) {
                continue;
            }
            writeln!(passed.book, "{point}").expect("the book of points can be written");
            if self.die_at.as_ref() == Some(&point) {
                kill_process(getpid(), Signal::KILL).expect("a process may kill itself");
            }
        }
    }
}
