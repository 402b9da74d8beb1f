//! notify-slack forwards every alarm and report to Slack: once, readable, and never lost. What
//! arrives is understood ([`understand`]), kept in the table until it is told, planned ([`plan`])
//! and drawn ([`render`]).

pub mod draft;
pub mod scene;
pub mod signal;
