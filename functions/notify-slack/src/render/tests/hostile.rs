//! Whatever strangers write into whatever they may write into, messages keep Slack's limits, mention
//! nobody and link nowhere but where we link.

use nightshift::config::Language;
use proptest::prelude::*;
use serde_json::Value;

use crate::{
    draft::Draft,
    render::{
        alarm_late, alarm_reply, alarm_root,
        blocks::{
            self,
            tests::{constructs, keeps_limits, markup},
        },
        digest, first, misrouted, outlived, samples,
    },
    scene::{Course, Quiet, Scene},
    signal::{Signal, What},
};

/// The signal with other words in every place that takes words.
fn rewritten(signal: &Signal, words: &str) -> Signal {
    let mut document = serde_json::to_value(signal).unwrap();
    let mut paths = Vec::new();
    strings(&document, &mut String::new(), &mut paths);
    let mut changed = 0;
    for path in paths {
        let place = document.pointer_mut(&path).unwrap();
        let before = place.take();
        *place = Value::from(words);
        if serde_json::from_value::<Signal>(document.clone()).is_ok() {
            changed += 1;
        } else {
            *document.pointer_mut(&path).unwrap() = before;
        }
    }
    assert!(changed > 3, "nothing was changed in {signal:?}");
    serde_json::from_value(document).unwrap()
}

fn strings(value: &Value, path: &mut String, found: &mut Vec<String>) {
    let mut step = |key: &str, inner: &Value, found: &mut Vec<String>| {
        let length = path.len();
        path.push('/');
        path.push_str(&key.replace('~', "~0").replace('/', "~1"));
        strings(inner, path, found);
        path.truncate(length);
    };
    match value {
        Value::String(_) => found.push(path.clone()),
        Value::Array(all) => {
            for (index, inner) in all.iter().enumerate() {
                step(&index.to_string(), inner, found);
            }
        }
        Value::Object(all) => {
            for (key, inner) in all {
                step(key, inner, found);
            }
        }
        _ => {}
    }
}

/// Every message that a signal can become.
fn all_messages(signal: &Signal, scene: &Scene<'_>) -> Vec<Draft> {
    let course = Course {
        began: signal.at,
        times: 7,
        over: None,
    };
    let over = Course {
        over: Some(scene.now),
        ..course
    };
    let mut all = vec![first(signal, scene)];
    if !matches!(signal.what, What::Alarm(_)) {
        return all;
    }
    all.extend([
        alarm_root(signal, &course, scene),
        alarm_root(signal, &over, scene),
        alarm_reply(signal, &course, scene),
        alarm_late(signal, &over, scene),
        outlived(signal, signal.at, scene),
        misrouted(
            first(signal, scene),
            scene.function,
            scene.function,
            scene.language,
        ),
    ]);
    let many = digest(&[(signal, scene), (signal, scene)]);
    all.extend(many.into_iter().map(|one| one.draft));
    all
}

fn check(words: &str) {
    let signals: Vec<Signal> = samples::signals(Language::En)
        .iter()
        .map(|signal| rewritten(signal, words))
        .collect();
    for (language, quiet) in [
        (Language::En, None),
        (Language::Ja, Some(Quiet::Asleep { until: None })),
    ] {
        let scene = Scene {
            estate: Some(words),
            function: words,
            quiet,
            ..samples::scene(language)
        };
        for draft in signals
            .iter()
            .flat_map(|signal| all_messages(signal, &scene))
        {
            let message = blocks::message(&draft);
            keeps_limits(&message);
            for markup in markup(&message)
                .iter()
                .chain(&markup(&blocks::plain(&draft)))
            {
                assert!(
                    !markup.contains("@here") && !markup.contains("@channel"),
                    "{markup}"
                );
                for construct in constructs(markup) {
                    assert!(construct.starts_with("https://"), "{construct}");
                }
            }
        }
    }
}

#[test]
fn strangers_can_neither_mention_nor_break_a_message() {
    for words in [
        "<!channel> @here @channel <@U0123456789> <https://evil.example/|click> &amp; `x` *y*",
        "`",
        "```",
        "https://a.example/|> <!here>",
        "line\nline\r\n> quote\u{202e}\u{7}",
        "負荷試験",
        &"👨\u{200d}👩\u{200d}👧".repeat(400),
        &"長い名前 & <そのほか> ".repeat(300),
        "\u{1}",
        "../../x?y#z%",
    ] {
        check(words);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_words_are_told(words in "\\PC{1,60}") {
        check(&words);
    }
}
