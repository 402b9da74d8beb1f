//! How much of what arrived is kept. Every text of a signal is taken through one [`Room`], so that
//! the whole stays under 60 kB as JSON, whatever was sent.

/// Bytes of JSON that the texts of one signal may fill. The names of fields come on top.
const BYTES: usize = 48_000;

/// A text that was shortened ends with this.
const MORE: char = '…';

/// What is left for the texts of one signal.
pub(super) struct Room {
    left: usize,
    cut: bool,
}

impl Room {
    pub(super) fn new() -> Self {
        Self {
            left: BYTES,
            cut: false,
        }
    }

    /// Whether anything did not fit.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    /// Notes that something is left out.
    pub(super) fn note_cut(&mut self) {
        self.cut = true;
    }

    /// As much of a text as there is room for, at most so many characters, cut between two of them.
    pub(super) fn text(&mut self, text: &str, characters: usize) -> String {
        let mut whole = 0;
        // Where to cut so that the mark still fits.
        let mut end = 0;
        let mut spent = 0;
        for (number, (start, character)) in text.char_indices().enumerate() {
            let next = whole + cost(character);
            if number == characters || next > self.left {
                self.cut = true;
                return self.shortened(text, end, spent);
            }
            whole = next;
            if number + 1 < characters && whole + MORE.len_utf8() <= self.left {
                end = start + character.len_utf8();
                spent = whole;
            }
        }
        self.left -= whole;
        text.to_owned()
    }

    fn shortened(&mut self, text: &str, end: usize, spent: usize) -> String {
        let mut kept = text.get(..end).unwrap_or_default().to_owned();
        if spent + MORE.len_utf8() <= self.left {
            kept.push(MORE);
            self.left -= spent + MORE.len_utf8();
        }
        kept
    }

    /// The same, or none of an empty one.
    pub(super) fn some(&mut self, text: &str, characters: usize) -> Option<String> {
        (!text.is_empty()).then(|| self.text(text, characters))
    }

    /// Room for one more element of a list, whose names and brackets need so many bytes.
    pub(super) fn element(&mut self, bytes: usize) -> bool {
        let fits = bytes <= self.left;
        if fits {
            self.left -= bytes;
        } else {
            self.cut = true;
        }
        fits
    }

    /// As many of a list as there is room for, at most `most`.
    pub(super) fn list<I: IntoIterator, T>(
        &mut self,
        items: I,
        most: usize,
        bytes: usize,
        mut take: impl FnMut(&mut Self, I::Item) -> T,
    ) -> Vec<T> {
        let mut list = Vec::new();
        for item in items {
            if list.len() == most {
                self.cut = true;
                break;
            }
            if !self.element(bytes) {
                break;
            }
            list.push(take(self, item));
        }
        list
    }
}

/// How many bytes a character fills in a JSON text.
fn cost(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        other => other.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_kept_as_it_is() {
        let mut room = Room::new();
        assert_eq!(room.text("bookmark", 8), "bookmark");
        assert!(!room.is_cut());
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters_and_says_so() {
        let mut room = Room::new();
        assert_eq!(room.text("本番の警報", 3), "本番…");
        assert!(room.is_cut());
    }

    #[test]
    fn the_room_counts_bytes_as_json_spells_them() {
        for text in [
            "a", "日", "🌙", "\"", "\\", "\n", "\u{1}", "\u{7f}", "\u{2028}",
        ] {
            let spelt = serde_json::to_string(text).unwrap();
            assert_eq!(
                cost(text.chars().next().unwrap()),
                spelt.len() - 2,
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_full_room_takes_nothing_more() {
        let mut room = Room::new();
        let long = "日".repeat(BYTES);
        let kept = room.text(&long, usize::MAX);
        assert!(
            kept.len() <= BYTES && kept.len() > BYTES - 8,
            "{}",
            kept.len()
        );
        assert!(room.text("abcdef", 6).len() <= BYTES - kept.len());
        assert!(!room.element(100));
    }

    #[test]
    fn a_list_ends_where_it_is_long_enough() {
        let mut room = Room::new();
        let list = room.list(1..=9, 3, 10, |_, number| number);
        assert_eq!(list, [1, 2, 3]);
        assert!(room.is_cut());
    }
}
