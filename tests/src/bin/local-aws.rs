//! A local AWS with the functions, three estates that sleep and one that gets smaller, their documents, the
//! secrets of two, and a local Slack, for trying things out: `make local`.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use nightshift_slack::{Clock, Options, Slack};
use nightshift_tests::alarms;
use nightshift_tests::aws::REGION;
use nightshift_tests::estates;
use nightshift_tests::local::LocalAws;
use nightshift_tests::rotation;
use nightshift_tests::secrets::{Secrets, an_atlas};
use nightshift_tests::stage::Stage;

#[tokio::main]
async fn main() -> Result<()> {
    // Whatever ends first: what is dropped here takes everything that was started with it.
    tokio::select! {
        ended = serve() => ended,
        _ = tokio::signal::ctrl_c() => {
            println!("\nStopped. Nothing is left running.");
            Ok(())
        }
    }
}

async fn serve() -> Result<()> {
    println!("Starting MiniStack, moto and a Slack…");
    let local = LocalAws::start().await?;
    let slack = a_slack().await?;
    println!("Deploying template.yaml…");
    let atlas = an_atlas().await?;
    let deployment = rotation::deployment(&atlas).with("SlackUrl", &slack.url());
    local
        .put_secret("/nightshift/slack/token", &slack.token())
        .await?;
    let stage = Stage::on(local, &deployment).await?;
    println!("Creating the estates and their documents…");
    let all = [&estates::ALL[..], &[estates::PRODUCTION]].concat();
    stage.furnish(&all).await?;
    alarms::make_brakes(&stage.local.aws).await?;
    let _secrets = Secrets::make(&stage.local, &atlas).await?;
    println!("\n{}", stage.local.snapshot().await?);
    println!("What people see in Slack: {}\n", slack.url());
    tell_how(&stage, &slack);
    println!("Ctrl-C ends it.");
    std::future::pending().await
}

/// A Slack with the machine's time.
async fn a_slack() -> Result<Slack> {
    #[expect(
        clippy::disallowed_methods,
        reason = "who looks at the page lives in the machine's time"
    )]
    let clock = Clock::of(Timestamp::now);
    let zone = TimeZone::get("Asia/Tokyo").context("the time zone of the estates")?;
    let options = Options {
        clock,
        zone,
        ..Options::default()
    };
    Slack::with(options).await
}

/// The lines to paste into another terminal.
fn tell_how(stage: &Stage, slack: &Slack) {
    let (deployed, endpoint) = (&stage.stack, stage.local.endpoint());
    println!("In another terminal, in this directory:\n");
    println!("  export PATH=\"$PWD/.venv/bin:$PATH\" AWS_ENDPOINT_URL={endpoint} \\");
    println!("         AWS_REGION={REGION} AWS_DEFAULT_REGION={REGION} \\");
    println!("         AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \\");
    println!(
        "         NIGHTSHIFT_MODE=act NIGHTSHIFT_ALLOW_AT=true NIGHTSHIFT_TABLE={} \\",
        deployed.table
    );
    println!(
        "         NIGHTSHIFT_TOPIC_ARN={} NIGHTSHIFT_SLACK_URL={}",
        deployed.topic,
        slack.url()
    );
    let functions = [
        ("power-staging", &deployed.function, "status"),
        ("scale-production", &deployed.slimmer, "night"),
        ("explain-rollback", &deployed.explainer, "explain"),
        ("rotate-secrets", &deployed.rotator, "adopt"),
        ("notify-slack", &deployed.notifier, "alarm-cpu-eventbridge"),
    ];
    println!("\nThe deployed functions:\n");
    for (_, function, sample) in functions {
        println!(
            "  cargo lambda invoke --remote --endpoint-url {endpoint} {function} --data-file events/{sample}.json"
        );
    }
    println!(
        "\nA night of production, played: a look by day, one when it closes, one a minute later.\n"
    );
    for at in ["21:40", "22:00", "22:01"].map(|time| format!("2027-01-08T{time}:00+09:00")) {
        println!(
            "  cargo lambda invoke --remote --endpoint-url {endpoint} {} --data-ascii '{{\"command\":\"reconcile\",\"at\":\"{at}\"}}'",
            deployed.slimmer
        );
    }
    println!(
        "\nA signing key of production, replaced: asked for once it is adopted, then looked at until its services have it.\n"
    );
    for sample in ["adopt", "rotate", "reconcile", "revert", "leaked", "status"] {
        println!(
            "  cargo lambda invoke --remote --endpoint-url {endpoint} {} --data-file events/{sample}.json",
            deployed.rotator
        );
    }
    println!("\nThe sources, built anew whenever they change, one of the five at a time:\n");
    for (function, _, sample) in functions {
        println!("  cargo build --package {function}");
        println!("  cargo lambda watch --package {function} --invoke-address ::1");
        println!("  cargo lambda invoke {function} --data-file events/{sample}.json\n");
    }
}
