//! Estate 2 for a night at full CPU and another at the share: small from the evening to the morning,
//! and each day back as it was.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use jiff::ToSpan as _;
use nightshift_tests::local::{Deployment, Snapshot};
use nightshift_tests::play::at;
use nightshift_tests::week::{self, API, ESTATE, WEB};

use super::cold::ColdLook;
use super::cost::{Cost, Measured, Row};
use super::player::Player;
use super::{REFILL, three_working_days};
use crate::endpoint::{Behind, Endpoint};
use crate::function::{Cpu, Function, Program};
use crate::share::Throttle;

/// What estate 2 costs at one share of a core.
#[derive(Clone, Debug)]
pub(crate) struct Production {
    /// A look by day by a process that has just started.
    cold: ColdLook,
    /// A tick with nothing due.
    tick: Cost,
    /// A look by day.
    by_day: Cost,
    /// From the hour of closing until all is settled.
    evening: Cost,
    /// A look at night.
    at_night: Cost,
    /// From when the day begins to return until all is settled.
    morning: Cost,
}

/// By the share of a core.
#[derive(Clone, Debug)]
pub(crate) struct Nights(BTreeMap<Cpu, Production>);

impl Nights {
    /// Each cost, in the order of the tables.
    pub(crate) fn measured(&self) -> Vec<Measured<'_>> {
        const NIGHT: [Row<Production>; 5] = [
            ("settled tick", |night| &night.tick),
            ("full look by day", |night| &night.by_day),
            ("full look at night", |night| &night.at_night),
            ("whole evening", |night| &night.evening),
            ("whole morning", |night| &night.morning),
        ];
        Measured::of("estate 2", &self.0, &NIGHT)
    }

    /// The cold look by day at the share of a core.
    pub(crate) fn cold(&self) -> Option<&ColdLook> {
        self.0.get(&Cpu::Share).map(|night| &night.cold)
    }
}

/// Plays two nights.
///
/// # Errors
/// When the local AWS is broken, or something does not end as it should.
pub(crate) async fn play(
    binary: &Path,
    throttle: &Throttle,
    cold_looks: usize,
    directory: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Nights> {
    progress("estate 2 is created on a local AWS of its own");
    let stage = week::set_the_stage(&Deployment::built()).await?;
    let (local, stack) = (&stage.local, &stage.stack);
    let behind = Behind::LocalAws(local.gateway.authority());
    let endpoint = Endpoint::listen(behind, directory).await?;
    let program = Program::new("scale-production", binary.to_owned(), directory).on(
        &endpoint,
        &stack.table,
        &stack.topic,
        "/nightshift",
    );
    let before = local.snapshot().await?;
    let mut day = three_working_days()?;
    let mut nights = BTreeMap::new();
    for cpu in [Cpu::Full, Cpu::Share] {
        progress(match cpu {
            Cpu::Full => "a night of estate 2 at full CPU",
            Cpu::Share => "a night of estate 2 at the share of 128 MB",
        });
        let function = Function::start(&program, cpu, throttle, &[]).await?;
        let mut player = Player::new(function, &endpoint, REFILL);
        let (tick, by_day) = player.day(at(day, "20:00")?).await?;
        let from = at(day, "20:32")?;
        let cold = ColdLook::measure(&program, &endpoint, cpu, throttle, from, cold_looks).await?;
        let evening = player.settle(at(day, "22:00")?).await?;
        must_be_small(&local.snapshot().await?)?;
        // What target tracking does with a smaller minimum, a quarter of an hour later.
        week::scale(&stage, at(day, "22:20")?, 1).await?;
        let at_night = player.look(at(day, "23:00")?).await?;
        let morning = player.settle(player.until(ESTATE.name)?).await?;
        let after = local.snapshot().await?;
        ensure!(after == before, "not as it was:\n{before}\n{after}");
        player.function.end().await?;
        let night = Production {
            cold,
            tick,
            by_day,
            evening,
            at_night,
            morning,
        };
        nights.insert(cpu, night);
        day = day.saturating_add(1.day());
    }
    Ok(Nights(nights))
}

fn must_be_small(snapshot: &Snapshot) -> Result<()> {
    let services = &snapshot.services;
    let api = services.get(API.trim_start_matches("service/"));
    let target = api.and_then(|api| api.target).context("no api")?;
    let web = services.get(&format!("{}/{WEB}", ESTATE.cluster));
    let web = web.context("no web")?;
    let capacity = snapshot.capacities.get(ESTATE.database.name());
    ensure!(
        (target.min, web.desired) == (1, 1) && capacity.is_some_and(|range| range == "0.5..16 ACU"),
        "not small:\n{snapshot}"
    );
    Ok(())
}
