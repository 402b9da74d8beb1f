//! `chat.postMessage` and `chat.update`, and what a message may be made of, which holds for webhooks
//! too.

use serde_json::{Value, json};

use super::{channel_of, is_ts};
use crate::call::{Arguments, Refusal};
use crate::check::{Check, too_long};
use crate::message::{Author, Message};
use crate::workspace::{Access, BOT, BOT_USER, Content, TEAM, Workspace};

const ATTACHMENTS: usize = 100;
/// Slack documents both that longer texts are cut and that they are refused. Refused shows.
const POSTED_TEXT: usize = 40_000;
/// <https://github.com/seratch/ChatGPT-in-Slack/issues/102>
const UPDATED_TEXT: usize = 4_000;

/// <https://docs.slack.dev/reference/methods/chat.postMessage>
pub(super) fn post(workspace: &mut Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let wanted = arguments.said("channel").unwrap_or_default();
    // https://docs.slack.dev/reference/scopes/chat:write.public
    let everywhere = workspace.scopes.contains("chat:write.public");
    let channel = workspace
        .channel(&wanted)
        .filter(|channel| channel.access != Access::Private)
        .ok_or_else(|| Refusal::new("channel_not_found"))?;
    if channel.access == Access::Public && !everywhere {
        return Err(Refusal::new("not_in_channel"));
    }
    if channel.archived {
        return Err(Refusal::new("is_archived"));
    }
    let id = channel.id.clone();
    let content = content(workspace, arguments, POSTED_TEXT)?;
    let thread = arguments.said("thread_ts");
    if thread.as_deref().is_some_and(|thread| !is_ts(thread)) {
        return Err(Refusal::new("invalid_thread_ts"));
    }
    let posted = workspace.post(&id, Author::App, thread.as_deref(), content);
    let posted = posted.ok_or_else(|| Refusal::new("channel_not_found"))?;
    Ok(json!({ "ok": true, "channel": id, "ts": posted.ts, "message": told(&posted) }))
}

/// <https://docs.slack.dev/reference/methods/chat.update>. What is not said stays; an empty list
/// takes away.
pub(super) fn update(workspace: &mut Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let id = arguments.said("channel").unwrap_or_default();
    let ts = arguments.said("ts").unwrap_or_default();
    let channel = channel_of(workspace, &id)?;
    if channel.archived {
        return Err(Refusal::new("is_inactive"));
    }
    match channel.message(&ts) {
        None => return Err(Refusal::new("message_not_found")),
        Some(message) if message.author != Author::App => {
            return Err(Refusal::new("cant_update_message"));
        }
        Some(_) => {}
    }
    let content = content(workspace, arguments, UPDATED_TEXT)?;
    let message = channel_of(workspace, &id)?
        .message(&ts)
        .ok_or_else(|| Refusal::new("message_not_found"))?;
    if let Some(text) = content.text {
        message.text = text;
    }
    if let Some(blocks) = content.blocks {
        message.blocks = blocks;
    }
    if let Some(attachments) = content.attachments {
        message.attachments = attachments;
    }
    message.edits += 1;
    let told = told(message);
    let text = message.text.clone();
    workspace.counts.updated += 1;
    Ok(json!({ "ok": true, "channel": id, "ts": ts, "text": text, "message": told }))
}

/// What a message is made of, if Slack takes it.
pub(crate) fn content(
    workspace: &mut Workspace,
    arguments: &Arguments,
    most: usize,
) -> Result<Content, Refusal> {
    let text = arguments.text("text");
    let blocks = arguments
        .list("blocks")
        .map_err(|()| Refusal::new("invalid_blocks_format"))?;
    let attachments = arguments
        .list("attachments")
        .map_err(|()| Refusal::new("invalid_attachments"))?;
    let listed = |list: &Option<Vec<Value>>| list.clone().unwrap_or_default();
    let (shown, attached) = (listed(&blocks), listed(&attachments));
    if attached.len() > ATTACHMENTS {
        return Err(Refusal::new("too_many_attachments"));
    }
    let silent = text.as_deref().unwrap_or_default().trim().is_empty();
    if silent && shown.is_empty() && attached.is_empty() {
        return Err(Refusal::new("no_text"));
    }
    if text
        .as_deref()
        .is_some_and(|text| text.chars().count() > most)
    {
        return Err(Refusal::new("msg_too_long"));
    }
    let mut may_show = |id: &str| super::files::may_show(workspace, id);
    let faults = Check::new(&mut may_show).of_blocks(&shown);
    if !faults.is_empty() {
        return Err(Refusal::with("invalid_blocks", faults));
    }
    let faults = Check::new(&mut may_show).of_attachments(&attached);
    if !faults.is_empty() {
        return Err(Refusal::with("invalid_attachments", faults));
    }
    if too_long(&shown, &attached) {
        return Err(Refusal::new("msg_blocks_too_long"));
    }
    Ok(Content {
        text,
        blocks,
        attachments,
        files: Vec::new(),
    })
}

/// How much text an incoming webhook takes.
pub(crate) fn webhook_content(
    workspace: &mut Workspace,
    arguments: &Arguments,
) -> Result<Content, Refusal> {
    content(workspace, arguments, POSTED_TEXT)
}

/// A message as answers tell it.
pub(super) fn told(message: &Message) -> Value {
    let mut told = json!({
        "type": "message",
        "text": message.text,
        "ts": message.ts,
    });
    match &message.author {
        Author::Person(user) => told["user"] = user.as_str().into(),
        Author::App | Author::Webhook => {
            told["subtype"] = "bot_message".into();
            told["user"] = BOT_USER.into();
            told["bot_id"] = BOT.into();
            told["team"] = TEAM.into();
        }
    }
    if !message.blocks.is_empty() {
        told["blocks"] = json!(message.blocks);
    }
    if !message.attachments.is_empty() {
        told["attachments"] = json!(message.attachments);
    }
    if let Some(thread) = &message.thread {
        told["thread_ts"] = thread.as_str().into();
    }
    if message.edits > 0 {
        told["edited"] = json!({ "user": BOT_USER, "ts": message.ts });
    }
    if !message.reactions.is_empty() {
        told["reactions"] = message
            .reactions
            .iter()
            .map(|reaction| {
                json!({
                    "name": reaction.name,
                    "users": reaction.users,
                    "count": reaction.users.len(),
                })
            })
            .collect();
    }
    told
}
