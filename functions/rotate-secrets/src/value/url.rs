//! User and password of a database's URL are replaced; every other byte stays. What clients could read
//! in two ways is refused, and no error shows any part of the URL.

mod escape;

use std::net::Ipv6Addr;
use std::ops::Range;

use thiserror::Error;
use zeroize::Zeroizing;

use super::Value;

/// A connection URL of PostgreSQL or MongoDB with a user and a password.
///
/// <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>,
/// <https://www.mongodb.com/docs/manual/reference/connection-string/>
#[derive(Debug)]
pub struct Url {
    text: Value,
    userinfo: Range<usize>,
    query: Range<usize>,
    scheme: Scheme,
    user: String,
    password: Value,
    hosts: Vec<Host>,
    database: Option<String>,
}

/// Whose URL it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `postgres://` or `postgresql://`.
    Postgres,
    /// `mongodb://`.
    MongoDb,
    /// `mongodb+srv://`: the hosts are looked up in DNS.
    MongoDbSrv,
}

/// One of a URL's hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// A name or an address; one of IPv6 without its brackets.
    pub name: String,
    /// The port, where one is given.
    pub port: Option<u16>,
}

/// What the URL asks of TLS.
/// <https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// None of it.
    Disable,
    /// Rather without it.
    Allow,
    /// Rather with it.
    Prefer,
    /// With it, without looking whose certificate it is.
    Require,
    /// With a certificate that is vouched for.
    VerifyCa,
    /// And for this very host.
    VerifyFull,
    /// A word that only some drivers know.
    Other,
}

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UrlError {
    /// It begins otherwise.
    #[error(
        "the value does not begin with postgres://, postgresql://, mongodb:// or mongodb+srv://"
    )]
    Scheme,
    /// A line break at the end, for instance.
    #[error("the URL has a space, a line break or another character that takes no ink: remove it")]
    Blank,
    /// There is no `@`.
    #[error("the URL has no user and password before its host")]
    NoCredentials,
    /// Before `@` there is no user.
    #[error("the URL has no user")]
    NoUser,
    /// Before `@` there is no password.
    #[error("the URL has no password")]
    NoPassword,
    /// Where the password ends depends on who reads it.
    #[error(
        "the URL has more than one `@`, or `/`, `?` or `#` in its user or password: percent-encode those that part nothing (%40, %2F, %3F, %23)"
    )]
    Ambiguous,
    /// A `%` without two hexadecimal digits, or what is not UTF-8.
    #[error("the URL has a `%` that begins no valid percent-encoding: write it as %25")]
    Escape,
    /// A host is empty, a socket's path, or has characters that no host has.
    #[error("the URL has no host, or one that is no name and no address")]
    Host,
    /// A port is no number from 1 to 65535.
    #[error("the URL has a port that is no number from 1 to 65535")]
    Port,
    /// `mongodb+srv://` has one host and no port.
    #[error("a mongodb+srv:// URL has one host and no port")]
    Srv,
    /// A parameter in the query wins over what stands before it.
    #[error("the URL's query sets `{0}`, which wins over what stands before it: move it there")]
    Override(&'static str),
    /// The new URL does not read back as what it should: nothing may be done with it.
    #[error("the new URL does not read back as the old one with user and password replaced")]
    NotReproduced,
}

/// What libpq takes from the query in place of what stands before it.
const OVERRIDES: [&str; 6] = ["user", "password", "host", "hostaddr", "port", "dbname"];

impl Url {
    /// Reads a URL.
    ///
    /// # Errors
    /// When it is none of these, has no credentials, or can be read in two ways.
    pub fn parse(text: Value) -> Result<Self, UrlError> {
        let whole = text.expose();
        if whole.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(UrlError::Blank);
        }
        let (scheme, rest) = whole.split_once("://").ok_or(UrlError::Scheme)?;
        let start = scheme.len() + "://".len();
        let scheme = Scheme::of(scheme)?;
        let (authority, tail) = split_before(rest, &['/', '?', '#']);
        let (userinfo, hosts) = match authority.split_once('@') {
            Some(parts) if !tail.contains('@') && !parts.1.contains('@') => parts,
            None if !tail.contains('@') => return Err(UrlError::NoCredentials),
            _ => return Err(UrlError::Ambiguous),
        };
        let (user, password) = userinfo.split_once(':').ok_or(UrlError::NoPassword)?;
        let (path, tail) = split_before(tail, &['?', '#']);
        let (query, fragment) = split_before(tail, &['#']);
        let query_end = whole.len() - fragment.len();
        let database = escape::decoded(path.strip_prefix('/').unwrap_or(path))?;
        let url = Self {
            userinfo: start..start + userinfo.len(),
            query: query_end - query.trim_start_matches('?').len()..query_end,
            scheme,
            user: escape::decoded(user)?.to_string(),
            password: Value::new(escape::decoded(password)?),
            hosts: read_hosts(hosts, scheme)?,
            database: (!database.is_empty()).then(|| database.to_string()),
            text,
        };
        url.checked()
    }

    fn checked(self) -> Result<Self, UrlError> {
        if self.user.is_empty() {
            return Err(UrlError::NoUser);
        }
        if self.password.expose().is_empty() {
            return Err(UrlError::NoPassword);
        }
        if self.scheme == Scheme::Postgres {
            let set = |name: &&str| self.parameter(name).is_some();
            if let Some(name) = OVERRIDES.into_iter().find(set) {
                return Err(UrlError::Override(name));
            }
        }
        Ok(self)
    }

    /// The same URL for another user, every other byte as it was. Parsed back and compared.
    ///
    /// # Errors
    /// When user or password is empty, and when it does not read back as it should.
    pub fn with_credentials(&self, user: &str, password: &Value) -> Result<Self, UrlError> {
        // Three bytes are the most that one byte is encoded in.
        let mut encoded = Zeroizing::new(String::with_capacity(3 * user.len()));
        escape::encode(user, &mut encoded);
        self.replaced(&encoded, user, password)
    }

    /// The same URL with another password, every other byte as it was: the user's as well.
    ///
    /// # Errors
    /// When the password is empty, and when it does not read back as it should.
    pub fn with_password(&self, password: &Value) -> Result<Self, UrlError> {
        let userinfo = self.text.expose().get(self.userinfo.clone());
        let user = userinfo.and_then(|it| it.split_once(':'));
        let (encoded, _) = user.ok_or(UrlError::NotReproduced)?;
        self.replaced(encoded, &self.user, password)
    }

    /// With this user, encoded so, and this password. Parsed back and compared.
    fn replaced(&self, encoded: &str, user: &str, password: &Value) -> Result<Self, UrlError> {
        let old = self.text.expose();
        let broken = UrlError::NotReproduced;
        let before = old.get(..self.userinfo.start).ok_or(broken)?;
        let after = old.get(self.userinfo.end..).ok_or(broken)?;
        let room = old.len() + encoded.len() + 3 * password.expose().len() + 1;
        let mut text = Zeroizing::new(String::with_capacity(room));
        text.push_str(before);
        text.push_str(encoded);
        text.push(':');
        escape::encode(password.expose(), &mut text);
        text.push_str(after);
        let new = Self::parse(Value::new(text))?;
        let text = new.text.expose();
        let same = new.user == user
            && new.password == *password
            && new.scheme == self.scheme
            && new.hosts == self.hosts
            && new.database == self.database
            && text.get(..new.userinfo.start) == Some(before)
            && text.get(new.userinfo.end..) == Some(after);
        if same { Ok(new) } else { Err(broken) }
    }

    /// Whose URL it is.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The user, decoded. No secret.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password, decoded.
    #[must_use]
    pub fn password(&self) -> &Value {
        &self.password
    }

    /// The hosts in their order; at least one.
    #[must_use]
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The database, decoded, where one is named.
    #[must_use]
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// What the URL asks of TLS, where it says so.
    #[must_use]
    pub fn ssl_mode(&self) -> Option<SslMode> {
        Some(match self.parameter("sslmode")?.as_str() {
            "disable" => SslMode::Disable,
            "allow" => SslMode::Allow,
            "prefer" => SslMode::Prefer,
            "require" => SslMode::Require,
            "verify-ca" => SslMode::VerifyCa,
            "verify-full" => SslMode::VerifyFull,
            _ => SslMode::Other,
        })
    }

    /// The schema that the URL names, as Prisma's do.
    #[must_use]
    pub fn schema(&self) -> Option<String> {
        self.parameter("schema").filter(|it| !it.is_empty())
    }

    /// The whole URL.
    #[must_use]
    pub fn text(&self) -> &Value {
        &self.text
    }

    /// Takes the text out.
    #[must_use]
    pub fn into_text(self) -> Value {
        self.text
    }

    /// The same URL with these of its parameters and no others, for a client that refuses what it does
    /// not know. A path is there even where none was.
    #[must_use]
    pub fn with_only(&self, parameters: &[&str]) -> Value {
        let old = self.text.expose();
        let head = old.get(..self.query.start).unwrap_or(old);
        let head = head.trim_end_matches('?');
        // What is encoded is at most three times as long.
        let room = old.len() + 3 * (old.len() - head.len()) + 8;
        let mut text = Zeroizing::new(String::with_capacity(room));
        text.push_str(head);
        let hosts = head.get(self.userinfo.end..).unwrap_or_default();
        if !hosts.contains('/') {
            text.push('/');
        }
        let mut between = '?';
        for name in parameters {
            if let Some(value) = self.parameter(name) {
                text.push(between);
                text.push_str(name);
                text.push('=');
                escape::encode(&value, &mut text);
                between = '&';
            }
        }
        Value::new(text)
    }

    /// A parameter of the query, decoded; of several the last, as libpq takes it.
    fn parameter(&self, name: &str) -> Option<String> {
        let query = self.text.expose().get(self.query.clone())?;
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let mut named = pairs.filter(|(key, _)| {
            escape::decoded(key).is_ok_and(|key| key.eq_ignore_ascii_case(name))
        });
        let (_, value) = named.next_back()?;
        escape::decoded(value).ok().map(|it| it.to_string())
    }
}

impl Scheme {
    fn of(text: &str) -> Result<Self, UrlError> {
        match text {
            "postgres" | "postgresql" => Ok(Self::Postgres),
            "mongodb" => Ok(Self::MongoDb),
            "mongodb+srv" => Ok(Self::MongoDbSrv),
            _ => Err(UrlError::Scheme),
        }
    }
}

impl Host {
    fn read(text: &str) -> Result<Self, UrlError> {
        let (name, port) = if let Some(rest) = text.strip_prefix('[') {
            let (address, port) = rest.split_once(']').ok_or(UrlError::Host)?;
            if address.parse::<Ipv6Addr>().is_err() {
                return Err(UrlError::Host);
            }
            let port = match port.strip_prefix(':') {
                Some(port) => port,
                None if port.is_empty() => "",
                None => return Err(UrlError::Port),
            };
            (address, port)
        } else {
            let (name, port) = text.split_once(':').unwrap_or((text, ""));
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            if name.is_empty() || !name.bytes().all(is_name) {
                return Err(UrlError::Host);
            }
            (name, port)
        };
        let port = match port {
            "" => None,
            digits if digits.bytes().all(|it| it.is_ascii_digit()) => {
                let port = digits.parse().ok().filter(|port| *port > 0);
                Some(port.ok_or(UrlError::Port)?)
            }
            _ => return Err(UrlError::Port),
        };
        let name = name.to_owned();
        Ok(Self { name, port })
    }
}

fn read_hosts(text: &str, scheme: Scheme) -> Result<Vec<Host>, UrlError> {
    let hosts: Vec<Host> = text.split(',').map(Host::read).collect::<Result<_, _>>()?;
    match (scheme, hosts.as_slice()) {
        (Scheme::MongoDbSrv, [Host { port: None, .. }]) => Ok(hosts),
        (Scheme::MongoDbSrv, _) => Err(UrlError::Srv),
        _ => Ok(hosts),
    }
}

/// A text as a part of a path.
#[must_use]
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(3 * text.len());
    escape::encode(text, &mut out);
    out
}

/// A text up to the first of some characters, and the rest from there on.
fn split_before<'a>(text: &'a str, at: &[char]) -> (&'a str, &'a str) {
    text.split_at(text.find(at).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests;
