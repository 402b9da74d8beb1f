//! Each thing that Atlas refuses has its code and its mend, and nothing is changed by it.

use nightshift_atlas::{Trouble, When};
use rotate_secrets::engine::postgres::Sessions;
use serde_json::json;

use crate::stage::{FIRST, Stage};

#[tokio::test]
async fn what_atlas_refuses_is_told_with_its_own_code_and_a_mend() {
    let refused = Trouble::refused;
    for (trouble, code, mend) in [
        (
            refused(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST"),
            "IP_ADDRESS_NOT_ON_ACCESS_LIST",
            "API access list",
        ),
        (
            refused(403, "ORG_REQUIRES_ACCESS_LIST"),
            "ORG_REQUIRES_ACCESS_LIST",
            "API access list",
        ),
        (
            refused(401, "USER_UNAUTHORIZED"),
            "USER_UNAUTHORIZED",
            "Project Database Access Admin",
        ),
        (
            refused(403, "USER_UNAUTHORIZED"),
            "USER_UNAUTHORIZED",
            "Project Database Access Admin",
        ),
        (
            refused(400, "INVALID_ATTRIBUTE"),
            "INVALID_ATTRIBUTE",
            "400",
        ),
        (
            refused(409, "USER_ALREADY_EXISTS"),
            "USER_ALREADY_EXISTS",
            "409",
        ),
        (
            Trouble::RateLimited,
            "RATE_LIMITED_TOKEN_BUCKET",
            "tried again",
        ),
        (Trouble::Fault(When::Before), "500", "tried again"),
        (Trouble::Fault(When::After), "500", "tried again"),
        (Trouble::Unavailable, "503", "tried again"),
        (Trouble::Garbled, "answer", "not understood"),
        (refused(400, "canary code"), "answer", "not understood"),
    ] {
        for access in ["account", "key"] {
            let mut stage = Stage::new().await;
            if access == "key" {
                stage.access = stage.atlas.api_key();
            }
            stage.atlas.will(trouble.clone().on("POST"));
            let error = stage.set().await.unwrap_err();
            assert_eq!(error.code, code, "{trouble:?}");
            assert!(error.message.contains(mend), "{error}");
            let wanted = "cannot set the password of shop_b in Atlas project";
            assert!(error.message.starts_with(wanted), "{error}");
            let password = stage.set().await.unwrap();
            stage.test(&password).await.unwrap();
            assert_eq!(stage.atlas.password("shop_a").as_deref(), Some(FIRST));
        }
    }
}

#[tokio::test]
async fn who_calls_is_refused_with_what_to_renew() {
    let mut stage = Stage::new().await;
    for access in [
        r#"{"client_id": "mdb_sa_id_canary", "client_secret": "expired"}"#,
        r#"{"public_key": "canarypk", "private_key": "wrong"}"#,
    ] {
        access.clone_into(&mut stage.access);
        let error = stage.set().await.unwrap_err();
        assert_eq!(error.code, "401");
        assert!(error.message.contains("renew"), "{error}");
    }
    stage.access = stage.atlas.service_account();
    stage.atlas.will(Trouble::RateLimited.on("token"));
    assert_eq!(
        stage.set().await.unwrap_err().code,
        "RATE_LIMITED_TOKEN_BUCKET"
    );
    stage.atlas.will(Trouble::Garbled.on("token"));
    assert_eq!(stage.set().await.unwrap_err().code, "answer");
    assert!(stage.atlas.changes().is_empty());
}

#[tokio::test]
async fn a_project_or_a_user_that_is_not_there_is_named() {
    let mut stage = Stage::new().await;
    stage.atlas.remove("shop_a");
    let error = stage.set().await.unwrap_err();
    assert_eq!(error.code, "USERNAME_NOT_FOUND");
    assert!(error.message.contains("no database user shop_a"), "{error}");
    stage.project = "000000000000000000000000".to_owned();
    for error in [
        stage.set().await.unwrap_err(),
        stage.disable(Sessions::Keep).await.unwrap_err(),
    ] {
        assert_eq!(error.code, "GROUP_NOT_FOUND");
        assert!(error.message.contains("look at `project`"), "{error}");
    }
}

#[tokio::test]
async fn a_user_that_has_no_password_or_will_not_last_is_not_taken() {
    let stage = Stage::new().await;
    for (attributes, code) in [
        (json!({ "x509Type": "CUSTOMER" }), "no-password"),
        (json!({ "oidcAuthType": "USER" }), "no-password"),
        (
            json!({ "deleteAfterDate": "2027-01-01T00:00:00Z" }),
            "temporary",
        ),
    ] {
        stage.atlas.add_with("shop_b", "password-of-b", attributes);
        assert_eq!(stage.set().await.unwrap_err().code, code);
    }
    assert!(stage.atlas.changes().is_empty());
}

#[tokio::test]
async fn names_are_one_part_of_a_path_whatever_is_in_them() {
    let mut stage = Stage::new().await;
    stage.project = format!("{}/databaseUsers/admin/shop_a?", stage.project);
    assert_eq!(stage.set().await.unwrap_err().code, "GROUP_NOT_FOUND");
}
