//! scale-production makes production smaller at night and gives the day back in the morning, in
//! time. It never sleeps, and it can grow at any moment, also when this function is dead. Read
//! [`plan`] first: it is the product. `observe` and `act` are the only modules that know AWS, and
//! [`nightshift::keep`] ties the three together.

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
pub use keeper::{Function, ScaleProduction};
