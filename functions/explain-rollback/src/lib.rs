//! explain-rollback says why a deployment failed, what is running now and what to look at, before
//! the evidence is gone. It changes nothing in AWS. Read [`plan`] first: it decides what is told
//! when; [`verdict`] is the table of causes.

#[cfg(feature = "aws")]
pub mod act;
pub mod changes;
#[cfg(feature = "aws")]
pub mod context;
#[cfg(feature = "aws")]
pub mod estates;
#[cfg(feature = "aws")]
pub mod handle;
#[cfg(feature = "aws")]
pub mod look;
#[cfg(test)]
mod made;
pub mod mask;
#[cfg(feature = "aws")]
pub mod observe;
pub mod plan;
pub mod snapshot;
pub mod verdict;
