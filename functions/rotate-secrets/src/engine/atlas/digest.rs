//! The answer to an HTTP digest challenge, with MD5 as Atlas asks for it. The crates for it have not
//! been kept since 2022 and bring second copies of two hashes, for the forty lines that this takes.
//!
//! <https://www.rfc-editor.org/rfc/rfc7616>, <https://www.rfc-editor.org/rfc/rfc2617#section-3.2.2>

use md5::{Digest as _, Md5};

use crate::value::Value;

/// What a server asks in `WWW-Authenticate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// Whether it knows `qop=auth`; Atlas's documents show challenges without.
    counts: bool,
    /// Whether only the nonce was too old.
    pub(super) stale: bool,
}

/// A request to answer for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    /// Path and query.
    pub(super) path: &'a str,
    /// Random, of this request alone.
    pub(super) once: &'a str,
}

impl Challenge {
    /// Reads a header; none where it asks for something else than MD5.
    pub(super) fn read(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let pairs = pairs(rest);
        let of = |name: &str| {
            let mut found = pairs
                .iter()
                .filter(|(key, _)| key.eq_ignore_ascii_case(name));
            found.next().map(|(_, value)| value.clone())
        };
        let is_md5 = of("algorithm").is_none_or(|it| it.eq_ignore_ascii_case("MD5"));
        let qop = of("qop");
        let has_auth = |qop: &String| qop.split(',').any(|it| it.trim() == "auth");
        let counts = qop.as_ref().is_some_and(has_auth);
        if !is_md5 || (qop.is_some() && !counts) {
            return None;
        }
        Some(Self {
            realm: of("realm")?,
            nonce: of("nonce")?,
            opaque: of("opaque"),
            counts,
            stale: of("stale").is_some_and(|it| it.eq_ignore_ascii_case("true")),
        })
    }

    /// The header `Authorization` for the first request with this nonce.
    pub(super) fn answer(&self, user: &Value, password: &Value, asked: Asked<'_>) -> Value {
        let Self { realm, nonce, .. } = self;
        let Asked { method, path, once } = asked;
        let user = user.expose();
        let secret = md5(&[user, realm, password.expose()]);
        let request = md5(&[method, path]);
        let mut header = String::with_capacity(512 + realm.len() + nonce.len() + path.len());
        let mut put = |parts: &[&str]| parts.iter().for_each(|part| header.push_str(part));
        put(&["Digest username=\"", user, "\", realm=\"", realm]);
        put(&[
            "\", nonce=\"",
            nonce,
            "\", uri=\"",
            path,
            "\", algorithm=MD5",
        ]);
        let response = if self.counts {
            put(&[", qop=auth, nc=00000001, cnonce=\"", once, "\""]);
            md5(&[
                secret.expose(),
                nonce,
                "00000001",
                once,
                "auth",
                request.expose(),
            ])
        } else {
            md5(&[secret.expose(), nonce, request.expose()])
        };
        put(&[", response=\"", response.expose(), "\""]);
        if let Some(opaque) = &self.opaque {
            put(&[", opaque=\"", opaque, "\""]);
        }
        Value::new(header)
    }
}

/// Names and values, with or without quotes; a comma between quotes parts nothing.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        let name = name.trim_matches([',', ' ', '\t']);
        pairs.push((name.to_owned(), value.trim().to_owned()));
        rest = after;
    }
    pairs
}

/// In hexadecimal, of parts with a colon between.
fn md5(parts: &[&str]) -> Value {
    let mut hash = Md5::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            hash.update(b":");
        }
        hash.update(part.as_bytes());
    }
    let mut text = String::with_capacity(32);
    for byte in hash.finalize() {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    Value::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Value::new(text.to_owned())
    }

    fn answer(header: &str, user: &str, password: &str, once: &str) -> String {
        let asked = Asked {
            method: "GET",
            path: "/dir/index.html",
            once,
        };
        let challenge = Challenge::read(header).unwrap();
        let answer = challenge.answer(&value(user), &value(password), asked);
        answer.expose().to_owned()
    }

    /// <https://www.rfc-editor.org/rfc/rfc7616#section-3.9.1>, <https://www.rfc-editor.org/rfc/rfc2617#section-3.5>
    #[test]
    fn it_answers_as_the_examples_of_the_standards_do() {
        let newer = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, \
                     nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                     opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
        let once = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let answered = answer(newer, "Mufasa", "Circle of Life", once);
        assert!(
            answered.contains("response=\"8ca523f5e9506fed4657c9700eebdbec\""),
            "{answered}"
        );
        assert!(answered.contains("opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""));
        let older = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
                     nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        let answered = answer(older, "Mufasa", "Circle Of Life", "0a4f113b");
        assert!(
            answered.contains("response=\"6629fae49393a05397450978507c4ef1\""),
            "{answered}"
        );
    }

    /// <https://www.rfc-editor.org/rfc/rfc2069#section-2.4> with the response of its errata.
    #[test]
    fn a_challenge_without_qop_is_answered_in_the_old_way() {
        let header = "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
                      domain=\"\", algorithm=MD5, op=\"auth\", stale=false";
        let answered = answer(header, "Mufasa", "CircleOfLife", "unused");
        assert!(
            answered.contains("response=\"1949323746fe6a43ef61f9606e7febea\""),
            "{answered}"
        );
        assert!(!answered.contains("cnonce") && !answered.contains("qop"));
    }

    #[test]
    fn what_is_no_such_challenge_is_not_answered() {
        for header in [
            "",
            "Digest",
            "Basic realm=\"x\"",
            "Digest realm=\"x\"",
            "Digest realm=\"x\", nonce=\"y\", algorithm=SHA-256",
            "Digest realm=\"x\", nonce=\"y\", qop=\"auth-int\"",
        ] {
            assert_eq!(Challenge::read(header), None, "{header}");
        }
        let stale = Challenge::read("digest realm=\"a, b=c\",nonce=n,stale=TRUE").unwrap();
        assert!(stale.stale);
        assert_eq!(
            (stale.realm.as_str(), stale.nonce.as_str()),
            ("a, b=c", "n")
        );
    }
}
