//! Parameters as people and functions write and read them.

use serde_json::Value;

use super::*;

fn world() -> World {
    World::new(Timestamp::from_second(1_800_000_000).unwrap(), 1)
}

fn ask(world: &mut World, operation: &str, input: Value) -> Outcome {
    world.ask(&SERVICE, Actor::Person, operation, input)
}

fn put_it(world: &mut World, name: &str, value: &str) {
    put(world, &Actor::Person, name, value).unwrap();
}

fn value_of(world: &mut World, name: &str) -> Result<Value, String> {
    let answer = ask(world, "GetParameter", json!({ "Name": name }));
    answer
        .map(|answer| answer["Parameter"]["Value"].clone())
        .map_err(|fault| fault.code)
}

#[test]
fn a_parameter_is_written_over_only_when_asked_to() {
    let mut world = world();
    let write = |overwrite: bool| json!({ "Name": "/a/b", "Value": "v", "Type": "String", "Overwrite": overwrite });
    assert_eq!(
        ask(&mut world, "PutParameter", write(false)).unwrap()["Version"],
        1
    );
    assert_eq!(
        ask(&mut world, "PutParameter", write(false))
            .unwrap_err()
            .code,
        "ParameterAlreadyExists"
    );
    assert_eq!(
        ask(&mut world, "PutParameter", write(true)).unwrap()["Version"],
        2
    );
    let operations: Vec<_> = world
        .events
        .take()
        .iter()
        .map(|event| event.envelope["detail"]["operation"].clone())
        .collect();
    assert_eq!(operations, ["Create", "Update"]);
}

#[test]
fn a_parameter_answers_to_its_arn_its_label_and_its_version() {
    let mut world = world();
    put_it(&mut world, "/a/b", "one");
    put_it(&mut world, "/a/b", "two");
    ask(
        &mut world,
        "LabelParameterVersion",
        json!({ "Name": "/a/b", "ParameterVersion": 1, "Labels": ["current"] }),
    )
    .unwrap();
    assert_eq!(value_of(&mut world, "/a/b"), Ok("two".into()));
    assert_eq!(value_of(&mut world, &arn("/a/b")), Ok("two".into()));
    assert_eq!(value_of(&mut world, "/a/b:1"), Ok("one".into()));
    assert_eq!(value_of(&mut world, "/a/b:current"), Ok("one".into()));
    assert_eq!(
        value_of(&mut world, "/a/b:9"),
        Err("ParameterVersionNotFound".to_owned())
    );
    assert_eq!(
        value_of(&mut world, "/a/c"),
        Err("ParameterNotFound".to_owned())
    );
}

#[test]
fn a_label_moves_and_what_is_none_is_answered_beside_success() {
    let mut world = world();
    put_it(&mut world, "p", "one");
    put_it(&mut world, "p", "two");
    let mut label = |version: u32, labels: &[&str]| {
        ask(
            &mut world,
            "LabelParameterVersion",
            json!({ "Name": "p", "ParameterVersion": version, "Labels": labels }),
        )
    };
    label(1, &["current"]).unwrap();
    let answer = label(2, &["current", "1st", "aws-x", "sp ace"]).unwrap();
    assert_eq!(answer["InvalidLabels"], json!(["1st", "aws-x", "sp ace"]));
    let many: Vec<String> = (0..10).map(|n| format!("l{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(
        label(2, &many).unwrap_err().code,
        "ParameterVersionLabelLimitExceeded"
    );
    assert_eq!(
        label(7, &["x"]).unwrap_err().code,
        "ParameterVersionNotFound"
    );
    assert_eq!(value_of(&mut world, "p:current"), Ok("two".into()));
    let gone = ask(
        &mut world,
        "UnlabelParameterVersion",
        json!({ "Name": "p", "ParameterVersion": 2, "Labels": ["current", "x"] }),
    )
    .unwrap();
    assert_eq!(
        (&gone["RemovedLabels"], &gone["InvalidLabels"]),
        (&json!(["current"]), &json!(["x"]))
    );
}

#[test]
fn the_oldest_of_a_hundred_versions_goes_unless_a_label_holds_it() {
    let mut world = world();
    for n in 0..100 {
        put_it(&mut world, "p", &n.to_string());
    }
    ask(
        &mut world,
        "LabelParameterVersion",
        json!({ "Name": "p", "ParameterVersion": 1, "Labels": ["old"] }),
    )
    .unwrap();
    let refused = put(&mut world, &Actor::Person, "p", "x").unwrap_err();
    assert_eq!(refused.code, "ParameterMaxVersionLimitExceeded");
    ask(
        &mut world,
        "LabelParameterVersion",
        json!({ "Name": "p", "ParameterVersion": 100, "Labels": ["old"] }),
    )
    .unwrap();
    put_it(&mut world, "p", "x");
    assert_eq!(
        value_of(&mut world, "p:1"),
        Err("ParameterVersionNotFound".to_owned())
    );
    let history = ask(&mut world, "GetParameterHistory", json!({ "Name": "p" })).unwrap();
    assert_eq!(history["Parameters"].as_array().map(Vec::len), Some(50));
    assert_eq!(history["Parameters"][0]["Version"], 2);
}

#[test]
fn a_standard_parameter_holds_4096_bytes() {
    let mut world = world();
    put_it(&mut world, "p", &"x".repeat(4096));
    let refused = put(&mut world, &Actor::Person, "p", &"x".repeat(4097)).unwrap_err();
    assert!(refused.message.contains("maximum parameter value of 4096"));
    let advanced =
        json!({ "Name": "p", "Value": "x".repeat(8192), "Tier": "Advanced", "Overwrite": true });
    assert_eq!(
        ask(&mut world, "PutParameter", advanced).unwrap()["Tier"],
        "Advanced"
    );
}

#[test]
fn what_cannot_be_written_is_refused() {
    let cases = [
        (
            json!({ "Name": "/aws/x", "Value": "v", "Type": "String" }),
            "AccessDeniedException",
        ),
        (
            json!({ "Name": "/ssm/x", "Value": "v", "Type": "String" }),
            "ValidationException",
        ),
        (
            json!({ "Name": "a/b", "Value": "v", "Type": "String" }),
            "ValidationException",
        ),
        (
            json!({ "Name": "a b", "Value": "v", "Type": "String" }),
            "ValidationException",
        ),
        (
            json!({ "Name": "a", "Value": "", "Type": "String" }),
            "ValidationException",
        ),
        (json!({ "Name": "a", "Value": "v" }), "ValidationException"),
        (
            json!({ "Name": "a", "Value": "v", "Type": "Number" }),
            "UnsupportedParameterType",
        ),
        (
            json!({ "Name": "a", "Value": "v", "Type": "String", "Overwrite": true, "Tags": [{ "Key": "k", "Value": "v" }] }),
            "ValidationException",
        ),
        (
            json!({ "Name": "/a".repeat(16), "Value": "v", "Type": "String" }),
            "HierarchyLevelLimitExceededException",
        ),
    ];
    for (input, code) in cases {
        assert_eq!(
            ask(&mut world(), "PutParameter", input.clone())
                .unwrap_err()
                .code,
            code,
            "{input}"
        );
    }
}

#[test]
fn a_path_is_listed_by_pages_of_ten_without_what_lies_deeper() {
    let mut world = world();
    for n in 10..35 {
        put_it(&mut world, &format!("/nightshift/estates/e{n}"), "v");
    }
    put_it(&mut world, "/nightshift/estates/deep/er", "v");
    put_it(&mut world, "/nightshift/company", "v");
    let (mut sizes, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut input = json!({ "Path": "/nightshift/estates/" });
        if !token.is_null() {
            input["NextToken"] = token;
        }
        let page = ask(&mut world, "GetParametersByPath", input).unwrap();
        sizes.push(page["Parameters"].as_array().map_or(0, Vec::len));
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(sizes, [10, 10, 5]);
    let all = json!({ "Path": "/nightshift", "Recursive": true, "MaxResults": 11 });
    assert_eq!(
        ask(&mut world, "GetParametersByPath", all)
            .unwrap_err()
            .code,
        "ValidationException"
    );
    assert!(ask(&mut world, "GetParametersByPath", json!({ "Path": "x" })).is_err());
}

#[test]
fn a_secure_string_is_shown_only_with_decryption() {
    let mut world = world();
    ask(
        &mut world,
        "PutParameter",
        json!({ "Name": "s", "Value": "secret", "Type": "SecureString" }),
    )
    .unwrap();
    let sealed = value_of(&mut world, "s").unwrap();
    assert!(!sealed.to_string().contains("secret"));
    let open = ask(
        &mut world,
        "GetParameter",
        json!({ "Name": "s", "WithDecryption": true }),
    )
    .unwrap();
    assert_eq!(open["Parameter"]["Value"], "secret");
    let change = json!({ "Name": "s", "Value": "v", "Type": "String", "Overwrite": true });
    assert_eq!(
        ask(&mut world, "PutParameter", change).unwrap_err().code,
        "HierarchyTypeMismatchException"
    );
}

#[test]
fn several_are_read_and_deleted_at_once_and_the_unknown_named() {
    let mut world = world();
    put_it(&mut world, "a", "1");
    let names = json!({ "Names": ["a", "b"] });
    let read = ask(&mut world, "GetParameters", names.clone()).unwrap();
    assert_eq!(
        (&read["Parameters"][0]["Value"], &read["InvalidParameters"]),
        (&json!("1"), &json!(["b"]))
    );
    let gone = ask(&mut world, "DeleteParameters", names).unwrap();
    assert_eq!(
        (&gone["DeletedParameters"], &gone["InvalidParameters"]),
        (&json!(["a"]), &json!(["b"]))
    );
    assert_eq!(
        delete(&mut world, &Actor::Person, "a").unwrap_err().code,
        "ParameterNotFound"
    );
    let many: Vec<String> = (0..11).map(|n| n.to_string()).collect();
    assert!(ask(&mut world, "GetParameters", json!({ "Names": many })).is_err());
}

#[test]
fn tags_are_part_of_what_a_call_demands() {
    let mut world = world();
    put_it(&mut world, "/a", "1");
    let tag = json!({ "ResourceType": "Parameter", "ResourceId": "/a", "Tags": [{ "Key": "k", "Value": "v" }] });
    ask(&mut world, "AddTagsToResource", tag).unwrap();
    let call = |operation: &str, input: Value| Call {
        operation: operation.to_owned(),
        input,
        actor: Actor::Person,
    };
    let demands = SERVICE.demands(&world, &call("GetParameter", json!({ "Name": "/a:1" })));
    assert_eq!(
        demands[0].resource,
        "arn:aws:ssm:ap-northeast-1:123456789012:parameter/a"
    );
    assert_eq!(demands[0].tags["k"], "v");
    let demands = SERVICE.demands(
        &world,
        &call("GetParametersByPath", json!({ "Path": "/n/estates/" })),
    );
    assert_eq!(
        demands[0].resource,
        "arn:aws:ssm:ap-northeast-1:123456789012:parameter/n/estates"
    );
}

#[test]
fn a_version_without_a_key_is_sealed_with_the_default_one() {
    let mut world = world();
    let mut put = json!({
        "Name": "s", "Value": "one", "Type": "SecureString", "KeyId": "alias/shop", "Overwrite": true,
    });
    let filter = json!({ "ParameterFilters": [{ "Key": "Name", "Values": ["s"] }] });
    let key = |world: &mut World| {
        let described = ask(world, "DescribeParameters", filter.clone()).unwrap();
        described["Parameters"][0]["KeyId"].clone()
    };
    ask(&mut world, "PutParameter", put.clone()).unwrap();
    assert_eq!(key(&mut world), "alias/shop");
    put.as_object_mut().unwrap().remove("KeyId");
    ask(&mut world, "PutParameter", put).unwrap();
    assert_eq!(key(&mut world), "alias/aws/ssm");
}
