//! A secret in memory is wiped when it is dropped, never printed, and compared in constant time.

pub mod fingerprint;
pub mod generate;
pub mod json;
pub mod scram;
pub mod url;

use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A secret's text. There is no way to print it, to serialise it or to copy it by accident.
///
/// A `String` that has grown left unwiped copies behind it: give it its room before it is filled.
pub struct Value(Zeroizing<String>);

impl Value {
    /// Takes over a text, which is wiped with it.
    #[must_use]
    pub fn new(text: impl Into<Zeroizing<String>>) -> Self {
        Self(text.into())
    }

    /// The text, for a call that needs it. It must not be kept.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// In constant time for values of the same length; the length itself is no secret.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Value {}

#[cfg(test)]
mod tests;
