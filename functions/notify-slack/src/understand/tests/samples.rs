//! Every file of `events/`: what a reader may try with `cargo lambda invoke` is understood. The alarms
//! among them are in a file of their own.

use std::collections::BTreeSet;

use nightshift::report::News;

use super::*;
use crate::signal::{Stage, Told};

#[test]
fn every_sample_is_understood() {
    let mut names = BTreeSet::new();
    for file in std::fs::read_dir(events()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let payload = sample(&name);
        let records = understand(&payload, arrival());
        let batch = payload["Records"].as_array().map_or(1, Vec::len);
        assert_eq!(records.len(), batch, "{name}");
        for record in records {
            let Understood { signals, left_out } = record.understood;
            assert_eq!(signals.len() + left_out.len(), 1, "{name}");
            for signal in signals {
                assert!(
                    signal.at < arrival() || payload["command"].is_string(),
                    "{name}"
                );
                let is_other = matches!(signal.what, What::Other(_));
                let expected = payload["command"].is_string()
                    || ["backup", "sns-text", "sns-json", "sqs"]
                        .iter()
                        .any(|other| name.starts_with(other));
                assert!(is_other <= expected, "{name}: {signal:#?}");
            }
        }
        names.insert(name);
    }
    assert!(names.len() > 40, "{names:?}");
}

#[test]
fn a_text_keeps_its_subject_and_its_lines() {
    let payload = sample("sns-text");
    assert_eq!(
        signal(&payload).key,
        "sns/9c1d0f2e-3b4a-5c6d-8e7f-102938475604"
    );
    assert_eq!(signal(&payload).at, at("2026-11-24T19:04:09.512Z"));
    assert_eq!(
        (
            signal(&payload).account.as_str(),
            signal(&payload).region.as_str()
        ),
        (ACCOUNT, REGION)
    );
    let other = other(&payload);
    assert_eq!(
        (other.title.as_str(), other.source.as_str()),
        ("Nightly export failed", TOPIC)
    );
    assert_eq!(other.text.lines().count(), 3);
    assert_eq!((other.fields, other.cut), (vec![], false));
}

#[test]
fn json_that_nobody_knows_is_shown_field_by_field() {
    let other = other(&sample("sns-json"));
    assert_eq!((other.title.as_str(), other.text.as_str()), ("", ""));
    let fields = [
        ("errors.count", "17"),
        ("errors.first", "2026-11-25T03:42:20Z"),
        ("release", "3f9c2d1"),
        ("service", "bookmark-manager-production-web"),
        ("urls", "/bookmarks, /tags"),
    ];
    assert_eq!(
        other.fields,
        fields.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

#[test]
fn an_event_that_nobody_knows_keeps_its_type_and_its_detail() {
    let payload = sample("backup-job-failed");
    assert_eq!(
        signal(&payload).key,
        "event/7b3c9d10-2e4f-4a5b-8c6d-1f2e3d4c5b07"
    );
    let other = other(&payload);
    assert_eq!(
        (other.title.as_str(), other.source.as_str()),
        ("Backup Job State Change", "aws.backup")
    );
    let field = |path: &str| {
        let found = other.fields.iter().find(|(name, _)| name == path);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(field("detail.state"), Some("FAILED"));
    assert_eq!(field("detail.createdBy.backupRuleId"), Some("daily"));
    assert_eq!(field("detail.percentDone"), Some("0.0"));
    assert_eq!(
        field("resources"),
        Some("arn:aws:rds:ap-northeast-1:123456789012:cluster:bookmark-manager-production-aurora")
    );
    assert_eq!((field("detail.tags"), field("account")), (None, None));
}

#[test]
fn a_report_of_our_own_is_typed() {
    let signal = signal(&sample("sns-report-ready"));
    assert_eq!(signal.at, at("2026-11-23T23:53:04Z"));
    let What::Report(message) = signal.what else {
        panic!("{:?}", signal.what)
    };
    assert_eq!(message.estate, "bookmark-manager-staging");
    assert!(
        matches!(
            message.news,
            News::Ready {
                woke_seconds: 400,
                ..
            }
        ),
        "{:?}",
        message.news
    );
}

#[test]
fn health_tells_what_happens_when() {
    let payload = sample("health-rds-maintenance");
    assert_eq!(
        signal(&payload).key,
        "event/health/4c1b7e9f0a2d3c5e6f708192a3b4c5d6e7f80912-1/123456789012"
    );
    let Told::Health {
        code,
        category,
        status,
        begins,
        ends,
        description,
        affected,
        ..
    } = event(&payload).told
    else {
        panic!()
    };
    assert_eq!(
        [code, category, status],
        [
            "AWS_RDS_MAINTENANCE_SCHEDULED",
            "scheduledChange",
            "upcoming"
        ]
    );
    assert_eq!(begins, Some(at("2026-12-02T18:00:00Z")));
    assert_eq!(ends, Some(at("2026-12-02T20:00:00Z")));
    assert_eq!(description.lines().count(), 3, "{description}");
    assert_eq!(affected, ["bookmark-manager-production-aurora-1"]);
}

#[test]
fn a_budget_is_read_from_its_text() {
    let payload = sample("budget-exceeded");
    assert_eq!(signal(&payload).account, ACCOUNT);
    assert_eq!(
        event(&payload).told,
        Told::Budget {
            name: "bookmark-manager-monthly".to_owned(),
            kind: "ACTUAL".to_owned(),
            threshold: "> $40.00".to_owned(),
            amount: "$42.10".to_owned(),
            budgeted: "$50.00".to_owned(),
        }
    );
}

#[test]
fn codedeploy_tells_application_and_group() {
    let event = event(&sample("codedeploy-failure"));
    assert_eq!(
        event.told,
        Told::CodeDeploy {
            state: "FAILURE".to_owned(),
            application: "point-app".to_owned(),
            group: "point-app-production".to_owned(),
            deployment: "d-4ZK7QW2PX".to_owned(),
        }
    );
    assert!(
        event
            .resource
            .ends_with(":deploymentgroup:point-app/point-app-production")
    );
}

#[test]
fn a_failover_of_aurora_is_told_to_the_millisecond() {
    let payload = sample("rds-cluster-failover");
    assert_eq!(signal(&payload).at, at("2026-11-25T03:40:51.412Z"));
    assert_eq!(
        event(&payload).told,
        Told::Database {
            source: "CLUSTER".to_owned(),
            name: "bookmark-manager-production-aurora".to_owned(),
            id: "RDS-EVENT-0071".to_owned(),
            categories: vec!["failover".to_owned()],
            message: "Completed failover to DB instance: bookmark-manager-production-aurora-2"
                .to_owned(),
        }
    );
}

#[test]
fn a_stopped_task_tells_why_container_by_container() {
    let Told::Task {
        cluster,
        group,
        code,
        reason,
        containers,
    } = event(&sample("ecs-task-stopped")).told
    else {
        panic!()
    };
    assert_eq!(
        [cluster, group, code, reason],
        [
            "bookmark-manager-production-cluster",
            "service:bookmark-manager-production-api",
            "EssentialContainerExited",
            "Essential container in task exited",
        ]
    );
    let [api, agent] = containers.as_slice() else {
        panic!("{containers:?}")
    };
    assert_eq!(
        (api.name.as_str(), api.exit_code, &api.reason),
        ("api", Some(1), &None)
    );
    assert_eq!(agent.exit_code, None);
    assert!(
        agent
            .reason
            .as_ref()
            .unwrap()
            .starts_with("CannotPullContainerError")
    );
}

#[test]
fn a_task_that_scaling_stopped_is_left_out() {
    let left_out = left_out(&sample("ecs-task-stopped-by-scale-in"));
    assert_eq!(left_out.why, Why::StoppedByScheduler);
    assert!(left_out.name.contains(":task/"), "{left_out:?}");
}

#[test]
fn a_placement_failure_names_cluster_and_service() {
    assert_eq!(
        event(&sample("ecs-placement-failure")).told,
        Told::Service {
            name: "SERVICE_TASK_PLACEMENT_FAILURE".to_owned(),
            level: "ERROR".to_owned(),
            cluster: "bookmark-manager-production-cluster".to_owned(),
            service: "bookmark-manager-production-api".to_owned(),
            reason: "RESOURCE:FARGATE".to_owned(),
        }
    );
}

#[test]
fn a_failed_deployment_names_cluster_and_service() {
    let Told::Deployment {
        stage,
        cluster,
        service,
        ..
    } = event(&sample("ecs-deployment-failed")).told
    else {
        panic!()
    };
    assert_eq!(stage, Stage::Failed);
    assert_eq!(
        [cluster, service],
        [
            "bookmark-manager-staging-cluster",
            "bookmark-manager-staging-api"
        ]
    );
}

#[test]
fn dead_letters_are_what_they_were_before_they_died() {
    let records = understand(&sample("sqs-dead-letters"), arrival());
    let ids: Vec<_> = records
        .iter()
        .map(|record| record.id.clone().unwrap())
        .collect();
    assert_eq!(ids.len(), 5);
    assert!(ids.iter().all(|id| id.starts_with("1f0e2d3c-")), "{ids:?}");
    let signals: Vec<_> = records
        .into_iter()
        .map(|mut record| record.understood.signals.remove(0))
        .collect();
    let alarm = signal(&sample("alarm-cpu-eventbridge"));
    assert_eq!(signals[..3], [alarm.clone(), alarm.clone(), alarm]);
    assert_eq!(signals[3], signal(&sample("sns-text")));
    let What::Other(text) = &signals[4].what else {
        panic!("{:?}", signals[4])
    };
    assert_eq!(text.text, "nobody knows what this is");
    assert_eq!(signals[4].at, at("2026-11-25T03:45:04Z"));
    assert!(signals[4].key.starts_with("text/"), "{}", signals[4].key);
}
