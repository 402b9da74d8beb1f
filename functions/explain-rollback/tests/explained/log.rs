//! What the function logs, kept for the tests that read it.

use std::{cell::RefCell, io, sync::Once};

use nightshift::lambda;
use tracing::Level;

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The log of a thread. There is one subscriber for all threads: tracing remembers for the process
/// whether anybody listens to a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log;

impl Log {
    /// Keeps what this thread logs from now on, as Lambda gets it.
    pub(crate) fn keep() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let subscriber = lambda::logs_to(|| Self, Level::INFO);
            tracing::subscriber::set_global_default(subscriber).unwrap();
        });
        LINES.take();
    }

    /// What was logged since.
    pub(crate) fn text() -> String {
        String::from_utf8(LINES.with_borrow(Clone::clone)).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
