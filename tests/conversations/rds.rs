//! RDS and Aurora: stopping, starting, and what can be neither.

use nightshift_tests::aws::RDS;

use crate::script::{Step, form, later};

const STATUS: &[&str] = &["DBInstanceStatus"];

pub(crate) fn steps() -> Vec<Step> {
    let mut steps = instances();
    steps.extend(replicas());
    steps.extend(clusters());
    steps.extend(capacities());
    steps.extend(pages());
    steps
}

fn instance(operation: &'static str, words: &str, name: &str) -> Step {
    form(RDS, operation, words, &[("DBInstanceIdentifier", name)])
}

fn cluster(operation: &'static str, words: &str, name: &str) -> Step {
    form(RDS, operation, words, &[("DBClusterIdentifier", name)])
}

fn create(words: &str, name: &str) -> Step {
    let fields = [
        ("DBInstanceIdentifier", name),
        ("DBInstanceClass", "db.t4g.micro"),
        ("Engine", "postgres"),
        ("AllocatedStorage", "20"),
        ("MasterUsername", "master"),
        ("MasterUserPassword", "only-on-loopback"),
    ];
    form(RDS, "CreateDBInstance", words, &fields)
}

fn instances() -> Vec<Step> {
    vec![
        create("new", "one").shows(STATUS),
        create("with a name that is taken", "one"),
        instance("StopDBInstance", "that is being created", "one").shows(STATUS),
        later(120),
        instance("StartDBInstance", "after a stop too early", "one").shows(STATUS),
        later(120),
        instance("DescribeDBInstances", "of one that runs", "one").shows(&[
            "DBInstanceStatus",
            "AutomaticRestartTime?",
            "DBInstanceArn",
        ]),
        instance("StartDBInstance", "that runs", "one").shows(STATUS),
        instance("StopDBInstance", "that runs", "one").shows(STATUS),
        instance("StopDBInstance", "that is being stopped", "one").shows(STATUS),
        later(120),
        instance("DescribeDBInstances", "of one that is stopped", "one")
            .shows(&["DBInstanceStatus", "AutomaticRestartTime?"]),
        instance("StopDBInstance", "that is stopped", "one").shows(STATUS),
        form(
            RDS,
            "ModifyDBInstance",
            "that is stopped",
            &[
                ("DBInstanceIdentifier", "one"),
                ("DBInstanceClass", "db.t4g.small"),
                ("ApplyImmediately", "true"),
            ],
        )
        .shows(STATUS),
        instance("StartDBInstance", "that is stopped", "one").shows(STATUS),
        instance("StartDBInstance", "that is being started", "one").shows(STATUS),
        later(120),
        instance("StopDBInstance", "that is unknown", "nobody"),
        instance("StartDBInstance", "that is unknown", "nobody"),
        instance("DescribeDBInstances", "of an unknown one", "nobody"),
        form(RDS, "StopDBInstance", "without a name", &[]),
    ]
}

fn replicas() -> Vec<Step> {
    let fields = [
        ("DBInstanceIdentifier", "copy"),
        ("SourceDBInstanceIdentifier", "one"),
    ];
    vec![
        form(RDS, "CreateDBInstanceReadReplica", "new", &fields)
            .shows(&["DBInstanceStatus", "ReadReplicaSourceDBInstanceIdentifier"]),
        later(240),
        instance("StopDBInstance", "that is a replica", "copy").shows(STATUS),
        instance("StopDBInstance", "that has a replica", "one").shows(STATUS),
        instance("DescribeDBInstances", "of one with a replica", "one")
            .shows(&["DBInstanceStatus", "ReadReplicaDBInstanceIdentifier"]),
    ]
}

fn clusters() -> Vec<Step> {
    let new = [
        ("DBClusterIdentifier", "aurora"),
        ("Engine", "aurora-postgresql"),
        ("MasterUsername", "master"),
        ("MasterUserPassword", "only-on-loopback"),
    ];
    let member = [
        ("DBClusterIdentifier", "aurora"),
        ("DBInstanceIdentifier", "aurora-1"),
        ("DBInstanceClass", "db.t4g.medium"),
        ("Engine", "aurora-postgresql"),
    ];
    vec![
        form(RDS, "CreateDBCluster", "new", &new).shows(&["Status"]),
        form(RDS, "CreateDBCluster", "with a name that is taken", &new),
        form(RDS, "CreateDBInstance", "as a member", &member)
            .shows(&["DBInstanceStatus", "DBClusterIdentifier"]),
        later(120),
        cluster("DescribeDBClusters", "of one that runs", "aurora").shows(&[
            "Status",
            "AutomaticRestartTime?",
            "DBClusterMember#",
            "IsClusterWriter",
        ]),
        instance("StopDBInstance", "that is a member", "aurora-1").shows(STATUS),
        instance("StartDBInstance", "that is a member", "aurora-1").shows(STATUS),
        cluster("StartDBCluster", "that runs", "aurora").shows(&["Status"]),
        cluster("StopDBCluster", "that runs", "aurora").shows(&["Status"]),
        cluster("StopDBCluster", "that is being stopped", "aurora").shows(&["Status"]),
        later(120),
        cluster("DescribeDBClusters", "of one that is stopped", "aurora")
            .shows(&["Status", "AutomaticRestartTime?"]),
        instance(
            "DescribeDBInstances",
            "of a stopped cluster's member",
            "aurora-1",
        )
        .shows(STATUS),
        cluster("StopDBCluster", "that is stopped", "aurora").shows(&["Status"]),
        form(
            RDS,
            "ModifyDBCluster",
            "that is stopped",
            &[
                ("DBClusterIdentifier", "aurora"),
                ("BackupRetentionPeriod", "3"),
                ("ApplyImmediately", "true"),
            ],
        ),
        cluster("StartDBCluster", "that is stopped", "aurora").shows(&["Status"]),
        later(120),
        cluster("DescribeDBClusters", "of one that was started", "aurora").shows(&["Status"]),
        cluster("StopDBCluster", "that is unknown", "nobody"),
        cluster("StartDBCluster", "that is unknown", "nobody"),
        cluster("DescribeDBClusters", "of an unknown one", "nobody"),
    ]
}

fn capacities() -> Vec<Step> {
    let modify = |words: &str, least: &str, most: &str| {
        let fields = [
            ("DBClusterIdentifier", "aurora"),
            ("ServerlessV2ScalingConfiguration.MinCapacity", least),
            ("ServerlessV2ScalingConfiguration.MaxCapacity", most),
            ("ApplyImmediately", "true"),
        ];
        form(RDS, "ModifyDBCluster", words, &fields)
    };
    vec![
        modify("to half steps", "0.5", "1.5").shows(&["MinCapacity", "MaxCapacity"]),
        later(60),
        modify("to less than half steps", "0.3", "1"),
        modify("with more at least than at most", "4", "2"),
        modify("to nothing at least", "0", "2").shows(&["MinCapacity", "SecondsUntilAutoPause"]),
        later(60),
    ]
}

fn pages() -> Vec<Step> {
    let mut steps: Vec<Step> = (1..=20)
        .map(|n| create(&format!("number {n}"), &format!("n{n:02}")))
        .collect();
    let list = |words: &str, fields: &[(&'static str, &str)]| {
        form(RDS, "DescribeDBInstances", words, fields)
    };
    steps.extend([
        list("of all", &[]).shows(&["DBInstance#", "Marker?"]),
        list("twenty at a time", &[("MaxRecords", "20")])
            .shows(&["DBInstance#", "Marker?"])
            .keeps("marker", "Marker"),
        list(
            "of the rest",
            &[("MaxRecords", "20"), ("Marker", "<marker>")],
        )
        .shows(&["DBInstance#", "Marker?"]),
        list("of fewer than a page takes", &[("MaxRecords", "19")]),
        list(
            "by their cluster",
            &[
                ("Filters.Filter.1.Name", "db-cluster-id"),
                ("Filters.Filter.1.Values.Value.1", "aurora"),
            ],
        )
        .shows(&["DBInstance#"]),
    ]);
    steps
}
