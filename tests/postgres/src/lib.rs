//! A PostgreSQL on loopback with SCRAM, TLS and a log of every statement, for the tests of one process.
//! It ends with the process that started it, however that ends.
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> anyhow::Result<()> {
//! use nightshift_postgres::Postgres;
//!
//! let mut server = Postgres::start(&[("max_connections", "20")]).await?;
//! // For what is tested: server.admin_url(), server.authority().
//! server.restart().await?;
//! server.kill().await?;
//! server.up().await?;
//! assert!(!server.log()?.contains("canary"));
//! # Ok(()) }
//! ```
//!
//! The server is Debian's: the one that is installed, or one fetched with `apt-get download` into
//! `target/tools/postgresql`, which changes nothing outside it. As root it runs as `nobody`, because it
//! refuses to run as root.

mod certificates;
mod fetch;
mod find;
mod server;

pub use certificates::Authority;
pub use server::Postgres;

/// The server's program; fetched, where there is none. Tests do so by themselves, but unheard.
///
/// # Errors
/// When there is none and none can be fetched, with what to do.
pub fn fetched() -> anyhow::Result<std::path::PathBuf> {
    Ok(find::Programs::find()?.program("postgres"))
}
