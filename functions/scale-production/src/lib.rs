//! scale-production makes production smaller at night and gives the day back in the morning, in
//! time. It never sleeps, and it can grow at any moment, also when this function is dead. Read
//! [`plan`] first: it is the product.

pub mod doctor;
pub mod foresee;
pub mod plan;
pub mod snapshot;
