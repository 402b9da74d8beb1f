//! power-staging puts staging to sleep outside business hours and wakes it, in order, exactly as
//! it was. Read [`plan`] first: it is the product. `observe` and `act` are the only modules that
//! know AWS, and `look` ties the three together.

#[cfg(feature = "aws")]
pub mod act;
pub mod command;
#[cfg(feature = "aws")]
pub mod context;
pub mod doctor;
pub mod estates;
pub mod foresee;
#[cfg(feature = "aws")]
pub mod handle;
#[cfg(feature = "aws")]
pub mod look;
#[cfg(feature = "aws")]
pub mod observe;
pub mod plan;
#[cfg(feature = "sabotage")]
pub mod sabotage;
pub mod snapshot;
