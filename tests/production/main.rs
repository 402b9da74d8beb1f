//! scale-production as built, deployed from the real template, on a local AWS: a week with a holiday,
//! what people send by hand, what holds back, and a function that dies at any call.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests are tests as well"
)]

mod brakes;
mod by_hand;
mod killed;
mod week;
