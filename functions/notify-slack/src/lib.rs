//! notify-slack forwards every alarm and report to Slack: once, readable, and never lost. What
//! arrives is understood ([`understand`]), kept in the table until it is told ([`outbox`]),
//! planned ([`plan`]), drawn ([`render`]) and sent ([`deliver`]).

#[cfg(feature = "aws")]
pub mod bedtime;
pub mod choices;
#[cfg(feature = "aws")]
pub mod context;
#[cfg(feature = "aws")]
pub mod deliver;
pub mod draft;
#[cfg(feature = "aws")]
pub mod handle;
#[cfg(feature = "aws")]
pub mod outbox;
#[cfg(feature = "aws")]
pub mod picture;
pub mod plan;
pub mod render;
pub mod scene;
pub mod signal;
#[cfg(feature = "aws")]
pub mod slack;
#[cfg(feature = "aws")]
pub mod tick;
pub mod understand;
