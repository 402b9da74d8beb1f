//! What makes a database know a new secret, and proves that it does.

pub mod postgres;
