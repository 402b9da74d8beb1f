//! Every kind of message: what it is called, and what is sent.

use nightshift::config::Language;

use super::{
    ACCOUNT, PRODUCTION, REGION, STAGING,
    alarms::{
        anomaly, composite, connections, cpu, cpu_ok, errors, free_storage, insufficient, math,
        response_time, silence, staging_unhealthy, unknown,
    },
    at,
    events::{events, others},
    reports::reports,
    scene, storm, today, told,
};
use crate::{
    draft::Draft,
    render::{
        Answer, Bedtime, Choice, alarm_late, alarm_reply, alarm_root, bedtime, bedtime_answered,
        digest, first, misrouted, outlived,
    },
    scene::{Course, Quiet, Scene},
    signal::{Alarm, Signal},
};

type Named = Vec<(&'static str, Draft)>;

pub(in crate::render) fn drawn(language: Language) -> Vec<(&'static str, Vec<Draft>)> {
    let one = [
        threads(&scene(language)),
        alone(&scene(language)),
        quieted(language),
        rest(language),
        evening(language),
    ];
    let one = one.into_iter().flatten();
    one.map(|(name, draft)| (name, vec![draft]))
        .chain(digests(&scene(language)))
        .collect()
}

/// The thread of one alarm.
fn threads(scene: &Scene<'_>) -> Named {
    let (ringing, over) = (told(cpu()), cpu_ok());
    let once = course(1, "14:02", Some("14:14"));
    let fifth = course(5, "10:02", None);
    let fifth_over = course(5, "10:02", Some("14:14"));
    let loud = Draft {
        mention: Some("S0614TZR7".to_owned()),
        picture: Some((
            "F0123456789".to_owned(),
            "CPU of api, the last three hours".to_owned(),
        )),
        ..first(&ringing, scene)
    };
    vec![
        ("alarm_cpu", loud),
        ("alarm_cpu_root_over", alarm_root(&over, &once, scene)),
        (
            "alarm_cpu_root_over_first",
            alarm_root(&ringing, &once, scene),
        ),
        ("alarm_cpu_root_fifth", alarm_root(&ringing, &fifth, scene)),
        (
            "alarm_cpu_root_fifth_over",
            alarm_root(&over, &fifth_over, scene),
        ),
        ("alarm_cpu_reply_over", alarm_reply(&over, &once, scene)),
        (
            "alarm_cpu_reply_again",
            alarm_reply(&ringing, &fifth, scene),
        ),
        (
            "alarm_cpu_reply_fifth_over",
            alarm_reply(&over, &fifth_over, scene),
        ),
        (
            "alarm_cpu_reply_unknown",
            alarm_reply(&told(insufficient()), &fifth, scene),
        ),
        ("alarm_cpu_ok_alone", first(&over, scene)),
        ("alarm_cpu_late", alarm_late(&ringing, &once, scene)),
    ]
}

/// Alarms of every sort.
fn alone(scene: &Scene<'_>) -> Named {
    let nobody = Scene {
        estate: None,
        ..scene.clone()
    };
    let suppressed = Alarm {
        suppressed_by: Some("bookmark-manager-production-maintenance".to_owned()),
        ..composite()
    };
    vec![
        ("alarm_5xx", first(&told(errors()), scene)),
        ("alarm_connections", first(&told(connections()), scene)),
        ("alarm_response_time", first(&told(response_time()), scene)),
        ("alarm_free_storage", first(&told(free_storage()), &nobody)),
        ("alarm_math_runbook", first(&told(math()), scene)),
        ("alarm_anomaly", first(&told(anomaly()), scene)),
        ("alarm_composite", first(&told(composite()), scene)),
        (
            "alarm_composite_suppressed",
            first(&told(suppressed), scene),
        ),
        ("alarm_insufficient", first(&told(insufficient()), scene)),
        ("alarm_silence", first(&told(silence()), scene)),
        ("alarm_unknown", first(&told(unknown()), &nobody)),
    ]
}

/// An alarm of an estate that sleeps, wakes, and is up.
fn quieted(language: Language) -> Named {
    let staging = staging(language);
    let asleep = Scene {
        quiet: Some(Quiet::Asleep {
            until: Some(at("2026-11-25T08:30:00+09:00")),
        }),
        ..staging.clone()
    };
    let waking = Scene {
        quiet: Some(Quiet::Waking),
        ..staging.clone()
    };
    let signal = staging_unhealthy();
    let since = at("2026-11-23T19:03:00+09:00");
    vec![
        ("alarm_quiet_asleep", first(&signal, &asleep)),
        ("alarm_quiet_waking", first(&signal, &waking)),
        ("alarm_outlived", outlived(&signal, since, &staging)),
    ]
}

/// Reports, events, what nobody knows, and a message in the wrong channel.
fn rest(language: Language) -> Named {
    let mut all: Named = reports(language)
        .into_iter()
        .map(|(name, signal)| (name, first(&signal, &staging(language))))
        .collect();
    for (name, signal) in events().into_iter().chain(others()) {
        let estate = match name {
            "rds_failover" | "rds_low_storage" | "health_scheduled_change" => Some("r2e"),
            "code_deploy_failure" => Some("point-app"),
            "budget" | "unknown_json" | "unknown_json_cut" | "plain_text" => None,
            _ => Some(PRODUCTION),
        };
        let scene = Scene {
            estate,
            ..scene(language)
        };
        all.push((name, first(&signal, &scene)));
    }
    let lost = first(&told(connections()), &scene(language));
    let lost = misrouted(lost, "#db-alerts", "channel_not_found", language);
    all.push(("misrouted", lost));
    all
}

/// A quarter of an hour before the estate sleeps.
fn evening(language: Language) -> Named {
    let scene = Scene {
        now: at("2026-11-24T18:45:04+09:00"),
        ..staging(language)
    };
    let ten = at("2026-11-24T22:00:00+09:00");
    let choice = |emoji, until| Choice { emoji, until };
    let choices = [
        choice("🕙", Some(ten)),
        choice("🕛", Some(at("2026-11-25T00:00:00+09:00"))),
        choice("❌", None),
    ];
    let soon = Bedtime {
        estate: STAGING,
        account: ACCOUNT,
        region: REGION,
        at: at("2026-11-24T19:00:00+09:00"),
        choices: &choices,
        function: None,
    };
    let by_command = Bedtime {
        function: Some("nightshift-power-staging"),
        ..soon
    };
    let answer = |until| Answer {
        who: "tanaka",
        until,
    };
    vec![
        ("bedtime_reactions", bedtime(&soon, &scene)),
        ("bedtime_command", bedtime(&by_command, &scene)),
        (
            "bedtime_extended",
            bedtime_answered(&soon, &answer(Some(ten)), &scene),
        ),
        (
            "bedtime_as_planned",
            bedtime_answered(&soon, &answer(None), &scene),
        ),
    ]
}

fn digests(scene: &Scene<'_>) -> Vec<(&'static str, Vec<Draft>)> {
    let of = |signals: &[Signal]| {
        let all: Vec<_> = signals.iter().map(|signal| (signal, scene)).collect();
        digest(&all).into_iter().map(|one| one.draft).collect()
    };
    vec![
        ("digest_3", of(&[told(cpu()), told(errors()), cpu_ok()])),
        ("digest_120", of(&storm(120))),
    ]
}

fn staging(language: Language) -> Scene<'static> {
    Scene {
        estate: Some(STAGING),
        ..scene(language)
    }
}

fn course(times: u32, began: &str, over: Option<&str>) -> Course {
    Course {
        began: today(began),
        times,
        over: over.map(today),
    }
}
