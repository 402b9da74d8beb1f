//! The Web API's methods: each has the scope that it needs, its rate, and whether it takes JSON. One
//! is asked in this order, as Slack does: token, scope, rate, arguments.
//! <https://docs.slack.dev/reference/methods>

use serde_json::{Value, json};

use crate::call::{Arguments, Refusal};
use crate::rates::Tier;
use crate::seen::Token;
use crate::workspace::{Access, BOT, BOT_USER, Channel, TEAM, Workspace};

pub(crate) mod chat;
pub(crate) mod files;
mod reactions;

/// A method.
pub(crate) struct Method {
    name: &'static str,
    scope: Option<&'static str>,
    tier: Tier,
    /// Methods that read take forms only; of JSON they see nothing.
    pub(crate) takes_json: bool,
    call: fn(&mut Workspace, &Arguments) -> Result<Value, Refusal>,
}

/// All methods that are known here.
const METHODS: [Method; 8] = [
    Method {
        name: "auth.test",
        scope: None,
        tier: Tier::Free,
        takes_json: true,
        call: who_am_i,
    },
    Method {
        name: "chat.postMessage",
        scope: Some("chat:write"),
        tier: Tier::Message,
        takes_json: true,
        call: chat::post,
    },
    Method {
        name: "chat.update",
        scope: Some("chat:write"),
        tier: Tier::Three,
        takes_json: true,
        call: chat::update,
    },
    Method {
        name: "files.completeUploadExternal",
        scope: Some("files:write"),
        tier: Tier::Four,
        takes_json: true,
        call: files::complete,
    },
    Method {
        name: "files.getUploadURLExternal",
        scope: Some("files:write"),
        tier: Tier::Four,
        // Documented as taking JSON, observed to see none of its fields:
        // https://github.com/Octember/earshot/pull/10
        takes_json: false,
        call: files::announce,
    },
    Method {
        name: "reactions.add",
        scope: Some("reactions:write"),
        tier: Tier::Three,
        takes_json: true,
        call: reactions::add,
    },
    Method {
        name: "reactions.get",
        scope: Some("reactions:read"),
        tier: Tier::Three,
        takes_json: false,
        call: reactions::get,
    },
    Method {
        name: "users.info",
        scope: Some("users:read"),
        tier: Tier::Four,
        takes_json: false,
        call: person,
    },
];

/// The scopes that the known methods need, each once.
pub(crate) fn scopes() -> Vec<String> {
    let mut scopes: Vec<_> = METHODS
        .iter()
        .filter_map(|method| method.scope.map(str::to_owned))
        .collect();
    scopes.sort();
    scopes.dedup();
    scopes
}

/// The method of this name.
pub(crate) fn named(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

/// What a call comes to.
pub(crate) enum Outcome {
    Done(Value),
    Refused(Refusal),
    /// Too many; how many seconds to wait.
    Limited(u64),
}

impl Method {
    pub(crate) fn call(
        &self,
        workspace: &mut Workspace,
        token: Token,
        arguments: &Arguments,
    ) -> Outcome {
        match token {
            Token::Right => {}
            Token::Wrong => return Outcome::Refused(Refusal::new("invalid_auth")),
            Token::Missing => return Outcome::Refused(Refusal::new("not_authed")),
        }
        if let Some(needed) = self.scope
            && !workspace.scopes.contains(needed)
        {
            return Outcome::Refused(Refusal {
                needed: Some(needed),
                ..Refusal::new("missing_scope")
            });
        }
        let channel = arguments.text("channel").unwrap_or_default();
        let key = match self.tier {
            Tier::Message => match workspace.channel(&channel) {
                Some(channel) => format!("{} {}", self.name, channel.id),
                None => self.name.to_owned(),
            },
            _ => self.name.to_owned(),
        };
        if let Err(wait) = workspace.within_rates(self.tier, &key) {
            return Outcome::Limited(wait);
        }
        match (self.call)(workspace, arguments) {
            Ok(body) => Outcome::Done(body),
            Err(refusal) => Outcome::Refused(refusal),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands among the methods")]
fn who_am_i(workspace: &mut Workspace, _: &Arguments) -> Result<Value, Refusal> {
    Ok(json!({
        "ok": true,
        "url": workspace.url,
        "team": "nightshift",
        "user": "nightshift",
        "team_id": TEAM,
        "user_id": BOT_USER,
        "bot_id": BOT,
        "is_enterprise_install": false,
    }))
}

/// <https://docs.slack.dev/reference/methods/users.info>
fn person(workspace: &mut Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let id = arguments.said("user").unwrap_or_default();
    let name = workspace
        .called(&id)
        .ok_or_else(|| Refusal::new("user_not_found"))?;
    Ok(json!({
        "ok": true,
        "user": {
            "id": id,
            "team_id": TEAM,
            "name": name.to_lowercase(),
            "real_name": name,
            "is_bot": id == BOT_USER,
            "deleted": false,
            "profile": { "real_name": name, "display_name": name },
        },
    }))
}

/// The channel of this id, as far as the app may know of it and act in it. Only
/// `chat.postMessage` takes names.
fn channel_of<'a>(workspace: &'a mut Workspace, id: &str) -> Result<&'a mut Channel, Refusal> {
    match workspace.channel_by_id(id) {
        Some(channel) => match channel.access {
            Access::Member => Ok(channel),
            Access::Public => Err(Refusal::new("not_in_channel")),
            Access::Private => Err(Refusal::new("channel_not_found")),
        },
        None => Err(Refusal::new("channel_not_found")),
    }
}

/// Whether it has the form of a `ts`: digits, a dot, digits.
fn is_ts(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.')
        .is_some_and(|(seconds, rest)| digits(seconds) && digits(rest))
}
