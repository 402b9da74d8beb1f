use super::*;

/// The numbers of the events that a database's own ARN is the source of.
fn told(world: &World, arn: &str) -> Vec<String> {
    let mine = world.events.emitted.iter();
    let mine = mine.filter(|event| event.envelope["detail"]["SourceArn"] == arn);
    let ids = mine.map(|event| event.envelope["detail"]["EventID"].as_str().unwrap());
    ids.map(|id| id.trim_start_matches("RDS-EVENT-").to_owned())
        .collect()
}

fn failover(target: Option<&str>) -> Value {
    json!({"DBClusterIdentifier": "aurora", "TargetDBInstanceIdentifier": target})
}

#[test]
fn statuses_events_and_the_writer_of_a_failover() {
    let (mut world, arn) = with_cluster(51, 3);
    let members = world.rds.members_of(&arn);
    let target = failover(Some("aurora-instance-3"));
    let output = ask(&mut world, "FailoverDBCluster", target).unwrap();
    assert_eq!(output["DBCluster"]["Status"], "failing-over");
    let started = world.events.emitted[0].envelope["detail"].clone();
    assert_eq!(
        started["Message"],
        "Started cross AZ failover to DB instance: aurora-instance-3"
    );
    assert_eq!(started["EventCategories"], json!(["failover"]));
    pass_time(&mut world, 1);
    let journal = world.take_journal();
    let statuses = |arn: &str| {
        let all = changes(&journal, arn);
        all.into_iter().map(|(_, to)| to).collect::<Vec<_>>()
    };
    assert_eq!(statuses(&arn), ["failing-over", "available"]);
    assert_eq!(statuses(&members[0]), ["rebooting", "available"]);
    assert_eq!(statuses(&members[2]), [] as [String; 0]);
    assert_eq!(told(&world, &arn), ["0073", "0071"]);
    assert_eq!(told(&world, &members[0]), ["0004", "0006"]);
    assert_eq!(world.rds.members_of(&arn)[0], members[2]);
    let shown = ask(&mut world, "DescribeDBClusters", json!({})).unwrap();
    let first = &shown["DBClusters"]["DBCluster"][0]["DBClusterMembers"]["DBClusterMember"][0];
    assert_eq!(first["DBInstanceIdentifier"], "aurora-instance-3");
    assert_eq!(first["IsClusterWriter"], true);
}

#[test]
fn a_writer_that_dies_is_followed_by_another_and_a_cluster_of_one_is_not() {
    let (mut world, arn) = with_cluster(52, 2);
    assert!(fail_over(&mut world, &arn));
    assert!(!fail_over(&mut world, &arn), "it is under way");
    pass_time(&mut world, 1);
    let begun = changes(&world.take_journal(), &arn);
    assert_eq!(begun[0], (Actor::Aws, "failing-over".to_owned()));
    assert_eq!(
        world.rds.members_of(&arn)[0],
        instance_arn("aurora-instance-2")
    );
    let (mut alone, arn) = with_cluster(53, 1);
    assert!(!fail_over(&mut alone, &arn));
    assert!(alone.events.emitted.is_empty());
}

#[test]
fn a_failover_that_fails_leaves_the_writer_as_it_was_and_says_so() {
    let (mut world, arn) = with_cluster(54, 2);
    let writer = world.rds.members_of(&arn)[0].clone();
    world.rds.fail_next_failover(&arn);
    assert!(fail_over(&mut world, &arn));
    pass_time(&mut world, 1);
    assert_eq!(told(&world, &arn), ["0073", "0069", "0070"]);
    assert_eq!(world.rds.members_of(&arn)[0], writer);
    assert!(world.rds.database(&arn).unwrap().is_usable());
}

#[test]
fn while_a_cluster_is_busy_it_is_neither_changed_nor_failed_over() {
    let scaling = json!({
        "DBClusterIdentifier": "aurora",
        "ServerlessV2ScalingConfiguration.MinCapacity": "0.5",
        "ServerlessV2ScalingConfiguration.MaxCapacity": "16",
    });
    let busy = [
        "failing-over",
        "backing-up",
        "maintenance",
        "modifying",
        "starting",
        "stopping",
        "stopped",
        "resetting-master-credentials",
        "upgrading",
        "deleting",
    ];
    for status in busy {
        let (mut world, arn) = with_cluster(55, 2);
        set_status(&mut world, &arn, status, None);
        for (operation, input) in [
            ("ModifyDBCluster", scaling.clone()),
            ("FailoverDBCluster", failover(None)),
        ] {
            let refused = code(ask(&mut world, operation, input));
            let expected = ("InvalidDBClusterStateFault".to_owned(), 400);
            assert_eq!(refused, expected, "{operation} while {status}");
        }
    }
    let (mut world, _) = with_cluster(56, 2);
    let changed = ask(&mut world, "ModifyDBCluster", scaling).unwrap();
    assert_eq!(
        changed["DBCluster"]["Status"], "available",
        "it changes online"
    );
}

#[test]
fn what_cannot_be_failed_over_to_is_refused() {
    let (mut world, _) = with_cluster(57, 2);
    let second = instance_arn("aurora-instance-2");
    let unknown = failover(Some("nobody"));
    let refused = code(ask(&mut world, "FailoverDBCluster", unknown));
    assert_eq!(refused.0, "InvalidDBClusterStateFault");
    set_status(&mut world, &second, "rebooting", None);
    let target = failover(Some("aurora-instance-2"));
    let refused = code(ask(&mut world, "FailoverDBCluster", target));
    assert_eq!(refused, ("InvalidDBInstanceState".to_owned(), 400));
    let refused = code(ask(&mut world, "FailoverDBCluster", failover(None)));
    assert_eq!(refused.0, "InvalidDBClusterStateFault", "nobody else can");
    let other = json!({"DBClusterIdentifier": "other"});
    let refused = code(ask(&mut world, "FailoverDBCluster", other));
    assert_eq!(refused, ("DBClusterNotFoundFault".to_owned(), 404));
}
