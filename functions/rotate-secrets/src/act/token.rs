//! Names for turns and for what is written in them. What is written twice in a turn has the same name
//! twice, so that Secrets Manager writes it once.

use nightshift::ledger::rotation::Turn;
use sha2::{Digest as _, Sha256};

use crate::{store::Place, value::generate::GenerateError};

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    /// The new value.
    Publish,
    /// The former value, where it stood before.
    Back,
    /// A copy that stays readable.
    Copy,
    /// A copy that is wiped.
    Wipe,
}

/// A new turn's id: a random UUID.
///
/// # Errors
/// When the operating system gives no randomness.
pub(crate) fn turn() -> Result<String, GenerateError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| GenerateError::Randomness)?;
    Ok(uuid(bytes))
}

/// The token of what a turn writes to a place. The new value of a whole secret has the turn's own id.
pub(crate) fn of(turn: &Turn, place: &Place, what: For) -> String {
    match (&place.key, what) {
        (None, For::Publish) => turn.id.clone(),
        (key, _) => derived(&turn.id, key.as_deref().unwrap_or_default(), what),
    }
}

/// The same for what is written after a turn.
pub(crate) fn derived(id: &str, key: &str, what: For) -> String {
    let what = match what {
        For::Publish => "publish",
        For::Back => "back",
        For::Copy => "copy",
        For::Wipe => "wipe",
    };
    let mut hash = Sha256::new();
    for part in [id, key, what] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(hash.finalize()) {
        *byte = hashed;
    }
    uuid(bytes)
}

fn uuid(mut bytes: [u8; 16]) -> String {
    // https://www.rfc-editor.org/rfc/rfc9562#section-5.4
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
    *version = (*version & 0x0f) | 0x40;
    *variant = (*variant & 0x3f) | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_and_each_purpose_has_its_own() {
        let id = turn().unwrap();
        assert_eq!(id.len(), 36);
        let parts: Vec<&str> = id.split('-').collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(parts[2].starts_with('4'), "{id}");
        assert!(parts[3].starts_with(['8', '9', 'a', 'b']), "{id}");
        assert_ne!(id, turn().unwrap());
        let all = [
            derived(&id, "", For::Publish),
            derived(&id, "a", For::Publish),
            derived(&id, "", For::Back),
            derived(&id, "", For::Copy),
            derived(&id, "", For::Wipe),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one));
        }
        assert_eq!(derived(&id, "a", For::Back), derived(&id, "a", For::Back));
    }
}
