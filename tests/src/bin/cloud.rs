//! The simulated cloud over HTTP, to play with: `make cloud`, or `cloud --help`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use jiff::Timestamp;
use nightshift_cloud::front::{Front, Options, Program, Target, deliver};
use nightshift_tests::aws::REGION;
use nightshift_tests::cloud::{furnished, program, stack};
use nightshift_tests::estates;
use nightshift_tests::local::root;

/// The function that runs here.
const FUNCTION: &str = "power-staging";

const HELP: &str = "\
The simulated cloud on a loopback port, until Ctrl-C.

  --port N           the port [any that is free]
  --speed N          the world's seconds in a second [1]
  --begin INSTANT    what the world's clock shows at first [2027-06-04T17:50:00+09:00]
  --seed N           where everything random comes from [1]
  --estates          with the three estates of the examples and their documents
  --template FILE    whose rules, schedule and permissions hold [template.yaml]
  --run BOOTSTRAP    starts this binary of power-staging and lets it ask here for its events
  --invoke URL       posts ticks and events there, where `cargo lambda watch` listens for instance
";

#[derive(Debug)]
struct Wanted {
    options: Options,
    begin: Timestamp,
    seed: u64,
    estates: bool,
    template: PathBuf,
    run: Option<PathBuf>,
    invoke: Option<String>,
}

impl Wanted {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Option<Self>> {
        let mut wanted = Self {
            options: Options::default(),
            begin: "2027-06-04T17:50:00+09:00".parse()?,
            seed: 1,
            estates: false,
            template: root().join("template.yaml"),
            run: None,
            invoke: None,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} what?"));
            match word.as_str() {
                "--help" => return Ok(None),
                "--port" => wanted.options.port = value()?.parse().context("--port")?,
                "--speed" => wanted.options.speed = value()?.parse().context("--speed")?,
                "--begin" => wanted.begin = value()?.parse().context("--begin")?,
                "--seed" => wanted.seed = value()?.parse().context("--seed")?,
                "--estates" => wanted.estates = true,
                "--template" => wanted.template = value()?.into(),
                "--run" => wanted.run = Some(value()?.into()),
                "--invoke" => wanted.invoke = Some(value()?),
                other => bail!("{other} is not known\n\n{HELP}"),
            }
        }
        let speed = wanted.options.speed;
        ensure!(
            speed.is_finite() && speed > 0.0,
            "--speed must be above zero"
        );
        let both = wanted.run.is_some() && wanted.invoke.is_some();
        ensure!(!both, "--run or --invoke, not both");
        Ok(Some(wanted))
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let Some(wanted) = Wanted::read(std::env::args().skip(1))? else {
        print!("{HELP}");
        return Ok(());
    };
    // Whatever ends first: what is dropped here takes everything that was started with it.
    tokio::select! {
        ended = play(wanted) => ended,
        _ = tokio::signal::ctrl_c() => {
            println!("\nStopped. Nothing is left running.");
            Ok(())
        }
    }
}

async fn play(wanted: Wanted) -> Result<()> {
    let stack = stack(&wanted.template, FUNCTION)?;
    let made: &[_] = if wanted.estates { &estates::ALL } else { &[] };
    let front = furnished(wanted.options, wanted.begin, wanted.seed, &stack, made).await?;
    let logs = root().join("target/cloud");
    std::fs::create_dir_all(&logs).with_context(|| logs.display().to_string())?;
    let binary = wanted.run.clone().unwrap_or_default();
    let program = program(FUNCTION, binary, &logs);
    introduce(&front, &program, &wanted);
    let target = match (&wanted.run, wanted.invoke) {
        (Some(_), _) => Target::Process,
        (None, Some(url)) => Target::Url(url),
        (None, None) => Target::Nobody,
    };
    tokio::select! {
        ended = deliver(&front, &stack, &target, |line| println!("{line}")) => ended,
        ended = keep_running(&front, &program), if wanted.run.is_some() => ended,
    }
}

/// Lambda starts a process anew when the one before is gone.
async fn keep_running(front: &Front, program: &Program) -> Result<()> {
    loop {
        let status = program.run(front).await?;
        println!("{} ended: {status}", program.binary.display());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn introduce(front: &Front, program: &Program, wanted: &Wanted) {
    let endpoint = front.endpoint();
    let function = &program.function;
    println!(
        "The simulated cloud answers at {endpoint}. In another terminal, in this directory:\n"
    );
    println!("  export PATH=\"$PWD/.venv/bin:$PATH\" AWS_ENDPOINT_URL={endpoint} \\");
    println!("         AWS_REGION={REGION} AWS_DEFAULT_REGION={REGION} \\");
    println!("         AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test");
    if wanted.run.is_some() {
        println!(
            "  cargo lambda invoke --remote --endpoint-url {endpoint} {function} --data-file events/status.json"
        );
        println!(
            "\n{function} runs on it; its log is {}.",
            program.log.display()
        );
    } else {
        println!("\nAnd for a function, so that its policy applies:\n");
        let environment = program.environment(front).into_iter();
        let own = environment
            .filter(|(name, _)| name.starts_with("NIGHTSHIFT_") || *name == "AWS_ACCESS_KEY_ID");
        let own: Vec<String> = own.map(|(name, value)| format!("{name}={value}")).collect();
        println!("  export {}", own.join(" \\\n         "));
    }
    println!("\nCtrl-C ends it.\n");
}
