//! Incoming webhooks: bound to one channel, answered in plain text, and telling nothing of the
//! message.
//!
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>; the codes and their
//! statuses: <https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks>.

use hyper::body::Bytes;
use serde_json::Value;

use crate::call::Arguments;
use crate::message::Author;
use crate::methods::chat;
use crate::rates::Tier;
use crate::serve::{Reply, TEXT};
use crate::workspace::{Hook, TEAM, Workspace};

/// The path of a webhook after `/services/`: workspace, app, secret.
pub(crate) fn path(hook: &Hook) -> String {
    format!("{TEAM}/{}/{}", hook.app, hook.secret)
}

fn find<'a>(workspace: &'a Workspace, wanted: &str) -> Option<&'a Hook> {
    let open = |path: &str| path.rsplit_once('/').map(|(open, _)| open.to_owned());
    workspace
        .hooks
        .iter()
        .find(|hook| open(&path(hook)) == open(wanted))
}

/// Whether this path is a webhook's, secret and all.
pub(crate) fn is_known(workspace: &Workspace, wanted: &str) -> bool {
    find(workspace, wanted).is_some_and(|hook| path(hook) == wanted && !hook.refused)
}

/// A message that was sent to a webhook.
pub(crate) fn receive(workspace: &mut Workspace, wanted: &str, json: bool, body: &Bytes) -> Reply {
    let Some(hook) = find(workspace, wanted).cloned() else {
        return Reply::refused(404, "no_service");
    };
    if hook.refused || path(&hook) != wanted {
        return Reply::refused(403, "invalid_token");
    }
    let key = format!("webhook {}", hook.app);
    if let Err(seconds) = workspace.within_rates(Tier::Message, &key) {
        return Reply {
            retry_after: Some(seconds),
            ..Reply::refused(429, "rate_limited")
        };
    }
    // Without JSON's content type it is a form with the JSON in its field `payload`.
    let payload = if json {
        serde_json::from_slice(body).ok()
    } else {
        let field = Arguments::of_form(body).said("payload");
        field.and_then(|payload| serde_json::from_str(&payload).ok())
    };
    let Some(Value::Object(object)) = payload else {
        return Reply::refused(400, "invalid_payload");
    };
    match workspace.channel_by_id(&hook.channel) {
        None => return Reply::refused(404, "channel_not_found"),
        Some(channel) if channel.archived => {
            return Reply::refused(410, "channel_is_archived");
        }
        Some(_) => {}
    }
    let arguments = Arguments::of_json(object);
    let content = match chat::webhook_content(workspace, &arguments) {
        Ok(content) => content,
        Err(refusal) => return Reply::refused(400, &refusal.error),
    };
    let thread = arguments.said("thread_ts");
    workspace.post(&hook.channel, Author::Webhook, thread.as_deref(), content);
    Reply::new(200, TEXT, "ok")
}
