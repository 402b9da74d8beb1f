//! Estates 1, 3 and 4 for a night at full CPU and another at the share, then the large one.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};
use jiff::ToSpan as _;
use nightshift_tests::estates;
use nightshift_tests::local::{Deployment, LocalAws, Snapshot};
use nightshift_tests::play::at;
use nightshift_tests::stage;

use super::cold::ColdLook;
use super::cost::{Cost, Measured, Row};
use super::large::{self, Large};
use super::player::Player;
use super::{LOOKS, REFILL, three_working_days};
use crate::endpoint::{Behind, Endpoint};
use crate::function::{Cpu, Function, Program};
use crate::share::Throttle;

/// What estates 1, 3 and 4 cost at one share of a core.
#[derive(Clone, Debug)]
pub(crate) struct Three {
    /// A look at all three by a process that has just started.
    cold: ColdLook,
    /// A tick with nothing due.
    tick: Cost,
    /// A look at all three, awake.
    look: Cost,
    /// From the hour of closing until all is settled.
    sleep: Cost,
    /// From the first wake until all is settled.
    wake: Cost,
}

/// All of it.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    /// Estates 1, 3 and 4.
    three: BTreeMap<Cpu, Three>,
    /// The large one.
    pub(crate) large: Large,
}

impl Played {
    /// Each cost, in the order of the tables.
    pub(crate) fn measured(&self) -> Vec<Measured<'_>> {
        const THREE: [Row<Three>; 4] = [
            ("settled tick", |three| &three.tick),
            ("full look", |three| &three.look),
            ("whole sleep", |three| &three.sleep),
            ("whole wake", |three| &three.wake),
        ];
        let mut measured = Measured::of("estates 1, 3, 4", &self.three, &THREE);
        measured.extend(self.large.measured());
        measured
    }

    /// The cold look at estates 1, 3 and 4 at the share of a core.
    pub(crate) fn cold(&self) -> Option<&ColdLook> {
        self.three.get(&Cpu::Share).map(|three| &three.cold)
    }
}

/// Plays everything.
///
/// # Errors
/// When the local AWS is broken, or something does not end as it should.
pub(crate) async fn play(
    binary: &Path,
    throttle: &Throttle,
    cold_looks: usize,
    directory: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Played> {
    progress("MiniStack and moto start, and template.yaml is deployed");
    let local = LocalAws::start().await?;
    let stack = local.deploy(&Deployment::built()).await?;
    local.gateway.databases_take(LOOKS);
    let behind = Behind::LocalAws(local.gateway.authority());
    let endpoint = Endpoint::listen(behind, directory).await?;
    let staging = |table: &str, prefix: &str| {
        Program::new("power-staging", binary.to_owned(), directory).on(
            &endpoint,
            table,
            &stack.topic,
            prefix,
        )
    };

    progress("estates 1, 3 and 4 are created");
    for estate in estates::ALL {
        estate.create(&local).await?;
        let document = document(estate.cluster, &[estate.database.name().to_owned()]);
        let name = stage::parameter(estate.name);
        local.put_document(&name, &document).await?;
    }
    local
        .put_document("/nightshift/company", &stage::company("en")?)
        .await?;
    let before = local.snapshot().await?;
    let mut day = three_working_days()?;
    let mut three = BTreeMap::new();
    for cpu in [Cpu::Full, Cpu::Share] {
        progress(match cpu {
            Cpu::Full => "a night of estates 1, 3 and 4 at full CPU",
            Cpu::Share => "a night of estates 1, 3 and 4 at the share of 128 MB",
        });
        let program = staging(&stack.table, "/nightshift");
        let function = Function::start(&program, cpu, throttle, &[]).await?;
        let mut player = Player::new(function, &endpoint, REFILL);
        let (tick, look) = player.day(at(day, "17:40")?).await?;
        let cold = ColdLook::measure(
            &program,
            &endpoint,
            cpu,
            throttle,
            at(day, "18:12")?,
            cold_looks,
        )
        .await?;
        let _ = endpoint.take_calls();
        let sleep = player.settle(at(day, "19:00")?).await?;
        must_sleep(&local.snapshot().await?, 0)?;
        let wake = player.settle(player.due()?).await?;
        let after = local.snapshot().await?;
        ensure!(after == before, "not as it was:\n{before}\n{after}");
        player.function.end().await?;
        three.insert(
            cpu,
            Three {
                cold,
                tick,
                look,
                sleep,
                wake,
            },
        );
        day = day.saturating_add(1.day());
    }

    large::create(&local, progress).await?;
    let program = staging(large::NAME, large::PREFIX);
    let function = Function::start(&program, Cpu::Full, throttle, &[]).await?;
    let player = Player::new(function, &endpoint, large::REFILL);
    let large = large::play(player, throttle, &local, day, progress).await?;
    Ok(Played { three, large })
}

/// One calendar for all, so that all go to sleep at the same time.
pub(super) fn document(cluster: &str, databases: &[String]) -> String {
    let databases = databases.join(", ");
    format!(
        "version: 1\nsleep:\n  calendar: business\n  cluster: {cluster}\n  services: all\n  databases: [{databases}]\n"
    )
}

pub(super) fn must_sleep(snapshot: &Snapshot, services_awake: usize) -> Result<()> {
    let awake = snapshot
        .services
        .values()
        .filter(|service| service.desired + service.running > 0)
        .count();
    let asleep = snapshot
        .databases
        .values()
        .all(|status| status == "stopped");
    ensure!(awake == services_awake && asleep, "not asleep:\n{snapshot}");
    Ok(())
}
