//! On the local AWS, where no deployment fails: each command and each event in `events/` that is meant
//! for explain-rollback is answered, and nothing is told where there is nothing to tell.

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use nightshift_tests::estates::{BOOKMARK_MANAGER, PRODUCTION};
use nightshift_tests::local::Deployment;
use nightshift_tests::play;
use nightshift_tests::stage::{self, Plays, Stage, event, is_command_of};
use serde_json::json;

const API: &str = "bookmark-manager-production-cluster/bookmark-manager-production-api";
const STAGING: &str = "bookmark-manager-staging-cluster/bookmark-manager-staging-api";

/// The events of ECS that its rules take, with the service that each is about; tests/template.rs holds
/// them against the rules.
const EVENTS: [(&str, &str); 9] = [
    ("ecs-deployment-completed", STAGING),
    ("ecs-deployment-failed", STAGING),
    ("ecs-deployment-in-progress", STAGING),
    ("ecs-deployment-rolling-back", STAGING),
    ("ecs-placement-failure", API),
    ("ecs-service-deployment-failed", API),
    ("ecs-start-impaired", API),
    ("ecs-task-failed-to-start", API),
    ("ecs-task-stopped", API),
];

fn at(minutes: i64) -> Timestamp {
    let noon = play::at(date(2027, 1, 19), "12:00").unwrap();
    noon.checked_add(SignedDuration::from_mins(minutes))
        .unwrap()
}

async fn stage(deployment: &Deployment) -> Stage {
    let estates = [PRODUCTION, BOOKMARK_MANAGER];
    let mut stage = Stage::set(deployment, &estates).await.unwrap();
    stage.plays = Plays::ExplainRollback;
    stage
}

#[tokio::test]
async fn every_sample_is_answered() {
    let stage = stage(&Deployment::built()).await;
    let mut tried = 0;
    for (minute, (name, mut payload)) in (0..).zip(stage::samples().unwrap()) {
        let service = EVENTS.iter().find(|(event, _)| *event == name);
        if service.is_none() && !is_command_of("explain-rollback", &payload) {
            continue;
        }
        tried += 1;
        // Those that serve other functions as well name an estate.
        if let Some(fields) = payload.as_object_mut() {
            fields.remove("estate");
        }
        let moment = stage.play(at(minute), &name, payload).await.unwrap();
        assert_eq!(moment.failed, None, "{name}");
        assert_eq!((&moment.writes[..], &moment.mail[..]), (&[][..], &[][..]));
        let answer = &moment.answer;
        match (name.as_str(), service) {
            (_, Some((_, service))) => {
                assert_eq!(answer["looked"], json!([service]), "{name}: {answer}");
            }
            ("explain", None) => {
                assert!(moment.only_reads(), "{:?}", moment.actions());
                assert_eq!(answer["estate"], PRODUCTION.name);
                assert_eq!(answer["service"], API);
                assert!(answer["story"].is_null() && answer["text"].is_null());
            }
            ("status", None) => {
                assert!(moment.only_reads(), "{:?}", moment.actions());
                assert_eq!(answer["services"], json!([]));
            }
            ("reconcile" | "tick", None) => assert_eq!(answer["looked"], json!([]), "{name}"),
            (other, None) => panic!("say here what {other} answers"),
        }
    }
    assert_eq!(tried, EVENTS.len() + 4);
}

#[tokio::test]
async fn a_tick_costs_one_read_while_nothing_fails_and_a_round_comes_every_ten_minutes() {
    let stage = stage(&Deployment::built()).await;
    let first = stage.tick(at(0)).await.unwrap();
    assert!(!first.is_idle(), "nobody had looked before");
    assert!(first.actions().contains(&"ecs:ListServices".to_owned()));
    for minute in 1..10 {
        let tick = stage.tick(at(minute)).await.unwrap();
        assert!(tick.is_idle(), "{minute}: {}", tick.answer);
        assert_eq!(tick.actions(), ["dynamodb:Query"], "at minute {minute}");
    }
    assert!(!stage.tick(at(10)).await.unwrap().is_idle());
}

#[tokio::test]
async fn what_is_not_understood_is_refused_with_what_there_is() {
    let stage = stage(&Deployment::built()).await;
    let wake = event("wake").unwrap();
    for (payload, words) in [
        (wake, "the commands are tick, reconcile, explain, status"),
        (json!({ "command": "explain" }), "<cluster>/<service>"),
        (
            json!({ "command": "explain", "service": "api" }),
            "names no service",
        ),
        (
            json!({ "hello": "world" }),
            "neither a command nor an event",
        ),
        (
            json!({ "command": "explain", "service": "bookmark-manager-production-cluster/cron" }),
            "there is no `bookmark-manager-production-cluster/cron`",
        ),
    ] {
        let moment = stage.ask(at(0), "nonsense", &payload).await.unwrap();
        assert_eq!(moment.answer["errorType"], "BadInput", "{payload}");
        let said = moment.failed.as_deref().unwrap();
        assert!(said.contains(words), "{said}");
        assert!(moment.only_reads(), "{payload}");
    }
}

#[tokio::test]
async fn played_time_is_refused_where_the_template_does_not_allow_it() {
    let stage = stage(&Deployment::built().with("AllowAt", "false")).await;
    for name in ["explain", "tick", "ecs-deployment-failed"] {
        let payload = event(name).unwrap();
        let moment = stage.play(at(0), name, payload).await.unwrap();
        assert_eq!(moment.answer["errorType"], "BadInput", "{name}");
        assert_eq!(moment.calls, [], "{name}");
    }
}
