//! A message in Slack's form. Whatever a draft holds, Slack's limits are kept, nobody is mentioned
//! but whom the draft mentions, and what had to be cut ends with `…`.
//!
//! The title stands above the bar, in blocks of its own: where a message has blocks, Slack shows its
//! `text` in notifications only, and not a second time above the attachment.

use serde_json::{Value, json};

use super::cut::{CUT, Kind, Room, clip, split};
use crate::draft::{Colour, Draft, Mrkdwn};

/// <https://docs.slack.dev/reference/block-kit/blocks>
const BLOCKS: usize = 50;
/// <https://docs.slack.dev/reference/block-kit/blocks/header-block>
const HEADER: usize = 150;
/// <https://docs.slack.dev/reference/block-kit/blocks/section-block>
const SECTION: usize = 3000;
/// The same page: how many fields a section has, and how long one is.
const FIELDS: usize = 10;
const FIELD: usize = 2000;
/// <https://docs.slack.dev/reference/block-kit/blocks/context-block>
const ELEMENTS: usize = 10;
/// <https://docs.slack.dev/reference/block-kit/blocks/image-block>
const ALT_TEXT: usize = 2000;
/// All blocks of a message, in bytes of JSON. Slack does not document its limit; messages of 13,000
/// characters were refused with `msg_blocks_too_long`.
const TOTAL: usize = 12_000;
/// What is asked of the text of a message; beyond 40,000 Slack cuts it.
/// <https://docs.slack.dev/reference/methods/chat.postMessage>
const TEXT: usize = 3900;
/// What a notification shows of a message, at most.
const FALLBACK: usize = 300;

/// What each part may take of [`TOTAL`], so that the paragraphs always have room: bytes of JSON.
const LINKS_BYTES: usize = 3800;
const FIELDS_BYTES: usize = 3000;
const FIELD_BYTES: usize = 700;
const CONTEXT_BYTES: usize = 1500;
const CONTEXT_ELEMENT_BYTES: usize = 700;
const ALT_BYTES: usize = 500;
/// A space without width, which Slack takes for the end of a word.
const BLANK: char = '\u{200b}';
/// What a block takes beside its text, and a little more.
const FORM: usize = 120;

/// The message for `chat.postMessage`, `chat.update` and an incoming webhook, without channel and
/// thread.
#[must_use]
pub fn message(draft: &Draft) -> Value {
    let mut above = Vec::new();
    let mention = mention(draft);
    if is_short(draft) {
        let title = Mrkdwn::bold(&title(draft, SECTION / 2));
        let line = match &mention {
            Some(mention) => format!("{} {mention}", title.as_str()),
            None => title.as_str().to_owned(),
        };
        above.extend(section(&line));
    } else {
        above.push(json!({
            "type": "header",
            "text": {"type": "plain_text", "text": title(draft, HEADER), "emoji": true},
        }));
        above.extend(mention.as_deref().and_then(section));
    }

    let fields = fields(draft);
    let links = links(draft);
    let picture: Vec<Value> = picture(draft).into_iter().collect();
    let context = context(draft);
    let fixed = [&above, &fields, &links, &picture, &context];
    let blocks: usize = fixed.iter().map(|blocks| blocks.len()).sum();
    let bytes: usize = fixed.into_iter().flatten().map(size).sum();
    let mut under = paragraphs(
        &draft.body,
        BLOCKS.saturating_sub(blocks),
        TOTAL.saturating_sub(bytes),
    );
    under.extend(fields);
    under.extend(links);
    under.extend(picture);
    under.extend(context);

    let mut message = json!({
        "text": fallback(draft),
        "blocks": above,
        "unfurl_links": false,
        "unfurl_media": false,
    });
    // An attachment without blocks is refused.
    if let (Some(message), false) = (message.as_object_mut(), under.is_empty()) {
        let attachment = json!({
            "color": colour(draft.colour),
            "fallback": title(draft, HEADER),
            "blocks": under,
        });
        message.insert("attachments".to_owned(), json!([attachment]));
    }
    message
}

/// The same as text only, for when Slack refuses the blocks.
#[must_use]
pub fn plain(draft: &Draft) -> Value {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(mention(draft));
    lines.push(Mrkdwn::bold(&title(draft, SECTION / 2)).to_string());
    lines.extend(draft.body.iter().map(Mrkdwn::to_string));
    let fields = draft.fields.iter();
    lines.extend(fields.map(|(name, value)| format!("{}: {value}", Mrkdwn::plain(name))));
    let all: Vec<Mrkdwn> = draft.links.iter().map(link).collect();
    lines.push(Mrkdwn::joined(&all, " · ").to_string());
    lines.retain(|line| !line.trim().is_empty());
    let last = draft.context.last().map_or("", Mrkdwn::as_str);
    let last = clip(last, Room::of(FALLBACK), Kind::Markup);
    let room = Room::of(TEXT.saturating_sub(last.encode_utf16().count() + 1));
    let text = clip(&lines.join("\n"), room, Kind::Markup);
    let text = format!("{text}\n{last}");
    json!({
        "text": text.trim(),
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

/// A message of a line or two, which a header would make too loud.
fn is_short(draft: &Draft) -> bool {
    draft.body.is_empty()
        && draft.fields.is_empty()
        && draft.links.is_empty()
        && draft.picture.is_none()
}

fn colour(colour: Colour) -> &'static str {
    match colour {
        Colour::Red => "#D1242F",
        Colour::Amber => "#E8A317",
        Colour::Green => "#2DA44E",
        Colour::Blue => "#3B82F6",
        Colour::Grey => "#9AA0A6",
    }
}

/// Whom the draft mentions, if it is anybody.
/// <https://docs.slack.dev/messaging/formatting-message-text#mentioning-users>
fn mention(draft: &Draft) -> Option<String> {
    let whom = draft.mention.as_deref()?.trim();
    let is_id = (3..=24).contains(&whom.len())
        && whom
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    match whom {
        "here" | "channel" => Some(format!("<!{whom}>")),
        id if is_id && id.starts_with(['U', 'W']) => Some(format!("<@{id}>")),
        id if is_id && id.starts_with('S') => Some(format!("<!subteam^{id}>")),
        _ => None,
    }
}

/// The title as plain text on one line. Slack refuses an empty one.
fn title(draft: &Draft, limit: usize) -> String {
    let mut safe = String::with_capacity(draft.title.len());
    let mut characters = draft.title.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied().unwrap_or(' ');
        safe.push(match character {
            other if other.is_control() || other.is_whitespace() => ' ',
            // A comparison is left as it is; what begins like a mention is not.
            '<' if next != ' ' && !next.is_ascii_digit() => '‹',
            other => other,
        });
    }
    let safe = clip(safe.trim(), Room::of(limit), Kind::Plain);
    if safe.is_empty() {
        "–".to_owned()
    } else {
        safe
    }
}

/// What a notification shows: the title, and the first line.
fn fallback(draft: &Draft) -> String {
    let title = Mrkdwn::plain(&title(draft, HEADER)).to_string();
    let first = if is_short(draft) {
        draft.context.first()
    } else {
        draft.body.first()
    };
    let first = first.and_then(|first| first.as_str().lines().next());
    let text = match first {
        Some(line) if !line.trim().is_empty() => {
            format!("{title}\n{}", line.trim_start_matches("> "))
        }
        _ => title,
    };
    clip(&text, Room::of(FALLBACK), Kind::Markup)
}

/// A text object in which Slack finds no names by itself.
/// <https://docs.slack.dev/reference/block-kit/composition-objects/text-object>
fn text(markup: &str) -> Value {
    json!({"type": "mrkdwn", "text": markup, "verbatim": true})
}

/// Slack knows code only between blanks and ASCII punctuation: where a letter or a bracket of another
/// script touches a back-tick, a space that nobody sees stands between them.
fn apart(markup: &str) -> String {
    let mut apart = String::with_capacity(markup.len());
    let mut before = None;
    let mut inside = false;
    let touches = |neighbour: Option<char>| {
        neighbour.is_some_and(|it| !it.is_ascii() && !it.is_whitespace() && it != BLANK)
    };
    let mut letters = markup.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '`' && !inside && touches(before) {
            apart.push(BLANK);
        }
        apart.push(letter);
        match letter {
            '`' => {
                inside = !inside;
                if !inside && touches(letters.peek().copied()) {
                    apart.push(BLANK);
                }
            }
            // Code ends with its line.
            '\n' => inside = false,
            _ => {}
        }
        before = Some(letter);
    }
    apart
}

/// A section, unless there is nothing in it, which Slack refuses.
fn section(markup: &str) -> Option<Value> {
    let markup = markup.trim();
    (!markup.is_empty()).then(|| json!({"type": "section", "text": text(markup)}))
}

fn size(block: &Value) -> usize {
    block.to_string().len() + 1
}

/// The paragraphs in as many sections as there is room for. What does not fit ends with `…`.
fn paragraphs(body: &[Mrkdwn], blocks: usize, bytes: usize) -> Vec<Value> {
    let body: Vec<String> = body
        .iter()
        .map(|paragraph| apart(paragraph.as_str().trim()))
        .filter(|paragraph| !paragraph.is_empty())
        .collect();
    // One block is kept for the sign that something is missing.
    let blocks = blocks.saturating_sub(1);
    let mut bytes = bytes.saturating_sub(FORM);
    let together = body.len().div_ceil(blocks.max(1)).max(1);
    let mut sections = Vec::new();
    let mut cut = false;
    for paragraphs in body.chunks(together) {
        let mut rest = Some(paragraphs.join("\n\n"));
        while let Some(paragraph) = rest.take() {
            if sections.len() >= blocks || bytes < FORM * 2 {
                cut = true;
                break;
            }
            let room = Room {
                units: SECTION,
                bytes: bytes - FORM,
            };
            let (head, tail) = split(&paragraph, room);
            if let Some(section) = section(&head) {
                bytes = bytes.saturating_sub(size(&section));
                sections.push(section);
            }
            rest = tail;
        }
        if cut {
            break;
        }
    }
    if cut {
        sections.extend(section(&CUT.to_string()));
    }
    sections
}

/// Name and value side by side, ten in a section.
fn fields(draft: &Draft) -> Vec<Value> {
    let mut bytes = 0;
    let mut told = Vec::new();
    for (name, value) in &draft.fields {
        let name = Mrkdwn::bold(&clip(name, Room::of(HEADER), Kind::Plain));
        let room = Room {
            units: FIELD,
            bytes: FIELD_BYTES,
        };
        let field = text(clip(&apart(&format!("{name}\n{value}")), room, Kind::Markup).trim());
        if field.get("text").and_then(Value::as_str) == Some("") {
            continue;
        }
        bytes += size(&field);
        if bytes > FIELDS_BYTES {
            told.push(text(&CUT.to_string()));
            break;
        }
        told.push(field);
    }
    told.chunks(FIELDS)
        .map(|fields| json!({"type": "section", "fields": fields}))
        .collect()
}

fn link((label, address): &(String, String)) -> Mrkdwn {
    Mrkdwn::link(&clip(label, Room::of(HEADER), Kind::Plain), address)
}

/// The links in one line. They are no buttons: Slack reports each press of one to the app, and shows
/// a warning where nobody answers.
fn links(draft: &Draft) -> Vec<Value> {
    let between = " · ";
    let room = Room {
        units: SECTION - 2,
        bytes: LINKS_BYTES,
    };
    let mut line = String::new();
    let mut cut = false;
    for link in draft.links.iter().map(link) {
        let more = if line.is_empty() {
            link.to_string()
        } else {
            format!("{line}{between}{link}")
        };
        if room.holds(Room::needed(&more)) {
            line = more;
        } else {
            cut = true;
        }
    }
    if cut {
        line.push(CUT);
    }
    section(&line).into_iter().collect()
}

fn picture(draft: &Draft) -> Option<Value> {
    let (file, seen) = draft.picture.as_ref()?;
    let is_id =
        !file.is_empty() && file.len() <= 32 && file.bytes().all(|b| b.is_ascii_alphanumeric());
    let room = Room {
        units: ALT_TEXT,
        bytes: ALT_BYTES,
    };
    let seen = clip(seen.trim(), room, Kind::Plain);
    let seen = if seen.is_empty() { "–" } else { &seen };
    is_id.then(|| json!({"type": "image", "slack_file": {"id": file}, "alt_text": seen}))
}

/// The small print: the last of it always, and before it what there is room for.
fn context(draft: &Draft) -> Vec<Value> {
    let room = Room {
        units: FIELD,
        bytes: CONTEXT_ELEMENT_BYTES,
    };
    let mut all = draft
        .context
        .iter()
        .map(|part| part.as_str().trim())
        .filter(|part| !part.is_empty())
        .map(|part| text(&clip(&apart(part), room, Kind::Markup)));
    let Some(last) = all.next_back() else {
        return Vec::new();
    };
    let mut bytes = size(&last);
    let mut elements = Vec::new();
    for element in all {
        bytes += size(&element);
        // Two places are kept: for the last, and for the sign that something is missing.
        if elements.len() >= ELEMENTS - 2 || bytes > CONTEXT_BYTES {
            elements.push(text(&CUT.to_string()));
            break;
        }
        elements.push(element);
    }
    elements.push(last);
    vec![json!({"type": "context", "elements": elements})]
}

#[cfg(test)]
pub(super) mod tests;
