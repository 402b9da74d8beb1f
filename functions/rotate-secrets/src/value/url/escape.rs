//! Percent-encoding: everything but RFC 3986's unreserved characters is encoded, so that no client
//! takes a part of a password for a separator.

use zeroize::Zeroizing;

use super::UrlError;

/// Appends a text, encoded. The text to append to must have room for three times as much.
pub(super) fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].into_iter().filter_map(digit));
        }
    }
}

/// The text that is encoded so.
pub(super) fn decoded(text: &str) -> Result<Zeroizing<String>, UrlError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut from = text.bytes();
    while let Some(byte) = from.next() {
        if byte == b'%' {
            let byte = value(from.next()).zip(value(from.next()));
            let byte = byte.map(|(high, low)| high << 4 | low);
            // No client can send a NUL.
            bytes.push(byte.filter(|byte| *byte != 0).ok_or(UrlError::Escape)?);
        } else {
            bytes.push(byte);
        }
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| UrlError::Escape)?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn digit(value: u8) -> Option<char> {
    char::from_digit(u32::from(value), 16).map(|it| it.to_ascii_uppercase())
}

fn value(digit: Option<u8>) -> Option<u8> {
    let value = char::from(digit?).to_digit(16)?;
    u8::try_from(value).ok()
}
