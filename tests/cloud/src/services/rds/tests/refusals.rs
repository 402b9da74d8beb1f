use super::*;

#[test]
fn only_an_available_instance_can_be_stopped() {
    for status in [
        "starting",
        "stopping",
        "stopped",
        "backing-up",
        "modifying",
        "storage-optimization",
        "storage-full",
        "failed",
    ] {
        let (mut world, arn) = with_instance(1);
        set_status(&mut world, &arn, status, None);
        let fault = stop(&mut world, &Actor::Person, &arn).unwrap_err();
        assert_eq!(fault.code, "InvalidDBInstanceState", "{status}");
        assert_eq!(fault.message, "Instance main is not in available state.");
        assert_eq!(fault.status, 400);
    }
}

#[test]
fn only_a_stopped_or_recoverable_instance_can_be_started() {
    for status in ["available", "starting", "stopping", "backing-up", "failed"] {
        let (mut world, arn) = with_instance(1);
        set_status(&mut world, &arn, status, None);
        let fault = start(&mut world, &Actor::Person, &arn).unwrap_err();
        assert_eq!(fault.code, "InvalidDBInstanceState", "{status}");
    }
    for status in ["stopped", "inaccessible-encryption-credentials-recoverable"] {
        let (mut world, arn) = with_instance(1);
        set_status(&mut world, &arn, status, None);
        start(&mut world, &Actor::Person, &arn).unwrap();
    }
}

#[test]
fn what_replicates_or_is_a_member_or_a_mirror_is_never_stopped() {
    let mut world = world(1);
    let by = Actor::Terraform;
    let source = create_instance(&mut world, &by, quiet("source"));
    let replica = NewInstance {
        replica_of: Some("source".to_owned()),
        ..quiet("replica")
    };
    let replica = create_instance(&mut world, &by, replica);
    let mirrored = NewInstance {
        engine: "sqlserver-se".to_owned(),
        multi_az: true,
        ..quiet("mirrored")
    };
    let mirrored = create_instance(&mut world, &by, mirrored);
    for arn in [&source, &replica, &mirrored] {
        let fault = stop(&mut world, &by, arn).unwrap_err();
        assert_eq!(fault.code, "InvalidDBInstanceState", "{arn}");
    }
    create_cluster(&mut world, &by, quiet_cluster(1));
    let fault = stop(&mut world, &by, &instance_arn("aurora-instance-1")).unwrap_err();
    assert_eq!(fault.code, "InvalidParameterCombination");
    assert_eq!(
        fault.message,
        "aurora-postgresql DB instances are not eligible for stopping and starting."
    );
    let standby = NewInstance {
        multi_az: true,
        ..quiet("standby")
    };
    let standby = create_instance(&mut world, &by, standby);
    stop(&mut world, &by, &standby).unwrap();
}

#[test]
fn a_cluster_that_is_no_plain_aurora_is_never_stopped() {
    let global = NewCluster {
        global: Some("everywhere".to_owned()),
        ..quiet_cluster(1)
    };
    let cases = [
        NewCluster {
            engine: "postgres".to_owned(),
            ..quiet_cluster(3)
        },
        NewCluster {
            engine_mode: "serverless".to_owned(),
            ..quiet_cluster(0)
        },
        global.clone(),
        NewCluster {
            replica_of: Some("arn:aws:rds:us-east-1:123456789012:cluster:far".to_owned()),
            ..quiet_cluster(1)
        },
        NewCluster {
            replicas: vec!["arn:aws:rds:us-east-1:123456789012:cluster:far".to_owned()],
            ..quiet_cluster(1)
        },
    ];
    for new in cases {
        let mut world = world(1);
        let arn = create_cluster(&mut world, &Actor::Terraform, new);
        let fault = stop(&mut world, &Actor::Person, &arn).unwrap_err();
        assert_eq!(
            (fault.code.as_str(), fault.status),
            ("InvalidDBClusterStateFault", 400)
        );
    }
    let mut world = world(1);
    let alone = NewCluster {
        alone_in_global: true,
        ..global
    };
    let arn = create_cluster(&mut world, &Actor::Terraform, alone);
    stop(&mut world, &Actor::Person, &arn).unwrap();
}

#[test]
fn without_capacity_or_key_nothing_starts() {
    let (mut world, arn) = with_instance(9);
    stop(&mut world, &function(), &arn).unwrap();
    until(&mut world, &arn, "stopped");
    let later = world.now + SignedDuration::from_hours(1);
    world.rds.capacity_lacks_until(later);
    let asked = json!({"DBInstanceIdentifier": "main"});
    let lacking = code(ask(&mut world, "StartDBInstance", asked.clone()));
    assert_eq!(lacking, ("InsufficientDBInstanceCapacity".to_owned(), 400));
    world.advance(later);
    world.rds.lose_key(&arn);
    let locked = code(ask(&mut world, "StartDBInstance", asked.clone()));
    assert_eq!(locked, ("KMSKeyNotAccessibleFault".to_owned(), 400));
    pass_time(&mut world, 8 * 24);
    let lost = "inaccessible-encryption-credentials-recoverable";
    assert_eq!(status_of(&world, &arn), lost);
    world.rds.find_key(&arn);
    ask(&mut world, "StartDBInstance", asked).unwrap();
    until(&mut world, &arn, "available");
}

#[test]
fn capacity_is_in_half_steps_with_the_least_not_above_the_most() {
    let (mut world, arn) = with_cluster(16, 1);
    let bounds = |min: &str, max: &str| {
        json!({
            "DBClusterIdentifier": "aurora",
            "ServerlessV2ScalingConfiguration.MinCapacity": min,
            "ServerlessV2ScalingConfiguration.MaxCapacity": max,
        })
    };
    for (min, max, expected) in [
        ("0.7", "4", "InvalidParameterValue"),
        ("8", "4", "InvalidParameterCombination"),
        ("1", "512", "InvalidParameterValue"),
        ("0", "0.5", "InvalidParameterValue"),
    ] {
        let refused = code(ask(&mut world, "ModifyDBCluster", bounds(min, max)));
        assert_eq!(refused, (expected.to_owned(), 400), "{min}..{max}");
    }
    let output = ask(&mut world, "ModifyDBCluster", bounds("0", "4.5")).unwrap();
    assert_eq!(
        output["DBCluster"]["ServerlessV2ScalingConfiguration"],
        json!({"MinCapacity": 0.0, "MaxCapacity": 4.5, "SecondsUntilAutoPause": 300})
    );
    assert_eq!(status_of(&world, &arn), "available", "it changes online");
    let output = ask(&mut world, "ModifyDBCluster", bounds("0.5", "4.5")).unwrap();
    let pause = &output["DBCluster"]["ServerlessV2ScalingConfiguration"]["SecondsUntilAutoPause"];
    assert_eq!(*pause, Value::Null, "it vanishes with a least above 0");
    stop(&mut world, &function(), &arn).unwrap();
    until(&mut world, &arn, "stopped");
    let asleep = code(ask(&mut world, "ModifyDBCluster", bounds("0", "4")));
    assert_eq!(asleep, ("InvalidDBClusterStateFault".to_owned(), 400));
}

#[test]
fn what_is_not_there_is_not_found() {
    let mut world = world(18);
    let input = json!({"DBInstanceIdentifier": "ghost", "DBClusterIdentifier": "ghost"});
    for operation in ["DescribeDBInstances", "StopDBInstance", "StartDBInstance"] {
        let answer = code(ask(&mut world, operation, input.clone()));
        assert_eq!(answer, ("DBInstanceNotFound".to_owned(), 404));
    }
    for operation in ["DescribeDBClusters", "StopDBCluster", "StartDBCluster"] {
        let answer = code(ask(&mut world, operation, input.clone()));
        assert_eq!(answer, ("DBClusterNotFoundFault".to_owned(), 404));
    }
}

#[test]
fn a_cluster_with_members_is_not_deleted_and_a_person_deletes_all() {
    let (mut world, arn) = with_cluster(22, 2);
    let input = json!({"DBClusterIdentifier": "aurora", "SkipFinalSnapshot": "true"});
    let refused = code(ask(&mut world, "DeleteDBCluster", input));
    assert_eq!(refused, ("InvalidDBClusterStateFault".to_owned(), 400));
    delete(&mut world, &Actor::Person, &arn);
    assert_eq!(status_of(&world, &arn), "deleting");
    pass_time(&mut world, 1);
    assert_eq!(world.rds.databases().count(), 0);
    let deleted = world
        .journal
        .iter()
        .filter(|noted| noted.by == Actor::Person && noted.what == What::Deleted);
    assert_eq!(deleted.count(), 3);
}

#[test]
fn deleting_asks_for_a_final_snapshot_or_none() {
    let (mut world, arn) = with_instance(23);
    let silent = json!({"DBInstanceIdentifier": "main"});
    let refused = code(ask(&mut world, "DeleteDBInstance", silent));
    assert_eq!(refused.0, "InvalidParameterCombination");
    let skipped = json!({"DBInstanceIdentifier": "main", "SkipFinalSnapshot": "true"});
    ask(&mut world, "DeleteDBInstance", skipped).unwrap();
    pass_time(&mut world, 1);
    assert!(world.rds.database(&arn).is_none());
    assert!(event_ids(&mut world).contains(&"0003".to_owned()));
}
