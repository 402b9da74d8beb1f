use proptest::{collection::vec, prelude::*};
use serde_json::Value;

use super::{apart, message, plain};
use crate::{
    draft::{Colour, Draft, Mrkdwn},
    render::voice::empty,
};

fn draft(title: &str) -> Draft {
    Draft {
        title: title.to_owned(),
        ..empty(Colour::Red)
    }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let list = value.get(name).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

fn blocks(message: &Value) -> Vec<&Value> {
    let under = list(message, "attachments").iter();
    list(message, "blocks")
        .iter()
        .chain(under.flat_map(|attachment| list(attachment, "blocks")))
        .collect()
}

fn units(text: &Value) -> usize {
    text.as_str().unwrap().encode_utf16().count()
}

/// The markup of a message, text by text.
pub(crate) fn markup(message: &Value) -> Vec<String> {
    let mut found = vec![message["text"].as_str().unwrap().to_owned()];
    for block in blocks(message) {
        let texts = list(block, "fields").iter().chain(list(block, "elements"));
        for text in texts.chain(block.get("text")) {
            if text["type"] == "mrkdwn" {
                assert_eq!(
                    text["verbatim"], true,
                    "Slack would look for names in {text}"
                );
                found.push(text["text"].as_str().unwrap().to_owned());
            }
        }
    }
    found
}

/// Slack's limits, in the numbers of its documentation.
pub(crate) fn keeps_limits(message: &Value) {
    let blocks = blocks(message);
    assert!(
        !blocks.is_empty() && blocks.len() <= 50,
        "{} blocks",
        blocks.len()
    );
    let mut bytes = 0;
    for block in blocks {
        bytes += block.to_string().len();
        match block["type"].as_str().unwrap() {
            "header" => {
                assert_eq!(block["text"]["type"], "plain_text");
                assert!((1..=150).contains(&units(&block["text"]["text"])));
            }
            "section" => {
                let fields = list(block, "fields");
                assert!(fields.len() <= 10);
                assert!(
                    fields
                        .iter()
                        .all(|field| (1..=2000).contains(&units(&field["text"])))
                );
                match block.get("text") {
                    Some(text) => assert!((1..=3000).contains(&units(&text["text"]))),
                    None => assert!(!fields.is_empty()),
                }
            }
            "context" => {
                let elements = list(block, "elements");
                assert!((1..=10).contains(&elements.len()));
                assert!(
                    elements
                        .iter()
                        .all(|it| (1..=3000).contains(&units(&it["text"])))
                );
            }
            "image" => {
                assert!((1..=2000).contains(&units(&block["alt_text"])));
                assert!(block["slack_file"]["id"].is_string());
            }
            other => panic!("no block of ours: {other}"),
        }
    }
    assert!(bytes <= 12_000, "{bytes} bytes");
    assert!((1..=4000).contains(&units(&message["text"])));
    for attachment in list(message, "attachments") {
        assert!(!list(attachment, "blocks").is_empty());
        assert!(attachment["color"].as_str().unwrap().starts_with('#'));
    }
}

/// That all markup is whole: escapes, links and mentions. Returns the latter two without brackets.
pub(crate) fn constructs(markup: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = markup;
    while let Some(start) = rest.find(['<', '>', '&']) {
        let after = &rest[start..];
        if let Some(inner) = after.strip_prefix('<') {
            let (inner, after) = inner.split_once('>').expect("a link that does not end");
            assert!(!inner.contains('<'), "{markup}");
            found.push(inner.to_owned());
            rest = after;
        } else if let Some(after) = after.strip_prefix('>') {
            // A quote of ours, which is nothing else wherever it stands.
            rest = after;
        } else {
            let escapes = ["&amp;", "&lt;", "&gt;"];
            let escape = escapes
                .iter()
                .find_map(|escape| after.strip_prefix(*escape));
            rest = escape.unwrap_or_else(|| panic!("half an escape: {markup}"));
        }
    }
    found
}

/// Text that is hard to cut: of many scripts, long, with what Slack would take for its own.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "B7",
        " ",
        " ",
        "\n",
        "é",
        "e\u{301}",
        "か\u{3099}",
        "負荷試験",
        "👨\u{200d}👩\u{200d}👧\u{200d}👦",
        "👍🏽",
        "🇯🇵",
        "&",
        "&amp;",
        "<",
        ">",
        "<!channel>",
        "<@U0123456789>",
        "@here",
        "`",
        "```",
        "*",
        "_",
        "\u{202e}",
        "\u{7}",
        "\t",
        "https://example.com/?a=b&c",
        "|",
        "\\",
        "\"",
        "§",
        "ﷺ",
    ]);
    (
        vec(pieces, 0..40),
        prop_oneof![9 => 1..3_usize, 1 => 100..300_usize],
    )
        .prop_map(|(pieces, times)| pieces.concat().repeat(times))
}

fn mrkdwn() -> impl Strategy<Value = Mrkdwn> {
    prop_oneof![
        4 => text().prop_map(|text| Mrkdwn::plain(&text)),
        1 => text().prop_map(|text| Mrkdwn::code(&text)),
        1 => text().prop_map(|text| Mrkdwn::bold(&text)),
        1 => text().prop_map(|text| Mrkdwn::quote(&text)),
        1 => (text(), text()).prop_map(|(label, rest)| {
            Mrkdwn::link(&label, &format!("https://example.com/{rest}"))
        }),
    ]
}

fn paragraphs() -> impl Strategy<Value = Vec<Mrkdwn>> {
    prop_oneof![
        6 => vec(mrkdwn(), 0..6),
        1 => (mrkdwn(), 40..3000_usize).prop_map(|(one, times)| vec![one; times]),
        1 => vec(mrkdwn(), 40..80),
    ]
}

prop_compose! {
    fn any_draft()(
        title in text(),
        body in paragraphs(),
        fields in vec((text(), mrkdwn()), 0..25),
        links in vec((text(), text().prop_map(|rest| format!("https://a.example/{rest}"))), 0..12),
        context in vec(mrkdwn(), 0..20),
        mention in prop::option::of(text()),
        picture in prop::option::of((prop_oneof![Just("F0123456789".to_owned()), text()], text())),
    ) -> Draft {
        Draft { title, body, fields, links, context, mention, picture, ..empty(Colour::Grey) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_draft_keeps_every_limit_and_mentions_nobody(draft in any_draft()) {
        let message = message(&draft);
        keeps_limits(&message);
        for markup in markup(&message) {
            for construct in constructs(&markup) {
                prop_assert!(construct.starts_with("https://"), "{construct}");
            }
        }
        let plain = plain(&draft);
        let plain = plain["text"].as_str().unwrap();
        prop_assert!(!plain.is_empty() && plain.encode_utf16().count() <= 4000);
        for construct in constructs(plain) {
            prop_assert!(construct.starts_with("https://"), "{construct}");
        }
    }
}

#[test]
fn whom_a_draft_mentions_is_mentioned_and_nobody_else() {
    for (whom, wanted) in [
        ("U0123456789", Some("<@U0123456789>")),
        ("W0123456789", Some("<@W0123456789>")),
        ("S0614TZR7", Some("<!subteam^S0614TZR7>")),
        ("here", Some("<!here>")),
        ("channel", Some("<!channel>")),
        ("everyone", None),
        ("tanaka", None),
        ("U0123> <!channel", None),
        ("u0123456789", None),
        ("U", None),
        ("", None),
    ] {
        let draft = Draft {
            mention: Some(whom.to_owned()),
            body: vec![Mrkdwn::plain("x")],
            ..draft("title")
        };
        let found = [message(&draft), plain(&draft)].map(|message| {
            let all = markup(&message).into_iter();
            all.flat_map(|markup| constructs(&markup))
                .map(|inner| format!("<{inner}>"))
                .collect::<Vec<_>>()
        });
        let wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
        assert_eq!(found, [wanted.clone(), wanted], "{whom}");
    }
}

#[test]
fn a_message_of_a_line_has_no_header() {
    let reply = Draft {
        context: vec![Mrkdwn::plain("14:14")],
        ..draft("✅ Back to OK")
    };
    let message = message(&reply);
    assert_eq!(message["blocks"][0]["text"]["text"], "*✅ Back to OK*");
    assert_eq!(message["attachments"][0]["blocks"][0]["type"], "context");
    keeps_limits(&message);
}

#[test]
fn an_empty_draft_is_a_message_that_slack_takes() {
    let message = message(&draft(" \n"));
    keeps_limits(&message);
    assert_eq!(message.get("attachments"), None);
    assert_eq!(plain(&draft(""))["text"], "*–*");
}

#[test]
fn a_title_is_plain_text_in_which_nothing_looks_like_a_mention() {
    for (title, wanted) in [
        ("CPU 91 % > 80 % & more", "CPU 91 % > 80 % & more"),
        ("free 1 < 2 GiB <3", "free 1 < 2 GiB <3"),
        ("<!channel> a\nb", "‹!channel> a b"),
    ] {
        let draft = Draft {
            body: vec![Mrkdwn::plain("x")],
            ..draft(title)
        };
        assert_eq!(message(&draft)["blocks"][0]["text"]["text"], wanted);
    }
}

#[test]
fn what_is_cut_says_so() {
    let long = "word ".repeat(4000);
    let plain_long = Mrkdwn::plain(&long);
    let with = |change: fn(&mut Draft, &str, Mrkdwn)| {
        let mut draft = draft("title");
        draft.body.push(Mrkdwn::plain("x"));
        change(&mut draft, &long, plain_long.clone());
        message(&draft)
    };
    for message in [
        with(|draft, long, _| draft.title = long.to_owned()),
        with(|draft, _, long| draft.body.push(long)),
        with(|draft, _, long| draft.fields.push(("name".to_owned(), long))),
        with(|draft, _, _| {
            draft.fields = vec![("name".to_owned(), Mrkdwn::plain(&"x".repeat(300))); 30];
        }),
        with(|draft, _, long| draft.context.push(long)),
        with(|draft, _, _| draft.context = vec![Mrkdwn::plain("x"); 30]),
        with(|draft, long, _| {
            draft
                .links
                .push(("name".to_owned(), format!("https://a.example/{long}")));
        }),
        with(|draft, long, _| draft.picture = Some(("F1".to_owned(), long.to_owned()))),
    ] {
        keeps_limits(&message);
        let told = blocks(&message)
            .into_iter()
            .map(Value::to_string)
            .collect::<String>();
        assert!(told.contains('…'), "{told}");
    }
}

#[test]
fn a_long_paragraph_goes_on_in_the_next_section_and_nothing_is_lost() {
    let words: Vec<String> = (0..1500).map(|index| format!("w{index}")).collect();
    let draft = Draft {
        body: vec![Mrkdwn::plain(&words.join(" "))],
        ..draft("title")
    };
    let told = markup(&message(&draft)).split_off(1).join(" ");
    assert_eq!(told.split_whitespace().collect::<Vec<_>>(), words);
}

#[test]
fn the_provenance_is_the_last_to_be_cut() {
    let draft = Draft {
        body: vec![Mrkdwn::plain(&"負荷試験\n".repeat(5000)); 10],
        context: vec![
            Mrkdwn::plain("first"),
            Mrkdwn::plain("account 123456789012"),
        ],
        ..draft("title")
    };
    for message in [message(&draft), plain(&draft)] {
        let last = markup(&message).pop().unwrap();
        assert!(last.ends_with("account 123456789012"), "{last}");
    }
}

#[test]
fn code_that_touches_another_script_is_code_all_the_same() {
    for (given, told) in [
        ("a `b` c (`d`), `e`.", "a `b` c (`d`), `e`."),
        ("設定の`api`です", "設定の\u{200b}`api`\u{200b}です"),
        ("拒否(`x`、19:04)", "拒否(`x`\u{200b}、19:04)"),
        ("タグ `x` が", "タグ `x` が"),
        ("`一行\n二行`目", "`一行\n二行\u{200b}`目"),
    ] {
        assert_eq!(apart(given), told);
        assert_eq!(apart(&apart(given)), apart(given), "{given}");
    }
}
