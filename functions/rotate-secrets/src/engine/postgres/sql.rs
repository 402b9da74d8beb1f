//! Names and verifiers in statements that take no parameters, quoted so that nothing in them can end
//! the quotation.

use postgres_protocol::escape::{escape_identifier, escape_literal};
use zeroize::Zeroizing;

use super::Cause;
use crate::value::scram::Verifier;

/// The longest name, in bytes. The server cuts a longer one off without refusing it.
const NAME: usize = 63;

/// A user's or a role's name as an identifier.
pub(super) fn name(text: &str) -> Result<String, Cause> {
    if text.is_empty() || text.len() > NAME || text.contains('\0') {
        return Err(Cause::Name);
    }
    Ok(escape_identifier(text))
}

/// `ALTER ROLE … PASSWORD` with a verifier.
pub(super) fn password(user: &str, verifier: &Verifier) -> Result<Zeroizing<String>, Cause> {
    let user = name(user)?;
    let verifier = Zeroizing::new(escape_literal(verifier.expose()));
    Ok(Zeroizing::new(format!(
        "ALTER ROLE {user} PASSWORD {}",
        *verifier
    )))
}

/// The server's clock, in seconds since 1970.
pub(super) const CLOCK: &str = "SELECT extract(epoch FROM clock_timestamp())::float8 AS now";

/// A statement that is undone when it ends after a time of the server's clock, however late it arrived
/// or however long it waited for a lock. A function that is frozen with bytes on their way sends them
/// when it is thawed, minutes later, when the user may be the one that everybody uses. Both are sent as
/// one and so are one transaction.
pub(super) fn in_time(statement: &str, until: f64) -> Zeroizing<String> {
    Zeroizing::new(format!(
        "{statement}; DO $$BEGIN IF extract(epoch FROM clock_timestamp()) > {until:.3} \
         THEN RAISE query_canceled; END IF; END$$"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn a_name_stays_one_whatever_is_in_it() {
        for (text, wanted) in [
            ("app", "\"app\""),
            ("App-1", "\"App-1\""),
            ("a\"; DROP ROLE x; --", "\"a\"\"; DROP ROLE x; --\""),
        ] {
            assert_eq!(name(text).as_deref(), Ok(wanted));
        }
        assert!(name(&"a".repeat(63)).is_ok());
        for text in [
            String::new(),
            "a".repeat(64),
            "ä".repeat(32),
            "a\0b".to_owned(),
        ] {
            assert_eq!(name(&text), Err(Cause::Name));
        }
    }

    #[test]
    fn a_statement_has_the_verifier_and_not_the_password() {
        let verifier = Verifier::of(&Value::new("canary".to_owned()));
        let statement = password("app_b", &verifier).unwrap();
        assert!(statement.starts_with("ALTER ROLE \"app_b\" PASSWORD 'SCRAM-SHA-256$4096:"));
        assert!(!statement.contains("canary"));
    }
}
