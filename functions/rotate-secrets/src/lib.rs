//! rotate-secrets replaces secrets on schedule, and no task that runs ever holds one that does not
//! work. Read [`plan`] first: it decides what is done when. [`value`] makes, reads and compares
//! secrets; [`engine`] has the databases know them.

#[cfg(feature = "aws")]
pub mod act;
#[cfg(feature = "aws")]
pub mod context;
#[cfg(feature = "aws")]
pub mod dial;
#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "aws")]
pub mod estates;
#[cfg(feature = "aws")]
pub mod facts;
#[cfg(feature = "aws")]
pub mod handle;
#[cfg(feature = "aws")]
pub mod held;
#[cfg(feature = "aws")]
pub mod look;
#[cfg(feature = "aws")]
pub mod observe;
pub mod plan;
#[cfg(feature = "sabotage")]
pub mod sabotage;
pub mod snapshot;
#[cfg(feature = "aws")]
pub mod store;
#[cfg(feature = "aws")]
pub mod tell;
pub mod users;
pub mod value;
