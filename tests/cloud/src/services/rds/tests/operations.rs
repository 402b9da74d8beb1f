use super::*;
use crate::wire::{self, Understood};

#[test]
fn a_modification_is_made_at_once_or_waits_and_a_stop_drops_it() {
    let (mut world, arn) = with_instance(14);
    let class = |world: &World| {
        let database = world.rds.database(&arn).unwrap();
        database.instance().unwrap().class.clone()
    };
    let change = json!({"DBInstanceIdentifier": "main", "DBInstanceClass": "db.t4g.large"});
    ask(&mut world, "ModifyDBInstance", change).unwrap();
    let pending = described(&mut world)["PendingModifiedValues"].clone();
    assert_eq!(pending, json!({"DBInstanceClass": "db.t4g.large"}));
    stop(&mut world, &function(), &arn).unwrap();
    assert_eq!(
        described(&mut world)["PendingModifiedValues"],
        json!({}),
        "dropped"
    );
    until(&mut world, &arn, "stopped");
    let at_once = json!({
        "DBInstanceIdentifier": "main",
        "DBInstanceClass": "db.t4g.large",
        "ApplyImmediately": "true",
    });
    let asleep = code(ask(&mut world, "ModifyDBInstance", at_once.clone()));
    assert_eq!(asleep, ("InvalidDBInstanceState".to_owned(), 400));
    start(&mut world, &function(), &arn).unwrap();
    until(&mut world, &arn, "available");
    ask(&mut world, "ModifyDBInstance", at_once).unwrap();
    assert_eq!(status_of(&world, &arn), "modifying");
    assert_eq!(class(&world), "db.t4g.micro");
    until(&mut world, &arn, "available");
    assert_eq!(class(&world), "db.t4g.large");
}

#[test]
fn a_modification_that_waits_is_made_in_the_maintenance_window() {
    let mut world = world(15);
    let new = NewInstance {
        backup_days: 0,
        ..NewInstance::named("main")
    };
    let arn = create_instance(&mut world, &Actor::Terraform, new);
    let change = json!({"DBInstanceIdentifier": "main", "AllocatedStorage": "40"});
    ask(&mut world, "ModifyDBInstance", change).unwrap();
    until(&mut world, &arn, "modifying");
    assert!(
        world
            .now
            .strftime("%a %H:%M")
            .to_string()
            .starts_with("Sun 18:")
    );
    until(&mut world, &arn, "storage-optimization");
    assert_eq!(described(&mut world)["AllocatedStorage"], 40);
}

#[test]
fn describing_goes_page_by_page() {
    let mut world = world(17);
    for number in 0..45 {
        create_instance(
            &mut world,
            &Actor::Terraform,
            quiet(&format!("db-{number}")),
        );
    }
    let (mut names, mut marker, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let input = json!({"MaxRecords": "20", "Marker": marker});
        let output = ask(&mut world, "DescribeDBInstances", input).unwrap();
        let page = output["DBInstances"]["DBInstance"].as_array().unwrap();
        names.extend(
            page.iter()
                .map(|found| found["DBInstanceIdentifier"].to_string()),
        );
        pages += 1;
        marker = output["Marker"].clone();
        if marker.is_null() {
            break;
        }
    }
    names.sort();
    names.dedup();
    assert_eq!((names.len(), pages), (45, 3));
    for size in ["19", "101"] {
        let input = json!({ "MaxRecords": size });
        let refused = code(ask(&mut world, "DescribeDBInstances", input));
        assert_eq!(refused.0, "InvalidParameterValue");
    }
}

#[test]
fn filters_choose_by_name_cluster_and_engine() {
    let (mut world, _) = with_cluster(19, 2);
    create_instance(&mut world, &Actor::Terraform, quiet("main"));
    let found = |world: &mut World, name: &str, value: &str| {
        let input =
            json!({"Filters.Filter.1.Name": name, "Filters.Filter.1.Values.Value.1": value});
        let output = ask(world, "DescribeDBInstances", input).unwrap();
        output["DBInstances"]["DBInstance"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(found(&mut world, "db-cluster-id", "aurora"), 2);
    assert_eq!(found(&mut world, "db-instance-id", "main"), 1);
    assert_eq!(found(&mut world, "engine", "mysql"), 0);
}

#[test]
fn what_is_created_is_available_minutes_later() {
    let mut world = world(20);
    let cluster = json!({"DBClusterIdentifier": "aurora", "Engine": "aurora-postgresql"});
    ask(&mut world, "CreateDBCluster", cluster.clone()).unwrap();
    let member = json!({
        "DBInstanceIdentifier": "aurora-1",
        "DBClusterIdentifier": "aurora",
        "DBInstanceClass": "db.t4g.medium",
        "Engine": "aurora-postgresql",
        "Tags.Tag.1.Key": "nightshift:sleep",
        "Tags.Tag.1.Value": "staging",
    });
    let output = ask(&mut world, "CreateDBInstance", member.clone()).unwrap();
    assert_eq!(output["DBInstance"]["DBInstanceStatus"], "creating");
    assert_eq!(
        output["DBInstance"]["TagList"],
        json!({"Tag": [{"Key": "nightshift:sleep", "Value": "staging"}]})
    );
    assert!(
        !world
            .rds
            .database(&cluster_arn("aurora"))
            .unwrap()
            .is_usable()
    );
    pass_time(&mut world, 1);
    assert!(world.rds.by_name("aurora").unwrap().is_usable());
    let again = code(ask(&mut world, "CreateDBCluster", cluster));
    assert_eq!(again, ("DBClusterAlreadyExistsFault".to_owned(), 400));
    let again = code(ask(&mut world, "CreateDBInstance", member));
    assert_eq!(again, ("DBInstanceAlreadyExists".to_owned(), 400));
}

#[test]
fn a_replica_needs_a_source_with_backups_and_shows_on_both() {
    let mut world = world(21);
    create_instance(&mut world, &Actor::Terraform, NewInstance::named("backed"));
    create_instance(&mut world, &Actor::Terraform, quiet("bare"));
    let replica = |source: &str| json!({"DBInstanceIdentifier": "replica", "SourceDBInstanceIdentifier": source});
    let refused = code(ask(
        &mut world,
        "CreateDBInstanceReadReplica",
        replica("bare"),
    ));
    assert_eq!(refused.0, "InvalidDBInstanceState");
    let output = ask(&mut world, "CreateDBInstanceReadReplica", replica("backed")).unwrap();
    let made = &output["DBInstance"];
    assert_eq!(made["ReadReplicaSourceDBInstanceIdentifier"], "backed");
    assert_eq!(made["BackupRetentionPeriod"], 0);
    let replicas = described(&mut world)["ReadReplicaDBInstanceIdentifiers"].clone();
    assert_eq!(
        replicas,
        json!({"ReadReplicaDBInstanceIdentifier": ["replica"]})
    );
}

#[test]
fn a_reboot_and_a_failover_come_back() {
    let (mut world, arn) = with_cluster(24, 2);
    let reboot = json!({"DBInstanceIdentifier": "aurora-instance-2"});
    ask(&mut world, "RebootDBInstance", reboot).unwrap();
    until(&mut world, &instance_arn("aurora-instance-2"), "available");
    assert_eq!(event_ids(&mut world), ["0004", "0006"]);
    let failover = json!({"DBClusterIdentifier": "aurora"});
    ask(&mut world, "FailoverDBCluster", failover).unwrap();
    assert!(!world.rds.database(&arn).unwrap().is_usable());
    until(&mut world, &arn, "available");
    let writer = world.rds.members_of(&arn)[0].clone();
    assert_eq!(writer, instance_arn("aurora-instance-2"));
    assert!(world.rds.database(&arn).unwrap().is_usable());
}

#[test]
fn tags_are_added_listed_and_removed() {
    let (mut world, arn) = with_instance(25);
    let tag = json!({
        "ResourceName": arn,
        "Tags.Tag.1.Key": "nightshift:sleep",
        "Tags.Tag.1.Value": "staging",
    });
    ask(&mut world, "AddTagsToResource", tag).unwrap();
    let one = json!({ "ResourceName": arn });
    let listed = ask(&mut world, "ListTagsForResource", one.clone()).unwrap();
    assert_eq!(listed["TagList"]["Tag"][0]["Value"], "staging");
    let call = Call {
        operation: "StopDBInstance".to_owned(),
        input: json!({"DBInstanceIdentifier": "main"}),
        actor: function(),
    };
    let demands = SERVICE.demands(&world, &call);
    assert_eq!(demands.len(), 1);
    assert_eq!(demands[0].action, "rds:StopDBInstance");
    assert_eq!(demands[0].resource, arn);
    assert_eq!(demands[0].tags["nightshift:sleep"], "staging");
    let keys = json!({"ResourceName": arn, "TagKeys.member.1": "nightshift:sleep"});
    ask(&mut world, "RemoveTagsFromResource", keys).unwrap();
    let listed = ask(&mut world, "ListTagsForResource", one).unwrap();
    assert_eq!(listed["TagList"]["Tag"], json!([]));
}

#[test]
fn describing_all_is_asked_of_all() {
    let world = world(26);
    for (operation, resource) in [
        (
            "DescribeDBInstances",
            "arn:aws:rds:ap-northeast-1:123456789012:db:*",
        ),
        (
            "DescribeDBClusters",
            "arn:aws:rds:ap-northeast-1:123456789012:cluster:*",
        ),
    ] {
        let call = Call {
            operation: operation.to_owned(),
            input: json!({}),
            actor: function(),
        };
        let demands = SERVICE.demands(&world, &call);
        assert_eq!(demands[0].resource, resource);
    }
}

#[test]
fn the_answer_is_the_xml_that_the_sdk_reads() {
    let (mut world, arn) = with_cluster(27, 1);
    stop(&mut world, &function(), &arn).unwrap();
    let understood = Understood {
        service: &SERVICE,
        protocol: SERVICE.protocol(),
        call: Call {
            operation: "DescribeDBClusters".to_owned(),
            input: json!({}),
            actor: function(),
        },
    };
    let outcome = world.call(&SERVICE, &understood.call);
    let answer = wire::answer(&mut world, &understood, &outcome);
    let xml = String::from_utf8(answer.body).unwrap();
    for part in [
        "<DescribeDBClustersResult><DBClusters><DBCluster>",
        "<DBClusterMembers><DBClusterMember>",
        "<IsClusterWriter>true</IsClusterWriter>",
        "<Status>stopping</Status>",
        "<AutomaticRestartTime>2026-12-04T10:00:00.000Z</AutomaticRestartTime>",
        "<TagList></TagList>",
    ] {
        assert!(xml.contains(part), "{part} in {xml}");
    }
}
