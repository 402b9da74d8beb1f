//! A Slack on loopback. It answers the Web API and incoming webhooks as Slack documents them, refuses
//! what Slack refuses, goes wrong on command, remembers everything, and shows its channels on a page.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> anyhow::Result<()> {
//! use nightshift_slack::{Slack, Trouble, When};
//!
//! let slack = Slack::start().await?;
//! // For the function: slack.api(), slack.token(), slack.webhook("ops").
//! slack.will(Trouble::Reset(When::After).on("chat.postMessage"));
//! slack.will(Trouble::RateLimited(1).times(2));
//! // … what is tested runs here …
//! assert_eq!(slack.messages("ops").len(), 0);
//! assert_eq!(slack.counts().lost, 0);
//! println!("{}", slack.page("ops"));
//! # Ok(()) }
//! ```
//!
//! What a test does:
//! - **begin**: [`Slack::start`], or [`Slack::with`] [`Options`] for other channels, scopes, rates, a
//!   clock of its own and the zone of the page.
//! - **spoil**: [`Slack::will`] for the next requests, [`Slack::misbehave`] by chance from a seed,
//!   [`Slack::keep_rates`], [`Slack::archive`], [`Slack::renew_token`], [`Slack::refuse_new_files`].
//! - **act as a person**: [`Slack::say`], [`Slack::react`], [`Slack::delete`].
//! - **ask**: [`Slack::messages`], [`Slack::replies`], [`Slack::requests`], [`Slack::counts`], and
//!   [`Slack::until`] to wait for something. A message that was accepted counts as posted, also when
//!   the answer was lost: a client that then sends it again has posted it twice, and the channel shows
//!   it.
//!
//! The page reads markup as strictly as Slack does, so a bold word or a code that Slack would leave as
//! it is written stays so there too; [`as_html`] tells a test the same.
//!
//! By hand: `cargo run -p nightshift-slack -- --help`.
//!
//! Known methods: `auth.test`, `chat.postMessage`, `chat.update`, `files.completeUploadExternal`,
//! `files.getUploadURLExternal`, `reactions.add`, `reactions.get`, `users.info`; uploads as raw bytes;
//! incoming webhooks. Where Slack's documents leave something open, this one is the stricter of what
//! was observed: a message that passes here should pass there.

mod call;
mod check;
mod emoji;
mod html;
mod message;
mod methods;
mod mrkdwn;
mod options;
mod page;
mod rates;
mod receive;
mod seen;
mod serve;
mod slack;
mod trouble;
mod webhook;
mod workspace;

pub use message::{Author, Message, Reaction};
pub use mrkdwn::as_html;
pub use options::{Clock, Options};
pub use rates::Rates;
pub use seen::{Answered, Seen, Token};
pub use slack::Slack;
pub use trouble::{Plan, Trouble, When};
pub use workspace::{Access, Counts};
