//! Causes that are not the release's own: alarms, a sleeping estate, a changed secret, an image that is
//! gone; what changed, and what is told where nothing fits.

use jiff::SignedDuration;
use nightshift::report::rollback::{
    Again, Became, Changer, Edit, Evidence, Fault, NoLog, Stage, Sureness, Trigger, Users,
};
use nightshift_cloud::{
    call::Actor,
    services::{
        cloudwatch,
        ecr::{self, Pushed},
        ecs::{Flaw, flaws::Kind},
        ssm,
    },
};
use serde_json::json;

use crate::{
    account::asleep_since,
    shop::{DOCUMENT, PARAMETER, REPOSITORY, Shop},
    stage::cause,
};

const COMMIT: &str = "b0c1d2e";

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

#[tokio::test(start_paused = true)]
async fn a_release_called_latest_is_told_with_the_commit_that_its_image_is_tagged_with() {
    let mut shop = Shop::open();
    shop.release("b0c1d2e", Flaw::exits(1));
    shop.until_over(20).await;
    let last = shop.stage.last();
    let image = last.release.image.as_deref();
    assert!(
        image.is_some_and(|image| image.ends_with(":latest")),
        "{image:?}"
    );
    assert_eq!(last.release.commit.as_deref(), Some("b0c1d2e"));
    let before = last.before.unwrap();
    assert_eq!(before.commit.as_deref(), Some("3f9c2d1"));
    let message = shop.stage.messages().pop().unwrap();
    for wanted in ["(commit `b0c1d2e`)", "commit `3f9c2d1`"] {
        let mut lines = message.lines.iter();
        assert!(
            lines.any(|line| line.contains(wanted)),
            "{:?}",
            message.lines
        );
    }
    shop.stage.is_well();
}
