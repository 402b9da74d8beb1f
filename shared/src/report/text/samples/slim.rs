//! What is told of estate 2: production, smaller at night.

use jiff::tz::TimeZone;

use super::{Place, api, at, database, service, usd, web};
use crate::{
    config::Language,
    kind::{Acu, Keeping, Level, Lever},
    report::{Cause, Count, Deed, Finding, HeldSpan, News, NightTold, Peak, Slimmed, Waiting},
};

/// Friday, 20 November 2026, 06:52 in Tokyo, in the function that slims.
pub(crate) fn place(zone: &TimeZone, language: Language) -> Place<'_> {
    Place {
        estate: "bookmark-manager-production",
        now: at("2026-11-20T06:52:10+09:00"),
        function: "nightshift-scale-production",
        teller: "scale-production",
        keeping: Keeping::Slimming,
        ..super::place(zone, language, false)
    }
}

/// The name of one of estate 2's services.
fn of_production(name: &str) -> String {
    format!("bookmark-manager-production-{name}")
}

fn tasks(count: u32) -> Level {
    Level::Tasks(count)
}

fn acu(units: f64) -> Level {
    Level::Acu(Acu::new(units).unwrap())
}

/// A night as estate 2 has it, with a deployment in the evening.
pub(crate) fn night() -> NightTold {
    let slimmed = |name: &str, lever| Slimmed {
        resource: of_production(name),
        lever,
        day: tasks(2),
        night: tasks(1),
        from: at("2026-11-19T22:14:05+09:00"),
        until: at("2026-11-20T06:45:10+09:00"),
    };
    NightTold {
        began: at("2026-11-19T22:00:05+09:00"),
        opening: Some(at("2026-11-20T07:00:00+09:00")),
        slimmed: vec![slimmed("api", Lever::Minimum), slimmed("web", Lever::Count)],
        task_hours: 17.03,
        acu_hours: 0.0,
        saved: Some(usd(0.5247)),
        month: Some(usd(16.52)),
        services: ["api", "web"]
            .map(|name| Count {
                service: of_production(name),
                running: 2,
                desired: 2,
            })
            .to_vec(),
        highest_cpu: Some(Peak {
            service: of_production("api"),
            percent: 43,
        }),
        scale_outs: 1,
        deaths: 0,
        held: vec![HeldSpan {
            from: at("2026-11-19T22:00:05+09:00"),
            until: at("2026-11-19T22:14:05+09:00"),
            by: Cause::Deploying {
                service: of_production("api"),
                back: false,
            },
        }],
    }
}

/// Nights of all forms.
pub(super) fn summaries() -> Vec<News> {
    let usual = night();
    let late = NightTold {
        opening: Some(at("2026-11-20T06:40:00+09:00")),
        held: Vec::new(),
        highest_cpu: None,
        ..usual.clone()
    };
    let deadly = NightTold {
        deaths: 3,
        acu_hours: 12.0,
        slimmed: vec![
            usual.slimmed[0].clone(),
            Slimmed {
                resource: "aurora".to_owned(),
                lever: Lever::Capacity,
                day: acu(2.0),
                night: acu(0.5),
                from: at("2026-11-10T22:14:05+09:00"),
                ..usual.slimmed[1].clone()
            },
        ],
        saved: None,
        ..usual.clone()
    };
    let held = NightTold {
        slimmed: Vec::new(),
        task_hours: 0.0,
        services: Vec::new(),
        held: super::causes()
            .into_iter()
            .map(|by| HeldSpan {
                by,
                ..usual.held[0].clone()
            })
            .collect(),
        ..usual.clone()
    };
    let idle = NightTold {
        services: Vec::new(),
        held: Vec::new(),
        ..held.clone()
    };
    [usual, late, deadly, held, idle]
        .into_iter()
        .map(|night| News::NightSummary {
            night: Box::new(night),
        })
        .collect()
}

pub(super) fn waiting() -> Vec<Waiting> {
    vec![
        Waiting {
            resource: api(),
            cause: Cause::Alarm {
                alarm: "errors".to_owned(),
            },
        },
        Waiting {
            resource: web(),
            cause: Cause::NotSteady {
                running: 1,
                desired: 2,
            },
        },
    ]
}

pub(super) fn by_hand(hand: u32, until: bool) -> News {
    News::ChangedByHand {
        resource: api(),
        lever: Lever::Minimum,
        hand: tasks(hand),
        day: tasks(2),
        night: tasks(1),
        since: at("2026-11-24T02:10:00+09:00"),
        until: until.then(|| at("2026-11-24T06:40:00+09:00")),
    }
}

pub(super) fn put_back() -> News {
    News::PutBack {
        resource: web(),
        lever: Lever::Count,
        day: tasks(2),
        night: tasks(1),
        since: at("2026-11-24T02:10:00+09:00"),
        until: at("2026-11-24T03:10:00+09:00"),
    }
}

pub(super) fn undone() -> News {
    News::HandUndone {
        resource: "aurora".to_owned(),
        lever: Lever::Capacity,
        hand: acu(4.0),
        night: acu(0.5),
    }
}

pub(super) fn capped() -> News {
    News::DayCapped {
        resource: api(),
        day: tasks(4),
        max: tasks(3),
    }
}

/// The levers, each saved and moved.
pub(super) fn levers() -> Vec<Deed> {
    let all = [
        (service(), Lever::Minimum, tasks(2), tasks(1)),
        (service(), Lever::Count, tasks(2), tasks(1)),
        (database(), Lever::Capacity, acu(2.0), acu(0.5)),
    ];
    let both = |(arn, lever, day, night): (crate::kind::Arn, _, _, _)| {
        [
            Deed::SaveDay {
                arn: arn.clone(),
                lever,
                day,
            },
            Deed::Move {
                arn,
                lever,
                from: day,
                to: night,
            },
        ]
    };
    all.into_iter().flat_map(both).collect()
}

pub(super) fn load(left: Level) -> Cause {
    Cause::Load { percent: 140, left }
}

pub(super) fn loads() -> [Cause; 2] {
    [load(tasks(1)), load(acu(0.5))]
}

pub(super) fn saves_nothing() -> Finding {
    Finding::SavesNothing {
        name: "aurora".to_owned(),
        day: acu(0.5),
        night: acu(0.5),
    }
}
