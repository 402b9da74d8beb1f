//! An AWS in memory: the requests are the SDK's own bytes, the answers are the real wire format, and
//! databases take their minutes. No socket, no thread and no clock: time is handed in, and
//! everything random comes from one seed.
//!
//! [`world::World`] is the whole of it. One service is one file under [`services`] with a row in
//! [`services::ALL`]; what AWS does by itself later stands in the world's agenda. With the feature
//! `front` it can be served over HTTP, on a clock: that part stands around the world, not in it.

pub mod call;
#[cfg(feature = "front")]
pub mod front;
pub mod hash;
pub mod load;
pub mod policy;
pub mod rates;
pub mod services;
pub mod wire;
pub mod world;
