//! MongoDB's own driver logs in to the local cluster, and is refused and logged out as by a real one.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

use std::time::Duration;

use mongodb::Client;
use mongodb::bson::{Document, doc};
use mongodb::error::{Error, ErrorKind};
use nightshift_atlas::{Atlas, Options};
use serde_json::json;
use tokio::time::sleep;

async fn client(url: &str) -> Client {
    let url = format!("{url}&directConnection=true&serverSelectionTimeoutMS=3000&maxPoolSize=1");
    Client::with_uri_str(url).await.unwrap()
}

async fn status(client: &Client) -> Result<Document, Error> {
    let status = doc! { "connectionStatus": 1, "showPrivileges": true };
    client.database("admin").run_command(status).await
}

fn users(status: &Document) -> usize {
    let info = status.get_document("authInfo").unwrap();
    info.get_array("authenticatedUsers").unwrap().len()
}

fn is_refused(error: &Error) -> bool {
    matches!(*error.kind, ErrorKind::Authentication { .. })
}

#[tokio::test]
async fn who_knows_the_password_is_logged_in_with_his_roles_and_nobody_else() {
    let atlas = Atlas::start().await.unwrap();
    atlas.add("shop_a", "right-password", &[("readWrite", "shop")]);
    let good = client(&atlas.cluster_url("shop_a", "right-password")).await;
    let status_of_good = status(&good).await.unwrap();
    assert_eq!(users(&status_of_good), 1);
    let text = status_of_good.to_string();
    assert!(
        text.contains("\"insert\"") && text.contains("\"shop\""),
        "{text}"
    );
    for (user, password) in [("shop_a", "wrong-password"), ("shop_b", "right-password")] {
        let bad = client(&atlas.cluster_url(user, password)).await;
        let error = status(&bad).await.unwrap_err();
        assert!(is_refused(&error), "{error}");
    }
}

#[tokio::test]
async fn who_is_connected_outlives_a_new_password_and_not_his_own_deletion() {
    let atlas = Atlas::start().await.unwrap();
    atlas.add("shop_a", "first-password", &[("read", "shop")]);
    let open = client(&atlas.cluster_url("shop_a", "first-password")).await;
    assert_eq!(users(&status(&open).await.unwrap()), 1);
    atlas.remove("shop_a");
    assert_eq!(users(&status(&open).await.unwrap()), 0);
    atlas.add("shop_a", "first-password", &[("read", "shop")]);
    assert_eq!(
        users(&status(&open).await.unwrap()),
        0,
        "it is another user"
    );
}

#[tokio::test]
async fn a_change_comes_late_and_to_one_server_later_and_other_clusters_users_stay_out() {
    let options = Options {
        servers: 2,
        ..Options::default()
    };
    let atlas = Atlas::with(options).await.unwrap();
    atlas.lags(1, Duration::from_millis(600));
    atlas.add("shop_a", "the-password", &[("read", "shop")]);
    let url = atlas.cluster_url("shop_a", "the-password");
    let (head, rest) = url.split_once('@').unwrap();
    let (hosts, tail) = rest.split_once('/').unwrap();
    let (first, second) = hosts.split_once(',').unwrap();
    let of = |host: &str| format!("{head}@{host}/{tail}");
    assert!(status(&client(&of(first)).await).await.is_ok());
    assert!(status(&client(&of(second)).await).await.is_err());
    sleep(Duration::from_millis(700)).await;
    assert!(status(&client(&of(second)).await).await.is_ok());
    let elsewhere = json!({ "scopes": [{ "name": "other", "type": "CLUSTER" }] });
    atlas.add_with("shop_b", "the-password", elsewhere);
    let other = of(first).replace("shop_a", "shop_b");
    assert!(is_refused(
        &status(&client(&other).await).await.unwrap_err()
    ));
}
