//! Setting, testing and disabling, by a service account and by an API key.

use nightshift_atlas::{Trouble, When};
use rotate_secrets::dial::atlas::Atlas as _;
use rotate_secrets::engine::postgres::Sessions;
use serde_json::{Value as Json, json};

use crate::stage::{FIRST, Stage, url, value};

#[tokio::test]
async fn a_user_that_is_not_there_is_made_like_the_present_one_and_works() {
    let stage = Stage::new().await;
    let password = stage.set().await.unwrap();
    stage.test(&password).await.unwrap();
    assert_eq!(stage.atlas.changes(), ["POST databaseUsers"]);
    let (first, second) = (
        stage.atlas.shown("shop_a").unwrap(),
        stage.atlas.shown("shop_b").unwrap(),
    );
    for same in ["roles", "scopes", "labels", "databaseName"] {
        assert_eq!(second[same], first[same], "{same}");
    }
    assert_eq!(stage.atlas.password("shop_a").as_deref(), Some(FIRST));
    let again = stage.set().await.unwrap();
    stage.test(&again).await.unwrap();
    let refused = stage.test_within(&password, 1).await.unwrap_err();
    assert_eq!(refused.code, "18", "the one before has no use any more");
    assert_eq!(
        stage.atlas.changes(),
        ["POST databaseUsers", "PATCH shop_b"]
    );
    let patch = stage.atlas.requests().pop().unwrap();
    assert_eq!(patch.attributes, ["password"], "what fits is left alone");
    assert!(
        patch.accept.starts_with("application/vnd.atlas.20"),
        "{patch:?}"
    );
}

#[tokio::test]
async fn an_api_key_does_the_same_by_digest_in_both_forms_of_the_challenge() {
    for documented in [false, true] {
        let mut stage = Stage::new().await;
        stage.access = stage.atlas.api_key();
        if documented {
            stage.atlas.challenges_as_documented();
        }
        let password = stage.set().await.unwrap();
        stage.test(&password).await.unwrap();
        // A nonce that is too old by then is replaced, once.
        stage.atlas.will(Trouble::Stale.on("PATCH"));
        let password = stage.set().await.unwrap();
        stage.test(&password).await.unwrap();
        assert_eq!(
            stage.atlas.changes(),
            ["POST databaseUsers", "PATCH shop_b"],
            "{documented}"
        );
        let requests = stage.atlas.requests();
        let bare = requests.iter().filter(|it| it.status == 401);
        assert!(
            bare.filter(|it| it.method == "POST")
                .all(|it| it.attributes.is_empty()),
            "no password goes out before it is known to whom"
        );
        stage.disable(Sessions::End).await.unwrap();
        assert_eq!(stage.atlas.shown("shop_b"), None);
    }
}

#[tokio::test]
async fn roles_and_clusters_that_differ_are_set_with_the_password() {
    let stage = Stage::new().await;
    let scope = json!([{ "name": "shop", "type": "CLUSTER" }]);
    let less = json!({
        "roles": [{ "roleName": "read", "databaseName": "shop" }],
        "scopes": [{ "name": "other", "type": "CLUSTER" }],
    });
    stage.atlas.add_with("shop_b", "whatever-it-was", less);
    let mut first = stage.atlas.shown("shop_a").unwrap();
    first["scopes"] = scope.clone();
    stage.atlas.add_with("shop_a", FIRST, first);
    let password = stage.set().await.unwrap();
    stage.test(&password).await.unwrap();
    let second = stage.atlas.shown("shop_b").unwrap();
    assert_eq!(
        second["roles"],
        stage.atlas.shown("shop_a").unwrap()["roles"]
    );
    assert_eq!(second["scopes"], scope);
    assert_eq!(stage.atlas.changes(), ["PATCH shop_b"]);
}

#[tokio::test]
async fn who_may_do_less_than_the_present_user_does_not_stand_the_test() {
    let stage = Stage::new().await;
    stage.atlas.add(
        "shop_b",
        "password-of-b",
        &[("read", "shop"), ("read", "prices")],
    );
    let refused = stage.test_within(&value("password-of-b"), 1).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code, "test");
    assert!(
        refused
            .message
            .contains("may insert on shop.* and 2 more, and the new one may not"),
        "{refused}"
    );
}

#[tokio::test]
async fn where_the_present_user_no_longer_gets_in_the_new_one_is_tested_alone() {
    let stage = Stage::new().await;
    let password = stage.set().await.unwrap();
    let shown = stage.atlas.shown("shop_a").unwrap();
    stage.atlas.add_with("shop_a", "somebody-changed-it", shown);
    stage.test(&password).await.unwrap();
}

#[tokio::test]
async fn a_disabled_user_keeps_its_roles_and_one_that_leaked_is_gone_with_its_connections() {
    let stage = Stage::new().await;
    let password = stage.set().await.unwrap();
    stage.test(&password).await.unwrap();
    stage.disable(Sessions::Keep).await.unwrap();
    let refused = stage.test_within(&password, 1).await.unwrap_err();
    assert_eq!(refused.code, "18");
    let roles = |user: &str| stage.atlas.shown(user).map(|it| it["roles"].clone());
    assert_eq!(roles("shop_b"), roles("shop_a"));
    let unknown = stage.atlas.password("shop_b").unwrap();
    assert!(unknown.len() >= 48 && unknown != password.expose());
    stage.disable(Sessions::End).await.unwrap();
    assert_eq!(roles("shop_b"), None::<Json>);
    for again in [Sessions::End, Sessions::Keep] {
        stage.disable(again).await.unwrap();
    }
    assert_eq!(
        roles("shop_b"),
        None,
        "nobody is made in order to be disabled"
    );
    let password = stage.set().await.unwrap();
    stage.test(&password).await.unwrap();
}

#[tokio::test]
async fn after_an_answer_that_was_lost_the_next_attempt_sets_another_password() {
    for (method, when) in [
        ("GET", When::Before),
        ("POST", When::Before),
        ("POST", When::After),
        ("PATCH", When::Before),
        ("PATCH", When::After),
    ] {
        let stage = Stage::new().await;
        if method == "PATCH" {
            stage.set().await.unwrap();
        }
        stage.atlas.will(Trouble::Lost(when).on(method));
        let lost = stage.set().await.unwrap_err();
        assert_eq!(lost.code, "api-unreached", "{method} {when:?}: {lost}");
        let password = stage.set().await.unwrap();
        stage.test(&password).await.unwrap();
        assert_eq!(stage.atlas.password("shop_a").as_deref(), Some(FIRST));
    }
}

#[tokio::test]
async fn a_cluster_is_used_with_a_url_whose_options_only_other_drivers_know() {
    let stage = Stage::new().await;
    let password = stage.set().await.unwrap();
    let text = format!(
        "{}&useNewUrlParser=true&maxPoolSize=50&appName=shop%20api",
        stage.first().text().expose()
    );
    let first = url(&text);
    let second = first.with_credentials("shop_b", &password).unwrap();
    stage.internet.test(&second, Some(&first)).await.unwrap();
}
