//! Known bugs of this field, put back one at a time: the simulation must catch each. Compiled only
//! for it, by the feature `sabotage`, and asleep there too until a bug is chosen.

use std::cell::Cell;

use nightshift::{
    kind::Rollout,
    ledger::slim::{Entry, Stage},
};

use crate::{
    plan::{self, Chain, Plan, Step, View},
    snapshot::{Load, Resource, Snapshot},
};

/// A bug that somebody in this field has shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Shrinking asks neither alarms nor deployments, failovers or the load.
    ShrinkWithoutLooking,
    /// That registering a target clamps the count into its bounds is forgotten: what runs above the
    /// maximum is cut off.
    ClampForgotten,
    /// What is found is saved at every look of the night: the small value replaces the day.
    DayLost,
    /// What somebody set at night is taken for the day.
    HandBecomesDay,
}

/// Every one of them.
pub const ALL: [Bug; 4] = [
    Bug::ShrinkWithoutLooking,
    Bug::ClampForgotten,
    Bug::DayLost,
    Bug::HandBecomesDay,
];

thread_local! {
    static CHOSEN: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Puts a bug back into everything that this thread runs.
pub fn put_back(bug: Option<Bug>) {
    CHOSEN.set(bug);
}

/// The plan, with the chosen bug.
#[must_use]
pub fn plan(view: &View<'_>) -> Plan {
    let Some(bug) = CHOSEN.get() else {
        return plan::plan(view);
    };
    let snapshot = misread(bug, view);
    let seen = View {
        snapshot: &snapshot,
        ..view.clone()
    };
    let mut plan = plan::plan(&seen);
    spoil(bug, &mut plan, &seen);
    plan
}

/// What is not looked at is taken for harmless.
fn misread(bug: Bug, view: &View<'_>) -> Snapshot {
    let mut snapshot = view.snapshot.clone();
    match bug {
        Bug::ShrinkWithoutLooking => {
            let calm = Load {
                highest: 0.0,
                newest: view.now,
            };
            for alarm in &mut snapshot.alarms {
                alarm.rings = false;
            }
            for watched in &mut snapshot.services {
                watched.load = Some(calm);
                watched.service.older = 0;
                if let Some(deployment) = &mut watched.service.deployment {
                    deployment.rollout = Rollout::Completed;
                }
            }
            for measured in &mut snapshot.clusters {
                measured.load = Some(calm);
            }
        }
        Bug::ClampForgotten => {
            for watched in &mut snapshot.services {
                if let Some(target) = &watched.service.target {
                    let max = target.bounds.max;
                    watched.service.desired = watched.service.desired.min(max);
                }
            }
        }
        Bug::DayLost | Bug::HandBecomesDay => {}
    }
    snapshot
}

fn spoil(bug: Bug, plan: &mut Plan, view: &View<'_>) {
    match bug {
        Bug::ShrinkWithoutLooking | Bug::ClampForgotten => {}
        Bug::DayLost => {
            let small = view.snapshot.resources().filter_map(|resource| {
                let entry = &view.entries.get(resource.arn())?.item;
                let found = resource.handle()?.level;
                (entry.stage == Stage::Night && found < entry.found).then_some((resource, found))
            });
            let is_planned = |resource: Resource<'_>| {
                let mut chains = plan.chains.iter();
                chains.any(|chain| chain.arn == *resource.arn())
            };
            let again: Vec<Chain> = small
                .filter(|(resource, _)| !is_planned(*resource))
                .filter_map(|(resource, found)| {
                    let entry = Entry {
                        found,
                        ..view.entries.get(resource.arn())?.item.clone()
                    };
                    Some(Chain {
                        arn: resource.arn().clone(),
                        kind: resource.kind(),
                        steps: vec![Step::Save(Box::new(entry))],
                    })
                })
                .collect();
            plan.chains.extend(again);
        }
        Bug::HandBecomesDay => {
            for step in plan.chains.iter_mut().flat_map(|chain| &mut chain.steps) {
                if let Step::Save(entry) = step
                    && let Some(hand) = entry.hand
                {
                    entry.found = hand;
                }
            }
        }
    }
}
