//! A master password stands alone or in a URL of its database. Of a URL nothing changes but the
//! password, and it must lead where the password is set: to no other host, and as no other user.

use super::{Trouble, database::Database};
use crate::{
    store::Place,
    value::{
        Value,
        url::{Scheme, Url},
    },
};

/// The port of PostgreSQL where a URL names none.
const PORT: u16 = 5432;

/// What is stored.
pub(super) enum Stored {
    /// The password alone.
    Password(Value),
    /// A URL with it.
    Url(Url),
}

impl Stored {
    /// Reads what is stored. RDS takes neither `/` nor `"` in a password, so that what has them is none.
    ///
    /// # Errors
    /// When it is a JSON object, or a URL that leads elsewhere.
    pub(super) fn read(place: &Place, value: &Value, database: &Database) -> Result<Self, Trouble> {
        let text = value.expose();
        if text.starts_with('{') && text.contains('"') {
            let message = "it is a JSON object: name the password's key behind a `#`";
            return Err(Trouble::of("read", place, "json", message));
        }
        let value = Value::new(text.to_owned());
        if !text.contains("://") {
            return Ok(Self::Password(value));
        }
        let url = Url::parse(value).map_err(|error| Trouble::url(place, error))?;
        leads_to(place, &url, database)?;
        Ok(Self::Url(url))
    }

    /// The password.
    pub(super) fn password(&self) -> &Value {
        match self {
            Self::Password(password) => password,
            Self::Url(url) => url.password(),
        }
    }

    /// Where to connect with what is stored.
    pub(super) fn url(&self, place: &Place, database: &Database) -> Result<Url, Trouble> {
        self.with(place, self.password(), database)
            .map(|(_, url)| url)
    }

    /// The same with another password: what is to be stored, and where to connect with it.
    pub(super) fn with(
        &self,
        place: &Place,
        password: &Value,
        database: &Database,
    ) -> Result<(Value, Url), Trouble> {
        let copy = |value: &Value| Value::new(value.expose().to_owned());
        let made = match self {
            Self::Password(_) => database.url(password).map(|url| (copy(password), url)),
            Self::Url(url) => url
                .with_password(password)
                .map(|url| (copy(url.text()), url)),
        };
        made.map_err(|error| Trouble::url(place, error))
    }
}

/// Only RDS's own name has a certificate that is believed, and only the master user this password.
fn leads_to(place: &Place, url: &Url, database: &Database) -> Result<(), Trouble> {
    let wrong = |message: String| Err(Trouble::of("read", place, "url", message));
    if url.scheme() != Scheme::Postgres {
        return wrong("the URL is not one of PostgreSQL".to_owned());
    }
    if url.user() != database.user {
        return wrong(format!(
            "the URL's user is `{}`, and the master user of `{}` is `{}`: name that one, or take the kind `postgres`",
            url.user(),
            database.name,
            database.user
        ));
    }
    let is_it = |host: &crate::value::url::Host| {
        host.name == database.host && host.port.unwrap_or(PORT) == database.port
    };
    match url.hosts() {
        [host] if is_it(host) => Ok(()),
        _ => wrong(format!(
            "the URL must lead to `{}` itself, at {}:{}",
            database.name, database.host, database.port
        )),
    }
}
