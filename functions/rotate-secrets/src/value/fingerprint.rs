//! A version is told again without knowing its value: by a hash over the turn that made it and the
//! value. It is only taken of values with at least 256 bits, so that it gives nothing away.

use std::fmt::{self, Write as _};

use sha2::{Digest as _, Sha256};

use super::Value;

/// SHA-256 over a turn and a value, in hexadecimal: 64 lower-case digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of a value that was made in a turn. Another turn gives the same value another.
    #[must_use]
    pub fn of(turn: &str, value: &Value) -> Self {
        let mut hash = Sha256::new();
        // With its length before it, no turn can borrow from the value that follows.
        hash.update((turn.len() as u64).to_be_bytes());
        hash.update(turn.as_bytes());
        hash.update(value.expose().as_bytes());
        let mut hex = String::with_capacity(64);
        for byte in hash.finalize() {
            // Writing to a string does not fail.
            let _ = write!(hex, "{byte:02x}");
        }
        Self(hex)
    }

    /// Reads what was recorded; `None` where it is not a fingerprint.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let digits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 64 && text.bytes().all(digits)).then(|| Self(text.to_owned()))
    }

    /// As it is recorded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(turn: &str, value: &str) -> Fingerprint {
        Fingerprint::of(turn, &Value::new(value.to_owned()))
    }

    /// `printf '\0\0\0\0\0\0\0\1tv' | sha256sum`
    #[test]
    fn a_recorded_fingerprint_is_told_by_later_versions_too() {
        assert_eq!(
            of("t", "v").as_str(),
            "7dbebc3cef09fd3c2365fd8ca50ad1817493dd6add699e358a26cc11acd96f77"
        );
    }

    #[test]
    fn turn_and_value_both_count_and_are_not_mixed_up() {
        let one = of("turn", "value");
        assert_eq!(one, of("turn", "value"));
        for other in [
            of("turn2", "value"),
            of("turn", "value2"),
            of("turnv", "alue"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn only_a_fingerprint_is_read_back() {
        let one = of("turn", "value");
        assert_eq!(Fingerprint::read(one.as_str()), Some(one.clone()));
        let upper = one.as_str().to_uppercase();
        for other in ["", "abc", upper.as_str(), "password"] {
            assert_eq!(Fingerprint::read(other), None, "{other}");
        }
    }
}
