//! What people write, and what AWS refuses: each is told and hurts nobody else. All of it is played on
//! the evening of a working day, when blog-aws-practice closes at 18:00 and
//! bookmark-manager-staging at 19:00.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

use jiff::Timestamp;
use jiff::civil::date;
use nightshift_tests::aws::{ECS, Refused, SSM};
use nightshift_tests::estates::{BLOG, BOOKMARK_MANAGER, Estate, R2E};
use nightshift_tests::gateway::Fate;
use nightshift_tests::local::Deployment;
use nightshift_tests::play;
use nightshift_tests::stage::{Moment, Stage, document, parameter};
use serde_json::json;

const API: &str = "blog-aws-practice-cluster/blog-aws-practice-api";
const WEB: &str = "bookmark-manager-staging-cluster/bookmark-manager-staging-web";
const R2E_API: &str = "r2e-cluster/r2e-api-service";
const AURORA: &str = "cluster:blog-aws-practice-aurora";
const POSTGRES: &str = "db:bookmark-manager-staging-postgres";

fn at(time: &str) -> Timestamp {
    play::at(date(2027, 1, 19), time).unwrap()
}

async fn stage(estates: &[Estate]) -> Stage {
    let stage = Stage::set(&Deployment::built(), estates).await.unwrap();
    let moments = stage.settle(at("17:30")).await.unwrap();
    assert!(moments.iter().all(|moment| moment.failed.is_none()));
    stage
}

fn refused(code: &str) -> Fate {
    Fate::Refused(Refused {
        status: 400,
        code: code.into(),
        message: "as the test says".into(),
    })
}

/// The facts of what was told of an estate with this code, in any of the moments.
fn facts<'a>(moments: &'a [Moment], estate: &str, code: &str) -> Vec<&'a serde_json::Value> {
    let mail = moments.iter().flat_map(|moment| &moment.mail);
    mail.filter(|mail| mail.estate == estate && mail.code() == code)
        .map(|mail| &mail.news)
        .collect()
}

#[tokio::test]
async fn a_broken_document_is_told_once_and_the_last_good_one_stays_in_force() {
    let stage = stage(&[BLOG, BOOKMARK_MANAGER]).await;
    let good = document(BLOG.name).unwrap();
    let broken = good.replace("calendar:", "calender:");
    stage
        .local
        .put_document(&parameter(BLOG.name), &broken)
        .await
        .unwrap();
    let mut moments = stage.settle(at("17:50")).await.unwrap();
    moments.extend(stage.settle(at("18:00")).await.unwrap());
    let told = facts(&moments, BLOG.name, "document_broken");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["in_force"], true);
    let problem = &told[0]["problems"][0];
    assert_eq!(problem["document"], parameter(BLOG.name));
    assert!(
        problem["text"].as_str().unwrap().contains("calendar"),
        "{problem}"
    );
    let seen = &moments.last().unwrap().state;
    assert_eq!(
        (seen.services[API].desired, &*seen.databases[AURORA]),
        (0, "stopped")
    );

    // Longer than Parameter Store takes: there are other ways for it to get there.
    let long = format!("{good}# {}\n", "long ".repeat(1000));
    assert!(
        stage
            .local
            .put_document(&parameter(BLOG.name), &long)
            .await
            .is_err()
    );
    let input =
        json!({ "Name": parameter(BLOG.name), "Value": long, "Type": "String", "Overwrite": true });
    stage
        .local
        .aws
        .json(SSM, "PutParameter", &input)
        .await
        .unwrap();
    let moments = stage.settle(at("18:30")).await.unwrap();
    let told = facts(&moments, BLOG.name, "document_broken");
    assert_eq!(
        told.len(),
        1,
        "a document of {} bytes was taken",
        long.len()
    );
    assert!(
        told[0]["problems"][0]["text"]
            .as_str()
            .unwrap()
            .contains("4096"),
        "{}",
        told[0]
    );

    // Nobody else was hurt, and what is mended counts again.
    stage
        .local
        .put_document(
            &parameter(BLOG.name),
            &good.replace("09:00-18:00", "09:00-21:00"),
        )
        .await
        .unwrap();
    let mut moments = stage.settle(at("19:00")).await.unwrap();
    moments.extend(stage.settle(at("19:11")).await.unwrap());
    let seen = &moments.last().unwrap().state;
    assert_eq!(
        (seen.services[WEB].desired, &*seen.databases[POSTGRES]),
        (0, "stopped")
    );
    assert_eq!(
        (seen.services[API].desired, &*seen.databases[AURORA]),
        (1, "available")
    );
    assert!(moments.iter().all(|moment| moment.failed.is_none()));
}

#[tokio::test]
async fn a_document_that_never_was_good_is_told_and_nothing_of_its_estate_is_touched() {
    let stage = Stage::set(&Deployment::built(), &[BLOG, BOOKMARK_MANAGER])
        .await
        .unwrap();
    stage
        .local
        .put_document(&parameter(BLOG.name), "version: 1\nsleep: [tonight]\n")
        .await
        .unwrap();
    let moments = stage.settle(at("19:00")).await.unwrap();
    let told = facts(&moments, BLOG.name, "document_broken");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["in_force"], false);
    let seen = &moments.last().unwrap().state;
    assert_eq!(
        (seen.services[API].desired, &*seen.databases[AURORA]),
        (1, "available")
    );
    assert_eq!(
        (seen.services[WEB].desired, &*seen.databases[POSTGRES]),
        (0, "stopped")
    );
}

#[tokio::test]
async fn a_deleted_document_is_believed_at_the_second_listing_and_releases_its_estate() {
    let stage = stage(&[BLOG, BOOKMARK_MANAGER]).await;
    let before = stage.local.snapshot().await.unwrap();
    stage.settle(at("19:00")).await.unwrap();
    stage
        .local
        .delete_document(&parameter(BLOG.name))
        .await
        .unwrap();
    let first = stage.settle(at("19:20")).await.unwrap();
    assert!(
        first.iter().all(|moment| moment.changes().next().is_none()),
        "one listing was enough"
    );
    assert_eq!(first.last().unwrap().state.services[API].desired, 0);

    let mut second = stage.settle(at("19:31")).await.unwrap();
    second.extend(stage.settle(at("19:45")).await.unwrap());
    let released = facts(&second, BLOG.name, "released");
    assert_eq!(released.len(), 1);
    let seen = &second.last().unwrap().state;
    assert_eq!(seen.services[API], before.services[API]);
    assert_eq!(seen.databases[AURORA], before.databases[AURORA]);
    let left: Vec<String> = stage
        .ledger()
        .await
        .unwrap()
        .into_keys()
        .filter(|key| key.contains("blog"))
        .collect();
    assert_eq!(left, [""; 0], "not forgotten");
    // The other sleeps on.
    assert_eq!(
        (seen.services[WEB].desired, &*seen.databases[POSTGRES]),
        (0, "stopped")
    );
}

#[tokio::test]
async fn a_missing_cluster_and_an_unknown_event_are_told_and_the_others_go_on() {
    let stage = Stage::set(&Deployment::built(), &[BOOKMARK_MANAGER])
        .await
        .unwrap();
    stage
        .local
        .put_document(&parameter(BLOG.name), &document(BLOG.name).unwrap())
        .await
        .unwrap();
    let mut moments = stage.settle(at("18:50")).await.unwrap();
    for time in ["19:00", "19:12"] {
        moments.extend(stage.settle(at(time)).await.unwrap());
    }
    let missing: Vec<_> = facts(&moments, BLOG.name, "not_found")
        .into_iter()
        .map(|news| news["resource"].as_str().unwrap())
        .collect();
    assert_eq!(
        missing,
        ["blog-aws-practice-aurora", "blog-aws-practice-cluster"]
    );
    let seen = &moments.last().unwrap().state;
    assert_eq!(
        (seen.services[WEB].desired, &*seen.databases[POSTGRES]),
        (0, "stopped")
    );

    for payload in [
        json!({ "hello": "world" }),
        json!({ "command": "slepp" }),
        json!({ "source": "our.app", "detail-type": "News" }),
    ] {
        let moment = stage.ask(at("19:30"), "nonsense", &payload).await.unwrap();
        assert!(
            moment.failed.is_some(),
            "{payload} was taken for {}",
            moment.answer
        );
        assert_eq!(moment.answer["errorType"], "BadInput");
        assert_eq!(moment.actions(), [""; 0], "{payload}");
    }
}

#[tokio::test]
async fn a_database_that_refuses_is_waited_for_and_told_and_the_others_go_on() {
    let stage = stage(&[BLOG, BOOKMARK_MANAGER]).await;
    // It is backing up, say: shown as available when it was looked at, and not any more.
    stage
        .local
        .gateway
        .decide(|call| match call.action.as_str() {
            "StopDBInstance" => refused("InvalidDBInstanceState"),
            _ => Fate::Normal,
        });
    let mut moments = Vec::new();
    for minute in ["19:00", "19:01", "19:02", "19:03", "19:04", "19:05"] {
        moments.push(stage.tick(at(minute)).await.unwrap());
    }
    let told = facts(&moments, BOOKMARK_MANAGER.name, "not_yet");
    assert_eq!(told.len(), 1);
    assert_eq!(
        told[0]["cause"],
        json!({ "cause": "refused", "code": "InvalidDBInstanceState" })
    );
    let seen = &moments.last().unwrap().state;
    assert_eq!(
        (seen.services[WEB].desired, &*seen.databases[POSTGRES]),
        (0, "available")
    );
    assert_eq!(
        (seen.services[API].desired, &*seen.databases[AURORA]),
        (0, "stopped")
    );
    let failed: Vec<_> = moments
        .iter()
        .filter_map(|moment| moment.failed.as_deref())
        .collect();
    assert!(!failed.is_empty(), "the metrics would not see it");
    assert!(
        failed
            .iter()
            .all(|failed| failed.contains("InvalidDBInstanceState")),
        "{failed:?}"
    );

    stage.local.gateway.decide_nothing();
    let moments = stage.settle(at("19:10")).await.unwrap();
    assert_eq!(moments.last().unwrap().state.databases[POSTGRES], "stopped");
}

#[tokio::test]
async fn a_denied_permission_is_an_alert_at_once_and_everything_else_is_done() {
    let stage = stage(&[R2E, BOOKMARK_MANAGER]).await;
    stage
        .local
        .gateway
        .decide(|call| match call.action.as_str() {
            "RegisterScalableTarget" => refused("AccessDeniedException"),
            _ => Fate::Normal,
        });
    let moment = stage.tick(at("20:00")).await.unwrap();
    let told = facts(std::slice::from_ref(&moment), R2E.name, "change_fails");
    assert_eq!(told.len(), 1);
    assert_eq!(
        told[0]["failure"]["action"],
        "application-autoscaling:RegisterScalableTarget"
    );
    assert_eq!(told[0]["failure"]["denied"], true);
    assert!(moment.failed.unwrap().contains("AccessDeniedException"));
    // What could not be suspended is not set to 0 either; the others are.
    assert_eq!(moment.state.services[R2E_API].desired, 3);
    assert_eq!(moment.state.services[WEB].desired, 0);

    stage.local.gateway.decide_nothing();
    let moments = stage.settle(at("20:01")).await.unwrap();
    let seen = &moments.last().unwrap().state;
    assert_eq!(
        (
            seen.services[R2E_API].desired,
            &*seen.databases["db:r2e-postgres"]
        ),
        (0, "stopped")
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_not_taken_for_missing() {
    let stage = stage(&[BLOG]).await;
    stage.settle(at("18:00")).await.unwrap();
    for (action, code) in [
        ("GetParametersByPath", "ThrottlingException"),
        ("DescribeDBClusters", "Throttling"),
        ("ListServices", "AccessDeniedException"),
    ] {
        stage.local.gateway.decide(move |call| {
            if call.action == action {
                refused(code)
            } else {
                Fate::Normal
            }
        });
        for time in ["18:20", "18:31", "18:42"] {
            let reconcile = json!({ "command": "reconcile" });
            let moment = stage.play(at(time), "look", reconcile).await.unwrap();
            assert!(moment.failed.is_some(), "{action}");
            assert!(moment.changes().next().is_none(), "{action}");
            assert_eq!(moment.state.services[API].desired, 0, "{action}");
        }
    }
    stage.local.gateway.decide_nothing();
    let moments = stage.settle(at("18:50")).await.unwrap();
    assert!(facts(&moments, BLOG.name, "released").is_empty());
    // What was saved is still there.
    let wake = play::at(date(2027, 1, 20), "08:40").unwrap();
    let moments = stage.settle(wake).await.unwrap();
    assert_eq!(moments.last().unwrap().state.services[API].desired, 1);
}

#[tokio::test]
async fn a_service_that_vanishes_in_its_sleep_is_told_and_forgotten() {
    let stage = stage(&[BLOG]).await;
    stage.settle(at("18:00")).await.unwrap();
    let input =
        json!({ "cluster": BLOG.cluster, "service": "blog-aws-practice-api", "force": true });
    stage
        .local
        .aws
        .json(ECS, "DeleteService", &input)
        .await
        .unwrap();
    let mut moments = stage.settle(at("18:20")).await.unwrap();
    moments.extend(stage.settle(at("18:31")).await.unwrap());
    moments.extend(stage.settle(at("18:45")).await.unwrap());
    let told = facts(&moments, BLOG.name, "gone");
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["resource"], &told[0]["saved"]),
        (&json!("blog-aws-practice-api"), &json!(1))
    );
    assert!(moments.iter().all(|moment| moment.failed.is_none()));
    let ledger = stage.ledger().await.unwrap();
    assert!(
        !ledger
            .keys()
            .any(|key| key.ends_with("/blog-aws-practice-api"))
    );
}

#[tokio::test]
async fn without_any_estate_a_tick_costs_one_read_and_the_first_document_is_found_all_the_same() {
    let stage = Stage::bare(&Deployment::built()).await.unwrap();
    let first = stage.tick(at("17:00")).await.unwrap();
    assert!(!first.is_idle(), "nobody had looked before");
    BLOG.create(&stage.local).await.unwrap();
    stage.write_documents(&[BLOG], "en").await.unwrap();
    for minute in 1..10 {
        let tick = stage.tick(at(&format!("17:{minute:02}"))).await.unwrap();
        assert!(tick.is_idle());
        assert_eq!(tick.actions(), ["dynamodb:Query"], "at 17:{minute:02}");
    }
    let found = stage.tick(at("17:10")).await.unwrap();
    assert_eq!(found.failed, None);
    assert!(found.report(BLOG.name).is_some());

    // Once the last estate is released, it is as in the beginning.
    let parameter = parameter(BLOG.name);
    stage.local.delete_document(&parameter).await.unwrap();
    for time in ["17:20", "17:31", "17:42"] {
        stage.settle(at(time)).await.unwrap();
    }
    assert_eq!(
        stage.tick(at("17:50")).await.unwrap().actions(),
        ["dynamodb:Query"]
    );
}
