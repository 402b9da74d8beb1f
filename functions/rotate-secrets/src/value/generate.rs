//! What is generated comes from the operating system's randomness, has no bias and at least 256 bits.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use thiserror::Error;
use zeroize::Zeroizing;

use super::Value;

/// What needs no escaping anywhere: not in a URL, not in a shell, not in JSON, not in SQL.
const PLAIN: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// What RDS takes in a master password is printable ASCII except `/`, `"`, `@` and the space. Of it,
/// what shells, quotes and URLs care for least, and enough to have 256 bits in 41 characters.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html>
const MASTER: &str =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!*+,:;=?^|()";

/// 48 × log₂ 62 = 285 bits.
const PASSWORD: u16 = 48;

/// The longest master password that an Aurora cluster takes. 41 × log₂ 78 = 257 bits.
const MASTER_PASSWORD: u16 = 41;

/// The fewest bits that anything generated has.
pub const BITS: u16 = 256;

/// Why nothing was generated.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum GenerateError {
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    Randomness,
    /// The value would be guessed too easily.
    #[error(
        "the value would have {bits} bits, and needs {BITS}: give it more bytes, a longer length or a larger alphabet"
    )]
    Weak {
        /// How many it would have, rounded down.
        bits: u32,
    },
    /// The alphabet is not one.
    #[error("an alphabet has 2 to 95 printable ASCII characters, each once")]
    Alphabet,
}

/// How bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Base64 with `+`, `/` and padding.
    Base64,
    /// Base64 with `-` and `_`, without padding.
    Base64Url,
    /// Lower-case hexadecimal.
    Hex,
}

/// How a value of the kind `random` is made. It has at least [`BITS`] bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Bytes { bytes: u16, form: Form },
    Characters { alphabet: String, length: u16 },
}

impl Recipe {
    /// So many random bytes, written in a form.
    ///
    /// # Errors
    /// With fewer than 32 bytes.
    pub fn bytes(bytes: u16, form: Form) -> Result<Self, GenerateError> {
        let bits = u32::from(bytes) * 8;
        if bits < u32::from(BITS) {
            return Err(GenerateError::Weak { bits });
        }
        Ok(Self(Kind::Bytes { bytes, form }))
    }

    /// So many characters of an alphabet.
    ///
    /// # Errors
    /// When the alphabet has other than printable ASCII characters, or one twice, or when both
    /// together give too few bits.
    pub fn characters(alphabet: &str, length: u16) -> Result<Self, GenerateError> {
        let size = size(alphabet)?;
        let bits = f64::from(length) * f64::from(size).log2();
        if bits < f64::from(BITS) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 0 and 256"
            )]
            let bits = bits as u32;
            return Err(GenerateError::Weak { bits });
        }
        Ok(Self(Kind::Characters {
            alphabet: alphabet.to_owned(),
            length,
        }))
    }

    /// Makes a value.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn make(&self) -> Result<Value, GenerateError> {
        match &self.0 {
            Kind::Bytes { bytes, form } => written(*bytes, *form, &mut system),
            Kind::Characters { alphabet, length } => picked(alphabet, *length, &mut system),
        }
    }
}

/// A database user's password: 48 letters and digits.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn password() -> Result<Value, GenerateError> {
    Recipe::characters(PLAIN, PASSWORD)?.make()
}

/// A master password that RDS and Aurora take: 41 characters, the most that a cluster allows.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn master_password() -> Result<Value, GenerateError> {
    Recipe::characters(MASTER, MASTER_PASSWORD)?.make()
}

/// How many characters an alphabet has.
fn size(alphabet: &str) -> Result<u8, GenerateError> {
    let mut seen = Vec::with_capacity(95);
    for byte in alphabet.bytes() {
        if !(b' '..=b'~').contains(&byte) || seen.contains(&byte) {
            return Err(GenerateError::Alphabet);
        }
        seen.push(byte);
    }
    u8::try_from(seen.len())
        .ok()
        .filter(|size| *size >= 2)
        .ok_or(GenerateError::Alphabet)
}

fn system(bytes: &mut [u8]) -> Result<(), GenerateError> {
    getrandom::fill(bytes).map_err(|_| GenerateError::Randomness)
}

/// Where random bytes come from.
type Source<'a> = &'a mut dyn FnMut(&mut [u8]) -> Result<(), GenerateError>;

fn written(bytes: u16, form: Form, source: Source<'_>) -> Result<Value, GenerateError> {
    let mut raw = Zeroizing::new(vec![0; usize::from(bytes)]);
    source(&mut raw)?;
    // Twice the bytes is the longest form; a string that need not grow leaves no copy.
    let mut text = Zeroizing::new(String::with_capacity(usize::from(bytes) * 2 + 4));
    match form {
        Form::Base64 => STANDARD.encode_string(&*raw, &mut text),
        Form::Base64Url => URL_SAFE_NO_PAD.encode_string(&*raw, &mut text),
        Form::Hex => {
            for byte in raw.iter() {
                for digit in [byte >> 4, byte & 15] {
                    text.extend(char::from_digit(u32::from(digit), 16));
                }
            }
        }
    }
    Ok(Value::new(text))
}

/// Takes a character for each random byte below the largest multiple of the alphabet's size; the bytes
/// above it would favour the first characters, and are thrown away.
fn picked(alphabet: &str, length: u16, source: Source<'_>) -> Result<Value, GenerateError> {
    let size = u16::from(size(alphabet)?);
    let even = 256 - 256 % size;
    let length = usize::from(length);
    let mut text = Zeroizing::new(String::with_capacity(length));
    let mut bytes = Zeroizing::new([0; 64]);
    while text.len() < length {
        source(&mut *bytes)?;
        let missing = length - text.len();
        let fair = bytes.iter().map(|byte| u16::from(*byte));
        let fair = fair.filter(|byte| *byte < even).take(missing);
        let places = fair.map(|byte| usize::from(byte % size));
        text.extend(
            places
                .filter_map(|at| alphabet.as_bytes().get(at).copied())
                .map(char::from),
        );
    }
    Ok(Value::new(text))
}

#[cfg(test)]
mod tests;
