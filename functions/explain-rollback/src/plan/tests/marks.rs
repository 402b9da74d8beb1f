//! The marks for other functions, what is written before anything is told, and who is affected.

use nightshift::report::{
    Failure,
    rollback::{Changer, NoLog},
};

use super::*;

#[test]
fn a_rollout_is_broken_from_its_first_telling_to_its_end() {
    let mut play = Play::default();
    let mut broken = Vec::new();
    for (snapshot, now) in course() {
        play.look(&snapshot, now);
        let entry = play.entry.as_ref();
        let mark = entry.and_then(|entry| entry.broken.clone());
        broken.push(mark.map(|it| (it.since, it.until)));
    }
    let (since, until) = broken[1].unwrap();
    assert_eq!(broken[0], None);
    assert_eq!((since, until), (at("14:05"), at("14:05") + KEEP_OFF));
    assert_eq!(broken[2].map(|it| it.0), Some(since));
    assert_eq!(broken[3], Some((since, at("14:10") + KEEP_OFF)));
    assert_eq!(broken[4], None, "the old version runs again");
    assert_eq!(play.entry.unwrap().broken, None);
}

#[test]
fn a_rollout_that_nobody_sees_any_more_is_not_broken_for_ever() {
    let mut play = Play::default();
    let mut failed = crashed().given_up();
    failed.service.breaker.rollback = false;
    play.look(&failed, at("14:09"));
    let entry = play.entry.clone().unwrap();
    assert!(entry.is_broken(at("14:38:59")) && !entry.is_broken(at("14:39")));
    let mut gone = Snapshot {
        history: Some(Vec::new()),
        ..crashed()
    };
    gone.service.deployments.clear();
    play.look(&gone, at("14:09") + LOST);
    let entry = play.entry.as_ref().unwrap();
    assert!(entry.broken.is_some(), "it is waited for");
    play.look(&gone, at("14:09") + LOST + SignedDuration::from_secs(1));
    assert_eq!(play.entry.unwrap().broken, None);
}

#[test]
fn a_rotation_of_ours_that_a_deployment_failed_of_is_marked_for_reverting() {
    let rotated = |by, snapshot: Snapshot| {
        let mut snapshot = snapshot;
        snapshot.secrets = vec![SecretChange {
            name: "/api/DATABASE_URL".to_owned(),
            at: at("13:55"),
            by,
        }];
        snapshot
    };
    let marked = |play: &Play| play.entry.as_ref().and_then(|entry| entry.rotation.clone());
    let mut play = Play::default();
    play.look(&rotated(Changer::Rotation, twice()), at("14:05"));
    assert_eq!(marked(&play), None, "it has not failed yet");
    play.look(
        &rotated(Changer::Rotation, crashed().given_up()),
        at("14:09"),
    );
    let rotation = marked(&play).unwrap();
    assert_eq!(rotation.secrets, ["/api/DATABASE_URL"]);
    assert_eq!(
        (rotation.deployment.as_str(), rotation.since),
        (D2, at("14:09"))
    );
    play.look(
        &rotated(Changer::Rotation, crashed().restored()),
        at("14:13"),
    );
    assert_eq!(marked(&play).unwrap().since, at("14:09"));
    let mut other = Play::default();
    other.look(&rotated(Changer::Other, crashed().given_up()), at("14:09"));
    assert_eq!(marked(&other), None);
}

#[test]
fn evidence_is_written_before_anything_is_told_and_the_telling_after() {
    let (snapshot, settings) = (crashed().given_up(), settings());
    let view = |entry| View {
        estate: "production",
        settings: &settings,
        snapshot: &snapshot,
        entry,
        now: at("14:09"),
    };
    let first = plan(&view(None));
    let saved = first.save.clone().unwrap();
    assert_eq!(saved.chapters[0].told, []);
    assert_eq!(saved.chapters[0].story.faults, first.tell[0].story.faults);
    assert_eq!(first.tell[0].then.chapters[0].told, [Stage::Failed]);
    // Nothing was published: the next look tells it, and writes nothing anew.
    let second = plan(&view(Some(&saved)));
    assert_eq!((second.save, second.tell.len()), (None, 1));
    let third = plan(&view(Some(&first.tell[0].then)));
    assert_eq!((third.save, third.tell), (None, Vec::new()));
    assert!(matches!(first.tell[0].news(), News::Rollback { .. }));
}

#[test]
fn users_are_affected_as_far_as_tasks_answer() {
    let told = |change: &dyn Fn(&mut Snapshot)| {
        let mut snapshot = crashed().given_up();
        change(&mut snapshot);
        let mut play = Play::default();
        play.look(&snapshot, at("14:09"));
        let story = play.told.remove(0);
        (story.users, story.running.running)
    };
    let targets = |healthy: usize| {
        move |snapshot: &mut Snapshot| {
            let mut group = balanced(TargetCheck::default());
            group.targets.truncate(healthy);
            group
                .targets
                .push(unhealthy(3001, "Target.Timeout", "Request timed out"));
            snapshot.targets.push(group);
        }
    };
    let unread = |action: &str| Failure {
        resource: "tg".to_owned(),
        action: action.to_owned(),
        code: "AccessDenied".to_owned(),
        message: "password=hunter2hunter2".to_owned(),
        denied: true,
    };
    assert_eq!(told(&|_| {}), (Users::NotAffected, 2));
    assert_eq!(
        told(&|it| it.service.deployments[1].running = 1),
        (Users::Fewer, 1)
    );
    assert_eq!(
        told(&|it| it.service.deployments[1].running = 0),
        (Users::Affected, 0)
    );
    // Tasks of the version that fails do not count, however many of them are running just now.
    assert_eq!(
        told(&|it| {
            it.service.deployments[0].running = 2;
            it.service.deployments[1].running = 1;
        }),
        (Users::Fewer, 1)
    );
    assert_eq!(told(&targets(2)), (Users::NotAffected, 2));
    assert_eq!(told(&targets(1)), (Users::Fewer, 1));
    assert_eq!(told(&targets(0)), (Users::Affected, 0));
    assert_eq!(
        told(&|it| it
            .missing
            .push(unread("elasticloadbalancing:DescribeTargetHealth")))
        .0,
        Users::Unknown
    );
    assert_eq!(
        told(&|it| it.missing.push(unread("ecr:DescribeImages"))).0,
        Users::NotAffected
    );
    assert_eq!(
        told(&|it| it.missing.push(unread("ecs:DescribeServices"))).0,
        Users::Unknown
    );
    assert_eq!(
        told(&|it| it.service.deployments.clear()),
        (Users::NotAffected, 2),
        "no deployment is known to which its tasks belong"
    );
    assert_eq!(told(&|it| it.service.desired = 0).0, Users::Nobody);
    assert_eq!(
        told(&|it| it.record().triggered = vec!["5xx".to_owned()]).0,
        Users::Perhaps
    );
}

#[test]
fn users_are_served_by_the_tasks_of_a_deployment_that_succeeds_after_all() {
    let mut well = crashed();
    well.record().status = Status::Successful;
    well.record().finished = Some(at("14:20"));
    well.service.deployments.truncate(1);
    well.service.deployments[0].running = 2;
    let mut play = Play::default();
    play.look(&twice(), at("14:05"));
    play.look(&well, at("14:20"));
    let last = &play.told[1];
    assert_eq!(last.stage, Stage::Succeeded);
    assert_eq!((last.users, last.running.running), (Users::NotAffected, 2));
}

#[test]
fn what_could_not_be_read_is_told_masked_and_stops_nothing() {
    let mut snapshot = crashed().given_up();
    snapshot.missing.push(Failure {
        resource: "/ecs/api".to_owned(),
        action: "logs:GetLogEvents".to_owned(),
        code: "AccessDeniedException".to_owned(),
        message: "no, password=hunter2hunter2".to_owned(),
        denied: true,
    });
    let mut play = Play::default();
    play.look(&snapshot, at("14:09"));
    assert_eq!(play.told[0].missing.len(), 1);
    assert!(!format!("{:?}{:?}", play.told, play.entry).contains("hunter2"));
}

#[test]
fn log_lines_leave_masked_where_the_estate_lets_them_and_else_it_is_said_why_not() {
    let excerpt = |change: &dyn Fn(&mut Snapshot), log_excerpts| {
        let mut snapshot = crashed().given_up();
        let dead = snapshot.stopped[2].clone();
        snapshot.logs = vec![log(&dead, &["DATABASE_PASSWORD=hunter2hunter2", "boom"])];
        change(&mut snapshot);
        let settings = Settings {
            log_excerpts,
            ..settings()
        };
        let mut play = Play::default();
        play.look_as(&snapshot, at("14:09"), &settings);
        assert!(!format!("{:?}", play.entry).contains("hunter2"));
        play.told[0].excerpts.first().cloned()
    };
    let told = excerpt(&|_| {}, true).unwrap();
    assert_eq!((told.container.as_str(), told.absent), ("api", None));
    assert_eq!(told.lines, ["DATABASE_PASSWORD=***", "boom"]);
    let absent = |change: &dyn Fn(&mut Snapshot), allowed| {
        let told = excerpt(change, allowed).unwrap();
        assert!(told.lines.is_empty());
        told.absent.unwrap()
    };
    assert_eq!(absent(&|_| {}, false), NoLog::TurnedOff);
    assert_eq!(
        absent(&|it| it.definitions[1].containers[0].logging = None, true),
        NoLog::NoDriver
    );
    let firelens = |it: &mut Snapshot| {
        it.definitions[1].containers[0]
            .logging
            .as_mut()
            .unwrap()
            .driver = "awsfirelens".to_owned();
    };
    assert_eq!(
        absent(&firelens, true),
        NoLog::Elsewhere {
            driver: "awsfirelens".to_owned()
        }
    );
    assert_eq!(absent(&|it| it.logs[0].lines.clear(), true), NoLog::Silent);
    let unread = |it: &mut Snapshot| {
        it.logs[0].lines.clear();
        it.logs[0].unread = Some("AccessDeniedException".to_owned());
    };
    assert_eq!(
        absent(&unread, true),
        NoLog::Unreadable {
            code: "AccessDeniedException".to_owned()
        }
    );
    assert_eq!(excerpt(&|it| it.logs.clear(), true), None);
}
