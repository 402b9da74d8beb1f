//! What holds shrinking back, and that nothing holds growing back.

use super::*;

type Change = fn(&mut Play);

/// Everything that can hold the whole estate back: what it is, how it begins and how it ends.
fn brakes() -> Vec<(&'static str, Change, Change)> {
    vec![
        ("an alarm", |play| play.ring(true), |play| play.ring(false)),
        (
            "an alarm that is not there",
            |play| play.world.snapshot.no_alarms.push("errors".to_owned()),
            |play| play.world.snapshot.no_alarms.clear(),
        ),
        (
            "a deployment",
            |play| play.deploy("web", Rollout::InProgress),
            |play| play.deploy("web", Rollout::Completed),
        ),
        (
            "a rollback",
            |play| {
                play.deploy("web", Rollout::InProgress);
                let deployment = play.watched("web").service.deployment.as_mut();
                deployment.unwrap().rolls_back = true;
            },
            |play| {
                play.deploy("web", Rollout::Completed);
            },
        ),
        (
            "a deployment that failed and is not taken back",
            |play| play.broken = Some(play.now),
            |play| play.broken = None,
        ),
        (
            "old tasks of a blue/green deployment",
            |play| play.watched("web").service.older = 1,
            |play| play.watched("web").service.older = 0,
        ),
        (
            "a failover",
            |play| {
                play.cluster().status = "failing-over".to_owned();
                play.cluster().state = DatabaseState::Changing;
            },
            |play| {
                play.cluster().status = "available".to_owned();
                play.cluster().state = DatabaseState::Available;
            },
        ),
        (
            "a modification of a member",
            |play| play.cluster().members[1].status = "modifying".to_owned(),
            |play| play.cluster().members[1].status = "available".to_owned(),
        ),
        (
            "what could not be read",
            |play| play.world.snapshot.unread.push(throttled("shop")),
            |play| play.world.snapshot.unread.clear(),
        ),
    ]
}

#[test]
fn each_brake_holds_all_shrinking_back_and_only_while_it_lasts() {
    for (what, pull, release) in brakes() {
        let mut play = Estate::usual().with_aurora("keep").at(EVENING);
        pull(&mut play);
        play.pass(30);
        assert!(play.world.entries.is_empty(), "{what}");
        assert_eq!((play.min("api"), play.count("web")), (2, 2), "{what}");
        assert_eq!(play.phase(), Phase::ToNight, "{what}");
        assert!(!play.plan().settled, "{what}: looked at again every minute");
        release(&mut play);
        play.settle();
        assert_eq!((play.min("api"), play.count("web")), (1, 1), "{what}");
    }
}

#[test]
fn no_brake_holds_growing_back() {
    for (what, pull, _) in brakes() {
        let mut play = Estate::usual().with_aurora("keep").at_night();
        pull(&mut play);
        play.owners.insert(service_arn("api"), stranger(&play));
        play.watched("api").service.tag = None;
        play.turn_to(MORNING);
        play.pass(2);
        assert_eq!((play.min("api"), play.count("web")), (2, 2), "{what}");
        assert_eq!(play.count("api"), 2, "{what}: the clamp raises the count");
    }
}

#[test]
fn a_cluster_that_fails_over_grows_all_the_same() {
    let mut play = Estate::usual().with_aurora("0.5").at_night();
    play.cluster().status = "failing-over".to_owned();
    play.cluster().state = DatabaseState::Changing;
    play.turn_to(MORNING);
    assert_eq!(play.steps("aurora"), ["Capacity 0.5 to 2", "save ToDay 2"]);
}

#[test]
fn only_alarms_that_the_document_names_are_brakes() {
    let mut play = Estate::usual().with_alarm("other").at(EVENING);
    play.world.snapshot.alarms[1].rings = true;
    play.settle();
    assert_eq!(play.min("api"), 1);
}

fn stranger(play: &Play) -> Owner {
    Owner {
        function: "rotate-secrets".to_owned(),
        purpose: "rotate".to_owned(),
        until: play.now + minutes(600),
    }
}

#[test]
fn what_another_function_is_changing_is_not_made_smaller_until_it_is_done() {
    let mut play = Estate::usual().at(EVENING);
    let mut owner = stranger(&play);
    owner.until = play.now + minutes(5);
    play.owners.insert(service_arn("api"), owner);
    play.pass(5);
    assert_eq!((play.min("api"), play.count("web")), (2, 1));
    play.settle();
    assert_eq!(play.min("api"), 1);
}

#[test]
fn our_own_claim_holds_nothing_back() {
    let mut play = Estate::usual().at(EVENING);
    let owner = Owner {
        function: FUNCTION.to_owned(),
        ..stranger(&play)
    };
    play.owners.insert(service_arn("api"), owner);
    play.settle();
    assert_eq!(play.min("api"), 1);
}

#[test]
fn a_service_that_lacks_tasks_is_not_made_smaller() {
    for name in ["api", "web"] {
        let mut play = Estate::usual().at(EVENING);
        play.watched(name).service.running = 1;
        play.pass(20);
        assert!(play.entry(name).is_none(), "{name}");
        assert!(matches!(
            play.waits_for(name),
            Some(Cause::NotSteady {
                running: 1,
                desired: 2
            })
        ));
    }
}

#[test]
fn what_holds_back_for_long_is_said_once_with_the_cause() {
    let mut play = Estate::usual().at(EVENING);
    play.ring(true);
    play.pass(60);
    assert!(play.news.is_empty(), "{:?}", play.news);
    play.pass(120);
    let [News::HeldBack { waiting, since }] = &play.news[..] else {
        panic!("{:?}", play.news)
    };
    assert_eq!(*since, jst(EVENING));
    let names: Vec<&str> = waiting.iter().map(|one| one.resource.as_str()).collect();
    assert_eq!(names, ["api", "web"]);
    assert!(waiting.iter().all(|one| one.cause
        == Cause::Alarm {
            alarm: "errors".to_owned()
        }));
}

#[test]
fn a_brake_between_the_save_and_the_change_holds_the_change_back() {
    let mut play = Estate::usual().at(EVENING);
    let plan = play.plan();
    for chain in &plan.chains {
        play.world.take(&chain.arn, &chain.steps[0]);
    }
    play.ring(true);
    play.pass(10);
    assert_eq!((play.min("api"), play.count("web")), (2, 2));
    play.ring(false);
    play.settle();
    assert_eq!((play.min("api"), play.count("web")), (1, 1));
}

#[test]
fn a_failed_deployment_without_rollback_holds_back_only_while_tasks_are_missing() {
    let mut play = Estate::usual().at(EVENING);
    play.deploy("web", Rollout::Failed);
    play.settle();
    assert_eq!(play.count("web"), 1);
}

#[test]
fn a_deployment_is_told_apart_from_the_way_back_from_one() {
    for back in [false, true] {
        let mut play = Estate::usual().at(EVENING);
        play.deploy("web", Rollout::InProgress);
        let deployment = play.watched("web").service.deployment.as_mut();
        deployment.unwrap().rolls_back = back;
        let service = "web".to_owned();
        assert_eq!(
            play.waits_for("api"),
            Some(Cause::Deploying { service, back })
        );
    }
}

#[test]
fn a_service_with_a_task_that_is_still_to_start_is_not_made_smaller() {
    let mut play = Estate::usual().at(EVENING);
    play.watched("api").service.pending = 1;
    play.pass(5);
    assert_eq!((play.min("api"), play.count("web")), (2, 1));
}
