//! `reactions.add` and `reactions.get`.

use serde_json::{Value, json};

use super::{channel_of, chat, is_ts};
use crate::call::{Arguments, Refusal};
use crate::emoji;
use crate::message::Message;
use crate::workspace::{BOT_USER, Workspace, react};

/// <https://docs.slack.dev/reference/methods/reactions.add>
pub(super) fn add(workspace: &mut Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let name = arguments.said("name").unwrap_or_default();
    if emoji::picture(&name).is_none() {
        return Err(Refusal::new("invalid_name"));
    }
    let id = arguments.said("channel").unwrap_or_default();
    if workspace
        .channel_by_id(&id)
        .is_some_and(|channel| channel.archived)
    {
        return Err(Refusal::new("is_archived"));
    }
    if !react(message(workspace, arguments)?, BOT_USER, &name) {
        return Err(Refusal::new("already_reacted"));
    }
    workspace.counts.reacted += 1;
    Ok(json!({ "ok": true }))
}

/// <https://docs.slack.dev/reference/methods/reactions.get>. A message without reactions has no
/// `reactions`.
pub(super) fn get(workspace: &mut Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let channel = arguments.said("channel").unwrap_or_default();
    let told = chat::told(message(workspace, arguments)?);
    Ok(json!({ "ok": true, "type": "message", "channel": channel, "message": told }))
}

/// The message that the arguments name.
fn message<'a>(
    workspace: &'a mut Workspace,
    arguments: &Arguments,
) -> Result<&'a mut Message, Refusal> {
    let (Some(channel), Some(ts)) = (arguments.said("channel"), arguments.said("timestamp")) else {
        return Err(Refusal::new("no_item_specified"));
    };
    if !is_ts(&ts) {
        return Err(Refusal::new("bad_timestamp"));
    }
    channel_of(workspace, &channel)?
        .message(&ts)
        .ok_or_else(|| Refusal::new("message_not_found"))
}
