//! Log lines leave only masked: passwords in addresses, values whose key smells of a secret,
//! credentials of known forms, PEM blocks and whatever looks random. An unknown secret cannot be
//! masked for certain, so production lets no lines out unless its document says so.
//!
//! Scanned by hand: a regular expression engine would be a fifth of the zip.

mod keys;
mod pem;
mod random;
mod tokens;
mod urls;

use std::ops::Range;

/// What stands for what was taken out.
pub const MASK: &str = "***";

/// How many lines of a container are shown.
pub const LINES: usize = 20;

/// How many characters of a line are shown.
pub const WIDTH: usize = 300;

/// How many bytes of a container's lines are shown: a message has a largest size.
const BYTES: usize = 3_000;

/// How many characters of a line are looked at; what follows is dropped before it is masked.
const SCANNED: usize = 16 * 1024;

/// The last lines of a log, masked and cut. Empty lines are left out.
#[must_use]
pub fn excerpt<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let plain: Vec<String> = lines.into_iter().flat_map(split).collect();
    let hidden = pem::hidden(&plain);
    let mut masked: Vec<String> = Vec::new();
    for (line, hidden) in plain.iter().zip(hidden) {
        let line = if hidden {
            MASK.to_owned()
        } else {
            cut(&scan(line), WIDTH)
        };
        let again = line == MASK && masked.last().is_some_and(|last| last == MASK);
        if !line.trim().is_empty() && !again {
            masked.push(line);
        }
    }
    let mut room = BYTES;
    let fits = masked.iter().rev().take(LINES).take_while(|line| {
        let is_first = room == BYTES;
        let left = room.checked_sub(line.len());
        room = left.unwrap_or(0);
        left.is_some() || is_first
    });
    let shown = fits.count();
    masked.split_off(masked.len() - shown)
}

/// A text of one line, masked and cut: what AWS says of a task, for instance.
#[must_use]
pub fn text(text: &str) -> String {
    excerpt([text]).join(" ")
}

/// One entry of a log may hold several lines, and control sequences of a terminal between which a
/// secret would not be found.
fn split(entry: &str) -> Vec<String> {
    let entry: String = entry.chars().take(SCANNED).collect();
    let plain = plain(&entry);
    plain
        .split(['\n', '\r', '\u{2028}', '\u{2029}'])
        .map(str::to_owned)
        .collect()
}

/// The text without terminal sequences, control characters and characters that take no room.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut chars),
            '\u{9b}' => skip_parameters(&mut chars),
            '\n' | '\r' => out.push(c),
            '\t' => out.push(' '),
            c if c.is_control() => {}
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => {}
            c => out.push(c),
        }
    }
    out
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Skips what follows an escape: `[…m` and its like, a title up to its end, or one character and
/// what marks it, as in `(B`.
/// <https://ecma-international.org/publications-and-standards/standards/ecma-35/>
fn skip_sequence(chars: &mut Chars<'_>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_parameters(chars);
        }
        Some(']') => while chars.next_if(|c| !c.is_control()).is_some() {},
        _ => {
            while chars.next_if(|c| matches!(c, ' '..='/')).is_some() {}
            chars.next_if(|c| matches!(c, '0'..='~'));
        }
    }
}

/// Skips the parameters of a control sequence and its last character.
fn skip_parameters(chars: &mut Chars<'_>) {
    while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    chars.next_if(|c| matches!(c, '@'..='~'));
}

/// Masks everything in one line that any scanner finds.
fn scan(line: &str) -> String {
    let mut spans: Vec<Range<usize>> = Vec::new();
    urls::find(line, &mut spans);
    keys::find(line, &mut spans);
    tokens::find(line, &mut spans);
    random::find(line, &mut spans);
    spans.retain(|span| !span.is_empty());
    spans.sort_by_key(|span| span.start);
    let mut out = String::with_capacity(line.len());
    let mut done = 0;
    for span in spans {
        if span.start >= done {
            out.push_str(line.get(done..span.start).unwrap_or_default());
            out.push_str(MASK);
        }
        done = done.max(span.end);
    }
    out.push_str(line.get(done..).unwrap_or_default());
    out
}

/// As much of a line as is shown.
fn cut(line: &str, width: usize) -> String {
    let line = line.trim();
    match line.char_indices().nth(width) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default().trim_end()),
        None => line.to_owned(),
    }
}

/// Where a run of characters that `belongs` accepts ends, from a byte on.
fn run(line: &str, from: usize, belongs: impl Fn(char) -> bool) -> usize {
    let rest = line.get(from..).unwrap_or_default();
    let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    from + end
}

#[cfg(test)]
mod tests;
