//! The simulated cloud with what the examples describe on it, made through its front with the calls
//! that make it on every other AWS.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use jiff::{SignedDuration, Timestamp};
use nightshift_cloud::front::{Front, Options, Program, Stack, serve};
use nightshift_cloud::world::World;
use serde_json::json;

use crate::aws::{Aws, SSM};
use crate::estates::Estate;
use crate::local::root;
use crate::stage::{company, document, parameter};

/// Longer than any database or task takes to be there.
const BEFORE: SignedDuration = SignedDuration::from_hours(2);

/// A function as a template deploys it.
///
/// # Errors
/// When the template cannot be read.
pub fn stack(template: &Path, function: &str) -> Result<Stack> {
    let text = std::fs::read_to_string(template);
    let text = text.with_context(|| template.display().to_string())?;
    Stack::read(&text, function).with_context(|| template.display().to_string())
}

/// A function's binary, with its log in a directory.
#[must_use]
pub fn program(function: &str, binary: PathBuf, logs: &Path) -> Program {
    Program {
        function: function.to_owned(),
        binary,
        log: logs.join(format!("{function}.log")),
    }
}

/// The binary that `make build` leaves of a function.
#[must_use]
pub fn built(function: &str) -> PathBuf {
    root().join(format!("target/lambda/{function}/bootstrap"))
}

/// Serves a world with the stack deployed and these estates made, all of it settled when the clock
/// shows `begin`.
///
/// # Errors
/// When something of it cannot be made.
pub async fn furnished(
    options: Options,
    begin: Timestamp,
    seed: u64,
    stack: &Stack,
    estates: &[Estate],
) -> Result<Front> {
    let mut world = World::new(begin.checked_sub(BEFORE)?, seed);
    stack.deploy(&mut world);
    let front = serve(world, options).await?;
    let aws = Aws::at(front.address.to_string());
    for estate in estates {
        estate.create_at(&aws).await?;
    }
    if !estates.is_empty() {
        // Parameter Store takes three writes in a second; here they all come at once.
        front.with(|world| world.throttles = false);
        put(&aws, "/nightshift/company", &company("en")?).await?;
        for estate in estates {
            put(&aws, &parameter(estate.name), &document(estate.name)?).await?;
        }
        front.with(|world| world.throttles = true);
    }
    let now = front.with(|world| world.now);
    front.skip(begin.duration_since(now));
    // How all of it came to be is nobody's news.
    front.with(|world| {
        world.take_journal();
        world.take_calls();
        world.events.take();
    });
    Ok(front)
}

async fn put(aws: &Aws, name: &str, text: &str) -> Result<()> {
    let input = json!({ "Name": name, "Value": text, "Type": "String" });
    aws.json(SSM, "PutParameter", &input).await?;
    Ok(())
}
