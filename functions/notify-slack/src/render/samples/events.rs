//! Events of AWS services, and what nobody knows.

use super::{at, signal};
use crate::signal::{Container, Event, Other, Signal, Stage, Told, What};

pub(super) fn events() -> Vec<(&'static str, Signal)> {
    ecs().into_iter().chain(elsewhere()).collect()
}

fn event(told: Told, resource: &str) -> Signal {
    signal(What::Event(Box::new(Event {
        told,
        resource: resource.to_owned(),
    })))
}

fn cluster() -> String {
    "bookmark-manager-production-cluster".to_owned()
}

fn api() -> String {
    "bookmark-manager-production-api".to_owned()
}

fn deployment(stage: Stage, reason: &str) -> Signal {
    event(
        Told::Deployment {
            stage,
            cluster: cluster(),
            service: api(),
            deployment: "ecs-svc/3141592653589793238".to_owned(),
            reason: reason.to_owned(),
        },
        "",
    )
}

fn ecs() -> Vec<(&'static str, Signal)> {
    let task = "arn:aws:ecs:ap-northeast-1:123456789012:task/bookmark-manager-production-cluster/e9511a8292474239";
    vec![
        (
            "deployment_failed",
            deployment(
                Stage::Failed,
                "ECS deployment circuit breaker: tasks failed to start.",
            ),
        ),
        (
            "deployment_rolling_back",
            deployment(
                Stage::RollingBack,
                "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/2718281828459045235.",
            ),
        ),
        (
            "placement_failure",
            event(
                Told::Service {
                    name: "SERVICE_TASK_PLACEMENT_FAILURE".to_owned(),
                    level: "ERROR".to_owned(),
                    cluster: cluster(),
                    service: api(),
                    reason: "RESOURCE:FARGATE".to_owned(),
                },
                "",
            ),
        ),
        (
            "task_stopped_137",
            event(
                Told::Task {
                    cluster: cluster(),
                    group: format!("service:{}", api()),
                    code: "EssentialContainerExited".to_owned(),
                    reason: "Essential container in task exited".to_owned(),
                    containers: vec![
                        Container {
                            name: "datadog-agent".to_owned(),
                            exit_code: Some(0),
                            reason: None,
                        },
                        Container {
                            name: "api".to_owned(),
                            exit_code: Some(137),
                            reason: Some(
                                "OutOfMemoryError: Container killed due to memory usage".to_owned(),
                            ),
                        },
                    ],
                },
                task,
            ),
        ),
        (
            "task_failed_to_start",
            event(
                Told::Task {
                    cluster: cluster(),
                    group: "family:migrate".to_owned(),
                    code: "TaskFailedToStart".to_owned(),
                    reason: "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref".to_owned(),
                    containers: Vec::new(),
                },
                task,
            ),
        ),
    ]
}

fn elsewhere() -> Vec<(&'static str, Signal)> {
    vec![
        (
            "rds_failover",
            event(
                Told::Database {
                    source: "DB_INSTANCE".to_owned(),
                    name: "r2e-postgres".to_owned(),
                    id: "RDS-EVENT-0049".to_owned(),
                    categories: vec!["failover".to_owned()],
                    message: "A Multi-AZ failover has completed.".to_owned(),
                },
                "arn:aws:rds:ap-northeast-1:123456789012:db:r2e-postgres",
            ),
        ),
        (
            "rds_low_storage",
            event(
                Told::Database {
                    source: "DB_INSTANCE".to_owned(),
                    name: "r2e-postgres".to_owned(),
                    id: "RDS-EVENT-0089".to_owned(),
                    categories: vec!["low storage".to_owned()],
                    message: "The free storage capacity for DB instance: r2e-postgres is low at 2% of the allocated storage.".to_owned(),
                },
                "",
            ),
        ),
        (
            "code_deploy_failure",
            event(
                Told::CodeDeploy {
                    state: "FAILURE".to_owned(),
                    application: "point-app".to_owned(),
                    group: "point-app-blue-green".to_owned(),
                    deployment: "d-ABCDEF123".to_owned(),
                },
                "",
            ),
        ),
        (
            "health_scheduled_change",
            event(
                Told::Health {
                    service: "RDS".to_owned(),
                    code: "AWS_RDS_MAINTENANCE_SCHEDULED".to_owned(),
                    category: "scheduledChange".to_owned(),
                    status: "upcoming".to_owned(),
                    begins: Some(at("2026-12-03T03:00:00+09:00")),
                    ends: Some(at("2026-12-03T05:00:00+09:00")),
                    description: "Your RDS instance is scheduled for maintenance.\nA reboot is needed & lasts < 10 minutes.".to_owned(),
                    affected: vec![
                        "arn:aws:rds:ap-northeast-1:123456789012:db:r2e-postgres".to_owned(),
                    ],
                },
                "",
            ),
        ),
        (
            "budget",
            event(
                Told::Budget {
                    name: "monthly-100".to_owned(),
                    kind: "FORECASTED".to_owned(),
                    threshold: "> $80.00".to_owned(),
                    amount: "$96.41".to_owned(),
                    budgeted: "$100.00".to_owned(),
                },
                "",
            ),
        ),
    ]
}

pub(super) fn others() -> Vec<(&'static str, Signal)> {
    let fields = [
        ("version", "0"),
        ("detail.state", "FAILED"),
        ("detail.resourceType", "Aurora"),
        (
            "detail.statusMessage",
            "Backup job failed because there was a running job & <nobody> waited.\nTry again.",
        ),
        ("detail.backupVaultName", "Default"),
    ];
    let fields: Vec<(String, String)> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let json = Other {
        title: "Backup Job State Change".to_owned(),
        source: "aws.backup".to_owned(),
        fields,
        text: String::new(),
        cut: false,
    };
    let long = Other {
        fields: (0..90)
            .map(|index| (format!("detail.items[{index}]"), "負荷試験".repeat(20)))
            .collect(),
        ..json.clone()
    };
    let text = Other {
        title: String::new(),
        source: "arn:aws:sns:ap-northeast-1:123456789012:ops-alerts".to_owned(),
        fields: Vec::new(),
        text: "Deployment of <web> finished.\n  took 3 min & 12 s\nby @here, see https://ci.example.com/1".to_owned(),
        cut: false,
    };
    vec![
        ("unknown_json", signal(What::Other(json))),
        ("unknown_json_cut", signal(What::Other(long))),
        ("plain_text", signal(What::Other(text))),
    ]
}
