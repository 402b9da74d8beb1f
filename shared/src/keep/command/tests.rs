use serde_json::json;

use super::*;

const ORDERS: Orders = &[
    ("wake", Order::Wake),
    ("sleep", Order::Sleep),
    ("hold", Order::Hold),
];

fn parse(payload: &Value) -> Result<Request, BadRequest> {
    super::parse(payload, ORDERS)
}

#[test]
fn every_command_is_understood() {
    for command in commands(ORDERS) {
        let payload = json!({
            "command": command, "estate": "staging", "at": "2026-11-20T19:00:00+09:00"
        });
        let payload = match command {
            "tick" => json!({ "command": "tick" }),
            "wake" | "sleep" | "hold" => {
                let mut payload = payload;
                payload["until"] = "2h".into();
                payload["by"] = "tanaka".into();
                payload["reason"] = "load test".into();
                payload
            }
            "clear" => {
                let mut payload = payload;
                payload["by"] = "tanaka".into();
                payload
            }
            _ => payload,
        };
        assert!(parse(&payload).is_ok(), "{command}: {:?}", parse(&payload));
    }
}

#[test]
fn events_and_schedules_only_say_look_again() {
    let event =
        json!({ "source": "aws.rds", "detail-type": "RDS DB Instance Event", "detail": {} });
    assert_eq!(parse(&event), Ok(Request::Event(Vec::new())));
    let named = json!({
        "source": "aws.rds", "detail-type": "RDS DB Instance Event", "resources": ["arn:aws:rds:r:1:db:main", 7]
    });
    let main = Arn::new("arn:aws:rds:r:1:db:main");
    assert_eq!(parse(&named), Ok(Request::Event(vec![main])));
    let scheduler =
        json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}" });
    assert_eq!(parse(&scheduler), Ok(Request::Tick));
}

#[test]
fn what_is_not_known_is_answered_with_the_place_and_the_mend() {
    let cases = [
        (json!({ "command": "wakeup" }), "did you mean `wake`?"),
        (
            json!({ "command": "status", "estat": "x" }),
            "did you mean `estate`?",
        ),
        (json!({ "command": "wake", "reason": "r" }), "needs `by`"),
        (json!({ "command": "wake", "by": "me" }), "needs `reason`"),
        (
            json!({ "command": "hold", "by": "me", "reason": "r" }),
            "needs `until`",
        ),
        (
            json!({ "command": "wake", "by": "me", "reason": "r", "until": "soon" }),
            "`until`: `soon`",
        ),
        (
            json!({ "command": "status", "at": "yesterday" }),
            "with its offset",
        ),
        (
            json!({ "command": "status", "estate": 7 }),
            "put it in quotes",
        ),
        (
            json!({ "hello": "world" }),
            "neither a command nor an event",
        ),
        (json!([1]), "neither a command nor an event"),
    ];
    for (payload, expected) in cases {
        let problem = parse(&payload).unwrap_err().to_string();
        assert!(problem.contains(expected), "{payload}: {problem}");
    }
}

#[test]
fn each_function_takes_its_own_orders_and_names_them_in_their_place() {
    let own: Orders = &[("hold", Order::Hold)];
    let wake = json!({ "command": "wake", "by": "me", "reason": "r" });
    let problem = super::parse(&wake, own).unwrap_err().to_string();
    assert_eq!(
        problem,
        "there is no command `wake`: the commands are tick, reconcile, hold, clear, dry_run, status, doctor"
    );
    let hold = json!({ "command": "hold", "by": "me", "reason": "r", "until": "2h" });
    let Ok(Request::Command(command)) = super::parse(&hold, own) else {
        panic!("a hold is understood");
    };
    assert!(matches!(
        command.verb,
        Verb::Order {
            order: Order::Hold,
            ..
        }
    ));
}

#[test]
fn until_is_an_instant_a_time_of_day_or_a_length() {
    let zone = TimeZone::get("Asia/Tokyo").unwrap();
    let now: Timestamp = "2026-11-20T19:00:00+09:00".parse().unwrap();
    let cases = [
        ("22:00", Some("2026-11-20T22:00:00+09:00")),
        ("18:00", Some("2026-11-21T18:00:00+09:00")),
        ("2h", Some("2026-11-20T21:00:00+09:00")),
        (
            "2026-11-21T08:00:00+09:00",
            Some("2026-11-21T08:00:00+09:00"),
        ),
        ("2026-11-20T08:00:00+09:00", None),
    ];
    for (text, expected) in cases {
        let expected = expected.map(|at| at.parse::<Timestamp>().unwrap());
        assert_eq!(until(text).unwrap().resolve(now, &zone), expected, "{text}");
    }
}
