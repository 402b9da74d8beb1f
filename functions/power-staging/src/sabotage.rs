//! Known bugs of this field, put back one at a time: the simulation must catch each. Compiled only
//! for it, by the feature `sabotage`, and asleep there too until a bug is chosen.

use std::cell::Cell;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use nightshift::{
    keep::{Context, Ground},
    kind::{Arn, Kind, rds_instance},
    ledger::{Entry, Kept, Order, Override, Revision, Stage, VERSION},
    report::State,
};
use serde_json::Value;

use crate::{
    PowerStaging,
    plan::{Chain, Plan, Step, View},
};

/// A bug that somebody in this field has shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// What was found is saved when it is changed already.
    SaveAfterChange,
    /// Scaling is suspended when the count is 0 already: registering lifts it to the minimum.
    SuspendAfterZero,
    /// Scaling is suspended again at every look, also at count 0.
    SuspendAgainAtZero,
    /// Scaling resumes before the count was seen.
    ResumeBeforeSeen,
    /// Everything comes back with one task.
    CountOfOne,
    /// Services start while their database does.
    DatabasesAfterServices,
    /// A 0 that is found is saved over the count.
    ZeroOverCount,
    /// An event that says "started" is believed, however late it comes.
    EventBelieved,
    /// Whether a day is a holiday or a weekday is looked up by its date in UTC.
    DatesInUtc,
    /// The invocation succeeds whatever failed.
    FailureAsSuccess,
}

/// Every one of them.
pub const ALL: [Bug; 10] = [
    Bug::SaveAfterChange,
    Bug::SuspendAfterZero,
    Bug::SuspendAgainAtZero,
    Bug::ResumeBeforeSeen,
    Bug::CountOfOne,
    Bug::DatabasesAfterServices,
    Bug::ZeroOverCount,
    Bug::EventBelieved,
    Bug::DatesInUtc,
    Bug::FailureAsSuccess,
];

thread_local! {
    static CHOSEN: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Puts a bug back into everything that this thread runs.
pub fn put_back(bug: Option<Bug>) {
    CHOSEN.set(bug);
}

/// Whether this bug is put back.
#[must_use]
pub fn is(bug: Bug) -> bool {
    CHOSEN.get() == Some(bug)
}

/// The plan, spoilt.
#[must_use]
pub fn spoilt(mut plan: Plan, view: &View<'_>) -> Plan {
    spoil(&mut plan, view);
    plan
}

fn spoil(plan: &mut Plan, view: &View<'_>) {
    let Some(bug) = CHOSEN.get() else {
        return;
    };
    match bug {
        Bug::SaveAfterChange => {
            for chain in &mut plan.chains {
                chain
                    .steps
                    .sort_by_key(|step| matches!(step, Step::Save(_)));
            }
        }
        Bug::SuspendAfterZero => {
            for chain in &mut plan.chains {
                chain.steps.sort_by_key(|step| match step {
                    Step::SetCount { .. } => 1,
                    Step::Suspend => 2,
                    _ => 0,
                });
            }
        }
        Bug::CountOfOne => {
            for step in plan.chains.iter_mut().flat_map(|chain| &mut chain.steps) {
                if let Step::SetCount { to, .. } = step
                    && *to > 1
                {
                    *to = 1;
                }
            }
        }
        Bug::ResumeBeforeSeen => {
            for chain in &mut plan.chains {
                let entry = view.entries.get(&chain.arn);
                let saved = entry.and_then(|kept| kept.item.service.as_ref()?.suspension);
                let raised = |step: &Step| matches!(step, Step::SetCount { to, .. } if *to > 0);
                if let Some(suspension) = saved
                    && chain.steps.iter().any(raised)
                {
                    chain.steps.push(Step::Resume(suspension));
                }
            }
        }
        Bug::SuspendAgainAtZero | Bug::DatabasesAfterServices | Bug::ZeroOverCount => {
            for (arn, entry) in sleeping(view) {
                if plan.chains.iter().any(|chain| chain.arn == *arn) {
                    continue;
                }
                let step = added(bug, view, entry, plan.wanted.state);
                plan.chains.extend(step.map(|step| Chain {
                    arn: arn.clone(),
                    kind: Kind::EcsService,
                    steps: vec![step],
                }));
            }
        }
        Bug::EventBelieved | Bug::DatesInUtc | Bug::FailureAsSuccess => {}
    }
}

/// The services at 0 that we put to sleep.
fn sleeping<'a>(view: &'a View<'_>) -> impl Iterator<Item = (&'a Arn, &'a Entry)> {
    view.snapshot
        .services
        .iter()
        .filter(|service| service.desired == 0)
        .filter_map(|service| {
            let entry = &view.entries.get(&service.arn)?.item;
            let asleep = matches!(entry.stage, Stage::Asleep | Stage::ToWake);
            (entry.is_open() && asleep).then_some((&service.arn, entry))
        })
}

fn added(bug: Bug, view: &View<'_>, entry: &Entry, wanted: Option<State>) -> Option<Step> {
    let saved = entry.service.as_ref()?;
    match bug {
        Bug::SuspendAgainAtZero => {
            let service = view.snapshot.service(&entry.arn)?;
            service.target.as_ref().map(|_| Step::Suspend)
        }
        Bug::DatabasesAfterServices => (wanted == Some(State::Awake)).then_some(Step::SetCount {
            from: 0,
            to: saved.count,
        }),
        _ => {
            let mut entry = entry.clone();
            entry.service.as_mut()?.count = 0;
            (saved.count > 0).then(|| Step::Save(Box::new(entry)))
        }
    }
}

/// An event that says that a database was started means that AWS did: it is stopped at once.
pub async fn believe(context: &Context<'_, PowerStaging>, payload: &Value) {
    let started = ["RDS-EVENT-0088", "RDS-EVENT-0154"];
    let id = payload.pointer("/detail/EventID").and_then(Value::as_str);
    let arn = payload.pointer("/resources/0").and_then(Value::as_str);
    if is(Bug::EventBelieved)
        && let (Some(id), Some(arn)) = (id, arn)
        && started.contains(&id)
    {
        let function = context.function;
        let rds = &function.clients().rds;
        let _refused = rds_instance::stop(rds, &Arn::new(arn), &function.pace).await;
    }
}

/// The calendar's day is taken by its date in UTC.
pub fn misdate(ground: &mut Ground<PowerStaging>, now: Timestamp) {
    if !is(Bug::DatesInUtc) {
        return;
    }
    let date = now.to_zoned(TimeZone::UTC).date();
    for estate in &ground.estates {
        let Some(sleeper) = &estate.in_force else {
            continue;
        };
        let noon = date.at(12, 0, 0, 0).to_zoned(sleeper.zone.clone());
        let open = noon.is_ok_and(|noon| sleeper.calendar.is_open(noon.timestamp()));
        if sleeper.calendar.is_open(now) && !open {
            let order = Override {
                version: VERSION,
                order: Order::Sleep,
                until: now + SignedDuration::from_mins(1),
                by: "calendar".to_owned(),
                reason: "calendar".to_owned(),
                set_at: now,
                deployment: false,
            };
            let kept = Kept {
                item: order,
                revision: Revision(0),
            };
            ground.ledger.overrides.insert(estate.name.clone(), kept);
        }
    }
}
