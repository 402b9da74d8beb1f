use serde_json::json;

use super::*;

const IMAGE: &str = "F012345678";
const NONE: [&str; 0] = [];

fn faults(blocks: &Value) -> Vec<String> {
    let mut may_show = |id: &str| id == IMAGE;
    Check::new(&mut may_show).of_blocks(blocks.as_array().unwrap())
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text })
}

fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text })
}

fn button() -> Value {
    json!({ "type": "button", "text": plain("Open"), "url": "https://example.com" })
}

fn long(characters: usize) -> String {
    // Three bytes each: who counts bytes refuses too early.
    "字".repeat(characters)
}

#[test]
fn what_is_within_the_limits_is_accepted() {
    let cases = [
        json!([{ "type": "divider", "block_id": "line" }]),
        json!([{ "type": "header", "text": plain(&long(150)) }]),
        json!([{ "type": "section", "text": mrkdwn(&long(3000)) }]),
        json!([{ "type": "section", "fields": vec![mrkdwn(&long(2000)); 10] }]),
        json!([{ "type": "section", "text": plain("x"), "accessory": button() }]),
        json!([{ "type": "context", "elements": vec![mrkdwn("x"); 10] }]),
        json!([{ "type": "actions", "elements": vec![button(); 25] }]),
        json!([{ "type": "image", "slack_file": { "id": IMAGE }, "alt_text": "x", "title": plain("t") }]),
        json!([{ "type": "image", "image_url": "https://example.com/x.png", "alt_text": "x" }]),
        json!(vec![json!({ "type": "divider" }); 50]),
    ];
    for case in cases {
        assert_eq!(faults(&case), NONE, "{case}");
    }
}

#[test]
fn what_is_beyond_a_limit_is_refused_with_its_place() {
    let cases = [
        (
            json!(vec![json!({ "type": "divider" }); 51]),
            "no more than 50 items allowed [json-pointer:/blocks]",
        ),
        (
            json!([{ "type": "header", "text": plain(&long(151)) }]),
            "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
        ),
        (
            json!([{ "type": "divider" }, { "type": "section", "text": mrkdwn(&long(3001)) }]),
            "must be less than 3001 characters [json-pointer:/blocks/1/text/text]",
        ),
        (
            json!([{ "type": "section", "text": mrkdwn("") }]),
            "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
        ),
        (
            json!([{ "type": "section", "fields": vec![mrkdwn("x"); 11] }]),
            "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        (
            json!([{ "type": "section", "fields": [] }]),
            "no less than 1 items allowed [json-pointer:/blocks/0/fields]",
        ),
        (
            json!([{ "type": "section", "fields": [mrkdwn("x"), mrkdwn(&long(2001))] }]),
            "must be less than 2001 characters [json-pointer:/blocks/0/fields/1/text]",
        ),
        (
            json!([{ "type": "context", "elements": vec![mrkdwn("x"); 11] }]),
            "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            json!([{ "type": "actions", "elements": vec![button(); 26] }]),
            "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            json!([{ "type": "actions", "elements": [{ "type": "button", "text": plain(&long(76)) }] }]),
            "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
        ),
        (
            json!([{ "type": "actions", "elements": [{ "type": "button", "text": plain("x"), "url": "u".repeat(3001) }] }]),
            "must be less than 3001 characters [json-pointer:/blocks/0/elements/0/url]",
        ),
        (
            json!([{ "type": "divider", "block_id": "a".repeat(256) }]),
            "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
        ),
    ];
    refused(&cases);
}

#[test]
fn what_has_not_the_form_is_refused_with_its_place() {
    let cases = [
        (
            json!([{ "type": "header", "text": mrkdwn("x") }]),
            "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
        ),
        (
            json!([{ "type": "section" }]),
            "must define either `text` or `fields` [json-pointer:/blocks/0]",
        ),
        (
            json!([{ "type": "section", "text": mrkdwn("x"), "color": "red" }]),
            "invalid additional property: color [json-pointer:/blocks/0]",
        ),
        (
            json!([{ "type": "section", "text": { "type": "mrkdwn", "text": "x", "emoji": true } }]),
            "invalid additional property: emoji [json-pointer:/blocks/0/text]",
        ),
        (
            json!([{ "type": "section", "text": "x" }]),
            "must provide an object [json-pointer:/blocks/0/text]",
        ),
        (
            json!([{ "type": "actions", "elements": [{ "type": "button", "text": plain("x"), "style": "big" }] }]),
            "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
        ),
        (
            json!([{ "type": "actions", "elements": [{ "type": "slider" }] }]),
            "unsupported type: slider [json-pointer:/blocks/0/elements/0/type]",
        ),
        (
            json!([{ "type": "image", "image_url": "https://example.com/x.png" }]),
            "missing required field: alt_text [json-pointer:/blocks/0]",
        ),
        (
            json!([{ "type": "image", "alt_text": "x" }]),
            "must define either `image_url` or `slack_file` [json-pointer:/blocks/0]",
        ),
        (
            json!([{ "type": "image", "alt_text": "x", "slack_file": { "id": "F076543210" } }]),
            "invalid slack file [json-pointer:/blocks/0/slack_file.id/slack_file]",
        ),
        (
            json!([{ "type": "image", "alt_text": "x", "slack_file": { "id": "https://x" } }]),
            "input must match regex pattern: ^[F][A-Z0-9]{8,}$ [json-pointer:/blocks/0/slack_file/id]",
        ),
        (
            json!([{ "type": "sections" }]),
            "unsupported type: sections [json-pointer:/blocks/0/type]",
        ),
        (
            json!([{ "text": plain("x") }]),
            "missing required field: type [json-pointer:/blocks/0]",
        ),
        (
            json!([{ "type": "divider", "block_id": "a" }, { "type": "divider", "block_id": "a" }]),
            "block_id must be unique [json-pointer:/blocks/1/block_id]",
        ),
    ];
    refused(&cases);
}

fn refused(cases: &[(Value, &str)]) {
    for (blocks, expected) in cases {
        let faults = faults(blocks);
        let last = faults.last().map(String::as_str);
        assert_eq!(last, Some(*expected), "{blocks}");
    }
}

#[test]
fn a_text_of_either_kind_is_first_said_to_be_neither() {
    let blocks = json!([{ "type": "section", "text": mrkdwn(&long(3001)) }]);
    assert_eq!(
        faults(&blocks),
        [
            "failed to match all allowed schemas [json-pointer:/blocks/0/text]",
            "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
        ]
    );
}

#[test]
fn an_attachment_with_blocks_may_carry_nothing_of_the_older_form() {
    let check = |attachment: Value| {
        let mut may_show = |_: &str| false;
        Check::new(&mut may_show).of_attachments(&[attachment])
    };
    let blocks = json!([{ "type": "divider" }]);
    let fine = json!({ "color": "#2eb67d", "fallback": "x", "blocks": blocks });
    assert_eq!(check(fine), NONE);
    let older = json!({ "color": "good", "text": "x", "footer": "y" });
    assert_eq!(check(older), NONE);
    let both = json!({ "text": "x", "blocks": blocks });
    let expected = "invalid additional property: text [json-pointer:/attachments/0]";
    assert_eq!(check(both), [expected]);
    let bad = json!({ "blocks": [{ "type": "nothing" }] });
    let expected = "unsupported type: nothing [json-pointer:/attachments/0/blocks/0/type]";
    assert_eq!(check(bad), [expected]);
}

#[test]
fn all_blocks_together_have_a_limit_that_no_single_one_has() {
    let section = json!({ "type": "section", "text": mrkdwn(&long(2400)) });
    let sections = vec![section; 6];
    assert!(!too_long(&sections[..5], &[]));
    assert!(too_long(&sections, &[]));
    assert!(too_long(
        &sections[..3],
        &[json!({ "blocks": &sections[3..] })]
    ));
    let empty = json!({ "type": "image", "alt_text": "x", "image_url": long(2000) });
    assert!(too_long(&vec![empty; 8], &[]));
}
