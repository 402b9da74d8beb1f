//! Each cause is told for what it is, with who is affected, what changed and what the next deployment
//! will meet, from the first stage to the last.

use jiff::SignedDuration;
use nightshift::report::rollback::{
    Again, Back, Became, Changer, Edit, Evidence, Fault, NoLog, Stage, Story, Sureness, Trigger,
    Upstream, Users,
};
use nightshift_cloud::{
    call::Actor,
    services::{
        cloudwatch,
        ecr::{self, Pushed},
        ecs::{
            Flaw, NewService,
            flaws::{Kind, Trouble},
        },
        logs, secretsmanager, ssm,
    },
};
use serde_json::json;

use crate::{
    shop::{DOCUMENT, GROUP, PARAMETER, REPOSITORY, SECRET, Shop},
    stage::{asleep_since, cause},
};

const COMMIT: &str = "b0c1d2e";

/// How a release is spoilt, and what is told of it.
struct Case {
    what: &'static str,
    service: fn(NewService) -> NewService,
    spoil: fn(&Shop),
    fault: fn(&Fault) -> bool,
    sure: Sureness,
    again: Again,
    edits: fn(&[Edit]) -> bool,
}

fn is_other_image(edits: &[Edit]) -> bool {
    matches!(edits, [Edit::Digest { container, .. }] if container == "api")
}

fn is_nothing(edits: &[Edit]) -> bool {
    edits.is_empty()
}

/// Another image that has a flaw.
const fn case(
    what: &'static str,
    spoil: fn(&Shop),
    fault: fn(&Fault) -> bool,
    again: Again,
) -> Case {
    Case {
        what,
        service: |new| new,
        spoil,
        fault,
        sure: Sureness::Certain,
        again,
        edits: is_other_image,
    }
}

impl Case {
    const fn likely(self) -> Self {
        Self {
            sure: Sureness::Likely,
            ..self
        }
    }

    const fn possible(self) -> Self {
        Self {
            sure: Sureness::Possible,
            ..self
        }
    }

    const fn changes(self, edits: fn(&[Edit]) -> bool) -> Self {
        Self { edits, ..self }
    }

    const fn of(self, service: fn(NewService) -> NewService) -> Self {
        Self { service, ..self }
    }
}

/// Plays a case to its end; answers the shop and what was told last.
async fn play(case: &Case) -> (Shop, Story) {
    let mut shop = Shop::with(DOCUMENT, case.service);
    (case.spoil)(&shop);
    shop.until_over(40).await;
    let last = shop.stage.last();
    (shop, last)
}

/// What is wrong with what is told of a release that the circuit breaker takes back.
fn wrong(case: &Case, shop: &Shop, last: &Story) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |holds: bool, what: &dyn std::fmt::Debug| {
        if !holds {
            wrong.push(format!("{}: {what:?}", case.what));
        }
    };
    let first = &last.faults[0];
    let right = (case.fault)(&first.fault) && first.sure == case.sure;
    check(right && !first.evidence.is_empty(), &last.faults);
    check(last.users == Users::NotAffected, &last.users);
    check(last.again == case.again, &last.again);
    let changed = last.changed.clone().unwrap_or_default();
    check((case.edits)(&changed.edits), &changed);
    let stages = shop.stage.stages();
    let told = stages.is_sorted() && stages.last() == Some(&Stage::RolledBack);
    check(told, &stages);
    check(last.back == Back::ByItself, &last.back);
    let breaker = matches!(
        last.trigger,
        Some(Trigger::Breaker {
            threshold: Some(3),
            ..
        })
    );
    check(breaker, &last.trigger);
    let times = (last.started, last.failed, last.ended);
    check(
        times.0.is_some() && times.0 < times.1 && times.1 < times.2,
        &times,
    );
    let title = shop.stage.messages().pop().unwrap().title;
    check(
        title.contains("production: the api deployment was rolled back"),
        &title,
    );
    check(last.missing.is_empty(), &last.missing);
    check(shop.stage.failures().is_empty(), &shop.stage.failures());
    check(shop.stage.refused().is_empty(), &shop.stage.refused());
    wrong
}

/// Whatever the cause, this is told of a release that the circuit breaker takes back.
async fn is_told(cases: &[Case]) {
    let mut all = Vec::new();
    for case in cases {
        let (shop, last) = play(case).await;
        all.extend(wrong(case, &shop, &last));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn an_image_that_cannot_be_had_is_told_with_why() {
    is_told(&[
        case(
            "a tag that nobody pushed",
            |shop| {
                let mut new = shop.containers();
                new[0]["image"] = ecr::uri("shop/api:nobody").into();
                shop.deploy_containers(new);
            },
            |fault| matches!(fault, Fault::ImageNotFound { image: Some(it) } if it.ends_with("shop/api:nobody")),
            Again::UnlessMended,
        )
        .changes(|edits| matches!(edits, [Edit::Image { to, .. }] if to.ends_with(":nobody"))),
        case(
            "the registry refuses",
            |shop| shop.spoilt(Flaw::new(Kind::PullForbidden)),
            |fault| matches!(fault, Fault::ImageDenied { image: Some(_) }),
            Again::UnlessMended,
        ),
        case(
            "the login is refused",
            |shop| shop.spoilt(Flaw::new(Kind::RegistryAuthForbidden)),
            |fault| matches!(fault, Fault::ImageDenied { .. }),
            Again::UnlessMended,
        ),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_image_for_the_other_architecture_is_told_both_ways() {
    let arm =
        |fault: &Fault| matches!(fault, Fault::Architecture { runs_on: Some(it) } if it == "ARM64");
    let intel = |fault: &Fault| matches!(fault, Fault::Architecture { runs_on: Some(it) } if it == "X86_64");
    is_told(&[
        case(
            "an index that lacks the platform",
            |shop| {
                shop.push(Pushed::new(COMMIT).arm64().index());
                shop.deploy();
            },
            intel,
            Again::Will,
        ),
        case(
            "an ARM image on Intel, noticed when it runs",
            |shop| {
                shop.push(Pushed::new(COMMIT).arm64());
                shop.deploy();
            },
            intel,
            Again::Will,
        ),
        case(
            "an Intel image on ARM, noticed when it runs",
            |shop| {
                shop.push(Pushed::new(COMMIT));
                shop.deploy();
            },
            arm,
            Again::Will,
        )
        .of(NewService::arm),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_container_that_ends_is_told_with_what_its_exit_code_means() {
    is_told(&[
        case(
            "out of memory",
            |shop| shop.spoilt(Flaw::new(Kind::OutOfMemory)),
            |fault| matches!(fault, Fault::OutOfMemory { container: Some(it), limit: Some(512) } if it == "api"),
            Again::UnlessMended,
        ),
        case(
            "killed, and nobody says why",
            |shop| shop.spoilt(Flaw::exits(137)),
            |fault| matches!(fault, Fault::OutOfMemory { .. }),
            Again::UnlessMended,
        )
        .likely(),
        case(
            "exit 1",
            |shop| shop.spoilt(Flaw::exits(1).saying(&["Error: no such table"])),
            |fault| matches!(fault, Fault::Crash { container, code: 1, times: 3 } if container == "api"),
            Again::Will,
        ),
        case(
            "a broken pointer",
            |shop| shop.spoilt(Flaw::exits(139)),
            |fault| matches!(fault, Fault::Crash { code: 139, .. }),
            Again::Will,
        ),
        case(
            "it ends well, and too soon",
            |shop| shop.spoilt(Flaw::exits(0)),
            |fault| matches!(fault, Fault::Crash { code: 0, .. }),
            Again::Will,
        ),
        case(
            "no such command",
            |shop| shop.spoilt(Flaw::exits(127)),
            |fault| matches!(fault, Fault::Command { .. }),
            Again::Will,
        )
        .likely(),
        case(
            "the agent beside it dies",
            |shop| {
                shop.put(Flaw::exits(2).of("agent").saying(&["no API key"]));
                shop.deploy();
            },
            |fault| matches!(fault, Fault::Sidecar { container, code: Some(2) } if container == "agent"),
            Again::Unknown,
        )
        .changes(is_nothing),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_health_check_that_fails_is_told_with_what_it_asks_and_what_it_gets() {
    is_told(&[
        case(
            "a path that does not exist",
            |shop| shop.spoilt(Flaw::new(Kind::TargetUnhealthy(Trouble::Status(404)))),
            |fault| matches!(fault, Fault::HealthPath { path: Some(path), status: Some(404) } if path == "/health"),
            Again::UnlessMended,
        ),
        case(
            "it answers that it is not well",
            |shop| shop.spoilt(Flaw::new(Kind::TargetUnhealthy(Trouble::Status(503)))),
            |fault| matches!(fault, Fault::Health { status: Some(503) }),
            Again::Unknown,
        )
        .likely(),
        case(
            "it listens at another port",
            |shop| {
                let flaw = Flaw::new(Kind::TargetUnhealthy(Trouble::Refuses));
                shop.spoilt(flaw.saying(&["Server listening on port 3000"]));
            },
            |fault| matches!(fault, Fault::HealthPort { asked: Some(3001), open } if open == &[3000]),
            Again::UnlessMended,
        )
        .likely(),
        case(
            "it never says that it is ready",
            |shop| {
                let flaw = Flaw::new(Kind::TargetUnhealthy(Trouble::TimesOut));
                shop.spoilt(flaw.saying(&["loading the model"]));
            },
            |fault| matches!(fault, Fault::SlowStart { needed: None, given: 60 }),
            Again::Unknown,
        )
        .possible(),
        case(
            "the container's own check",
            |shop| shop.spoilt(Flaw::new(Kind::ContainerUnhealthy)),
            |fault| matches!(fault, Fault::ContainerHealth { .. }),
            Again::Unknown,
        ),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_ready_too_late_is_told_with_how_late() {
    let mut shop = Shop::open();
    let flaw = Flaw::new(Kind::TargetUnhealthy(Trouble::TimesOut));
    shop.spoilt(flaw.saying(&["loading the model"]));
    let mut said = std::collections::BTreeSet::new();
    for _ in 0..100 {
        shop.stage.pass(10).await;
        let api = shop.api.clone();
        shop.stage.with(|world| {
            let now = world.now;
            let tasks = world.ecs.service(&api).unwrap().tasks.clone();
            let late = tasks.iter().filter(|task| {
                let ran = task.started_at.map(|at| now.duration_since(at).as_secs());
                task.flaw.is_some() && ran.is_some_and(|ran| ran >= 70)
            });
            for task in late.filter(|task| said.insert(task.id().to_owned())) {
                let stream = format!("app/api/{}", task.id());
                logs::write(world, GROUP, &stream, now, "Server listening on port 3001");
            }
        });
    }
    shop.until_over(20).await;
    let last = shop.stage.last();
    let slow = |needed: &i64| (70..90).contains(needed);
    assert!(
        matches!(&cause(&last), Fault::SlowStart { needed: Some(needed), given: 60 } if slow(needed)),
        "{:?}",
        last.faults
    );
    assert_eq!(last.again, Again::UnlessMended);
    shop.stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_not_there_or_not_for_it_is_told_by_name() {
    fn secret(shop: &Shop) -> String {
        shop.stage.with(|world| secretsmanager::arn(world, SECRET))
    }
    is_told(&[
        case(
            "no such parameter",
            |shop| {
                shop.stage
                    .with(|world| ssm::delete(world, &Actor::Person, PARAMETER).unwrap());
                shop.deploy();
            },
            |fault| matches!(fault, Fault::SecretMissing { secret: Some(it) } if it == PARAMETER),
            Again::UnlessMended,
        )
        .changes(is_nothing),
        case(
            "no such secret",
            |shop| {
                shop.stage
                    .with(|world| secretsmanager::delete(world, &Actor::Person, SECRET));
                shop.deploy();
            },
            |fault| matches!(fault, Fault::SecretMissing { secret: Some(it) } if it.starts_with(SECRET)),
            Again::UnlessMended,
        )
        .changes(is_nothing),
        case(
            "a parameter that it may not read",
            |shop| shop.spoilt(Flaw::new(Kind::SecretForbidden(PARAMETER.to_owned()))),
            |fault| matches!(fault, Fault::SecretForbidden { secret: Some(it) } if it == PARAMETER),
            Again::UnlessMended,
        ),
        case(
            "a secret that it may not read",
            |shop| shop.spoilt(Flaw::new(Kind::SecretForbidden(secret(shop)))),
            |fault| matches!(fault, Fault::SecretForbidden { secret: Some(it) } if it.starts_with(SECRET)),
            Again::UnlessMended,
        ),
        case(
            "a key that is not in it",
            |shop| {
                shop.stage.with(|world| {
                    secretsmanager::put(world, &Actor::Person, SECRET, r#"{"other":"k"}"#)
                });
                shop.deploy();
            },
            |fault| matches!(fault, Fault::SecretKey { key: Some(it) } if it == "key"),
            Again::UnlessMended,
        )
        .changes(is_nothing),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_aws_or_the_network_lacks_is_told_as_theirs() {
    fn to(fault: &Fault, wanted: Upstream) -> bool {
        matches!(fault, Fault::NoRoute { to } if *to == wanted)
    }
    is_told(&[
        case(
            "no capacity",
            |shop| shop.spoilt(Flaw::new(Kind::NoCapacity)),
            |fault| matches!(fault, Fault::NoCapacity),
            Again::MaySucceed,
        ),
        case(
            "no network interface",
            |shop| shop.spoilt(Flaw::new(Kind::NoInterface)),
            |fault| matches!(fault, Fault::NoInterface),
            Again::MaySucceed,
        ),
        case(
            "no way to the registry",
            |shop| shop.spoilt(Flaw::new(Kind::RegistryOutOfReach)),
            |fault| to(fault, Upstream::Registry),
            Again::UnlessMended,
        ),
        case(
            "no way to the registry's API",
            |shop| shop.spoilt(Flaw::new(Kind::RegistryAuthOutOfReach)),
            |fault| to(fault, Upstream::Registry),
            Again::UnlessMended,
        ),
        case(
            "no way to Parameter Store",
            |shop| shop.spoilt(Flaw::new(Kind::SecretOutOfReach(PARAMETER.to_owned()))),
            |fault| to(fault, Upstream::ParameterStore),
            Again::UnlessMended,
        ),
        case(
            "no way to Secrets Manager",
            |shop| {
                let arn = shop.stage.with(|world| secretsmanager::arn(world, SECRET));
                shop.spoilt(Flaw::new(Kind::SecretOutOfReach(arn)));
            },
            |fault| to(fault, Upstream::SecretsManager),
            Again::UnlessMended,
        ),
        case(
            "no log group",
            |shop| {
                shop.stage
                    .with(|world| logs::delete_group(world, &Actor::Person, GROUP));
                shop.deploy();
            },
            |fault| matches!(fault, Fault::LogSetup { group: Some(it) } if it == GROUP),
            Again::UnlessMended,
        )
        .changes(is_nothing),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_release_that_an_alarm_ends_is_told_with_the_alarm() {
    let mut shop = Shop::with(DOCUMENT, |new| new.watched_by(&["api-5xx"]));
    let ring = |shop: &Shop, state: &str| {
        let put = json!({
            "AlarmName": "api-5xx", "MetricName": "HTTPCode_Target_5XX_Count", "Namespace": "Mine",
            "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 5, "Threshold": 5,
            "ComparisonOperator": "GreaterThanThreshold",
        });
        let set = json!({ "AlarmName": "api-5xx", "StateValue": state, "StateReason": "test" });
        shop.stage.with(|world| {
            for (operation, input) in [("PutMetricAlarm", put), ("SetAlarmState", set)] {
                world
                    .ask(&cloudwatch::SERVICE, Actor::Person, operation, input)
                    .unwrap();
            }
        });
    };
    ring(&shop, "OK");
    shop.push(Pushed::new(COMMIT));
    shop.deploy();
    shop.stage.pass(60).await;
    ring(&shop, "ALARM");
    shop.until_over(20).await;
    let last = shop.stage.last();
    assert!(
        matches!(&cause(&last), Fault::Alarm { names } if names == &["api-5xx"]),
        "{:?}",
        last.faults
    );
    assert!(
        matches!(&last.trigger, Some(Trigger::Alarms { names }) if names == &["api-5xx"]),
        "{:?}",
        last.trigger
    );
    assert_eq!(
        (last.stage, last.again, last.users),
        (Stage::RolledBack, Again::Unknown, Users::NotAffected)
    );
    shop.stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn a_release_into_a_sleeping_estate_is_told_as_that() {
    let mut shop = Shop::open();
    shop.stage.with(|world| {
        let since = world.now - SignedDuration::from_hours(1);
        asleep_since(world, "production", since);
    });
    shop.spoilt(Flaw::exits(1).saying(&["Error: connect ECONNREFUSED 10.0.3.4:5432"]));
    shop.until_over(20).await;
    let last = shop.stage.last();
    assert_eq!(cause(&last), Fault::Asleep, "{:?}", last.faults);
    assert_eq!(last.again, Again::MaySucceed);
    assert!(
        last.faults
            .iter()
            .any(|it| matches!(it.fault, Fault::Crash { .. }))
    );
    shop.stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn a_release_that_changed_nothing_says_so_beside_what_it_died_of() {
    let mut shop = Shop::open();
    shop.put(Flaw::exits(1));
    shop.deploy();
    shop.until_over(20).await;
    let last = shop.stage.last();
    assert!(
        matches!(cause(&last), Fault::Crash { .. }),
        "{:?}",
        last.faults
    );
    assert_eq!(last.faults[1].fault, Fault::NothingChanged);
    assert!(last.changed.as_ref().unwrap().is_nothing());
    assert_eq!(last.again, Again::Unknown, "the same image ran well before");
    shop.stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_was_changed_shortly_before_is_told_with_when_and_by_whom() {
    for (by, changer) in [
        (Actor::Person, Changer::Other),
        (
            Actor::Function("rotate-secrets".to_owned()),
            Changer::Rotation,
        ),
    ] {
        let mut shop = Shop::open();
        shop.stage
            .with(|world| ssm::put(world, &by, PARAMETER, "postgresql://y").unwrap());
        shop.stage.pass(300).await;
        shop.spoilt(
            Flaw::exits(1).saying(&["FATAL: password authentication failed for user \"a\""]),
        );
        shop.until_over(20).await;
        let last = shop.stage.last();
        let found = last.faults.iter().find(
            |it| matches!(&it.fault, Fault::SecretChanged { secret, .. } if secret == PARAMETER),
        );
        let found = found.unwrap_or_else(|| panic!("{:?}", last.faults));
        let wanted = match changer {
            Changer::Rotation => Sureness::Certain,
            Changer::Other => Sureness::Likely,
        };
        assert!(
            matches!(&found.fault, Fault::SecretChanged { by, .. } if *by == changer),
            "{found:?}"
        );
        assert_eq!(found.sure, wanted, "{changer:?}");
        assert_eq!(last.again, Again::UnlessMended);
        let entry = shop.stage.entry(&shop.api).await.unwrap();
        let rotation = entry.rotation.map(|it| it.secrets);
        let reverts = (changer == Changer::Rotation).then(|| vec![PARAMETER.to_owned()]);
        assert_eq!(rotation, reverts, "{changer:?}");
        shop.stage.is_well();
    }
}

#[tokio::test(start_paused = true)]
async fn an_image_to_return_to_that_is_gone_is_told_with_the_rollback_that_fails() {
    let mut shop = Shop::open();
    let old = shop.stage.with(|world| {
        let pins = &world.ecs.service(&shop.api).unwrap().revisions[0].images;
        pins[0].digest.clone().unwrap()
    });
    shop.spoilt(Flaw::exits(1));
    // The tag has moved on, so a rule of the registry deletes what it stood for; then a task dies.
    shop.stage
        .with(|world| assert!(ecr::delete(world, &Actor::Aws, REPOSITORY, &old)));
    shop.stop_tasks();
    shop.stage.pass(3600).await;
    let last = shop.stage.last();
    let stages = shop.stage.stages();
    assert_eq!(last.stage, Stage::RollbackFailed, "{stages:?}");
    assert_eq!(last.users, Users::Affected);
    let gone =
        |fault: &Fault| matches!(fault, Fault::ImageGone { image } if image.contains("shop/api"));
    assert!(
        last.faults.iter().any(|it| gone(&it.fault)),
        "{:?}",
        last.faults
    );
    shop.stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn the_last_words_are_those_of_who_died_and_silence_is_told_as_such() {
    for (lines, absent) in [
        (&["connecting", "Error: no such table"][..], None),
        (&[][..], Some(NoLog::Silent)),
    ] {
        let mut shop = Shop::open();
        shop.spoilt(Flaw::exits(1).saying(lines));
        shop.until_over(20).await;
        let last = shop.stage.last();
        let [excerpt] = &last.excerpts[..] else {
            panic!("the agent only ended with it: {:?}", last.excerpts)
        };
        assert_eq!(excerpt.container, "api");
        assert_eq!(excerpt.lines, lines);
        assert_eq!(excerpt.absent, absent);
        assert_eq!(
            last.release.commit.as_deref(),
            None,
            "`latest` is no commit"
        );
        let pushed = (last.before.unwrap().pushed, last.release.pushed);
        assert!(
            pushed.0.is_some() && pushed.0 < pushed.1,
            "also where the tag has moved on: {pushed:?}"
        );
        shop.stage.is_well();
    }
}

#[tokio::test(start_paused = true)]
async fn what_fits_nothing_is_told_as_unknown_with_all_there_is() {
    let mut shop = Shop::open();
    let words = "InternalError: unexpected EOF";
    shop.spoilt(Flaw::new(Kind::Says(words.to_owned())));
    shop.until_over(40).await;
    let last = shop.stage.last();
    assert_eq!(cause(&last), Fault::Unknown);
    let said = &last.faults[0].evidence;
    assert!(
        matches!(&said[..], [Evidence::StoppedReason { text, times: 3 }, ..] if text == words),
        "{said:?}"
    );
    assert_eq!(
        (last.stage, last.again),
        (Stage::RolledBack, Again::Unknown)
    );
    shop.stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn what_changed_names_variables_and_secrets_and_never_their_values() {
    let mut shop = Shop::open();
    let mut new = shop.containers();
    new[0]["environment"] =
        json!([{ "name": "NODE_ENV", "value": "other" }, { "name": "LEVEL", "value": "9" }]);
    new[0]["memory"] = json!(256);
    new[0]["portMappings"] = json!([{ "containerPort": 3001 }, { "containerPort": 9100 }]);
    shop.put(Flaw::exits(1));
    shop.deploy_containers(new);
    shop.until_over(20).await;
    let last = shop.stage.last();
    let changed = last.changed.unwrap();
    let variable = |name: &str, became| Edit::Variable {
        container: "api".to_owned(),
        name: name.to_owned(),
        became,
    };
    assert_eq!(
        changed.edits,
        [
            variable("LEVEL", Became::Added),
            variable("NODE_ENV", Became::Other),
            Edit::Memory {
                container: Some("api".to_owned()),
                from: "-".to_owned(),
                to: "256".to_owned()
            },
            Edit::Ports {
                container: "api".to_owned(),
                from: vec![3001],
                to: vec![3001, 9100]
            },
        ]
    );
    assert_eq!(last.release.task_definition.as_deref(), Some("api:2"));
    assert_eq!(
        last.before.unwrap().task_definition.as_deref(),
        Some("api:1")
    );
}
