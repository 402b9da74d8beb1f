//! What the function writes to its log, read for secrets and for the heartbeat. Each thread plays
//! one run at a time, so what it writes belongs to that run.

use std::{cell::RefCell, io};

use nightshift::lambda;
use tracing::{Level, subscriber::DefaultGuard};

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static METRICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Keep;

impl io::Write for Keep {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Collects this thread's log lines, in the form that Lambda gets, until the guard is dropped.
#[must_use]
pub fn collect() -> DefaultGuard {
    let subscriber = lambda::logs_to(|| Keep, Level::INFO);
    tracing::subscriber::set_default(subscriber)
}

/// Collects a line of metrics.
pub fn metrics(line: &str) {
    METRICS.with_borrow_mut(|metrics| metrics.push(line.to_owned()));
}

/// The log since it was last taken.
#[must_use]
pub fn take() -> String {
    let bytes = LINES.take();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The lines of metrics since they were last taken.
#[must_use]
pub fn take_metrics() -> Vec<String> {
    METRICS.take()
}
