use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Gives each byte in turn, over and over.
fn counting() -> impl FnMut(&mut [u8]) -> Result<(), GenerateError> {
    let mut next = 0_u8;
    move |bytes| {
        for byte in bytes {
            *byte = next;
            next = next.wrapping_add(1);
        }
        Ok(())
    }
}

#[test]
fn each_character_is_as_likely_as_any_other() {
    // With every byte as often as any other, every character comes as often as any other: exactly, so
    // that neither chance nor a threshold decides.
    for alphabet in [PLAIN, MASTER, "01", "abc", "0123456789abcdef"] {
        let size = u16::try_from(alphabet.len()).unwrap();
        let each = 256 / size;
        let value = picked(alphabet, size * each, &mut counting()).unwrap();
        let mut counts = BTreeMap::new();
        for c in value.expose().chars() {
            *counts.entry(c).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), alphabet.len(), "{alphabet}");
        assert!(counts.values().all(|count| *count == each), "{counts:?}");
    }
}

#[test]
fn passwords_have_only_what_needs_no_escaping_and_never_come_twice() {
    let made: Vec<Value> = (0..200).map(|_| password().unwrap()).collect();
    let different: BTreeSet<&str> = made.iter().map(Value::expose).collect();
    assert_eq!(different.len(), made.len());
    for value in &made {
        assert_eq!(value.expose().len(), 48);
        assert!(value.expose().bytes().all(|it| it.is_ascii_alphanumeric()));
    }
    let used: BTreeSet<char> = made.iter().flat_map(|it| it.expose().chars()).collect();
    // That one of 62 is missing from 9,600 has a chance of 1 in 10⁶⁶.
    assert_eq!(used.len(), 62);
}

#[test]
fn a_master_password_has_only_what_rds_takes() {
    for _ in 0..200 {
        let value = master_password().unwrap();
        assert_eq!(value.expose().len(), 41);
        for c in value.expose().chars() {
            assert!(c.is_ascii_graphic() && !matches!(c, '/' | '"' | '@'), "{c}");
        }
    }
}

#[test]
fn bytes_are_written_as_configured() {
    for (form, wanted) in [
        (Form::Base64, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
        (
            Form::Base64Url,
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        ),
        (
            Form::Hex,
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        ),
    ] {
        let value = written(32, form, &mut counting()).unwrap();
        assert_eq!(value.expose(), wanted);
    }
    let high = |bytes: &mut [u8]| -> Result<(), GenerateError> {
        bytes.fill(0xfb);
        Ok(())
    };
    assert!(
        written(32, Form::Base64, &mut { high })
            .unwrap()
            .expose()
            .contains('+')
    );
    assert!(
        written(32, Form::Base64Url, &mut { high })
            .unwrap()
            .expose()
            .contains('-')
    );
}

#[test]
fn what_is_too_easily_guessed_is_refused() {
    for (recipe, wanted) in [
        (Recipe::bytes(31, Form::Hex), Some(248)),
        (Recipe::bytes(32, Form::Hex), None),
        (Recipe::characters("01", 255), Some(255)),
        (Recipe::characters("01", 256), None),
        (Recipe::characters(PLAIN, 42), Some(250)),
        (Recipe::characters(PLAIN, 43), None),
        (Recipe::characters("0123456789abcdef", 64), None),
        (Recipe::characters(MASTER, 40), Some(251)),
        (Recipe::characters(MASTER, 41), None),
    ] {
        let weak = wanted.map(|bits| GenerateError::Weak { bits });
        assert_eq!(recipe.err(), weak);
    }
}

#[test]
fn an_alphabet_has_each_character_once_and_all_are_printable() {
    for alphabet in ["", "a", "abca", "ab\n", "abcä"] {
        assert_eq!(
            Recipe::characters(alphabet, 300),
            Err(GenerateError::Alphabet),
            "{alphabet:?}"
        );
    }
}

#[test]
fn without_randomness_nothing_is_made() {
    let mut none = |_: &mut [u8]| Err(GenerateError::Randomness);
    assert_eq!(
        written(32, Form::Hex, &mut none),
        Err(GenerateError::Randomness)
    );
    assert_eq!(picked(PLAIN, 48, &mut none), Err(GenerateError::Randomness));
}
