//! Database users: shown, made, changed and deleted, with what Atlas has against it.
//!
//! <https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/group/endpoint-database-users>

use serde_json::{Map, Value as Json, json};

use super::Reply;
use crate::state::{Account, State};

/// What may be sent of a user.
const KNOWN: [&str; 13] = [
    "awsIAMType",
    "databaseName",
    "deleteAfterDate",
    "description",
    "groupId",
    "labels",
    "ldapAuthType",
    "oidcAuthType",
    "password",
    "roles",
    "scopes",
    "username",
    "x509Type",
];

/// The shortest password that Atlas takes.
const SHORTEST: usize = 8;

/// An account as the API makes it of what was sent.
pub(crate) fn account(state: &mut State, user: &str, password: &str, sent: Json) -> Account {
    let mut shown = json!({
        "awsIAMType": "NONE", "databaseName": "admin", "groupId": state.project, "labels": [],
        "ldapAuthType": "NONE", "links": [], "oidcAuthType": "NONE", "roles": [], "scopes": [],
        "username": user, "x509Type": "NONE",
    });
    if let (Some(shown), Json::Object(sent)) = (shown.as_object_mut(), sent) {
        shown.extend(sent);
        shown.remove("password");
    }
    Account {
        id: state.number(),
        password: password.to_owned(),
        shown: shown.as_object().cloned().unwrap_or_default(),
    }
}

/// Answers to who is known already.
pub(super) fn answer(state: &mut State, method: &str, path: &str, sent: Option<Json>) -> Reply {
    let mut parts = path.trim_start_matches('/').split('/');
    let head: Vec<&str> = parts.by_ref().take(4).collect();
    let rest: Vec<&str> = parts.collect();
    let (["api", "atlas", "v2", "groups"], [project, "databaseUsers", rest @ ..]) =
        (head.as_slice(), rest.as_slice())
    else {
        return Reply::error(404, Some("RESOURCE_NOT_FOUND"), "No such resource.");
    };
    if *project != state.project {
        return Reply::error(
            404,
            Some("GROUP_NOT_FOUND"),
            "No group with that ID exists.",
        );
    }
    let sent = match sent {
        Some(Json::Object(sent)) => Some(sent),
        _ => None,
    };
    match (method, rest, sent) {
        ("POST", [], Some(sent)) => made(state, sent),
        ("GET", ["admin", user], None) => one(state, user),
        ("PATCH", ["admin", user], Some(sent)) => changed(state, user, sent),
        ("DELETE", ["admin", user], None) => deleted(state, user),
        _ => Reply::error(405, Some("METHOD_NOT_ALLOWED"), "Not so."),
    }
}

fn one(state: &State, user: &str) -> Reply {
    match state.users.get(user) {
        Some(account) => Reply::json(200, &Json::Object(account.shown.clone())),
        None => missing(),
    }
}

fn made(state: &mut State, sent: Map<String, Json>) -> Reply {
    let text = |name: &str| sent.get(name).and_then(Json::as_str).unwrap_or_default();
    let (user, password) = (text("username").to_owned(), text("password").to_owned());
    if user.is_empty() || password.is_empty() || text("databaseName") != "admin" {
        return Reply::error(
            400,
            Some("MISSING_ATTRIBUTE"),
            "A required attribute is missing.",
        );
    }
    if let Some(reply) = refused(&sent) {
        return reply;
    }
    if !sent.contains_key("roles") {
        return Reply::error(400, Some("MISSING_ATTRIBUTE"), "roles is missing.");
    }
    if state.users.contains_key(&user) {
        return Reply::error(409, Some("USER_ALREADY_EXISTS"), "The user already exists.");
    }
    let account = account(state, &user, &password, Json::Object(sent));
    let shown = Json::Object(account.shown.clone());
    state.put(&user, Some(account));
    Reply::json(201, &shown)
}

fn changed(state: &mut State, user: &str, mut sent: Map<String, Json>) -> Reply {
    let Some(mut account) = state.users.get(user).cloned() else {
        return missing();
    };
    if let Some(reply) = refused(&sent) {
        return reply;
    }
    if let Some(Json::String(password)) = sent.remove("password") {
        account.password = password;
    }
    account.shown.extend(sent);
    let shown = Json::Object(account.shown.clone());
    state.put(user, Some(account));
    Reply::json(200, &shown)
}

fn deleted(state: &mut State, user: &str) -> Reply {
    if !state.users.contains_key(user) {
        return missing();
    }
    state.put(user, None);
    Reply::bytes(204, "")
}

/// What Atlas has against an attribute.
fn refused(sent: &Map<String, Json>) -> Option<Reply> {
    let invalid = |what: &str| Reply::error(400, Some("INVALID_ATTRIBUTE"), what);
    if let Some(name) = sent.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Some(invalid(&format!("Invalid attribute {name} specified.")));
    }
    let password = sent.get("password").and_then(Json::as_str);
    if password.is_some_and(|password| password.len() < SHORTEST) {
        return Some(invalid("Invalid attribute password specified."));
    }
    let roles = sent.get("roles").and_then(Json::as_array);
    let is_role = |role: &Json| role["roleName"].is_string() && role["databaseName"].is_string();
    if roles.is_some_and(|roles| roles.is_empty() || !roles.iter().all(is_role)) {
        return Some(invalid("Invalid attribute roles specified."));
    }
    None
}

fn missing() -> Reply {
    Reply::error(
        404,
        Some("USERNAME_NOT_FOUND"),
        "No user with that username exists.",
    )
}
