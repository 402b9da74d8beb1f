//! Long strings that no person wrote. What words are made of, names, paths, identifiers in camel
//! case, changes between cases rarely and pairs its letters as English does; what a generator
//! makes does neither.

use std::ops::Range;

/// The fewest random characters for which a string is masked.
const ENOUGH: usize = 16;

/// The shortest piece that is judged.
const PIECE: usize = 5;

/// The shortest hexadecimal string that is masked: a short commit is shorter.
const HEX: usize = 20;

/// The shortest string that is judged as a whole.
const KEY: usize = 24;

/// From how many changes of class for each hundred pairs on a piece is random.
const CHANGES: usize = 30;

/// Below how many usual pairs of letters for each hundred a piece is random.
const USUAL: usize = 62;

/// The usual pairs of letters, of which words are made.
const PAIRS: &str = "th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng \
    of al de se le sa si ar ve ra ld ur ro ri io ic ne me li co ec om ma ta ce ho ch el ll be la di \
    us un il ut tr pe ac ss no nc ot pr ge ul ad em wi ca ol lo so po fo rs ee ai ns ct id mo up ow \
    po ag ap ab am ay im ir ev ie if ig iv ke ki ts tt rt ry pp pl op os oo od ob oc og oi ok ov ow \
    pa ph pi pu py qu rc rd rk rm rn rr ru rv sc sh sk sl sm sn sp su sw sy tu tw ty ub uc ud ue ug \
    ui um va vi wa we wh wo ye yp ys bl bo br bu by cl cr cu cy da db dd do dr du ds ee ef eg ei ek \
    ep eq eo ex ey fa fe ff fi fl fr ft fu ga gh gi gl go gr gs gu ht hu iz ja jo js ks ku lf ls lt \
    lu ly mb mi mm mp ms mu my na nf ng ni nk nn nu nv ny ba bi bj au av aw ax ak ah az bs ck ip ob";

/// Finds long random strings.
pub(super) fn find(line: &str, spans: &mut Vec<Range<usize>>) {
    let mut start = 0;
    for piece in line.split_inclusive(|c| !belongs(c)) {
        let text = piece.trim_end_matches(|c| !belongs(c));
        if is_random(text) && !is_public(line, start, text) {
            spans.push(start..start + text.len());
        }
        start += piece.len();
    }
}

fn belongs(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-')
}

/// Digests of images and identifiers of tasks are random, but no secrets.
fn is_public(line: &str, start: usize, text: &str) -> bool {
    let before = line.get(..start).unwrap_or_default();
    let digest = before.ends_with("sha256:") && text.len() == 64;
    // `(task 0123…)` of service events.
    let hex = |c: u8| c.is_ascii_hexdigit();
    let task = before.ends_with("(task ") && text.len() == 32 && text.bytes().all(hex);
    digest || task
}

fn is_random(text: &str) -> bool {
    if text.len() < ENOUGH {
        return false;
    }
    let pieces = text.split(['-', '_', '/', '=']);
    let random = pieces.filter(|piece| piece_is_random(piece));
    random.map(str::len).sum::<usize>() >= ENOUGH || is_key(text)
}

/// A key in base64 may have so many `/` that no piece of it is long enough. Paths, of which that is
/// true as well, are written in one case, have no digits, or read as words do.
fn is_key(text: &str) -> bool {
    let joined: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let has = |class: fn(&u8) -> bool| joined.bytes().any(|byte| class(&byte));
    joined.len() >= KEY
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_digit)
        && piece_is_random(&joined)
}

fn piece_is_random(piece: &str) -> bool {
    if piece.len() < PIECE {
        return false;
    }
    if piece.bytes().all(|byte| byte.is_ascii_digit()) {
        return piece.len() > HEX;
    }
    if piece.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let digits = piece.bytes().filter(u8::is_ascii_digit).count();
        return piece.len() >= HEX && digits > 0;
    }
    let (pairs, changes, letters, usual) = measure(piece);
    let changes_often = changes * 100 >= pairs * CHANGES;
    let reads_badly = letters >= 4 && usual * 100 < letters * USUAL;
    changes_often || reads_badly
}

/// The pairs of neighbours; those between which the class changes, other than from a capital to the
/// rest of its word; those of two letters; and of these the usual ones.
fn measure(piece: &str) -> (usize, usize, usize, usize) {
    let bytes = piece.as_bytes();
    let (mut changes, mut letters, mut usual) = (0, 0, 0);
    for pair in bytes.windows(2) {
        let [a, b] = pair else { continue };
        if class(*a) != class(*b) && !(a.is_ascii_uppercase() && b.is_ascii_lowercase()) {
            changes += 1;
        }
        if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() {
            letters += 1;
            usual += usize::from(is_usual(*a, *b));
        }
    }
    (bytes.len().saturating_sub(1), changes, letters, usual)
}

fn class(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    }
}

fn is_usual(a: u8, b: u8) -> bool {
    let pair = [a.to_ascii_lowercase(), b.to_ascii_lowercase()];
    let mut known = PAIRS.as_bytes().split(u8::is_ascii_whitespace);
    known.any(|known| known == pair)
}
