//! Who calls: a service account by its token, or an API key by its digest. Each nonce is good for one
//! request, which is stricter than Atlas.
//!
//! <https://www.mongodb.com/docs/atlas/api/api-authentication>, <https://www.rfc-editor.org/rfc/rfc7616>

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::json;

use super::{ACCOUNT, KEY, Reply};
use crate::state::State;

const REALM: &str = "MMS Public API";

/// Gives a token to who knows the account's secret.
pub(super) fn token(
    state: &mut State,
    method: &str,
    login: &str,
    kind: Option<&str>,
    body: &[u8],
) -> Reply {
    let wanted = STANDARD.encode(format!("{}:{}", ACCOUNT.0, ACCOUNT.1));
    if login != format!("Basic {wanted}") {
        let error = json!({ "error": "invalid_client", "error_description": "Invalid client" });
        return Reply::json(401, &error);
    }
    let is_form = kind == Some("application/x-www-form-urlencoded");
    if method != "POST" || !is_form || body != b"grant_type=client_credentials" {
        return Reply::json(400, &json!({ "error": "invalid_request" }));
    }
    let token = format!("cAnAryToken-{}", state.number());
    state.tokens.insert(token.clone());
    let answer = json!({ "access_token": token, "expires_in": 3600, "token_type": "Bearer" });
    Reply::json(200, &answer)
}

/// Whether a request is from somebody who is known; else what is answered to it.
pub(super) fn checked(
    state: &mut State,
    method: &str,
    path: &str,
    login: &str,
) -> Result<(), Box<Reply>> {
    if let Some(token) = login.strip_prefix("Bearer ") {
        let is_known = state.tokens.contains(token);
        return is_known
            .then_some(())
            .ok_or_else(|| Box::new(unauthorized()));
    }
    let Some(answer) = login.strip_prefix("Digest ") else {
        return Err(Box::new(challenged(state, false)));
    };
    let answer = parts(answer);
    let of = |name: &str| answer.get(name).map_or("", String::as_str);
    if !state.nonces.remove(of("nonce")) {
        return Err(Box::new(challenged(state, true)));
    }
    let secret = md5(&format!("{}:{REALM}:{}", KEY.0, KEY.1));
    let request = md5(&format!("{method}:{path}"));
    let between = if state.has_qop {
        format!(
            "{}:{}:{}:{}",
            of("nonce"),
            of("nc"),
            of("cnonce"),
            of("qop")
        )
    } else {
        of("nonce").to_owned()
    };
    let wanted = md5(&format!("{secret}:{between}:{request}"));
    let fits = of("username") == KEY.0
        && of("realm") == REALM
        && of("uri") == path
        && of("response") == wanted
        && (!state.has_qop || (of("opaque") == "atlas" && of("qop") == "auth"));
    if fits {
        Ok(())
    } else {
        Err(Box::new(challenged(state, false)))
    }
}

/// 401 with a challenge.
pub(super) fn challenged(state: &mut State, is_late: bool) -> Reply {
    let nonce = format!("nonce-{}", state.number());
    state.nonces.insert(nonce.clone());
    let rest = if state.has_qop {
        "qop=\"auth\", opaque=\"atlas\""
    } else {
        "op=\"auth\""
    };
    let mut reply = unauthorized();
    reply.challenge = Some(format!(
        "Digest realm=\"{REALM}\", domain=\"\", nonce=\"{nonce}\", algorithm=MD5, {rest}, stale={is_late}"
    ));
    reply
}

/// Without a code: so Atlas answers who is not known.
fn unauthorized() -> Reply {
    Reply::error(401, None, "You are not authorized for this resource.")
}

fn parts(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split(", ").filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()))
        .collect()
}

fn md5(text: &str) -> String {
    let mut hex = String::with_capacity(32);
    for byte in Md5::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
