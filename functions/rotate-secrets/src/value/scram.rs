//! PostgreSQL is given a password's SCRAM verifier, never the password: a server's log and its
//! statistics keep statements.
//!
//! <https://www.postgresql.org/docs/current/catalog-pg-authid.html>

use std::fmt;

use zeroize::Zeroizing;

use super::Value;

/// `SCRAM-SHA-256$4096:<salt>$<stored key>:<server key>`.
///
/// Nobody logs in with it, but who has it can pose as the server: it is not printed either.
pub struct Verifier(Zeroizing<String>);

impl Verifier {
    /// A password's verifier with a salt of its own. What is not ASCII is prepared as RFC 4013
    /// says, as the server and libpq do.
    #[must_use]
    pub fn of(password: &Value) -> Self {
        let text = postgres_protocol::password::scram_sha_256(password.expose().as_bytes());
        Self(Zeroizing::new(text))
    }

    /// The text for `ALTER ROLE … PASSWORD`.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[verifier]")
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::*;

    fn of(password: &str) -> Verifier {
        Verifier::of(&Value::new(password.to_owned()))
    }

    #[test]
    fn a_verifier_has_the_form_that_the_server_takes_for_one() {
        let verifier = of("canary-7f3a");
        let rest = verifier
            .expose()
            .strip_prefix("SCRAM-SHA-256$4096:")
            .unwrap();
        let (salt, keys) = rest.split_once('$').unwrap();
        let (stored, server) = keys.split_once(':').unwrap();
        for (part, bytes) in [(salt, 16), (stored, 32), (server, 32)] {
            assert_eq!(STANDARD.decode(part).unwrap().len(), bytes);
        }
        assert!(!verifier.expose().contains("canary"));
        assert_eq!(format!("{verifier:?}"), "[verifier]");
    }

    #[test]
    fn each_verifier_has_a_salt_of_its_own() {
        assert_ne!(of("same").expose(), of("same").expose());
    }
}
