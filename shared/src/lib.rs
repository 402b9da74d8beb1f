//! What the five functions stand on. The pure modules (configuration, calendar, ledger,
//! report) compile without any AWS client; each client hides behind a feature of its own.

pub mod calendar;
