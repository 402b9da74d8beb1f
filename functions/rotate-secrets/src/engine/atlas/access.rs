//! Who calls the Admin API: a service account, or an API key with its digest. Both are read from a JSON
//! secret, and nothing of it is ever shown.
//!
//! <https://www.mongodb.com/docs/atlas/api/api-authentication>

use super::Cause;
use crate::value::{Value, json};

/// Credentials of the Admin API.
#[derive(Debug)]
pub struct Access(pub(super) Kind);

#[derive(Debug)]
pub(super) enum Kind {
    /// A service account, which is given a token for an hour.
    Service { id: Value, secret: Value },
    /// An API key, by HTTP digest.
    Key { public: Value, private: Value },
}

impl Access {
    /// Reads `{"client_id", "client_secret"}` or `{"public_key", "private_key"}`.
    ///
    /// # Errors
    /// [`Cause::Credentials`] when it is no JSON object with one of the two pairs, or with an empty part.
    pub fn parse(text: &Value) -> Result<Self, Cause> {
        let part = |name: &str| {
            let part = json::read(text, name).ok();
            part.filter(|part| is_word(part.expose()))
        };
        let service = part("client_id").zip(part("client_secret"));
        if let Some((id, secret)) = service {
            return Ok(Self(Kind::Service { id, secret }));
        }
        let key = part("public_key").zip(part("private_key"));
        let (public, private) = key.ok_or(Cause::Credentials)?;
        Ok(Self(Kind::Key { public, private }))
    }
}

/// What can stand in a header between quotes; a line break at the end is a slip of an editor.
fn is_word(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_graphic() && !b"\"\\:".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Access, Cause> {
        Access::parse(&Value::new(text.to_owned()))
    }

    #[test]
    fn a_service_account_or_an_api_key_is_read_and_the_account_wins() {
        let account = r#""client_id": "mdb_sa_id_1", "client_secret": "mdb_sa_sk_1""#;
        let key = r#""public_key": "abcdefgh", "private_key": "1-2-3""#;
        let is_service = |text: &str| matches!(parse(text).unwrap().0, Kind::Service { .. });
        assert!(is_service(&format!("{{{account}}}")));
        assert!(is_service(&format!("{{{key}, {account}}}")));
        assert!(!is_service(&format!("{{{key}}}")));
    }

    #[test]
    fn what_is_neither_is_refused_and_not_shown() {
        for text in [
            "canary",
            "{}",
            r#"{"client_id": "canary"}"#,
            r#"{"client_id": "canary", "private_key": "canary"}"#,
            r#"{"client_id": "canary", "client_secret": ""}"#,
            r#"{"public_key": "can\"ary", "private_key": "canary"}"#,
            r#"{"public_key": "canary\n", "private_key": "canary"}"#,
            r#"{"public_key": 1, "private_key": "canary"}"#,
        ] {
            let cause = parse(text).unwrap_err();
            assert_eq!(cause, Cause::Credentials, "{text}");
            assert!(!format!("{cause} {cause:?}").contains("canary"));
        }
        let good = parse(r#"{"public_key": "canary", "private_key": "canary"}"#).unwrap();
        assert!(!format!("{good:?}").contains("canary"), "{good:?}");
    }
}
