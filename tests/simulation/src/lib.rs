//! The functions that keep estates, with the real AWS clients, on the simulated cloud, in virtual time.
//!
//! A [`run::Run`] plays some days of a [`subject::Subject`]'s estates from one seed: [`weather`] makes
//! calls fail and processes die, [`people`] change things in between, rules say what must never happen.
//! [`connector`] is where the clients' requests meet the cloud. What a function brings of its own stands
//! in [`mod@sleep`], [`slim`] and [`rotate`].

pub mod connector;
pub mod logs;
pub mod people;
pub mod places;
pub mod played;
pub mod process;
pub mod rotate;
pub mod rules;
pub mod run;
pub mod sky;
pub mod sleep;
pub mod slim;
pub mod subject;
pub mod template;
pub mod weather;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
