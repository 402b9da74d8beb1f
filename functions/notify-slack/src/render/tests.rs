//! Every kind of message, as a person sees it and as Slack gets it.

mod events;
mod hostile;
mod show;

use nightshift::config::Language;
use serde_json::{Value, json};

use super::{Digest, blocks, digest, figures::Quantity, first, metrics, outlived, samples, words};
use crate::{
    draft::{Colour, Draft},
    render::{alarm_reply, alarm_root},
    scene::{Course, Quiet, Scene},
    signal::{Alarm, Comparison, Rule, Signal, What},
};

fn messages(language: Language) -> Vec<(&'static str, Vec<Value>)> {
    samples::drawn(language)
        .into_iter()
        .map(|(name, drafts)| (name, drafts.iter().map(blocks::message).collect()))
        .collect()
}

/// To accept what changed: `INSTA_UPDATE=always cargo test -p notify-slack --no-default-features`.
#[test]
fn every_message_reads_as_it_was_reviewed() {
    let (english, japanese) = (messages(Language::En), messages(Language::Ja));
    assert_eq!(english.len(), japanese.len());
    let mut failed = Vec::new();
    for ((name, en), (same, ja)) in english.into_iter().zip(japanese) {
        assert_eq!(name, same);
        let shown: Vec<String> = en.iter().chain(&ja).map(show::message).collect();
        let checked = std::panic::catch_unwind(|| {
            insta::with_settings!({snapshot_path => "snapshots", prepend_module_to_snapshot => false}, {
                insta::assert_snapshot!(name, shown.join("\n\n"));
            });
        });
        let json = json!({"en": en, "ja": ja});
        let checked_json = std::panic::catch_unwind(|| {
            insta::with_settings!({snapshot_path => "snapshots/json", prepend_module_to_snapshot => false}, {
                insta::assert_json_snapshot!(name, json);
            });
        });
        if checked.is_err() || checked_json.is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "these messages changed: {failed:?}");
}

fn told(alarm: Alarm) -> Signal {
    samples::signal(What::Alarm(Box::new(alarm)))
}

fn words_of(draft: &Draft) -> String {
    show::message(&blocks::message(draft))
}

#[test]
fn an_alarm_without_anything_but_a_name_is_told_all_the_same() {
    for language in [Language::En, Language::Ja] {
        let scene = samples::scene(language);
        let bare = Alarm {
            reason: String::new(),
            ..samples::alarm("lonely", Rule::Unknown, &[])
        };
        let signal = Signal {
            account: String::new(),
            region: "Asia Pacific (Tokyo)".to_owned(),
            ..told(bare)
        };
        let draft = first(&signal, &scene);
        assert!(draft.title.contains("lonely"), "{}", draft.title);
        assert!(draft.links.is_empty(), "{:?}", draft.links);
        assert_eq!(draft.colour, Colour::Red);
    }
}

#[test]
fn a_quiet_alarm_is_grey_and_asks_nobody_to_act() {
    for (language, words) in [
        (Language::En, "nothing for you to do"),
        (Language::Ja, "対応は不要です"),
    ] {
        for quiet in [Quiet::Asleep { until: None }, Quiet::Waking] {
            let scene = Scene {
                quiet: Some(quiet),
                ..samples::scene(language)
            };
            let signal = told(samples::alarms::cpu());
            let draft = first(&signal, &scene);
            assert_eq!((draft.colour, &draft.mention), (Colour::Grey, &None));
            assert!(draft.title.contains(words), "{}", draft.title);
            let course = Course {
                began: signal.at,
                times: 2,
                over: None,
            };
            for draft in [
                alarm_root(&signal, &course, &scene),
                alarm_reply(&signal, &course, &scene),
            ] {
                assert_eq!(draft.colour, Colour::Grey);
            }
            let loud = outlived(&signal, signal.at, &scene);
            assert_eq!(loud.colour, Colour::Red);
            assert!(!loud.title.contains(words), "{}", loud.title);
        }
    }
}

#[test]
fn a_message_that_it_is_over_does_not_say_that_it_is_not() {
    let scene = samples::scene(Language::En);
    let signal = told(samples::alarms::cpu());
    let course = Course {
        began: signal.at,
        times: 1,
        over: None,
    };
    let over = Course {
        over: Some(scene.now),
        ..course
    };
    let description = "CPU utilization is above 80%";
    assert!(words_of(&alarm_root(&signal, &course, &scene)).contains(description));
    assert!(!words_of(&alarm_root(&signal, &over, &scene)).contains(description));
}

#[test]
fn users_are_named_only_where_they_feel_it() {
    let scene = samples::scene(Language::En);
    for (name, comparison, wanted) in [
        ("HTTPCode_ELB_5XX_Count", Comparison::Greater, true),
        ("HTTPCode_ELB_5XX_Count", Comparison::Less, false),
        ("TargetResponseTime", Comparison::GreaterOrEqual, true),
        ("HealthyHostCount", Comparison::Less, true),
        ("HealthyHostCount", Comparison::Greater, false),
        ("UnHealthyHostCount", Comparison::Greater, true),
        ("CPUUtilization", Comparison::Greater, false),
    ] {
        let rule = Rule::Metric {
            metric: samples::metric("AWS/ApplicationELB", name, &[]),
            test: samples::test(comparison, 1.0, 1),
        };
        let words = words_of(&first(&told(samples::alarm("x", rule, &[2.0])), &scene));
        assert_eq!(words.contains("sers"), wanted, "{words}");
    }
}

#[test]
fn what_is_no_alarm_is_told_as_itself_in_every_form() {
    let scene = samples::scene(Language::En);
    let signal = samples::reports::report(
        nightshift::report::Severity::Alert,
        "title",
        &["line", "last"],
    );
    let course = Course {
        began: signal.at,
        times: 1,
        over: None,
    };
    let draft = first(&signal, &scene);
    assert_eq!(alarm_root(&signal, &course, &scene), draft);
    assert_eq!(alarm_reply(&signal, &course, &scene), draft);
    assert_eq!(outlived(&signal, signal.at, &scene), draft);
}

#[test]
fn every_known_metric_has_a_name_in_both_languages() {
    let (en, ja) = (words::tongue(Language::En), words::tongue(Language::Ja));
    for known in metrics::Known::ALL {
        let (en, ja) = (en.metric(*known), ja.metric(*known));
        assert!(en.is_ascii() && !en.is_empty(), "{en}");
        assert!(!ja.is_ascii(), "{ja}");
    }
    assert_eq!(metrics::Known::Cpu.quantity(), Quantity::Percent);
}

#[test]
fn a_digest_misses_none_and_repeats_none() {
    let long = "長い名前".repeat(60);
    for language in [Language::En, Language::Ja] {
        let scene = samples::scene(language);
        for count in [1, 2, 50, 1000] {
            let mut signals = samples::storm(count);
            for (index, signal) in signals.iter_mut().enumerate() {
                if let What::Alarm(alarm) = &mut signal.what {
                    alarm.rule = Rule::Unknown;
                    alarm.name = format!("no{index}. {long}");
                }
            }
            let scenes: Vec<_> = signals.iter().map(|signal| (signal, &scene)).collect();
            let mut lines = Vec::new();
            let mut told = Vec::new();
            for Digest { draft, keys } in &digest(&scenes) {
                told.extend(keys.clone());
                assert!(draft.title.contains(&count.to_string()), "{}", draft.title);
                let message = blocks::message(draft);
                blocks::tests::keeps_limits(&message);
                let words = show::message(&message);
                let shown = words
                    .lines()
                    .filter(|line| !line.starts_with("notification"));
                lines.extend(shown.map(str::to_owned));
            }
            for index in 0..count {
                let name = format!(" no{index}. ");
                let found = lines.iter().filter(|line| line.contains(&name)).count();
                assert_eq!(found, 1, "{name} of {count}");
            }
            told.sort();
            let mut keys: Vec<_> = signals.iter().map(|signal| signal.key.clone()).collect();
            keys.sort();
            assert_eq!(told, keys);
        }
    }
    assert_eq!(digest(&[]), []);
}
