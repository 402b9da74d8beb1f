//! What holds for any payload, sensible or not.

use std::collections::BTreeSet;

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use super::{
    strategies::{anything, formed, nearly_real},
    *,
};

/// The largest that a signal may become as JSON.
const LARGEST: usize = 60_000;

/// What must hold for any payload.
fn assert_sound(payload: &Value) {
    let records = understand(payload, arrival());
    assert!(!records.is_empty(), "{payload}");
    for record in &records {
        let Understood { signals, left_out } = &record.understood;
        assert!(!signals.is_empty() || !left_out.is_empty(), "{payload}");
        for signal in signals {
            assert!(
                signal.key.len() <= 900 && signal.key.contains('/'),
                "{}",
                signal.key
            );
            let written = serde_json::to_string(signal).unwrap();
            assert!(
                written.len() < LARGEST,
                "{} bytes of {payload}",
                written.len()
            );
            let read: Signal = serde_json::from_str(&written).unwrap();
            assert_eq!(read.key, signal.key, "what is kept can be read");
        }
        for LeftOut { name, .. } in left_out {
            assert!(name.len() < 10_000);
        }
    }
    let later = understand(payload, at("2027-01-01T00:00:00Z"));
    let keys = |records: &[Record]| -> Vec<String> {
        let signals = records.iter().flat_map(|record| &record.understood.signals);
        signals.map(|signal| signal.key.clone()).collect()
    };
    assert_eq!(
        keys(&records),
        keys(&later),
        "a later delivery has the same keys"
    );
}

proptest! {
    #[test]
    fn any_json_is_told_and_never_too_large(payload in anything()) {
        assert_sound(&payload);
    }

    #[test]
    fn json_of_the_right_form_is_told_and_never_too_large(payload in formed()) {
        assert_sound(&payload);
    }

    #[test]
    fn a_payload_that_is_nearly_real_is_told_and_never_too_large(payload in nearly_real()) {
        assert_sound(&payload);
    }

    #[test]
    fn a_bad_record_disturbs_no_other(bad in anything(), place in 0..3_usize) {
        let good = sample("rds-cluster-failover");
        let mut payload = sqs(&[good.clone(), good.clone()]);
        let expected = signal(&good);
        payload["Records"].as_array_mut().unwrap().insert(place, bad);
        let records = understand(&payload, arrival());
        prop_assert_eq!(records.len(), 3);
        let untouched = records.iter().enumerate().filter(|(number, _)| *number != place);
        for ((_, record), id) in untouched.zip(["m-0", "m-1"]) {
            prop_assert_eq!(record.id.as_deref(), Some(id));
            prop_assert_eq!(&record.understood.signals, std::slice::from_ref(&expected));
        }
    }
}

/// What payloads of a strategy come to, so that the properties above are about something.
fn kinds(payloads: &impl Strategy<Value = Value>) -> BTreeSet<&'static str> {
    let mut runner = TestRunner::deterministic();
    let mut kinds = BTreeSet::new();
    for _ in 0..500 {
        let payload = payloads.new_tree(&mut runner).unwrap().current();
        for Record { understood, .. } in understand(&payload, arrival()) {
            kinds.extend(understood.left_out.first().map(|_| "left out"));
            kinds.extend(understood.signals.iter().map(|signal| match signal.what {
                What::Alarm(_) => "alarm",
                What::Report(_) => "report",
                What::Event(_) => "event",
                What::Other(_) => "other",
                What::Outlived(_) | What::Bedtime(_) => "ours",
            }));
        }
    }
    kinds
}

#[test]
fn the_properties_get_into_every_branch() {
    let all = ["alarm", "event", "left out", "other", "report"];
    assert_eq!(kinds(&nearly_real()), BTreeSet::from(all));
    assert_eq!(
        kinds(&formed()),
        BTreeSet::from(all).into_iter().take(4).collect()
    );
}

/// Real payloads whose every text is as long as it can be.
#[test]
fn the_bound_holds_where_everything_is_long() {
    fn swollen(value: &Value, with: &str) -> Value {
        match value {
            Value::String(text) => match json::parse(text) {
                Some(inner) => Value::from(swollen(&inner, with).to_string()),
                None => Value::from(format!("{text}{}", with.repeat(13_000))),
            },
            Value::Array(items) => {
                let items = items.iter().cycle().take(items.len() * 4);
                items.map(|item| swollen(item, with)).collect()
            }
            Value::Object(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, field)| (name.clone(), swollen(field, with)));
                Value::Object(fields.collect())
            }
            other => other.clone(),
        }
    }
    let mut kinds = BTreeSet::new();
    for name in [
        "alarm-composite",
        "alarm-metric-math",
        "health-rds-maintenance",
        "ecs-task-stopped",
        "rds-cluster-failover",
        "backup-job-failed",
        "sns-text",
        "budget-exceeded",
    ] {
        let payload = sample(name);
        let payload = if let Some(message) = payload["Records"][0]["Sns"]["Message"].as_str() {
            json::parse(message).unwrap_or_else(|| json!(message))
        } else {
            payload
        };
        for with in ["a", "警", "🌙", "\u{1}", "\""] {
            assert_sound(&swollen(&payload, with));
        }
        // Long values must not make a known thing unknown.
        let mut long = payload;
        for pointer in [
            "/NewStateReason",
            "/detail/state/reason",
            "/detail/Message",
            "/detail/stoppedReason",
        ] {
            if let Some(place) = long.pointer_mut(pointer) {
                *place = json!("\u{1}".repeat(100_000));
                assert_sound(&long);
                kinds.insert(matches!(signal(&long).what, What::Other(_)));
            }
        }
    }
    assert_eq!(kinds, BTreeSet::from([false]));
}
