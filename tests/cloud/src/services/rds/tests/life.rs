use std::collections::BTreeSet;

use jiff::Timestamp;

use super::*;

#[test]
fn a_stop_takes_its_minutes_and_ends_with_an_event() {
    let (mut world, arn) = with_instance(3);
    let output = ask(
        &mut world,
        "StopDBInstance",
        json!({"DBInstanceIdentifier": "Main"}),
    );
    assert_eq!(
        output.unwrap()["DBInstance"]["DBInstanceStatus"],
        "stopping"
    );
    let began = world.now;
    until(&mut world, &arn, "stopped");
    let seconds = world.now.duration_since(began).as_secs();
    assert!((120..=3600).contains(&seconds), "{seconds}");
    assert_eq!(event_ids(&mut world), ["0087"]);
    assert_eq!(
        changes(&world.journal, &arn),
        [
            (function(), "stopping".to_owned()),
            (Actor::Aws, "stopped".to_owned())
        ]
    );
}

#[test]
fn an_event_has_the_shape_of_the_samples() {
    let (mut world, arn) = with_instance(3);
    stop(&mut world, &Actor::Person, &arn).unwrap();
    until(&mut world, &arn, "stopped");
    let event = world.events.emitted[0].envelope.clone();
    assert_eq!(event["detail-type"], "RDS DB Instance Event");
    assert_eq!(event["resources"], json!([arn]));
    let detail = &event["detail"];
    assert_eq!(detail["SourceType"], "DB_INSTANCE");
    assert_eq!(detail["SourceArn"], arn.as_str());
    assert_eq!(detail["SourceIdentifier"], "main");
    assert_eq!(detail["Message"], "DB instance stopped");
    let date = detail["Date"].as_str().unwrap();
    assert_eq!(date.len(), "2021-03-19T19:34:09.293Z".len(), "{date}");
}

#[test]
fn now_and_then_a_stop_or_a_start_takes_up_to_an_hour() {
    let (mut slow_stops, mut slow_starts) = (0, 0);
    for seed in 0..200 {
        let (mut world, arn) = with_instance(seed);
        let mut began = world.now;
        stop(&mut world, &Actor::Person, &arn).unwrap();
        until(&mut world, &arn, "stopped");
        let stopping = world.now.duration_since(began).as_secs();
        began = world.now;
        start(&mut world, &Actor::Person, &arn).unwrap();
        while status_of(&world, &arn) == "starting" {
            let next = world.next().unwrap();
            world.advance(next);
        }
        let starting = world.now.duration_since(began).as_secs();
        assert!(stopping <= 3600 && starting <= 3600);
        slow_stops += usize::from(stopping > 1200);
        slow_starts += usize::from(starting > 1500);
    }
    assert!((1..40).contains(&slow_stops), "{slow_stops}");
    assert!((1..40).contains(&slow_starts), "{slow_starts}");
}

#[test]
fn a_start_may_pass_through_another_usable_status() {
    let mut seen = BTreeSet::new();
    for seed in 0..200 {
        let mut world = world(seed);
        let new = NewInstance {
            maintenance_window: String::new(),
            ..NewInstance::named("main")
        };
        let arn = create_instance(&mut world, &Actor::Terraform, new);
        set_status(&mut world, &arn, "stopped", None);
        start(&mut world, &Actor::Person, &arn).unwrap();
        while status_of(&world, &arn) == "starting" {
            let next = world.next().unwrap();
            world.advance(next);
        }
        assert!(event_ids(&mut world).contains(&"0088".to_owned()));
        assert!(world.rds.database(&arn).unwrap().is_usable());
        seen.insert(status_of(&world, &arn));
        until(&mut world, &arn, "available");
    }
    let all = ["available", "backing-up", "configuring-enhanced-monitoring"];
    assert!(seen.iter().map(String::as_str).eq(all), "{seen:?}");
}

#[test]
fn after_seven_days_aws_says_so_and_then_starts_it() {
    let (mut world, arn) = with_instance(5);
    let asked = world.now;
    stop(&mut world, &function(), &arn).unwrap();
    let due = asked + SignedDuration::from_hours(7 * 24);
    let shown = described(&mut world)["AutomaticRestartTime"].clone();
    assert_eq!(shown, format!("{due:.3}"));
    world.advance(due);
    assert_eq!(event_ids(&mut world), ["0087", "0154"]);
    assert_eq!(status_of(&world, &arn), "stopped", "the event comes first");
    world.advance(due + SignedDuration::from_secs(10));
    assert_eq!(status_of(&world, &arn), "starting");
    assert_eq!(described(&mut world)["AutomaticRestartTime"], Value::Null);
    let fault = stop(&mut world, &function(), &arn).unwrap_err();
    assert_eq!(fault.code, "InvalidDBInstanceState");
    until(&mut world, &arn, "available");
    assert_eq!(event_ids(&mut world), ["0087", "0154", "0088"]);
    let by_aws = changes(&world.journal, &arn)
        .into_iter()
        .filter(|(by, _)| *by == Actor::Aws)
        .count();
    assert!(by_aws >= 3, "stopped, starting, available");
}

#[test]
fn who_starts_it_before_or_at_the_seventh_day_leaves_nothing_to_aws() {
    let (mut world, arn) = with_instance(6);
    stop(&mut world, &function(), &arn).unwrap();
    pass_time(&mut world, 24);
    start(&mut world, &function(), &arn).unwrap();
    pass_time(&mut world, 10 * 24);
    assert!(!event_ids(&mut world).contains(&"0154".to_owned()));

    let (mut world, arn) = with_instance(6);
    stop(&mut world, &function(), &arn).unwrap();
    pass_time(&mut world, 7 * 24);
    start(&mut world, &Actor::Person, &arn).unwrap();
    pass_time(&mut world, 2);
    let starts = changes(&world.journal, &arn)
        .into_iter()
        .filter(|(_, to)| to == "starting")
        .count();
    assert_eq!(starts, 1);
}

#[test]
fn a_cluster_is_restarted_with_its_own_event() {
    let (mut world, arn) = with_cluster(5, 1);
    stop(&mut world, &function(), &arn).unwrap();
    pass_time(&mut world, 7 * 24);
    assert!(event_ids(&mut world).ends_with(&["0153".to_owned()]));
    pass_time(&mut world, 2);
    assert!(event_ids(&mut world).contains(&"0151".to_owned()));
    assert_eq!(status_of(&world, &arn), "available");
}

#[test]
fn members_follow_their_cluster_by_aws_hand() {
    let (mut world, arn) = with_cluster(7, 2);
    stop(&mut world, &function(), &arn).unwrap();
    let members = world.rds.members_of(&arn);
    assert_eq!(members.len(), 2);
    for member in &members {
        assert_eq!(status_of(&world, member), "stopping");
    }
    until(&mut world, &arn, "stopped");
    for member in &members {
        assert_eq!(status_of(&world, member), "stopped", "before their cluster");
        let actors = changes(&world.journal, member);
        assert!(actors.iter().all(|(by, _)| *by == Actor::Aws));
    }
    assert_eq!(
        changes(&world.journal, &arn)[0],
        (function(), "stopping".to_owned())
    );
    assert_eq!(event_ids(&mut world), ["0087", "0087", "0150"]);
}

#[test]
fn a_started_cluster_may_be_available_before_its_writer_is() {
    let mut late_writers = 0;
    for seed in 0..40 {
        let (mut world, arn) = with_cluster(seed, 1);
        stop(&mut world, &function(), &arn).unwrap();
        until(&mut world, &arn, "stopped");
        start(&mut world, &function(), &arn).unwrap();
        until(&mut world, &arn, "available");
        let writer = status_of(&world, &world.rds.members_of(&arn)[0]);
        let is_usable = world.rds.database(&arn).unwrap().is_usable();
        assert_eq!(is_usable, writer != "starting");
        if !is_usable {
            late_writers += 1;
            let fault = stop(&mut world, &function(), &arn).unwrap_err();
            assert_eq!(fault.code, "InvalidDBInstanceState");
        }
        pass_time(&mut world, 1);
        assert!(world.rds.database(&arn).unwrap().is_usable());
    }
    assert!((5..35).contains(&late_writers), "{late_writers}");
}

#[test]
fn a_cluster_s_stop_may_fail() {
    let (mut world, arn) = with_cluster(8, 2);
    world.rds.fail_next_stop(&arn);
    stop(&mut world, &function(), &arn).unwrap();
    until(&mut world, &arn, "available");
    assert_eq!(event_ids(&mut world), ["0152"]);
    assert!(world.rds.database(&arn).unwrap().is_usable());
    pass_time(&mut world, 8 * 24);
    assert_eq!(event_ids(&mut world), ["0152"], "nothing is restarted");
    stop(&mut world, &function(), &arn).unwrap();
    until(&mut world, &arn, "stopped");
}

#[test]
fn a_backup_is_made_each_day_in_its_window_while_it_is_available() {
    let mut world = world(10);
    let new = NewInstance {
        backup_window: "17:00-18:00".to_owned(),
        maintenance_window: String::new(),
        ..NewInstance::named("main")
    };
    let arn = create_instance(&mut world, &Actor::Terraform, new);
    pass_time(&mut world, 5 * 24);
    let backups: Vec<Timestamp> = world
        .journal
        .iter()
        .filter(|noted| matches!(&noted.what, What::Status { to, .. } if to == "backing-up"))
        .map(|noted| noted.at)
        .collect();
    assert_eq!(backups.len(), 5);
    for at in &backups {
        let time = at.to_string();
        assert!(time.contains("T17:") || time.contains("T18:00:00"), "{at}");
    }
    assert_eq!(status_of(&world, &arn), "available");
    assert!(event_ids(&mut world).contains(&"0002".to_owned()));
}

#[test]
fn what_sleeps_has_no_backups_on_the_agenda() {
    let mut world = world(11);
    let arn = create_instance(&mut world, &Actor::Terraform, NewInstance::named("main"));
    stop(&mut world, &function(), &arn).unwrap();
    pass_time(&mut world, 3 * 24);
    let restart = world.rds.database(&arn).unwrap().restart_at;
    assert_eq!(world.next(), restart);
    let backups = changes(&world.journal, &arn);
    assert!(backups.iter().all(|(_, to)| to != "backing-up"));
    let (without, _) = with_instance(11);
    assert_eq!(without.next(), None, "without backups nothing is planned");
}

#[test]
fn maintenance_comes_now_and_then_in_its_weekly_window() {
    let mut world = world(12);
    let new = NewInstance {
        backup_days: 0,
        maintenance_window: "sun:18:00-sun:18:30".to_owned(),
        ..NewInstance::named("main")
    };
    let arn = create_instance(&mut world, &Actor::Terraform, new);
    pass_time(&mut world, 52 * 7 * 24);
    let weeks = changes(&world.journal, &arn)
        .into_iter()
        .filter(|(by, to)| *by == Actor::Aws && to == "maintenance")
        .count();
    assert!((3..30).contains(&weeks), "{weeks}");
}

#[test]
fn a_status_that_the_harness_sets_ends_in_available() {
    let (mut world, arn) = with_instance(13);
    set_status(
        &mut world,
        &arn,
        "storage-optimization",
        Some(86_400..=86_400),
    );
    assert!(world.rds.database(&arn).unwrap().is_usable());
    assert!(stop(&mut world, &function(), &arn).is_err());
    pass_time(&mut world, 23);
    assert_eq!(status_of(&world, &arn), "storage-optimization");
    pass_time(&mut world, 1);
    assert_eq!(status_of(&world, &arn), "available");
}
