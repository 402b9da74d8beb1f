//! What pieces travel in, and what happens to them on the way.

use super::*;

fn wake() -> Value {
    json!({ "command": "wake", "estate": "bookmark-manager-staging" })
}

fn failover() -> Value {
    sample("rds-cluster-failover")
}

/// All signals of a payload.
fn signals(payload: &Value) -> Vec<Signal> {
    let records = understand(payload, arrival()).into_iter();
    records
        .flat_map(|record| record.understood.signals)
        .collect()
}

#[test]
fn an_event_is_the_same_in_every_envelope() {
    let bare = signal(&failover());
    let notification = notification(&json!(null), &failover().to_string());
    let envelopes = [
        sns(&failover()),
        sqs(&[failover()]),
        sqs(std::slice::from_ref(&notification)),
        sqs(&[sns(&failover())]),
        json!([failover()]),
        json!(failover().to_string()),
        json!(sns(&failover()).to_string()),
        sqs(&[json!([failover()])]),
        notification,
    ];
    for payload in envelopes {
        assert_eq!(signal(&payload), bare, "{payload}");
    }
}

#[test]
fn each_message_of_a_queue_keeps_its_id_and_disturbs_no_other() {
    let bodies = [
        failover(),
        json!("{\"half\": "),
        json!([failover(), wake()]),
        json!(""),
        json!("{}"),
    ];
    let mut payload = sqs(&bodies);
    let records = payload["Records"].as_array_mut().unwrap();
    records.push(json!({ "messageId": "m-5", "eventSource": "aws:sqs" }));
    records.push(json!({ "messageId": "m-6", "eventSource": "aws:sqs", "body": 17 }));
    records.push(json!(null));
    let records = understand(&payload, arrival());
    let ids: Vec<_> = records.iter().map(|record| record.id.as_deref()).collect();
    let expected = ["m-0", "m-1", "m-2", "m-3", "m-4", "m-5", "m-6"].map(Some);
    assert_eq!((&ids[..7], ids[7]), (expected.as_slice(), None));
    let counts: Vec<_> = records
        .iter()
        .map(|record| record.understood.signals.len())
        .collect();
    assert_eq!(counts, [1, 1, 2, 1, 1, 1, 1, 1]);
    assert_eq!(records[0].understood.signals[0], signal(&failover()));
    assert_eq!(records[2].understood.signals[0], signal(&failover()));
}

#[test]
fn each_piece_of_an_array_is_a_record() {
    let payload = json!([failover(), 17, sns(&failover()), "text", [failover()], null]);
    let records = understand(&payload, arrival());
    assert_eq!(records.len(), 6);
    for number in [0, 2, 4] {
        assert_eq!(records[number].understood.signals, [signal(&failover())]);
    }
}

#[test]
fn pieces_of_one_notification_do_not_share_a_key() {
    let signals = signals(&sns(&json!([wake(), wake(), { "a": 1 }])));
    let keys: std::collections::BTreeSet<_> = signals.iter().map(|signal| &signal.key).collect();
    assert_eq!((signals.len(), keys.len()), (3, 3), "{keys:?}");
    assert!(
        keys.iter().all(|key| key.starts_with("sns/95df01b4-")),
        "{keys:?}"
    );
}

#[test]
fn batches_without_records_and_payloads_without_content_are_told_all_the_same() {
    for payload in [
        json!({ "Records": [] }),
        json!({ "Records": {} }),
        json!([]),
        json!({}),
        json!(null),
        json!(0),
        json!(""),
        json!([[], null]),
    ] {
        let other = other(&payload);
        let shown = other.text.as_str();
        assert!(
            payload == "" || shown == json::compact(&payload, 100),
            "{payload}: {other:?}"
        );
    }
}

#[test]
fn a_text_that_is_a_json_string_or_a_number_stays_a_text() {
    for text in [
        "\"quoted\"",
        "42",
        "true",
        "null",
        "1e3",
        "{broken",
        "[1, 2",
    ] {
        assert_eq!(other(&sns(&json!(text))).text, text);
    }
    assert_eq!(other(&sns(&json!("[1, \"b\"]"))).text, "[1,\"b\"]");
}

#[test]
fn a_notification_without_a_subject_has_no_title() {
    for subject in [json!(null), json!(17)] {
        let payload = json!({ "Records": [{ "Sns": notification(&subject, "disk full") }] });
        let other = other(&payload);
        assert_eq!(
            (other.title.as_str(), other.text.as_str()),
            ("", "disk full")
        );
    }
}

#[test]
fn what_has_no_id_has_its_digest_as_key() {
    let [first, again, changed] = [
        json!({ "a": 1, "b": [2] }),
        json!({ "b": [2], "a": 1 }),
        json!({ "a": 1, "b": [3] }),
    ]
    .map(|payload| signal(&payload).key);
    assert!(first.starts_with("text/"), "{first}");
    assert_eq!(first, again);
    assert_ne!(first, changed);
    assert_eq!(
        signal(&json!("disk full")).key,
        signal(&sqs(&[json!("disk full")])).key
    );
    assert_ne!(
        signal(&json!("disk full")).key,
        signal(&json!("disk fuller")).key
    );
}

#[test]
fn without_a_time_of_its_own_a_text_has_that_of_its_envelope() {
    assert_eq!(signal(&json!("disk full")).at, arrival());
    assert_eq!(
        signal(&sqs(&[json!("disk full")])).at,
        at("2026-11-25T03:45:00Z")
    );
    assert_eq!(
        signal(&sns(&json!("disk full"))).at,
        at("2026-11-25T03:42:18.001Z")
    );
    let mut untimely = notification(&json!(null), "disk full");
    untimely["Timestamp"] = json!("soon");
    assert_eq!(signal(&sqs(&[untimely])).at, at("2026-11-25T03:45:00Z"));
    let mut payload = sqs(&[json!("disk full")]);
    for nonsense in [
        json!("soon"),
        json!(1_795_578_300_000_i64),
        json!("99999999999999999"),
    ] {
        payload["Records"][0]["attributes"]["SentTimestamp"] = nonsense;
        assert_eq!(signal(&payload).at, arrival());
    }
}

#[test]
fn records_of_other_services_are_told_one_by_one() {
    let object = |key: &str| {
        json!({
            "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
            "s3": { "bucket": { "name": "exports" }, "object": { "key": key } }
        })
    };
    let payload = json!({ "Records": [object("a.csv"), object("b.csv")] });
    // S3 tells SNS in the same form: two objects in one notification.
    for payload in [payload.clone(), sns(&payload)] {
        let signals = signals(&payload);
        assert_eq!(signals.len(), 2);
        assert_ne!(signals[0].key, signals[1].key);
    }
    let What::Other(second) = &signals(&payload)[1].what else {
        panic!()
    };
    assert!(
        second
            .fields
            .contains(&("s3.object.key".to_owned(), "b.csv".to_owned()))
    );
}

#[test]
fn a_report_published_twice_has_one_key_and_another_report_another() {
    let payload = sample("sns-report-ready");
    let first = signal(&payload);
    assert!(first.key.starts_with("report/"), "{}", first.key);

    let mut again = payload.clone();
    again["Records"][0]["Sns"]["MessageId"] = json!("another");
    again["Records"][0]["Sns"]["Timestamp"] = json!("2026-11-23T23:53:09.000Z");
    assert_eq!(signal(&again), first);

    let message = payload["Records"][0]["Sns"]["Message"].as_str().unwrap();
    let report: Value = serde_json::from_str(message).unwrap();
    for (field, value) in [
        ("function", json!("scale-production")),
        ("estate", json!("r2e")),
        ("account", json!("210987654321")),
        ("region", json!("us-east-1")),
        ("thread", json!("bookmark-manager-staging/2026-11-25")),
        ("at", json!("2026-11-23T23:54:04Z")),
    ] {
        let mut changed = report.clone();
        changed[field] = value;
        assert_ne!(signal(&sns(&changed)).key, first.key, "{field}");
    }
    let mut changed = report.clone();
    changed["news"]["woke_seconds"] = json!(401);
    assert_ne!(signal(&sns(&changed)).key, first.key);
    changed = report;
    changed["title"] = json!("the same in other words");
    assert_eq!(signal(&sns(&changed)).key, first.key);
}

#[test]
fn a_report_that_this_release_does_not_know_keeps_its_words() {
    let payload = sample("sns-report-ready");
    let message = payload["Records"][0]["Sns"]["Message"].as_str().unwrap();
    let report: Value = serde_json::from_str(message).unwrap();
    let mut of_a_new_kind = report.clone();
    of_a_new_kind["news"] = json!({ "code": "rotated", "secret": "DATABASE_URL" });
    let mut of_a_new_version = report.clone();
    of_a_new_version["nightshift"] = json!(2);
    let mut of_a_new_severity = report.clone();
    of_a_new_severity["severity"] = json!("dire");
    let mut too_long = report.clone();
    too_long["news"]["still_billed"] = json!(vec!["NAT gateway"; 5_000]);
    for report in [of_a_new_kind, of_a_new_version, of_a_new_severity, too_long] {
        let signal = signal(&sns(&report));
        assert!(signal.key.starts_with("report/"), "{}", signal.key);
        assert_eq!(signal.at, at("2026-11-23T23:53:04Z"));
        let What::Other(other) = signal.what else {
            panic!("{:?}", signal.what)
        };
        assert_eq!(other.title, "☀️ bookmark-manager-staging is up (08:53)");
        assert_eq!(other.source, "power-staging");
        assert_eq!(other.text.lines().count(), 3);
    }
    // Without words it is JSON like any other.
    assert_eq!(other(&json!({ "nightshift": 3 })).fields.len(), 1);
}

#[test]
fn envelopes_in_envelopes_come_to_an_end() {
    let mut payload = failover();
    for _ in 0..40 {
        payload = json!([payload]);
    }
    assert_eq!(signals(&payload).len(), 1);
    let mut text = failover().to_string();
    for _ in 0..6 {
        text = json!([notification(&json!(null), &text)]).to_string();
    }
    assert_eq!(signals(&json!(text)).len(), 1);
}
