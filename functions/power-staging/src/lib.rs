//! power-staging puts staging to sleep outside business hours and wakes it, in order, exactly as
//! it was. Read [`plan`] first: it is the product. `observe` and `act` are the only modules that
//! know AWS, and [`nightshift::keep`] ties the three together.

#[cfg(feature = "aws")]
pub mod act;
pub mod doctor;
pub mod foresee;
#[cfg(feature = "aws")]
mod keeper;
#[cfg(feature = "aws")]
pub mod observe;
pub mod plan;
#[cfg(feature = "sabotage")]
pub mod sabotage;
pub mod snapshot;

#[cfg(feature = "aws")]
pub use keeper::{Function, PowerStaging};
