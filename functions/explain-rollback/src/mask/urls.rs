//! Passwords in addresses of any scheme: `scheme://user:password@host`, also where the separators
//! are percent-encoded or escaped for JSON, and where the line ends before the `@`.

use std::ops::Range;

use super::keys;

/// How a scheme is parted from what follows, and that in the same writing.
const WRITINGS: [Writing; 4] = [
    Writing {
        slashes: "://",
        colon: ":",
        at: "@",
    },
    Writing {
        slashes: r":\/\/",
        colon: ":",
        at: "@",
    },
    Writing {
        slashes: "%3a%2f%2f",
        colon: "%3a",
        at: "%40",
    },
    Writing {
        slashes: "%253a%252f%252f",
        colon: "%253a",
        at: "%2540",
    },
];

struct Writing {
    slashes: &'static str,
    colon: &'static str,
    at: &'static str,
}

/// The shortest user without a password that is taken for a token.
const TOKEN: usize = 12;

/// Finds the passwords of all addresses.
pub(super) fn find(line: &str, spans: &mut Vec<Range<usize>>) {
    let lower = line.to_ascii_lowercase();
    for writing in &WRITINGS {
        let mut from = 0;
        while let Some(found) = at(&lower, from, writing.slashes) {
            let start = found + writing.slashes.len();
            let end = super::run(line, start, |c| {
                !c.is_whitespace() && !matches!(c, '"' | '\'' | '`' | '<' | '>')
            });
            let scheme = lower.get(..found).unwrap_or_default();
            if let Some(address) = lower.get(start..end) {
                let web = scheme.ends_with("http") || scheme.ends_with("https");
                // On the web a name for a port is a mistake that people look for, unless the line
                // ends before it is whole.
                let is_whole = web && end < line.len();
                spans.extend(
                    secret(address, writing, web, is_whole).map(|span| {
                        span.start.saturating_add(start)..span.end.saturating_add(start)
                    }),
                );
            }
            from = start;
        }
    }
}

fn at(text: &str, from: usize, words: &str) -> Option<usize> {
    Some(from + text.get(from..)?.find(words)?)
}

/// The part of an address that nobody should read.
fn secret(address: &str, writing: &Writing, web: bool, is_whole: bool) -> Option<Range<usize>> {
    let Some(end) = address.rfind(writing.at) else {
        return cut_short(address, writing).filter(|_| !is_whole);
    };
    let Some(colon) = address.get(..end)?.find(writing.colon) else {
        return token(address, writing);
    };
    let start = colon + writing.colon.len();
    // `http://localhost:3000/@vite/client` has a port and no password.
    let rest = address.get(start..end)?;
    let port = rest.split('/').next().unwrap_or_default();
    let has_path = port.len() < rest.len();
    if web && has_path && is_port(port) {
        return token(address, writing);
    }
    Some(start..end)
}

/// A user that is long enough for a token. An `@` in the path parts nobody from a host.
fn token(address: &str, writing: &Writing) -> Option<Range<usize>> {
    let authority = address.split('/').next()?;
    let end = authority.rfind(writing.at)?;
    (end >= TOKEN).then_some(0..end)
}

/// An address without `@`: what follows the colon is a port, or a password that was cut off.
fn cut_short(address: &str, writing: &Writing) -> Option<Range<usize>> {
    let colon = address.find(writing.colon)?;
    let start = colon + writing.colon.len();
    let rest = address.get(start..)?;
    let end = rest
        .find(['/', '?', '#', ',', '%', '&', ')', ']', ';'])
        .unwrap_or(rest.len());
    let port = rest.get(..end)?.trim_end_matches(['.', ':']);
    let before_path = !address.get(..colon)?.contains(['/', '[']);
    let is_cut = before_path && !keys::is_harmless(port) && !port.bytes().all(is_port_byte);
    is_cut.then_some(start..address.len())
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `host:5432:` and `host:5432.` end a sentence, and `host:*` means any port.
fn is_port_byte(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b':' | b'*' | b'.')
}
