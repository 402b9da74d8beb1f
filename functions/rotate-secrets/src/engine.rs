//! What makes a database know a new secret, and proves that it does.

#[cfg(feature = "aws")]
pub mod atlas;
pub mod postgres;
