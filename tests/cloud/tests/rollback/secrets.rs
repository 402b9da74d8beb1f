//! Secrets Manager's client.

use nightshift_cloud::{call::Actor, services::secretsmanager};

use crate::estate::{Estate, code};

#[tokio::test]
async fn a_secret_is_described_with_its_changes_and_read_by_its_stage() {
    let estate = Estate::new();
    let client = aws_sdk_secretsmanager::Client::new(&estate.line.config("explain-rollback"));
    let arn = estate
        .line
        .with(|world| secretsmanager::put(world, &Actor::Terraform, "r2e/database-url", "one"));
    estate.pass(3600);
    let put = client
        .put_secret_value()
        .secret_id(&arn)
        .secret_string("two");
    let put = put.send().await.unwrap();
    assert_eq!(put.version_stages(), ["AWSCURRENT"]);
    let described = client.describe_secret().secret_id("r2e/database-url");
    let described = described.send().await.unwrap();
    assert_eq!(described.arn(), Some(arn.as_str()));
    assert!(described.last_changed_date() > described.created_date());
    assert_eq!(described.rotation_enabled(), Some(false));
    let stages = described.version_ids_to_stages().unwrap();
    assert_eq!(stages[put.version_id().unwrap()], ["AWSCURRENT"]);
    let previous = client.get_secret_value().secret_id(&arn);
    let previous = previous.version_stage("AWSPREVIOUS").send().await.unwrap();
    assert_eq!(previous.secret_string(), Some("one"));
    let versions = client.list_secret_version_ids().secret_id(&arn);
    assert_eq!(versions.send().await.unwrap().versions().len(), 2);
    let gone = client.describe_secret().secret_id("gone").send().await;
    assert_eq!(code(gone), "ResourceNotFoundException");
}
