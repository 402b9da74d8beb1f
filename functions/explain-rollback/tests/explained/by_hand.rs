//! A person asks: for a service's last story, for one of its deployments, for all that is remembered.

use nightshift::{
    lambda::Failed,
    report::rollback::{Stage, Story},
};
use nightshift_cloud::{
    call::Actor,
    services::{
        dynamodb,
        ecr::Pushed,
        ecs::{self, Flaw, NewService, Place, flaws},
        ssm,
    },
};
use serde_json::{Value, json};

use crate::{account::TABLE, shop::Shop};

async fn told() -> (Shop, String) {
    let mut shop = Shop::open();
    let id = shop.release("b0c1d2e", Flaw::exits(1).saying(&["Error: no such table"]));
    shop.until_over(20).await;
    (shop, id)
}

async fn ask(shop: &mut Shop, payload: Value) -> Result<Value, Failed> {
    shop.stage.invoke(payload).await.unwrap()
}

fn story(answer: &Value) -> Story {
    serde_json::from_value(answer["story"].clone()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_service_is_explained_by_name_by_arn_and_by_deployment() {
    let (mut shop, id) = told().await;
    let messages = shop.stage.messages().len();
    let before = shop.stage.with(|world| dynamodb::items(world, TABLE));
    let number = id.rsplit('/').next().unwrap().to_owned();
    let asked = [
        json!({ "command": "explain", "service": "shop/api" }),
        json!({ "command": "explain", "service": shop.api }),
        json!({ "command": "explain", "service": "shop/api", "deployment": id }),
        json!({ "command": "explain", "service": "shop/api", "deployment": number }),
        json!({ "command": "explain", "service": "shop/api", "deployment": shop.release_arn() }),
    ];
    for payload in asked {
        let answer = ask(&mut shop, payload.clone()).await.unwrap();
        assert_eq!(answer["estate"], "production");
        assert_eq!(answer["service"], "shop/api");
        assert_eq!(answer["missing"], json!([]));
        let told = story(&answer);
        assert_eq!(
            (told.stage, &told.deployment),
            (Stage::RolledBack, &id),
            "{payload}"
        );
        let text = answer["text"].as_str().unwrap();
        for part in [
            "was rolled back by itself",
            "exit 1",
            "Error: no such table",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    let after = shop.stage.with(|world| dynamodb::items(world, TABLE));
    assert_eq!(after, before, "asking writes nothing");
    assert_eq!(
        shop.stage.messages().len(),
        messages,
        "and tells nobody else"
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_of_which_nobody_heard_is_explained_too() {
    let mut shop = Shop::open();
    shop.stage.ticks = false;
    let id = shop.release("b0c1d2e", Flaw::exits(1).saying(&["Error: no such table"]));
    shop.wait(600).await;
    shop.stage.take_events();
    let asked = json!({ "command": "explain", "service": "shop/api" });
    let answer = ask(&mut shop, asked).await.unwrap();
    let told = story(&answer);
    assert_eq!(told.stage, Stage::RolledBack);
    assert!(
        !told.faults.is_empty() && !told.excerpts[0].lines.is_empty(),
        "{told:?}"
    );
    assert!(
        told.deployment == id || told.deployment.starts_with("ecs-svc/"),
        "{}",
        told.deployment
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_fail_has_no_story_unless_its_deployment_is_named() {
    let mut shop = Shop::open();
    shop.push(Pushed::new("good"));
    let id = shop.deploy();
    shop.stage.pass(600).await;
    let asked = json!({ "command": "explain", "service": "shop/api" });
    let answer = ask(&mut shop, asked).await.unwrap();
    assert_eq!(
        (&answer["story"], &answer["text"]),
        (&Value::Null, &Value::Null)
    );
    let asked = json!({ "command": "explain", "service": "shop/api", "deployment": id });
    let answer = ask(&mut shop, asked).await.unwrap();
    assert_eq!(story(&answer).stage, Stage::Succeeded);
    let asked = json!({ "command": "explain", "service": "shop/api", "deployment": "ecs-svc/1" });
    let answer = ask(&mut shop, asked).await.unwrap();
    assert_eq!(answer["story"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn status_tells_what_is_remembered() {
    let mut shop = Shop::open();
    let answer = ask(&mut shop, json!({ "command": "status" }))
        .await
        .unwrap();
    assert_eq!(answer, json!({ "services": [] }));
    let (mut shop, id) = told().await;
    let answer = ask(&mut shop, json!({ "command": "status" }))
        .await
        .unwrap();
    let services = answer["services"].as_array().unwrap();
    assert_eq!(services.len(), 1);
    let service = &services[0];
    assert_eq!(service["service"], shop.api);
    assert_eq!(service["estate"], "production");
    assert_eq!(service["broken"], false);
    let story = &service["stories"][0];
    assert_eq!(
        (&story["deployment"], &story["stage"]),
        (&json!(id), &json!("rolled_back"))
    );
    assert_eq!(
        story["told"].as_array().unwrap().last(),
        Some(&json!("rolled_back"))
    );
}

#[tokio::test(start_paused = true)]
async fn reconcile_looks_at_everything_at_once() {
    let mut shop = Shop::open();
    shop.stage.ticks = false;
    shop.spoilt(Flaw::exits(1));
    shop.wait(600).await;
    shop.stage.take_events();
    let answer = ask(&mut shop, json!({ "command": "reconcile" }))
        .await
        .unwrap();
    assert_eq!(answer["looked"], json!(["shop/api"]));
    assert_eq!(answer["told"].as_array().unwrap().len(), 1, "{answer}");
}

/// Another estate beside the shop, with one service whose release fails.
async fn office(shop: &Shop) {
    let by = Actor::Terraform;
    let web = shop.stage.with(|world| {
        let document = "version: 1\nwatch: { cluster: office }\n";
        ssm::put(world, &by, "/nightshift/estates/office", document).unwrap();
        let container = json!({ "name": "web", "image": "web:1", "essential": true });
        let new = NewService::new("office", "web").containers(vec![container]);
        ecs::create_service(world, &by, new)
    });
    shop.wait(600).await;
    shop.stage.with(|world| {
        flaws::put(world, Place::Service(web.clone()), Flaw::exits(1));
        ecs::redeploy(world, &Actor::Pipeline, &web);
    });
}

#[tokio::test(start_paused = true)]
async fn an_estate_is_asked_for_by_name_and_the_others_are_left_alone() {
    let mut shop = Shop::open();
    shop.stage.ticks = false;
    office(&shop).await;
    shop.spoilt(Flaw::exits(1));
    shop.wait(600).await;
    shop.stage.take_events();
    let of = |command: &str, estate: &str| json!({ "command": command, "estate": estate });
    let answer = ask(&mut shop, of("reconcile", "office")).await.unwrap();
    assert_eq!(answer["looked"], json!(["office/web"]));
    assert_eq!(answer["told"].as_array().unwrap().len(), 1, "{answer}");
    let answer = ask(&mut shop, of("status", "production")).await.unwrap();
    assert_eq!(answer, json!({ "services": [] }));
    // That was not the round that was due.
    let answer = shop.stage.tick().await.unwrap();
    let looked = answer["looked"].as_array().unwrap();
    assert!(looked.contains(&json!("shop/api")), "{answer}");
    let answer = ask(&mut shop, of("reconcile", "production")).await.unwrap();
    assert_eq!(answer["looked"], json!(["shop/api"]));
    let answer = ask(&mut shop, of("reconcile", "all")).await.unwrap();
    assert_eq!(answer["looked"], json!(["office/web", "shop/api"]));
    for (estate, wanted) in [
        ("office", vec!["office"]),
        ("production", vec!["production"]),
        ("all", vec!["office", "production"]),
    ] {
        let answer = ask(&mut shop, of("status", estate)).await.unwrap();
        let services = answer["services"].as_array().unwrap().iter();
        let estates: Vec<&Value> = services.map(|it| &it["estate"]).collect();
        assert_eq!(estates, wanted, "{answer}");
    }
    for command in ["status", "reconcile"] {
        let answer = ask(&mut shop, of(command, "ofice")).await;
        let Err(Failed::BadInput(text)) = &answer else {
            panic!("{answer:?}")
        };
        assert_eq!(
            text,
            "no estate `ofice` is watched here: there is office, production"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_estate_that_cannot_be_read_is_not_said_to_be_unknown() {
    let mut shop = Shop::open();
    shop.stage.deny("ssm:GetParametersByPath");
    for command in ["status", "reconcile"] {
        let asked = json!({ "command": command, "estate": "production" });
        let answer = ask(&mut shop, asked).await;
        assert!(matches!(answer, Err(Failed::Unavailable(_))), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_wrongly_is_answered_with_the_mend() {
    let mut shop = Shop::open();
    for (payload, wanted) in [
        (
            json!({ "command": "explain", "service": "shop/nobody" }),
            "there is no `shop/nobody` in ap-northeast-1",
        ),
        (
            json!({ "command": "explain", "service": "nowhere/api" }),
            "there is no `nowhere/api`",
        ),
        (
            json!({ "command": "explain", "service": "api" }),
            "write `<cluster>/<service>`",
        ),
        (json!({ "command": "explain" }), "service: it is missing"),
        (
            json!({ "command": "explian" }),
            "the commands are tick, reconcile, explain, status",
        ),
        (
            json!({ "command": "tick", "service": "a/b" }),
            "`tick` has no field `service`",
        ),
        (
            json!({ "command": "tick", "at": "2026-11-20T19:00:00+09:00" }),
            "`at` is honoured on a local AWS only",
        ),
        (
            json!({ "command": "explain", "service": "shop/api", "deployment": 3 }),
            "deployment: ",
        ),
        (
            json!({ "command": "status", "estate": 3 }),
            "estate: write its name",
        ),
        (json!([]), "neither a command nor an event"),
        (
            json!({ "source": "aws.s3", "detail-type": "Object Created" }),
            "neither a command nor an event",
        ),
    ] {
        let answer = ask(&mut shop, payload.clone()).await;
        let Err(Failed::BadInput(text)) = &answer else {
            panic!("{payload}: {answer:?}")
        };
        assert!(text.contains(wanted), "{payload}: {text}");
    }
}
