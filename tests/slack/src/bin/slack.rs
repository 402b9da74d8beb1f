//! The local Slack alone, to look at and to try requests on: `slack --help`.

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use nightshift_slack::{Clock, Options, Rates, Slack};

const HELP: &str = "\
A Slack on a loopback port, until Ctrl-C.

  --port N         the port [any that is free]
  --channel NAME   a channel that the app was invited to; again for more [ops, alerts]
  --zone NAME      in which zone the page tells times [UTC]
  --rates          keep Slack's rates: one message a second and channel, 50 updates a minute
";

fn wanted(mut words: impl Iterator<Item = String>) -> Result<Option<Options>> {
    let mut options = Options {
        clock: Clock::set_to(now()),
        ..Options::default()
    };
    let mut channels = Vec::new();
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("{word} what?"));
        match word.as_str() {
            "--help" => return Ok(None),
            "--port" => options.port = value()?.parse().context("--port")?,
            "--channel" => channels.push(value()?),
            "--zone" => options.zone = TimeZone::get(&value()?).context("--zone")?,
            "--rates" => options.rates = Some(Rates::default()),
            other => bail!("{other} is not known\n\n{HELP}"),
        }
    }
    if !channels.is_empty() {
        options.channels = channels;
    }
    Ok(Some(options))
}

#[expect(
    clippy::disallowed_methods,
    reason = "who looks at the page lives in the machine's time"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

#[tokio::main]
async fn main() -> Result<()> {
    let Some(options) = wanted(std::env::args().skip(1))? else {
        print!("{HELP}");
        return Ok(());
    };
    let channel = options.channels.first().cloned().unwrap_or_default();
    let slack = Slack::with(options).await?;
    println!("page     {}", slack.page(&channel));
    println!("api      {}", slack.api());
    println!("token    {}", slack.token());
    println!("webhook  {}", slack.webhook(&channel));
    println!(
        "\ncurl -H 'Authorization: Bearer {}' -d channel={channel} -d text='*Good night*' {}/chat.postMessage",
        slack.token(),
        slack.api()
    );
    tokio::signal::ctrl_c().await?;
    Ok(())
}
