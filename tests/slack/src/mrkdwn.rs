//! Slack's markup as HTML: <https://docs.slack.dev/messaging/formatting-message-text>.
//!
//! As in Slack, `*`, `_`, `~` and back-ticks count only where a word may begin and end: beside the
//! edge of a line, white space, ASCII punctuation or a zero-width space. Beside a letter, a kanji or
//! `、` they stay what they are, which is how a Japanese sentence without spaces loses its bold words
//! (<https://github.com/seratch/ChatGPT-in-Slack/pull/121>).

use crate::emoji;
use crate::html::Html;

/// What mentions are shown as.
pub(crate) trait Names {
    /// What a user is called.
    fn user(&self, id: &str) -> Option<String>;
    /// What a channel is called.
    fn channel(&self, id: &str) -> Option<String>;
}

/// Nobody has a name.
impl Names for () {
    fn user(&self, _: &str) -> Option<String> {
        None
    }

    fn channel(&self, _: &str) -> Option<String> {
        None
    }
}

/// A `mrkdwn` text as HTML, as the page shows it, with ids for names. A mark that is still to be seen
/// in it is one that Slack does not take as markup.
#[must_use]
pub fn as_html(text: &str) -> String {
    html(text, &()).into_string()
}

/// A `mrkdwn` text.
pub(crate) fn html(text: &str, names: &dyn Names) -> Html {
    let mut out = Html::new();
    let mut parts = text.split("```").peekable();
    let mut in_code = false;
    let mut after_code = false;
    while let Some(part) = parts.next() {
        // The last fence has no partner when it opens what nothing closes.
        let closed = parts.peek().is_some();
        if in_code && closed {
            out.raw("<pre>");
            literal(part.trim_matches('\n'), names, &mut out);
            out.raw("</pre>");
            after_code = true;
        } else {
            if in_code {
                out.raw("```");
            }
            let mut part = part;
            if after_code && !in_code {
                part = part.strip_prefix('\n').unwrap_or(part);
            }
            if closed {
                part = part.strip_suffix('\n').unwrap_or(part);
            }
            lines(part, names, &mut out);
            after_code = false;
        }
        in_code = !in_code;
    }
    out
}

/// A `plain_text`: only emoji and the three escapes are not what they are.
pub(crate) fn plain(text: &str) -> Html {
    let mut out = Html::new();
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while let Some(&character) = chars.get(at) {
        at += match character {
            '&' => escape(&chars, at, &mut out),
            ':' => emoji_at(&chars, at, &mut out),
            '\n' => line_break(&mut out),
            other => {
                out.char(other);
                1
            }
        };
    }
    out
}

fn line_break(out: &mut Html) -> usize {
    out.raw("<br>");
    1
}

/// Lines, those that begin with `>` as quotations.
fn lines(text: &str, names: &dyn Names, out: &mut Html) {
    let mut quoting = false;
    for (index, line) in text.split('\n').enumerate() {
        let quoted = line
            .strip_prefix("&gt;")
            .or_else(|| line.strip_prefix('>'))
            .map(|rest| rest.strip_prefix(' ').unwrap_or(rest));
        match (quoted.is_some(), quoting) {
            (true, false) => out.raw("<blockquote>"),
            (false, true) => out.raw("</blockquote>"),
            _ if index > 0 => out.raw("<br>"),
            _ => out,
        };
        quoting = quoted.is_some();
        let chars: Vec<char> = quoted.unwrap_or(line).chars().collect();
        inline(&chars, names, out);
    }
    if quoting {
        out.raw("</blockquote>");
    }
}

/// What is inside a line.
fn inline(chars: &[char], names: &dyn Names, out: &mut Html) {
    let mut at = 0;
    while let Some(&character) = chars.get(at) {
        at += match character {
            '<' => control(chars, at, names, out),
            '&' => escape(chars, at, out),
            ':' => emoji_at(chars, at, out),
            'h' if may_begin(chars, at) => bare_link(chars, at, out),
            '*' | '_' | '~' | '`' => styled(chars, at, character, names, out),
            other => {
                out.char(other);
                1
            }
        };
    }
}

/// What is inside code: links and escapes still count, nothing else.
fn literal(text: &str, names: &dyn Names, out: &mut Html) {
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while let Some(&character) = chars.get(at) {
        at += match character {
            '<' => control(&chars, at, names, out),
            '&' => escape(&chars, at, out),
            other => {
                out.char(other);
                1
            }
        };
    }
}

/// Something between two marks; or the mark alone, where it has no partner.
fn styled(chars: &[char], at: usize, mark: char, names: &dyn Names, out: &mut Html) -> usize {
    let partner = may_begin(chars, at)
        .then(|| partner(chars, at, mark))
        .flatten();
    let inner = partner.and_then(|partner| chars.get(at + 1..partner));
    let (Some(partner), Some(inner)) = (partner, inner) else {
        out.char(mark);
        return 1;
    };
    let (open, close) = match mark {
        '*' => ("<b>", "</b>"),
        '_' => ("<i>", "</i>"),
        '~' => ("<s>", "</s>"),
        _ => ("<code>", "</code>"),
    };
    out.raw(open);
    if mark == '`' {
        literal(&inner.iter().collect::<String>(), names, out);
    } else {
        inline(inner, names, out);
    }
    out.raw(close);
    partner + 1 - at
}

fn may_begin(chars: &[char], at: usize) -> bool {
    at.checked_sub(1)
        .and_then(|before| chars.get(before))
        .is_none_or(|&before| is_edge(before))
}

fn is_edge(character: char) -> bool {
    character.is_whitespace()
        || character.is_ascii_punctuation()
        || matches!(character, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Where the mark that begins at `at` ends. What stands between must neither begin nor end with
/// white space.
fn partner(chars: &[char], at: usize, mark: char) -> Option<usize> {
    let first = *chars.get(at + 1)?;
    if first.is_whitespace() || first == mark {
        return None;
    }
    let mut index = at + 2;
    while let Some(&character) = chars.get(index) {
        if character == '<' && mark != '`' {
            // A mark inside a link is the link's.
            let end = chars.iter().skip(index).position(|&it| it == '>');
            index += end.unwrap_or(0);
        } else if character == mark {
            let before = chars.get(index - 1).copied().unwrap_or(' ');
            let ends = chars.get(index + 1).is_none_or(|&after| is_edge(after));
            if ends && (mark == '`' || !before.is_whitespace()) {
                return Some(index);
            }
        }
        index += 1;
    }
    None
}

/// `&amp;`, `&lt;` and `&gt;` are the only escapes.
fn escape(chars: &[char], at: usize, out: &mut Html) -> usize {
    for (written, meant) in [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')] {
        if begins(chars, at, written) {
            out.char(meant);
            return written.len();
        }
    }
    out.char('&');
    1
}

fn begins(chars: &[char], at: usize, with: &str) -> bool {
    chars
        .get(at..)
        .is_some_and(|rest| with.chars().eq(rest.iter().copied().take(with.len())))
}

fn emoji_at(chars: &[char], at: usize, out: &mut Html) -> usize {
    let name: String = chars
        .iter()
        .skip(at + 1)
        .take_while(|it| it.is_ascii_alphanumeric() || matches!(it, '_' | '+' | '-'))
        .collect();
    let end = at + 1 + name.len();
    match emoji::picture(&name) {
        Some(picture) if chars.get(end) == Some(&':') => {
            out.text(picture);
            end + 1 - at
        }
        _ => {
            out.char(':');
            1
        }
    }
}

/// An address without `<` and `>` becomes a link too.
fn bare_link(chars: &[char], at: usize, out: &mut Html) -> usize {
    if !begins(chars, at, "http://") && !begins(chars, at, "https://") {
        out.char('h');
        return 1;
    }
    let mut address: String = chars
        .iter()
        .skip(at)
        .take_while(|it| {
            it.is_ascii() && !it.is_whitespace() && !matches!(it, '<' | '>' | '|' | '"' | '*' | '`')
        })
        .collect();
    while address.ends_with(['.', ',', ')', ':', ';', '!', '?', '\'', '_', '~']) {
        address.pop();
    }
    let length = address.chars().count();
    link(&unescaped(&address), &unescaped(&address), out);
    length
}

/// A control sequence: a link, a mention, a date. What is none of them is shown as it is.
fn control(chars: &[char], at: usize, names: &dyn Names, out: &mut Html) -> usize {
    let inner: String = chars
        .iter()
        .skip(at + 1)
        .take_while(|&&it| it != '>' && it != '\n' && it != '<')
        .collect();
    let length = inner.chars().count();
    let closed = chars.get(at + 1 + length) == Some(&'>');
    let (target, label) = match inner.split_once('|') {
        Some((target, label)) => (target, Some(unescaped(label))),
        None => (inner.as_str(), None),
    };
    let label = label.filter(|label| !label.is_empty());
    let shown = closed && {
        if let Some(id) = target.strip_prefix('@') {
            mention(
                "@",
                &names.user(id).or(label).unwrap_or_else(|| id.into()),
                out,
            )
        } else if let Some(id) = target.strip_prefix('#') {
            mention(
                "#",
                &names.channel(id).or(label).unwrap_or_else(|| id.into()),
                out,
            )
        } else if let Some(special) = target.strip_prefix('!') {
            special_mention(special, label, out)
        } else {
            let address = unescaped(target);
            let known = ["http://", "https://", "mailto:"];
            let is_link = known.iter().any(|scheme| address.starts_with(scheme));
            if is_link {
                link(&address, &label.unwrap_or_else(|| address.clone()), out);
            }
            is_link
        }
    };
    if shown {
        length + 2
    } else {
        out.char('<');
        1
    }
}

fn mention(sign: &'static str, name: &str, out: &mut Html) -> bool {
    out.raw("<span class=\"mention\">")
        .raw(sign)
        .text(name.trim_start_matches(sign))
        .raw("</span>");
    true
}

/// `<!here>`, `<!subteam^S1|@ops>`, `<!date^1700000000^{date}|14 Nov>`.
fn special_mention(special: &str, label: Option<String>, out: &mut Html) -> bool {
    match special.split('^').next() {
        Some("here" | "channel" | "everyone") => mention("@", special, out),
        Some("subteam") => {
            let id = special.split('^').nth(1).unwrap_or(special);
            mention("@", &label.unwrap_or_else(|| id.to_owned()), out)
        }
        Some("date") => {
            out.text(&label.unwrap_or_default());
            true
        }
        _ => false,
    }
}

fn link(address: &str, label: &str, out: &mut Html) {
    out.raw("<a href=\"")
        .text(address)
        .raw("\" target=\"_blank\" rel=\"noreferrer\">")
        .text(label)
        .raw("</a>");
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests;
