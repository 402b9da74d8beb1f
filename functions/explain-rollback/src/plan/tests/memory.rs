//! What is told of one look together with what earlier looks knew: evidence is only ever added, and
//! what is known better stays.

use nightshift::report::rollback::{
    Changed, Changer, Edit, Evidence, Excerpt, Found, NoLog, Release, Sureness,
};

use super::{noise::again, *};

/// What is remembered of a look at its failure, once something of it was changed.
fn remembered(first: &Snapshot, change: impl FnOnce(&mut Story)) -> Play {
    let mut play = Play::default();
    play.look(first, at("14:09"));
    change(&mut play.entry.as_mut().unwrap().chapters[0].story);
    play
}

/// What is told of it when it is taken back.
fn then(snapshot: Snapshot, change: impl FnOnce(&mut Story)) -> Story {
    let mut play = remembered(&crashed().given_up(), change);
    play.look(&snapshot.turned(), at("14:10"));
    assert_eq!(play.stages().last(), Some(&Stage::RollingBack));
    play.told.pop().unwrap()
}

fn found(fault: Fault, sure: Sureness, evidence: usize) -> Found {
    let said = |number| Evidence::Event {
        text: format!("said {number}"),
    };
    Found {
        fault,
        sure,
        evidence: (0..evidence).map(said).collect(),
    }
}

#[test]
fn of_the_same_cause_the_surer_sight_is_told_and_of_equally_sure_ones_that_with_more_evidence() {
    let killed = || underway().with(vec![ended(0, 137), ended(1, 137)]);
    let limit = |story: &Story| match &story.faults[..] {
        [
            Found {
                fault: Fault::OutOfMemory { limit, .. },
                ..
            },
        ] => *limit,
        other => panic!("{other:?}"),
    };
    let now = then(killed(), |story| story.faults.clear());
    assert_eq!(limit(&now), Some(1024));
    assert_eq!(
        (now.faults[0].sure, now.faults[0].evidence.len()),
        (Sureness::Likely, 1)
    );
    for (sure, evidence, is_kept) in [
        (Sureness::Certain, 1, true),
        (Sureness::Certain, 0, true),
        (Sureness::Likely, 2, true),
        (Sureness::Likely, 1, false),
        (Sureness::Likely, 0, false),
        (Sureness::Possible, 3, false),
    ] {
        let fault = Fault::OutOfMemory {
            container: Some("api".to_owned()),
            limit: Some(7),
        };
        let known = found(fault, sure, evidence);
        let told = then(killed(), |story| story.faults = vec![known]);
        let expected = if is_kept { 7 } else { 1024 };
        assert_eq!(limit(&told), Some(expected), "{sure:?}, {evidence}");
    }
}

#[test]
fn that_the_cause_is_unknown_is_told_until_a_likely_one_of_the_deployment_itself_is_known() {
    let crash = || Fault::Crash {
        container: "api".to_owned(),
        code: 1,
        times: 3,
    };
    for (fault, sure, is_told) in [
        (crash(), Sureness::Certain, false),
        (crash(), Sureness::Likely, false),
        (crash(), Sureness::Possible, true),
        (Fault::Asleep, Sureness::Certain, true),
        (Fault::NothingChanged, Sureness::Likely, true),
    ] {
        let known = found(fault, sure, 1);
        let story = then(underway(), |story| story.faults = vec![known.clone()]);
        let faults = &story.faults;
        let unknown = faults.iter().any(|it| it.fault == Fault::Unknown);
        assert_eq!(unknown, is_told, "{known:?}");
        assert!(faults.contains(&known), "{faults:?}");
    }
}

#[test]
fn that_health_checks_fail_is_told_until_it_is_known_why() {
    let sick = |number| {
        let reason = "Task failed ELB health checks in (target-group tg)";
        task(number, "ServiceSchedulerInitiated", reason)
    };
    let vague = Fault::Health { status: None };
    for (fault, is_told) in [
        (vague.clone(), true),
        (
            Fault::HealthPath {
                path: None,
                status: None,
            },
            false,
        ),
        (Fault::Alarm { names: Vec::new() }, true),
    ] {
        let known = found(fault.clone(), Sureness::Certain, 1);
        let snapshot = underway().with(vec![sick(0), sick(1)]);
        let story = then(snapshot, |story| story.faults = vec![known]);
        let faults: Vec<_> = story.faults.iter().map(|it| &it.fault).collect();
        assert_eq!(faults.contains(&&vague), is_told, "{fault:?}: {faults:?}");
        assert!(faults.contains(&&fault), "{faults:?}");
    }
}

#[test]
fn what_takes_a_deployment_back_stays_known_as_long_as_it_gets_no_further() {
    let mut unconfigured = crashed().given_up();
    unconfigured.service.breaker.rollback = false;
    let mut by_hand = crashed().turned();
    let record = by_hand.record();
    record.breaker.as_mut().unwrap().triggered = false;
    record.rollback.as_mut().unwrap().reason = None;
    record.reason = Some("Rollback requested with StopServiceDeployment.".to_owned());
    for (case, first, second, expected) in [
        (
            "no more is known of it",
            crashed().given_up(),
            unconfigured.clone(),
            Back::ByItself,
        ),
        (
            "a person asked for it",
            crashed().turned(),
            by_hand,
            Back::ByHand,
        ),
        ("it got further", twice(), unconfigured, Back::NotConfigured),
    ] {
        let mut play = remembered(&first, |story| story.back = Back::ByItself);
        play.look(&second, at("14:11"));
        let entry = play.entry.unwrap();
        assert_eq!(entry.chapters[0].story.back, expected, "{case}");
    }
}

#[test]
fn the_earliest_instants_that_any_look_saw_are_told() {
    let early = then(crashed(), |story| {
        story.started = Some(at("13:59"));
        story.failed = Some(at("14:08"));
    });
    assert_eq!(
        (early.started, early.failed),
        (Some(at("13:59")), Some(at("14:08")))
    );
    let late = then(crashed(), |story| {
        story.started = Some(at("14:01"));
        story.failed = None;
    });
    assert_eq!(
        (late.started, late.failed),
        (Some(at("14:00")), Some(at("14:09")))
    );
}

#[test]
fn last_words_are_told_as_they_are_now_unless_only_an_earlier_look_heard_any() {
    let words = |container: &str, line: Option<&str>| Excerpt {
        container: container.to_owned(),
        task: "t".to_owned(),
        lines: line.into_iter().map(str::to_owned).collect(),
        absent: line.is_none().then_some(NoLog::TurnedOff),
    };
    let told = |now: &[&str], known: Vec<Excerpt>| {
        let mut snapshot = crashed();
        snapshot.logs = vec![log(&snapshot.stopped[2], now)];
        then(snapshot, |story| story.excerpts = known).excerpts
    };
    let heard = told(&["now"], Vec::new());
    let silent = told(&[], Vec::new());
    assert_eq!(heard[0].lines, ["now"]);
    assert_eq!(silent[0].absent, Some(NoLog::Silent));
    let (before, nothing) = (words("api", Some("then")), words("api", None));
    for (now, known, expected) in [
        (&["now"][..], before.clone(), heard.clone()),
        (&["now"], nothing.clone(), heard.clone()),
        (&[], before.clone(), vec![before]),
        (&[], nothing, silent),
    ] {
        assert_eq!(told(now, vec![known.clone()]), expected, "{known:?}");
    }
    let other = words("migrate", Some("then"));
    let both = [heard, vec![other.clone()]].concat();
    assert_eq!(told(&["now"], vec![other]), both);
}

#[test]
fn the_comparison_that_knows_the_digests_is_told_and_else_the_last_one() {
    let known = |digests_known| Changed {
        edits: vec![Edit::HealthCheck {
            container: "api".to_owned(),
        }],
        digests_known,
    };
    let vague = || {
        let mut snapshot = crashed();
        snapshot.revisions[1].images.clear();
        snapshot
    };
    let unread = || {
        let mut snapshot = vague();
        snapshot.definitions.clear();
        snapshot
    };
    let is_kept = |snapshot, digests_known| {
        let known = known(digests_known);
        let story = then(snapshot, |story| story.changed = Some(known.clone()));
        story.changed == Some(known)
    };
    for (case, now, digests_known, expected) in [
        ("both know them", crashed(), true, false),
        ("this one does", crashed(), false, false),
        ("the other one did", vague(), true, true),
        ("neither does", vague(), false, false),
        ("there is none any more", unread(), false, true),
    ] {
        assert_eq!(is_kept(now, digests_known), expected, "{case}");
    }
}

#[test]
fn the_same_version_is_the_same_image_or_the_same_definition_with_no_image_known() {
    let (nine, ten, other) = (Some("api:9"), Some("api:10"), Some("sha256:other"));
    for (before, now, expected) in [
        ((nine, other), (ten, other), true),
        ((ten, None), (ten, other), true),
        ((ten, other), (ten, None), true),
        ((ten, None), (ten, None), true),
        ((ten, Some("sha256:else")), (ten, other), false),
        ((nine, None), (ten, None), false),
        ((nine, None), (ten, other), false),
        ((None, None), (None, None), false),
    ] {
        let mut play = remembered(&crashed().restored(), |story| {
            story.release = Release {
                task_definition: before.0.map(str::to_owned),
                digest: before.1.map(str::to_owned),
                ..Release::default()
            };
        });
        let mut second = again(crashed().restored(), 10, "20");
        let revision = second.revisions.last_mut().unwrap();
        revision.images[0].digest = now.1.map(str::to_owned);
        if now.0.is_none() {
            revision.task_definition = None;
        }
        play.look(&second, at("20:13"));
        let (one, two) = (&play.told[0], &play.told[1]);
        let release = (
            two.release.task_definition.as_deref(),
            two.release.digest.as_deref(),
        );
        assert_eq!(release, now);
        assert_eq!(one.thread == two.thread, expected, "{before:?}, {now:?}");
    }
}

#[test]
fn a_rotation_of_ours_that_a_deployment_only_may_have_failed_of_is_not_marked() {
    for (sure, is_marked) in [
        (Sureness::Certain, true),
        (Sureness::Likely, true),
        (Sureness::Possible, false),
    ] {
        let fault = Fault::SecretChanged {
            secret: "/api/DATABASE_URL".to_owned(),
            by: Changer::Rotation,
        };
        let known = found(fault, sure, 1);
        let mut play = remembered(&crashed().given_up(), |story| story.faults = vec![known]);
        play.look(&crashed().turned(), at("14:10"));
        let rotation = play.entry.unwrap().rotation;
        assert_eq!(rotation.is_some(), is_marked, "{sure:?}");
    }
}
