//! Values whose key smells of a secret: `KEY=value`, `"key": "value"`, `key => value`, headers,
//! `--key value`, and `{"name": "KEY", "value": "…"}`.

use std::ops::Range;

/// What a key's name, in lower case without `-`, `_` and `.`, holds that is a secret's.
const SMELLS: [&str; 23] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "credential",
    "authorization",
    "cookie",
    "dsn",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "connectionstring",
    "connstr",
    "databaseurl",
    "mongodburi",
    "session",
    "webhook",
    "jwt",
];

/// How such a name ends.
const ENDS: [&str; 9] = [
    "key",
    "keys",
    "pass",
    "auth",
    "pin",
    "otp",
    "salt",
    "signature",
    "pepper",
];

/// Values that are no secret and that a reader wants to see.
const HARMLESS: [&str; 11] = [
    // `unable to pull secrets or registry auth: execution resource retrieval failed`, as ECS says it.
    "execution",
    "undefined",
    "null",
    "none",
    "nil",
    "nan",
    "true",
    "false",
    "empty",
    "missing",
    "***",
];

/// Keys whose value is the rest of the line.
const WHOLE_LINE: [&str; 4] = ["authorization", "cookie", "passphrase", "xamzsecuritytoken"];

/// What is `"` or `'` in a web address.
const ENCODED_QUOTES: [&str; 2] = ["%22", "%27"];

/// Finds the values of all keys that smell.
pub(super) fn find(line: &str, spans: &mut Vec<Range<usize>>) {
    let mut named = false;
    for (at, sign) in line.char_indices() {
        if !matches!(sign, '=' | ':') && !is_encoded_sign(line, at) {
            continue;
        }
        let key = key_before(line, at);
        let from = after_sign(line, at);
        if is_in_arn(line, at) {
            continue;
        }
        let until = if WHOLE_LINE.iter().any(|word| key.ends_with(word)) {
            Until::LineEnd
        } else if is_quoted(line, at) {
            Until::Comma
        } else {
            Until::Blank
        };
        let Some(value) = value(line, from, until) else {
            continue;
        };
        let written = line.get(value.clone()).unwrap_or_default();
        let names_another = is_name(&key) && smells(&normal(written));
        if names_another {
            named = true;
        } else if smells(&key) || (named && key == "value") {
            named = false;
            if !is_harmless(written) {
                spans.push(value);
            }
        }
    }
    flags(line, spans);
}

/// `%3D`, which is `=`, or `%3A`, which is `:`.
fn is_encoded_sign(line: &str, at: usize) -> bool {
    let here = line.get(at..at + 3).unwrap_or_default();
    here.eq_ignore_ascii_case("%3d") || here.eq_ignore_ascii_case("%3a")
}

/// The key that stands before a sign, in lower case without what parts its words; empty if there is
/// none.
fn key_before(line: &str, at: usize) -> String {
    let before = line.get(..at).unwrap_or_default();
    let mut before = before.trim_end_matches(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | '`' | ']' | ':' | '=')
    });
    for quote in ENCODED_QUOTES {
        before = before.strip_suffix(quote).unwrap_or(before);
    }
    let start = before
        .rfind(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.'))
        .map_or(0, |at| {
            at + before
                .get(at..)
                .and_then(|it| it.chars().next())
                .map_or(1, char::len_utf8)
        });
    let key = before.get(start..).unwrap_or_default();
    let opened = before.get(..start).is_some_and(|it| it.ends_with('%'));
    let quoted = key.strip_prefix("22").or_else(|| key.strip_prefix("27"));
    normal(quoted.filter(|_| opened).unwrap_or(key))
}

fn normal(key: &str) -> String {
    key.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn smells(key: &str) -> bool {
    SMELLS.iter().any(|smell| key.contains(smell)) || ENDS.iter().any(|end| key.ends_with(end))
}

fn is_name(key: &str) -> bool {
    matches!(key, "name" | "key" | "variable")
}

/// Whether a value says only that there is none. Punctuation around it does not count.
pub(super) fn is_harmless(value: &str) -> bool {
    let bare = value.trim_matches(|c: char| !c.is_alphanumeric() && c != '*');
    bare.is_empty() || HARMLESS.iter().any(|it| bare.eq_ignore_ascii_case(it))
}

/// Where a value may begin after a sign.
fn after_sign(line: &str, at: usize) -> usize {
    let length = if is_encoded_sign(line, at) { 3 } else { 1 };
    let from = at + length;
    super::run(line, from, |c| matches!(c, '=' | '>' | ' '))
}

/// Where a value ends that has no quotes.
#[derive(Clone, Copy)]
enum Until {
    /// At a blank.
    Blank,
    /// At a blank, or at what ends a value in JSON.
    Comma,
    /// With the line.
    LineEnd,
}

/// Whether a sign is one of those in an ARN, which names a secret and does not hold it.
fn is_in_arn(line: &str, at: usize) -> bool {
    let before = line.get(..at).unwrap_or_default();
    let word = before
        .rsplit(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=' | '&' | ',' | ';'));
    word.take(1)
        .map(str::to_ascii_lowercase)
        .any(|word| word.contains("arn:aws") || word.contains("arn%3aaws"))
}

/// Whether the key before a sign is quoted, as in JSON.
fn is_quoted(line: &str, at: usize) -> bool {
    let before = line.get(..at).unwrap_or_default().trim_end();
    before.ends_with(['"', '\''])
}

/// Where a value stands: in its quotes, else up to where it ends without them, though not within its
/// brackets.
fn value(line: &str, from: usize, until: Until) -> Option<Range<usize>> {
    let rest = line.get(from..)?;
    let slashes = rest.len() - rest.trim_start_matches('\\').len();
    let first = rest.get(slashes..)?.chars().next()?;
    if matches!(first, '"' | '\'' | '`') {
        let start = from + slashes + 1;
        return Some(start..end_of_quoted(line, start, first, slashes));
    }
    for quote in ENCODED_QUOTES {
        if let Some(quoted) = rest.strip_prefix(quote) {
            let start = from + quote.len();
            return Some(start..start + end_of_encoded(quoted, quote));
        }
    }
    let behind = match first {
        '{' => balanced(line, from, '{', '}'),
        '[' => balanced(line, from, '[', ']'),
        '(' => balanced(line, from, '(', ')'),
        _ => from,
    };
    let end = match until {
        Until::LineEnd => line.len(),
        Until::Comma => super::run(line, behind, |c| {
            !c.is_whitespace() && !matches!(c, ',' | '}' | ']')
        }),
        Until::Blank => super::run(line, behind, |c| !c.is_whitespace()),
    };
    Some(from..end)
}

/// Where a quoted value ends with all that sticks to it: SQL doubles a quote within it, a shell leaves
/// the quotes for one, and joins what it finds behind them.
fn end_of_quoted(line: &str, start: usize, quote: char, slashes: usize) -> usize {
    let mut end = closing(line, start, quote, slashes);
    let opened = line.get(start - slashes - 1..start).unwrap_or_default();
    loop {
        let behind = end + opened.len();
        let rest = line.get(behind..).unwrap_or_default();
        let again = [opened, r"\''", r#""'"'"#]
            .into_iter()
            .find(|again| rest.starts_with(again));
        let Some(again) = again else {
            let sticks = rest.starts_with(|c: char| c.is_ascii_alphanumeric());
            return if sticks {
                super::run(line, behind, |c| !c.is_whitespace())
            } else {
                end
            };
        };
        end = closing(line, behind + again.len(), quote, slashes);
    }
}

/// How long a value is up to its encoded quote. One behind a backslash is a part of it.
fn end_of_encoded(value: &str, quote: &str) -> usize {
    let ends = value.match_indices(quote).find(|(at, _)| {
        let before = value.get(..*at).unwrap_or_default();
        !before.ends_with("%5C") && !before.ends_with("%5c")
    });
    ends.map_or_else(
        || super::run(value, 0, |c| !c.is_whitespace()),
        |(at, _)| at,
    )
}

/// Where the bracket that opens at a byte is closed. Those between double quotes close nothing.
fn balanced(line: &str, from: usize, open: char, close: char) -> usize {
    let mut depth = 0_usize;
    let mut slashes = 0;
    let mut quoted_until = from;
    for (at, c) in line.get(from..).unwrap_or_default().char_indices() {
        let at = from + at;
        let before = std::mem::take(&mut slashes);
        if at < quoted_until {
            continue;
        }
        if c == '\\' {
            slashes = before + 1;
        } else if c == '"' {
            quoted_until = closing(line, at + 1, c, before) + before + 1;
        } else if c == open {
            depth += 1;
        } else if c == close {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at + c.len_utf8();
            }
        }
    }
    line.len()
}

/// Where a quoted value ends: at the same quote behind as many backslashes. A value that is never
/// closed reaches to the end of the line.
fn closing(line: &str, start: usize, quote: char, slashes: usize) -> usize {
    let rest = line.get(start..).unwrap_or_default();
    let mut before = 0;
    for (at, c) in rest.char_indices() {
        if c == '\\' {
            before += 1;
            continue;
        }
        if c == quote && before == slashes {
            return start + at - slashes;
        }
        before = 0;
    }
    line.len()
}

/// `--password value` of a command line.
fn flags(line: &str, spans: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(found) = line.get(from..).and_then(|rest| rest.find("--")) {
        let start = from + found + 2;
        let end = super::run(line, start, |c| {
            c.is_alphanumeric() || matches!(c, '-' | '_')
        });
        from = end.max(start);
        let key = normal(line.get(start..end).unwrap_or_default());
        let blank = line.get(end..).is_some_and(|rest| rest.starts_with(' '));
        if blank && smells(&key) {
            let begin = super::run(line, end, |c| c == ' ');
            let is_flag = line.get(begin..).is_some_and(|rest| rest.starts_with('-'));
            if let Some(value) = value(line, begin, Until::Blank)
                && !is_flag
                && !is_harmless(line.get(value.clone()).unwrap_or_default())
            {
                spans.push(value);
            }
        }
    }
}
