//! Each cause is told for what it is, with who is affected, what changed and what the next deployment
//! will meet, from the first stage to the last.

use crate::{
    shop::{DOCUMENT, GROUP, PARAMETER, SECRET, Shop},
    stage::cause,
};
use nightshift::report::rollback::{
    Again, Back, Edit, Fault, Stage, Story, Sureness, Trigger, Upstream, Users,
};
use nightshift_cloud::{
    call::Actor,
    services::{
        ecr::{self, Pushed},
        ecs::{
            Flaw, NewService,
            flaws::{Kind, Trouble},
        },
        logs, secretsmanager, ssm,
    },
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
