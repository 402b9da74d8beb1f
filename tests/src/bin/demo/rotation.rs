//! Secrets of production and of r2e are replaced by the deployed function, on a local AWS of its own:
//! its services are rolled in the machine's time, while elsewhere time is played.

use anyhow::Result;
use nightshift_slack::Slack;
use nightshift_tests::local::LocalAws;
use nightshift_tests::rotation;
use nightshift_tests::secrets::an_atlas;
use nightshift_tests::stage::Stage;

use crate::printer::{INDENT, Printer};

/// Plays it; whether all is as it should be.
///
/// # Errors
/// When the local AWS does not start, or the function fails.
pub(super) async fn play(language: &str, slack: &Slack, printer: &mut Printer) -> Result<bool> {
    let local = LocalAws::start().await?;
    local
        .put_secret("/nightshift/slack/token", &slack.token())
        .await?;
    let atlas = an_atlas().await?;
    let deployment = rotation::deployment(&atlas).with("SlackUrl", &slack.url());
    let mut stage = Stage::on(local, &deployment).await?;
    let found = rotation::play(&mut stage, &atlas, language, printer).await?;
    printer.flush();
    println!("\n   Before and after");
    for (fact, good) in &found.facts {
        println!("{INDENT}{} {fact}", if *good { "✓" } else { "✗" });
    }
    Ok(found.is_good())
}
