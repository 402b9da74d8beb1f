//! Events of services that are known.

use super::*;
use crate::signal::{Stage, Told};

const SERVICE: &str = "arn:aws:ecs:ap-northeast-1:123456789012:service/production/api";
const TASK: &str = "arn:aws:ecs:ap-northeast-1:123456789012:task/production/5b0d9b9a";

fn deployment(name: &str, reason: &str) -> Value {
    let detail = json!({
        "eventType": "INFO", "eventName": name, "deploymentId": "ecs-svc/7", "reason": reason
    });
    eventbridge("ECS Deployment State Change", "aws.ecs", SERVICE, &detail)
}

#[test]
fn the_way_back_is_told_by_its_words_alone() {
    let back = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/6.";
    for (name, reason, stage) in [
        (
            "SERVICE_DEPLOYMENT_IN_PROGRESS",
            "ECS deployment ecs-svc/7 in progress.",
            Stage::Begun,
        ),
        ("SERVICE_DEPLOYMENT_IN_PROGRESS", "", Stage::Begun),
        ("SERVICE_DEPLOYMENT_IN_PROGRESS", back, Stage::RollingBack),
        (
            "SERVICE_DEPLOYMENT_IN_PROGRESS",
            "Rolling back",
            Stage::RollingBack,
        ),
        (
            "SERVICE_DEPLOYMENT_COMPLETED",
            "ECS deployment ecs-svc/7 completed.",
            Stage::Completed,
        ),
        (
            "SERVICE_DEPLOYMENT_FAILED",
            "tasks failed to start.",
            Stage::Failed,
        ),
    ] {
        let event = event(&deployment(name, reason));
        assert_eq!(event.resource, SERVICE);
        assert_eq!(
            event.told,
            Told::Deployment {
                stage,
                cluster: "production".to_owned(),
                service: "api".to_owned(),
                deployment: "ecs-svc/7".to_owned(),
                reason: reason.to_owned(),
            }
        );
    }
}

#[test]
fn a_service_of_an_old_arn_has_no_cluster() {
    let old = "arn:aws:ecs:ap-northeast-1:123456789012:service/api";
    for (resources, expected) in [
        (json!([old]), ("", "api")),
        (json!([]), ("", "")),
        (json!(null), ("", "")),
        (json!([17, "production", SERVICE]), ("production", "api")),
    ] {
        let mut payload = deployment("SERVICE_DEPLOYMENT_FAILED", "");
        payload["resources"] = resources;
        let Told::Deployment {
            cluster, service, ..
        } = event(&payload).told
        else {
            panic!()
        };
        assert_eq!((cluster.as_str(), service.as_str()), expected);
    }
}

#[test]
fn a_deployment_event_of_a_new_name_is_told_field_by_field() {
    let other = other(&deployment("SERVICE_DEPLOYMENT_PAUSED", "waiting"));
    assert_eq!(other.title, "ECS Deployment State Change");
    assert!(
        other
            .fields
            .contains(&("detail.reason".to_owned(), "waiting".to_owned()))
    );
}

#[test]
fn a_service_action_tells_its_level_and_where() {
    for (name, level) in [
        ("SERVICE_STEADY_STATE", "INFO"),
        ("SERVICE_TASK_START_IMPAIRED", "WARN"),
        ("SERVICE_TASK_PLACEMENT_FAILURE", "ERROR"),
    ] {
        let detail = json!({
            "eventType": level, "eventName": name,
            "clusterArn": "arn:aws:ecs:ap-northeast-1:123456789012:cluster/production"
        });
        for resource in [
            SERVICE,
            "arn:aws:ecs:ap-northeast-1:123456789012:service/api",
        ] {
            let payload = eventbridge("ECS Service Action", "aws.ecs", resource, &detail);
            assert_eq!(
                event(&payload).told,
                Told::Service {
                    name: name.to_owned(),
                    level: level.to_owned(),
                    cluster: "production".to_owned(),
                    service: "api".to_owned(),
                    reason: String::new(),
                }
            );
        }
    }
}

fn task(status: &str, code: &str, reason: &str) -> Value {
    let detail = json!({
        "clusterArn": "arn:aws:ecs:ap-northeast-1:123456789012:cluster/production",
        "lastStatus": status, "desiredStatus": "STOPPED", "group": "service:api",
        "stopCode": code, "stoppedReason": reason, "taskArn": TASK, "containers": []
    });
    eventbridge("ECS Task State Change", "aws.ecs", TASK, &detail)
}

#[test]
fn only_the_end_of_a_stop_is_told() {
    for status in [
        "PROVISIONING",
        "PENDING",
        "RUNNING",
        "DEACTIVATING",
        "STOPPING",
        "DEPROVISIONING",
    ] {
        let left_out = left_out(&task(status, "TaskFailedToStart", "no"));
        assert_eq!(
            left_out,
            LeftOut {
                name: TASK.to_owned(),
                why: Why::TaskNotStopped
            }
        );
    }
    let event = event(&task("STOPPED", "TaskFailedToStart", "no"));
    assert!(matches!(event.told, Told::Task { containers, .. } if containers.is_empty()));
}

#[test]
fn stops_for_scaling_and_deployments_are_left_out_and_failed_health_checks_are_not() {
    let scheduler = "ServiceSchedulerInitiated";
    for reason in ["Scaling activity initiated by (deployment ecs-svc/7)", ""] {
        assert_eq!(
            left_out(&task("STOPPED", scheduler, reason)).why,
            Why::StoppedByScheduler
        );
    }
    for (code, reason) in [
        (
            scheduler,
            "Task failed ELB health checks in (target-group arn:aws:…)",
        ),
        (scheduler, "Task failed container health checks"),
        (
            "EssentialContainerExited",
            "Essential container in task exited",
        ),
        ("UserInitiated", "Scaling activity initiated by hand"),
        ("SpotInterruption", ""),
        ("", ""),
    ] {
        let Told::Task {
            code: told,
            reason: why,
            cluster,
            ..
        } = event(&task("STOPPED", code, reason)).told
        else {
            panic!()
        };
        assert_eq!([told, why, cluster], [code, reason, "production"]);
    }
}

#[test]
fn every_source_of_rds_is_told() {
    for (kind, source) in [
        ("RDS DB Instance Event", "DB_INSTANCE"),
        ("RDS DB Cluster Event", "CLUSTER"),
        ("RDS DB Snapshot Event", "SNAPSHOT"),
        ("RDS DB Cluster Snapshot Event", "CLUSTER_SNAPSHOT"),
        ("RDS DB Parameter Group Event", "DB_PARAMETER_GROUP"),
        ("RDS DB Proxy Event", "DB_PROXY"),
        ("RDS Blue Green Deployment Event", "BLUE_GREEN_DEPLOYMENT"),
    ] {
        let arn = "arn:aws:rds:ap-northeast-1:123456789012:db:one";
        let detail = json!({
            "EventCategories": ["failure", 17, "low storage"], "SourceType": source,
            "SourceArn": arn, "Date": "2026-11-25T03:40:51.412Z", "Message": "It happened.",
            "SourceIdentifier": "one", "EventID": "RDS-EVENT-0001"
        });
        let event = event(&eventbridge(kind, "aws.rds", "", &detail));
        assert_eq!(event.resource, arn);
        assert_eq!(
            event.told,
            Told::Database {
                source: source.to_owned(),
                name: "one".to_owned(),
                id: "RDS-EVENT-0001".to_owned(),
                categories: vec!["failure".to_owned(), "low storage".to_owned()],
                message: "It happened.".to_owned(),
            }
        );
    }
}

#[test]
fn rds_by_an_event_subscription_is_told_like_rds_by_eventbridge() {
    let arn = "arn:aws:rds:ap-northeast-1:123456789012:db:bookmark-manager-staging-postgres";
    let link = "http://docs.amazonwebservices.com/AmazonRDS/latest/UserGuide/USER_Events.html#RDS-EVENT-0049";
    for (written, source) in [
        ("db-instance", "DB_INSTANCE"),
        ("db-cluster", "CLUSTER"),
        ("db-cluster-snapshot", "CLUSTER_SNAPSHOT"),
    ] {
        let payload = sns(&json!({
            "Event Source": written, "Event Time": "2026-11-25 03:40:51.412",
            "Identifier Link": "https://console.aws.amazon.com/rds/home", "Source ARN": arn,
            "Source ID": "bookmark-manager-staging-postgres ", "Event ID": format!("{link} "),
            "Event Message": "A Multi-AZ failover has completed."
        }));
        let signal = signal(&payload);
        assert_eq!(signal.at, at("2026-11-25T03:40:51.412Z"));
        assert_eq!(signal.key, "sns/95df01b4-ee98-5cb9-9903-4c221d41eb5e");
        assert_eq!(
            event(&payload).told,
            Told::Database {
                source: source.to_owned(),
                name: "bookmark-manager-staging-postgres".to_owned(),
                id: "RDS-EVENT-0049".to_owned(),
                categories: Vec::new(),
                message: "A Multi-AZ failover has completed.".to_owned(),
            }
        );
    }
    // The replication service uses the same form.
    let other = other(&sns(
        &json!({ "Event ID": "…#DMS-EVENT-0079", "Event Message": "stopped" }),
    ));
    assert_eq!(other.fields.len(), 2);
}

fn health(changes: &[(&str, Value)]) -> Value {
    let mut detail = json!({
        "eventArn": "arn:aws:health:ap-northeast-1::event/ECS/x", "service": "ECS",
        "eventTypeCode": "AWS_ECS_OPERATIONAL_ISSUE", "eventTypeCategory": "issue",
        "communicationId": "c0ffee-1", "page": "1", "statusCode": "open",
        "startTime": "Wed, 25 Nov 2026 03:40:00 GMT", "eventRegion": REGION,
        "eventDescription": [{ "language": "en_US", "latestDescription": "We look into it." }],
        "affectedEntities": []
    });
    for (field, value) in changes {
        detail[*field] = value.clone();
    }
    eventbridge("AWS Health Event", "aws.health", "production|api", &detail)
}

#[test]
fn the_backup_of_a_health_event_is_the_same_and_its_next_page_another() {
    let first = signal(&health(&[]));
    assert_eq!(first.key, format!("event/health/c0ffee-1/{ACCOUNT}"));

    let mut backup = health(&[("backupEvent", json!("true"))]);
    backup["id"] = json!("another");
    backup["region"] = json!("us-west-2");
    assert_eq!(signal(&backup), first);

    let next = health(&[("communicationId", json!("c0ffee-2")), ("page", json!("2"))]);
    assert_ne!(signal(&next).key, first.key);
    // Should the page ever be missing from the id, no page is lost for it.
    let bare = |page: &str| {
        signal(&health(&[
            ("communicationId", json!("c0ffee")),
            ("page", json!(page)),
        ]))
        .key
    };
    assert_ne!(bare("1"), bare("2"));
    assert_eq!(bare("1"), first.key);

    let member = signal(&health(&[("affectedAccount", json!("210987654321"))]));
    assert_eq!(member.account, "210987654321");
    assert_ne!(member.key, first.key);

    let nameless = signal(&health(&[("communicationId", json!(null))]));
    assert_eq!(nameless.key, "event/11111111-2222-3333-4444-555555555555");
}

#[test]
fn health_is_told_in_english_where_there_is_a_choice() {
    let japanese = json!({ "language": "ja_JP", "latestDescription": "調査中です。" });
    let english =
        json!({ "language": "en_US", "latestDescription": "\\nIt is over.\\nAll is well.\\n" });
    let description = |all: Value| {
        let Told::Health {
            description,
            affected,
            begins,
            ends,
            ..
        } = event(&health(&[("eventDescription", all)])).told
        else {
            panic!()
        };
        assert_eq!(affected, ["production|api"]);
        assert_eq!((begins, ends), (Some(at("2026-11-25T03:40:00Z")), None));
        description
    };
    assert_eq!(
        description(json!([japanese, english])),
        "It is over.\nAll is well."
    );
    assert_eq!(description(json!([japanese])), "調査中です。");
    assert_eq!(description(json!([])), "");
    assert_eq!(description(json!("none")), "");
}

#[test]
fn a_forecast_of_a_budget_has_its_own_amount() {
    let lines = [
        "AWS Account 123456789012",
        "Budget Name: staging: monthly",
        "Budgeted Amount: $70.00",
        "Alert Type: FORECASTED",
        "Alert Threshold: > $70.00",
        "FORECASTED Amount: $81.33",
    ];
    for separator in ["\n", "\r\n", "\n  "] {
        let payload = sns(&json!(lines.join(separator)));
        assert_eq!(
            event(&payload).told,
            Told::Budget {
                name: "staging: monthly".to_owned(),
                kind: "FORECASTED".to_owned(),
                threshold: "> $70.00".to_owned(),
                amount: "$81.33".to_owned(),
                budgeted: "$70.00".to_owned(),
            }
        );
    }
    // Talking of a budget is not yet an alert of AWS Budgets.
    let text = "Budget Name: the one that we discussed";
    assert_eq!(other(&sns(&json!(text))).text, text);
}
