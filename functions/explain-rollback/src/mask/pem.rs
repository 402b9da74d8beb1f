//! PEM blocks, whole or cut at either end: a log shows the last lines of a container, and may begin
//! in the middle of a key.

/// The length of a full line of a PEM block.
/// <https://www.rfc-editor.org/rfc/rfc7468#section-2>
const FULL: usize = 64;

/// Headers that an encrypted key has.
/// <https://www.rfc-editor.org/rfc/rfc1421#section-4.6>
const HEADERS: [&str; 2] = ["Proc-Type:", "DEK-Info:"];

/// Which of the lines belong to a PEM block.
pub(super) fn hidden(lines: &[String]) -> Vec<bool> {
    let mut hidden = vec![false; lines.len()];
    inside(lines, &mut hidden);
    before_an_end(lines, &mut hidden);
    after_a_full_line(lines, &mut hidden);
    hidden
}

fn begins(line: &str) -> bool {
    line.contains("-----BEGIN")
}

fn ends(line: &str) -> bool {
    line.contains("-----END")
}

/// Whether a line may be the body of a block: nothing but base64, or, behind the stamp that a logger
/// puts before it, a full line. The last line of a block is shorter: it is one where its neighbour
/// has such a stamp too.
fn is_body(line: &str, neighbour_is_stamped: bool) -> bool {
    let last = last_word(line);
    let is_base64 = !last.is_empty() && last.bytes().all(is_base64);
    is_base64 && (!is_stamped(line) || last.len() >= FULL || neighbour_is_stamped)
}

fn is_stamped(line: &str) -> bool {
    line.split_whitespace().nth(1).is_some()
}

/// The last word without the quotes and escapes that stand around it in code and JSON.
fn last_word(line: &str) -> &str {
    let last = line.split_whitespace().last().unwrap_or_default();
    let last = last.trim_matches(['"', '\'', ',']);
    last.strip_suffix("\\n").unwrap_or(last)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// From the beginning of a block to its end, or to what cannot be its body.
fn inside(lines: &[String], hidden: &mut [bool]) {
    let (mut open, mut stamped) = (false, false);
    for (line, hidden) in lines.iter().zip(hidden) {
        if begins(line) {
            open = true;
            *hidden = true;
        } else if open {
            let header = HEADERS.iter().any(|header| line.contains(header));
            open = ends(line) || header || line.trim().is_empty() || is_body(line, stamped);
            *hidden = open;
        }
        stamped = is_stamped(line);
        open &= !ends(line);
    }
}

/// Body lines before an end whose beginning was cut off.
fn before_an_end(lines: &[String], hidden: &mut [bool]) {
    let (mut open, mut stamped) = (false, false);
    for (line, hidden) in lines.iter().zip(hidden).rev() {
        if ends(line) {
            open = true;
            // `-----END PRIVATE KEY-----` has blanks of its own.
            stamped = line.trim_start().find("-----").is_some_and(|at| at > 0);
            *hidden = true;
        } else if open {
            open = !begins(line) && is_body(line, stamped);
            *hidden |= open;
            stamped = false;
        }
    }
}

/// Full lines of a block that was cut at both ends, and the short one that ends it.
fn after_a_full_line(lines: &[String], hidden: &mut [bool]) {
    let (mut open, mut stamped) = (false, false);
    for (line, hidden) in lines.iter().zip(hidden) {
        let is_full = is_body(line, false) && last_word(line).len() >= FULL;
        if is_full || (open && is_body(line, stamped)) {
            *hidden = true;
        }
        open = is_full;
        stamped = is_stamped(line);
    }
}
