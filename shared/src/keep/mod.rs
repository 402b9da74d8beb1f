//! Keeping estates as their calendar says. What all functions that do so have in common stands here
//! once: commands, documents, leases, the look, orders, telling. What differs is what a `Keeper`
//! brings, its plan above all.

#[cfg(feature = "keep")]
mod act;
#[cfg(feature = "keep")]
mod ask;
pub mod command;
#[cfg(feature = "keep")]
mod context;
pub mod estates;
#[cfg(feature = "keep")]
mod handle;
#[cfg(feature = "keep")]
mod keeper;
#[cfg(feature = "keep")]
mod look;
pub mod matters;
#[cfg(feature = "keep")]
mod orders;
pub mod plan;
pub mod section;
#[cfg(feature = "keep")]
mod tell;
#[cfg(feature = "keep")]
mod treat;

#[cfg(feature = "keep")]
pub use self::{
    act::Page,
    context::{Context, Function, Settings},
    handle::handle,
    keeper::{Keeper, Known, View},
    look::Ground,
};
