use super::*;

fn world() -> World {
    World::new(Timestamp::from_second(1_800_000_000).unwrap(), 1)
}

fn ask(world: &mut World, operation: &str, input: Value) -> Outcome {
    world.ask(&SERVICE, Actor::Person, operation, input)
}

fn version(world: &mut World, token: &str, text: &str, stages: &[&str]) -> Outcome {
    let mut input = json!({ "SecretId": "db", "ClientRequestToken": token, "SecretString": text });
    if !stages.is_empty() {
        input["VersionStages"] = json!(stages);
    }
    ask(world, "PutSecretValue", input)
}

fn text(world: &mut World, stage: &str) -> Option<String> {
    let input = json!({ "SecretId": "db", "VersionStage": stage });
    let answer = ask(world, "GetSecretValue", input).ok()?;
    answer["SecretString"].as_str().map(ToOwned::to_owned)
}

#[test]
fn a_new_value_is_current_and_the_one_before_is_previous() {
    let mut world = world();
    put(&mut world, &Actor::Terraform, "db", "one");
    version(&mut world, "t2", "two", &[]).unwrap();
    version(&mut world, "t3", "three", &[]).unwrap();
    assert_eq!(text(&mut world, CURRENT).as_deref(), Some("three"));
    assert_eq!(text(&mut world, PREVIOUS).as_deref(), Some("two"));
    let listed = ask(
        &mut world,
        "ListSecretVersionIds",
        json!({ "SecretId": "db" }),
    );
    assert_eq!(listed.unwrap()["Versions"].as_array().unwrap().len(), 2);
    let input = json!({ "SecretId": "db", "IncludeDeprecated": true });
    let listed = ask(&mut world, "ListSecretVersionIds", input).unwrap();
    assert_eq!(listed["Versions"].as_array().unwrap().len(), 3);
}

#[test]
fn a_rotation_s_steps_put_the_pending_version_in_the_place_of_the_current_one() {
    let mut world = world();
    version(&mut world, "t1", "one", &[]).unwrap_err();
    put(&mut world, &Actor::Terraform, "db", "one");
    let described = ask(&mut world, "DescribeSecret", json!({ "SecretId": "db" })).unwrap();
    let stages = described["VersionIdsToStages"].as_object().unwrap();
    let first = stages.keys().next().unwrap().clone();
    version(&mut world, "t2", "two", &["AWSPENDING"]).unwrap();
    assert_eq!(text(&mut world, CURRENT).as_deref(), Some("one"));
    assert_eq!(text(&mut world, "AWSPENDING").as_deref(), Some("two"));
    let mut moves = json!({ "SecretId": "db", "VersionStage": CURRENT, "MoveToVersionId": "t2" });
    let refused = ask(&mut world, "UpdateSecretVersionStage", moves.clone());
    assert_eq!(refused.unwrap_err().code, "InvalidParameterException");
    moves["RemoveFromVersionId"] = first.into();
    ask(&mut world, "UpdateSecretVersionStage", moves).unwrap();
    assert_eq!(text(&mut world, CURRENT).as_deref(), Some("two"));
    assert_eq!(text(&mut world, PREVIOUS).as_deref(), Some("one"));
}

#[test]
fn the_same_token_does_nothing_with_the_same_value_and_is_refused_with_another() {
    let mut world = world();
    put(&mut world, &Actor::Terraform, "db", "one");
    version(&mut world, "t2", "two", &[]).unwrap();
    version(&mut world, "t2", "two", &[]).unwrap();
    let refused = version(&mut world, "t2", "three", &[]).unwrap_err();
    assert_eq!(refused.code, "ResourceExistsException");
}

#[test]
fn a_deleted_secret_is_described_but_not_read_until_it_is_restored() {
    let mut world = world();
    put(&mut world, &Actor::Terraform, "db", "one");
    let whole = arn(&world, "db");
    ask(&mut world, "DeleteSecret", json!({ "SecretId": whole })).unwrap();
    assert_eq!(text(&mut world, CURRENT), None);
    let described = ask(&mut world, "DescribeSecret", json!({ "SecretId": "db" }));
    assert!(described.unwrap()["DeletedDate"].is_number());
    assert_eq!(look(&world, &whole), Seen::Missing);
    ask(&mut world, "RestoreSecret", json!({ "SecretId": "db" })).unwrap();
    assert_eq!(look(&world, &whole), Seen::There);
}

#[test]
fn a_task_definition_finds_a_secret_by_its_whole_or_its_partial_arn_and_a_key_in_it() {
    let mut world = world();
    let whole = put(&mut world, &Actor::Terraform, "r2e/db", r#"{"user":"a"}"#);
    let partial = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:r2e/db";
    let cases = [
        (whole.clone(), Seen::There),
        (partial.to_owned(), Seen::There),
        (format!("{whole}:user::"), Seen::There),
        (format!("{partial}:user:AWSCURRENT:"), Seen::There),
        (format!("{whole}:port::"), Seen::NoKey("port".to_owned())),
        (format!("{whole}:user:AWSPREVIOUS:"), Seen::Missing),
        (format!("{partial}x"), Seen::Missing),
    ];
    for (given, seen) in cases {
        assert_eq!(look(&world, &given), seen, "{given}");
    }
    let suffix = whole.rsplit('-').next().unwrap();
    assert_eq!(suffix.len(), 6);
}

#[test]
fn tags_are_set_and_removed() {
    let mut world = world();
    let input =
        json!({ "Name": "db", "SecretString": "x", "Tags": [{ "Key": "a", "Value": "b" }] });
    ask(&mut world, "CreateSecret", input).unwrap();
    let more =
        json!({ "SecretId": "db", "Tags": [{ "Key": "nightshift:rotate", "Value": "r2e" }] });
    ask(&mut world, "TagResource", more).unwrap();
    ask(
        &mut world,
        "UntagResource",
        json!({ "SecretId": "db", "TagKeys": ["a"] }),
    )
    .unwrap();
    let described = ask(&mut world, "DescribeSecret", json!({ "SecretId": "db" })).unwrap();
    assert_eq!(
        described["Tags"],
        json!([{ "Key": "nightshift:rotate", "Value": "r2e" }])
    );
    let call = Call {
        operation: "PutSecretValue".to_owned(),
        input: json!({ "SecretId": "db" }),
        actor: Actor::Person,
    };
    let demands = Service::demands(&SERVICE, &world, &call);
    assert_eq!(demands[0].action, "secretsmanager:PutSecretValue");
    assert_eq!(demands[0].resource, arn(&world, "db"));
    assert_eq!(demands[0].tags["nightshift:rotate"], "r2e");
}
