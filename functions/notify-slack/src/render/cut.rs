//! Text is cut to what Slack takes: never inside a character, an emoji made of several, an escape, a
//! link or a mention. Code and quotes that are cut go on as such, and a cut is marked with `…`.

/// What marks a cut.
pub(super) const CUT: char = '…';

/// How many characters that belong together are kept together. No emoji has more; a stranger's
/// letter under a thousand accents is not worth a message.
const CLUSTER: usize = 24;

/// How much text there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// UTF-16 code units: never fewer than characters, whichever of the two Slack counts.
    pub units: usize,
    /// Bytes of the text in JSON.
    pub bytes: usize,
}

impl Room {
    /// Room for so many characters, however long they are in JSON.
    pub(super) fn of(units: usize) -> Self {
        Self {
            units,
            bytes: usize::MAX,
        }
    }

    /// What a text needs.
    pub(super) fn needed(text: &str) -> Self {
        let none = Self { units: 0, bytes: 0 };
        text.chars().fold(none, |needed, character| Self {
            units: needed.units + character.len_utf16(),
            bytes: needed.bytes
                + match character {
                    '"' | '\\' | '\n' => 2,
                    other if other.is_control() => 6,
                    other => other.len_utf8(),
                },
        })
    }

    fn and(self, more: Self) -> Self {
        Self {
            units: self.units.saturating_add(more.units),
            bytes: self.bytes.saturating_add(more.bytes),
        }
    }

    pub(super) fn holds(self, needed: Self) -> bool {
        needed.units <= self.units && needed.bytes <= self.bytes
    }
}

/// A text in Slack's markup, or plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Markup,
    Plain,
}

/// As much of a text as there is room for, with `…` where something is missing.
pub(super) fn clip(text: &str, room: Room, kind: Kind) -> String {
    if room.holds(Room::needed(text)) {
        return text.to_owned();
    }
    let mark = Room::needed(&CUT.to_string());
    let less = Room {
        units: room.units.saturating_sub(mark.units),
        bytes: room.bytes.saturating_sub(mark.bytes),
    };
    let place = place_of_cut(text, less, kind);
    let head = ended(text.get(..place.end).unwrap_or_default());
    format!("{head}{CUT}{}", place.fence.end())
}

/// As much of a text in Slack's markup as there is room for, and the rest, each complete in itself.
pub(super) fn split(text: &str, room: Room) -> (String, Option<String>) {
    if room.holds(Room::needed(text)) {
        return (text.to_owned(), None);
    }
    let place = place_of_cut(text, room, Kind::Markup);
    let (head, tail) = text.split_at_checked(place.end).unwrap_or((text, ""));
    // What there is no room for even alone is left out, so that the rest is not kept waiting.
    let (tail, skipped) = if place.end == 0 {
        let first = atom(tail, Kind::Markup);
        (tail.get(first..).unwrap_or_default(), CUT.to_string())
    } else {
        (tail, String::new())
    };
    let quoted = place.quoted && !head.ends_with('\n');
    let tail = tail.trim_start_matches([' ', '\n']);
    let tail = (!tail.is_empty()).then(|| {
        let quote = if quoted { "> " } else { "" };
        format!("{quote}{}{tail}", place.fence.end())
    });
    let head = ended(head);
    (format!("{head}{skipped}{}", place.fence.end()), tail)
}

/// Without what says nothing at the end: spaces, and a quote of nothing.
fn ended(text: &str) -> &str {
    let text = text.trim_end();
    match text.strip_suffix('>') {
        Some(before) if before.is_empty() || before.ends_with('\n') => before.trim_end(),
        _ => text,
    }
}

/// What is open at some place of a text in Slack's markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fence {
    Open,
    Code,
    Block,
}

impl Fence {
    fn after(self, atom: &str) -> Self {
        match (self, atom) {
            (Self::Block, "```") | (Self::Code, "`" | "\n") => Self::Open,
            (_, "```") => Self::Block,
            (Self::Open, "`") => Self::Code,
            (fence, _) => fence,
        }
    }

    fn end(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Code => "`",
            Self::Block => "```",
        }
    }
}

#[derive(Clone, Copy)]
struct Place {
    end: usize,
    fence: Fence,
    quoted: bool,
}

/// Where to cut: as far as there is room, but rather after a line, or else between words, if that
/// leaves most of it.
fn place_of_cut(text: &str, room: Room, kind: Kind) -> Place {
    let mut at = Place {
        end: 0,
        fence: Fence::Open,
        quoted: text.starts_with('>'),
    };
    let (mut line, mut word) = (at, at);
    let mut taken = Room { units: 0, bytes: 0 };
    let mut rest = text;
    while !rest.is_empty() {
        let Some((here, after)) = rest.split_at_checked(atom(rest, kind)) else {
            break;
        };
        let fence = match kind {
            Kind::Markup => at.fence.after(here),
            Kind::Plain => Fence::Open,
        };
        taken = taken.and(Room::needed(here));
        if !room.holds(taken.and(Room::needed(fence.end()))) {
            break;
        }
        at = Place {
            end: at.end + here.len(),
            fence,
            quoted: at.quoted,
        };
        match here {
            "\n" => {
                at.quoted = after.starts_with('>');
                line = at;
            }
            " " => word = at,
            _ => {}
        }
        rest = after;
    }
    if line.end > at.end / 2 {
        line
    } else if word.end > at.end - at.end / 8 {
        word
    } else {
        at
    }
}

/// The length in bytes of what stands first in a text and is not to be cut.
fn atom(text: &str, kind: Kind) -> usize {
    if kind == Kind::Markup {
        if text.starts_with('<') {
            return text.find('>').map_or(1, |end| end + 1);
        }
        for whole in ["&amp;", "&lt;", "&gt;", "```"] {
            if text.starts_with(whole) {
                return whole.len();
            }
        }
    }
    let mut length = 0;
    let mut before: Option<char> = None;
    let mut flags = 0;
    for (index, character) in text.chars().enumerate() {
        flags = if is_flag(character) { flags + 1 } else { 0 };
        let joins = before.is_some_and(|before| {
            belongs(character) || before == '\u{200d}' || (is_flag(before) && flags == 2)
        });
        if index > 0 && (!joins || index >= CLUSTER) {
            break;
        }
        length += character.len_utf8();
        before = Some(character);
    }
    length
}

/// Two of these letters make a flag.
fn is_flag(character: char) -> bool {
    matches!(character, '\u{1f1e6}'..='\u{1f1ff}')
}

/// Whether it changes, or hangs on, the character before it: accents, voiced sound marks, skin,
/// variants, and what holds an emoji together.
fn belongs(character: char) -> bool {
    matches!(
        character,
        '\u{300}'..='\u{36f}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{200d}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{3099}'
            | '\u{309a}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{fe20}'..='\u{fe2f}'
            | '\u{1f3fb}'..='\u{1f3ff}'
            | '\u{e0020}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn markup(text: &str, units: usize) -> String {
        clip(text, Room::of(units), Kind::Markup)
    }

    #[test]
    fn what_fits_is_not_touched() {
        assert_eq!(markup("a `b` &lt;", 10), "a `b` &lt;");
        assert_eq!(split("a\n", Room::of(2)), ("a\n".to_owned(), None));
    }

    #[test]
    fn what_belongs_together_is_kept_or_left_out_as_a_whole() {
        for (text, units, wanted) in [
            ("ab&amp;cd", 6, "ab…"),
            ("ab&amp;cd", 8, "ab&amp;…"),
            ("a<https://a.b|c>d", 15, "a…"),
            ("a👨\u{200d}👩\u{200d}👧b", 8, "a…"),
            ("a👨\u{200d}👩\u{200d}👧bc", 10, "a👨\u{200d}👩\u{200d}👧…"),
            ("a🇯🇵🇩🇪b", 6, "a🇯🇵…"),
            ("かか\u{3099}く", 3, "か…"),
            ("負荷試験", 3, "負荷…"),
            ("`abcdef` g", 6, "`abc…`"),
            ("```abc\ndefgh```", 12, "```abc…```"),
        ] {
            assert_eq!(markup(text, units), wanted, "{text}");
            assert!(markup(text, units).encode_utf16().count() <= units);
        }
    }

    #[test]
    fn plain_text_has_no_escapes() {
        assert_eq!(clip("<a&amp;b", Room::of(5), Kind::Plain), "<a&a…");
    }

    #[test]
    fn bytes_count_as_json_counts_them() {
        let text = "負\"\n\u{7}\\";
        let json = serde_json::Value::from(text).to_string();
        assert_eq!(Room::needed(text).bytes, json.len() - 2);
        let room = Room {
            units: 100,
            bytes: 7,
        };
        assert_eq!(clip("負荷試験", room, Kind::Markup), "負…");
    }

    #[test]
    fn the_rest_goes_on_as_it_was() {
        for (text, units, head, tail) in [
            ("one two three", 11, "one two thr", "ee"),
            ("first line\nsecond", 14, "first line", "second"),
            ("> a quote that goes on", 12, "> a quote th", "> at goes on"),
            ("> a\n> b quote", 8, "> a\n> b", "> quote"),
            ("> a\n> quote", 6, "> a", "> quote"),
            ("`code` and `more code`", 18, "`code` and `more`", "`code`"),
            ("<https://example.com/|far>x", 5, "…", "x"),
        ] {
            assert_eq!(
                split(text, Room::of(units)),
                (head.to_owned(), Some(tail.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn a_letter_under_a_thousand_accents_is_cut_all_the_same() {
        let text = format!("a{}", "\u{301}".repeat(1000));
        let cut = markup(&text, 100);
        assert!(cut.chars().count() <= 100 && cut.ends_with(CUT));
    }
}
