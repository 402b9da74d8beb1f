//! What a server answers to one connection.

use bson::{Binary, Bson, DateTime, Document, doc, spec::BinarySubtype};
use serde_json::Value as Json;

use super::refusal;
use super::scram::Exchange;
use crate::atlas::Shared;
use crate::state::Account;

/// One connection, and who is logged in on it.
pub(super) struct Connection {
    shared: Shared,
    server: usize,
    exchange: Option<Exchange>,
    /// The user and its id: one that was deleted and made again is another.
    user: Option<(String, u64)>,
}

impl Connection {
    pub(super) fn new(shared: Shared, server: usize) -> Self {
        Self {
            shared,
            server,
            exchange: None,
            user: None,
        }
    }

    pub(super) fn answer(&mut self, command: &Document) -> Document {
        let name = command.keys().next().map_or("", String::as_str);
        let stops = self.shared.lock().stopping.contains(&self.server);
        match name {
            "ping" | "connectionStatus" if stops => {
                refusal(11600, "InterruptedAtShutdown", "interrupted at shutdown")
            }
            "hello" | "isMaster" | "ismaster" => hello(command),
            "saslStart" => self.begin(command),
            "saslContinue" => self.go_on(command),
            "ping" | "endSessions" => doc! { "ok": 1.0 },
            "connectionStatus" => self.status(command),
            _ => refusal(59, "CommandNotFound", "no such command here"),
        }
    }

    fn begin(&mut self, command: &Document) -> Document {
        if !is(command, "mechanism", "SCRAM-SHA-256") {
            return refusal(334, "MechanismUnavailable", "only SCRAM-SHA-256");
        }
        if !is(command, "$db", "admin") {
            return failed();
        }
        let begun = Exchange::begin(payload(command), |user| {
            let state = self.shared.lock();
            let account = state.on_server(self.server, user)?;
            Some((account.password.clone(), account.id))
        });
        let Some((exchange, first)) = begun else {
            return failed();
        };
        self.exchange = Some(exchange);
        said(first, false)
    }

    fn go_on(&mut self, command: &Document) -> Document {
        let exchange = self.exchange.take();
        let ended = exchange.and_then(|exchange| exchange.end(payload(command)));
        let Some((user, id, last)) = ended else {
            return failed();
        };
        self.user = Some((user, id));
        said(last, true)
    }

    /// <https://www.mongodb.com/docs/manual/reference/command/connectionStatus/>
    fn status(&mut self, command: &Document) -> Document {
        let state = self.shared.lock();
        let user = self.user.as_ref().and_then(|(user, id)| {
            let account = state.on_server(self.server, user)?;
            (account.id == *id).then_some((user, account))
        });
        let mut info = doc! { "authenticatedUsers": [], "authenticatedUserRoles": [] };
        let mut privileges = Vec::new();
        if let Some((user, account)) = user {
            let named = doc! { "user": user, "db": "admin" };
            info.insert("authenticatedUsers", vec![Bson::from(named)]);
            info.insert("authenticatedUserRoles", each_role(account, as_role));
            privileges = each_role(account, as_privilege);
        }
        if command.get_bool("showPrivileges").unwrap_or(false) {
            info.insert("authenticatedUserPrivileges", privileges);
        }
        doc! { "authInfo": info, "ok": 1.0 }
    }
}

fn hello(command: &Document) -> Document {
    let mut answer = doc! {
        "helloOk": true, "ismaster": true, "isWritablePrimary": true, "readOnly": false,
        "maxBsonObjectSize": 16_777_216, "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000,
        "minWireVersion": 0, "maxWireVersion": 21, "logicalSessionTimeoutMinutes": 30,
        "localTime": DateTime::from_millis(0), "connectionId": 1, "ok": 1.0,
    };
    if command.contains_key("saslSupportedMechs") {
        answer.insert("saslSupportedMechs", vec!["SCRAM-SHA-256"]);
    }
    answer
}

fn is(command: &Document, name: &str, wanted: &str) -> bool {
    command.get_str(name).is_ok_and(|it| it == wanted)
}

fn payload(command: &Document) -> &[u8] {
    command
        .get_binary_generic("payload")
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn said(text: String, done: bool) -> Document {
    let payload = Binary {
        subtype: BinarySubtype::Generic,
        bytes: text.into_bytes(),
    };
    doc! { "conversationId": 1, "done": done, "payload": payload, "ok": 1.0 }
}

fn failed() -> Document {
    refusal(18, "AuthenticationFailed", "Authentication failed.")
}

fn each_role(account: &Account, of: impl Fn(&str, &str, &str) -> Document) -> Vec<Bson> {
    let roles = account.shown.get("roles").and_then(Json::as_array);
    let roles = roles.map(Vec::as_slice).unwrap_or_default().iter();
    let text = |role: &Json, name: &str| role[name].as_str().unwrap_or_default().to_owned();
    roles
        .map(|role| {
            let (name, on) = (text(role, "roleName"), text(role, "databaseName"));
            Bson::from(of(&name, &on, &text(role, "collectionName")))
        })
        .collect()
}

fn as_role(name: &str, database: &str, _: &str) -> Document {
    doc! { "role": name, "db": database }
}

fn as_privilege(name: &str, database: &str, collection: &str) -> Document {
    let everywhere = name.ends_with("AnyDatabase") || name == "atlasAdmin";
    let actions = if name.starts_with("read") && !name.starts_with("readWrite") {
        vec!["find", "listCollections"]
    } else {
        vec!["find", "insert", "listCollections", "remove", "update"]
    };
    let database = if everywhere { "" } else { database };
    doc! { "resource": { "db": database, "collection": collection }, "actions": actions }
}
