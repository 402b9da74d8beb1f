use super::*;

fn world() -> World {
    let mut world = World::new(Timestamp::from_second(1_800_000_000).unwrap(), 1);
    create_group(&mut world, &Actor::Terraform, "/ecs/api");
    world
}

fn ask(world: &mut World, operation: &str, mut input: Value) -> Outcome {
    input["logGroupName"] = "/ecs/api".into();
    world.ask(&SERVICE, Actor::Person, operation, input)
}

fn say(world: &mut World, stream: &str, text: &str) {
    world.advance(world.now + SignedDuration::from_secs(1));
    write(world, "/ecs/api", stream, world.now, text);
}

fn texts(answer: &Value) -> Vec<&str> {
    let events = answer["events"].as_array().unwrap();
    let texts = events.iter().map(|event| event["message"].as_str());
    texts.map(Option::unwrap).collect()
}

#[test]
fn the_last_lines_come_unless_the_first_are_asked_for() {
    let mut world = world();
    for text in ["one", "two", "three"] {
        say(&mut world, "app/api/1", text);
    }
    let mut get = |more: Value| {
        let mut input = json!({ "logStreamName": "app/api/1", "limit": 2 });
        let members = input.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        ask(&mut world, "GetLogEvents", input).unwrap()
    };
    let last = get(json!({}));
    assert_eq!(texts(&last), ["two", "three"]);
    let before = get(json!({ "nextToken": last["nextBackwardToken"] }));
    assert_eq!(texts(&before), ["one"]);
    let first = get(json!({ "startFromHead": true }));
    assert_eq!(texts(&first), ["one", "two"]);
    let then = get(json!({ "nextToken": first["nextForwardToken"] }));
    assert_eq!(texts(&then), ["three"]);
    let end = get(json!({ "nextToken": then["nextForwardToken"] }));
    assert_eq!(end["nextForwardToken"], then["nextForwardToken"]);
}

#[test]
fn what_there_is_not_has_the_code_of_its_own() {
    let mut world = world();
    let input = json!({ "logStreamName": "none" });
    let refused = ask(&mut world, "GetLogEvents", input).unwrap_err();
    assert_eq!(refused.code, "ResourceNotFoundException");
    assert!(refused.message.contains("stream"));
    let input = json!({ "logGroupName": "/gone", "logStreamName": "none" });
    let refused = world.ask(&SERVICE, Actor::Person, "GetLogEvents", input);
    assert!(refused.unwrap_err().message.contains("group"));
}

#[test]
fn lines_are_found_by_their_words_across_streams_in_order() {
    let mut world = world();
    say(&mut world, "app/api/1", "ERROR no such table");
    say(&mut world, "app/api/2", "listening on 3001");
    say(&mut world, "app/api/2", "FATAL no such table");
    let cases = [
        ("", 3),
        ("table", 2),
        ("\"no such\" -FATAL", 1),
        ("?ERROR ?FATAL", 2),
        ("ERROR FATAL", 0),
    ];
    for (pattern, count) in cases {
        let found = ask(
            &mut world,
            "FilterLogEvents",
            json!({ "filterPattern": pattern }),
        );
        assert_eq!(texts(&found.unwrap()).len(), count, "{pattern}");
    }
    let input = json!({ "logStreamNamePrefix": "app/api/2", "limit": 1 });
    let page = ask(&mut world, "FilterLogEvents", input).unwrap();
    assert_eq!(texts(&page), ["listening on 3001"]);
    assert!(page["nextToken"].is_string());
}

#[test]
fn streams_are_listed_by_name_or_by_their_last_line() {
    let mut world = world();
    for stream in ["b", "a", "c"] {
        say(&mut world, stream, "x");
    }
    let names = |answer: &Value| {
        let streams = answer["logStreams"].as_array().unwrap().iter();
        let names = streams.map(|stream| stream["logStreamName"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let by_name = ask(&mut world, "DescribeLogStreams", json!({})).unwrap();
    assert_eq!(names(&by_name), ["a", "b", "c"]);
    let input = json!({ "orderBy": "LastEventTime", "descending": true });
    let by_time = ask(&mut world, "DescribeLogStreams", input).unwrap();
    assert_eq!(names(&by_time), ["c", "a", "b"]);
}

#[test]
fn a_stream_that_was_silent_for_a_month_is_forgotten_when_the_next_one_begins() {
    let mut world = world();
    say(&mut world, "old", "x");
    world.advance(world.now + SignedDuration::from_hours(31 * 24));
    say(&mut world, "new", "x");
    let shown = ask(&mut world, "DescribeLogStreams", json!({})).unwrap();
    assert_eq!(shown["logStreams"].as_array().unwrap().len(), 1);
}
