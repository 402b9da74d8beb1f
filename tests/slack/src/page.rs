//! The channels as a person would see them, on pages that load nothing from elsewhere, and the same
//! as data. Whatever stands in a message is text here, never markup.

use hyper::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::html::Html;
use crate::message::Author;
use crate::methods::files::image_type;
use crate::mrkdwn::Names;
use crate::serve::{HTML, JSON, Reply, Shared, TEXT};
use crate::workspace::{Channel, Workspace};

mod blocks;
mod message;

/// What a page may load: its own script and uploaded pictures.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; \
    script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/page.js");

/// Answers whoever looks: `/`, `/channels/<name>`, `/channels/<name>.json`, `/files/<id>`.
pub(crate) fn answer(shared: &Shared, method: &Method, path: &str) -> Reply {
    if method != Method::GET {
        return Reply::refused(405, "method_not_allowed");
    }
    let workspace = shared.lock();
    let found = if path == "/" {
        Some(Reply::new(200, HTML, index(&workspace)))
    } else if path == "/page.js" {
        Some(Reply::new(200, "text/javascript; charset=utf-8", SCRIPT))
    } else if let Some(id) = path.strip_prefix("/files/") {
        file(&workspace, id)
    } else if let Some(name) = path.strip_prefix("/channels/") {
        let name = decoded(name);
        match name.strip_suffix(".json") {
            Some(name) => named(&workspace, name)
                .and_then(|channel| data(&workspace, &channel.id))
                .map(|data| Reply::new(200, JSON, data.to_string())),
            None => named(&workspace, &name)
                .map(|channel| Reply::new(200, HTML, of_channel(&workspace, channel))),
        }
    } else {
        None
    };
    found.unwrap_or_else(|| Reply::new(404, TEXT, "There is nothing here.\n"))
}

/// A channel's name in an address.
pub(crate) fn encoded(name: &str) -> String {
    let form: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    form.replace('+', "%20")
}

fn decoded(name: &str) -> String {
    let form = name.replace('+', "%2B");
    form_urlencoded::parse(form.as_bytes())
        .map(|(name, _)| name.into_owned())
        .next()
        .unwrap_or_default()
}

fn named<'a>(workspace: &'a Workspace, name: &str) -> Option<&'a Channel> {
    workspace
        .channels
        .iter()
        .find(|channel| channel.name == name)
}

/// Only pictures are sent as what they are: anything else could be a page of its own.
fn file(workspace: &Workspace, id: &str) -> Option<Reply> {
    let bytes = workspace.files.get(id)?.bytes.as_deref()?;
    let kind = image_type(bytes).unwrap_or("application/octet-stream");
    Some(Reply::new(200, kind, bytes))
}

/// A channel as data.
pub(crate) fn data(workspace: &Workspace, id: &str) -> Option<Value> {
    let channel = workspace.channels.iter().find(|it| it.id == id)?;
    let messages: Vec<_> = tops(channel)
        .map(|message| told(workspace, channel, message))
        .collect();
    Some(json!({
        "id": channel.id,
        "name": channel.name,
        "archived": channel.archived,
        "messages": messages,
    }))
}

fn told(workspace: &Workspace, channel: &Channel, message: &crate::message::Message) -> Value {
    let reactions: Vec<_> = message
        .reactions
        .iter()
        .map(|it| json!({ "name": it.name, "users": it.users, "count": it.users.len() }))
        .collect();
    let replies: Vec<_> = channel
        .replies(&message.ts)
        .map(|reply| told(workspace, channel, reply))
        .collect();
    json!({
        "ts": message.ts,
        "at": message.at.to_string(),
        "author": author(workspace, &message.author),
        "text": message.text,
        "blocks": message.blocks,
        "attachments": message.attachments,
        "files": message.files,
        "reactions": reactions,
        "edits": message.edits,
        "replies": replies,
    })
}

/// What stands in the channel itself; replies whose parent is gone among it.
fn tops(channel: &Channel) -> impl Iterator<Item = &crate::message::Message> {
    channel.messages.iter().filter(|message| {
        message
            .thread
            .as_ref()
            .is_none_or(|parent| !channel.messages.iter().any(|message| message.ts == *parent))
    })
}

fn author<'a>(workspace: &'a Workspace, author: &'a Author) -> &'a str {
    match author {
        Author::App | Author::Webhook => "nightshift",
        Author::Person(id) => workspace.called(id).unwrap_or(id),
    }
}

impl Names for Workspace {
    fn user(&self, id: &str) -> Option<String> {
        self.called(id).map(str::to_owned)
    }

    fn channel(&self, id: &str) -> Option<String> {
        let channel = self.channels.iter().find(|channel| channel.id == id);
        channel.map(|channel| channel.name.clone())
    }
}

fn time(workspace: &Workspace, at: Timestamp, form: &str) -> String {
    let zoned = at.to_zoned(workspace.zone.clone());
    jiff::fmt::strtime::format(form, &zoned).unwrap_or_default()
}

/// The frame around every page: the channels at the side.
fn framed(workspace: &Workspace, title: &str, here: Option<&str>, main: &Html) -> String {
    let mut out = Html::new();
    out.raw("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .raw("<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript><title>")
        .text(title)
        .raw("</title><style>")
        .raw(STYLE)
        .raw("</style><script src=\"/page.js\" defer></script></head><body>")
        .raw("<aside><a class=\"workspace\" href=\"/\">nightshift</a><nav><h2>Channels</h2>");
    for channel in &workspace.channels {
        out.raw("<a href=\"/channels/")
            .text(&encoded(&channel.name));
        if here == Some(channel.name.as_str()) {
            out.raw("\" class=\"here");
        }
        out.raw("\"><span>#</span> ")
            .text(&channel.name)
            .raw("</a>");
    }
    out.raw("</nav></aside><main>")
        .html(main)
        .raw("</main></body></html>\n");
    out.into_string()
}

fn index(workspace: &Workspace) -> String {
    let mut out = Html::new();
    out.raw("<header class=\"top\"><h1>Channels</h1></header><ul class=\"channels\">");
    for channel in &workspace.channels {
        out.raw("<li><a href=\"/channels/")
            .text(&encoded(&channel.name))
            .raw("\"><b># ")
            .text(&channel.name)
            .raw("</b><span>")
            .text(&counted(channel.messages.len(), "message", "messages"));
        if channel.archived {
            out.raw(" · archived");
        }
        if let Some(last) = channel.messages.last() {
            out.raw(" · last at ")
                .text(&time(workspace, last.at, "%H:%M"));
        }
        out.raw("</span></a></li>");
    }
    out.raw("</ul>");
    framed(workspace, "nightshift", None, &out)
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn of_channel(workspace: &Workspace, channel: &Channel) -> String {
    let mut out = Html::new();
    out.raw("<header class=\"top\"><h1># ")
        .text(&channel.name)
        .raw("</h1>");
    if channel.archived {
        out.raw("<span class=\"note\">archived</span>");
    }
    out.raw("</header><div class=\"messages\">");
    if channel.messages.is_empty() {
        out.raw("<p class=\"nothing\">Nothing has been posted here yet.</p>");
    }
    let mut day = String::new();
    for message in tops(channel) {
        let this = time(workspace, message.at, "%A, %-d %B %Y");
        if this != day {
            out.raw("<div class=\"day\"><span>")
                .text(&this)
                .raw("</span></div>");
            day = this;
        }
        message::show(workspace, channel, message, &mut out);
    }
    out.raw("</div>");
    framed(
        workspace,
        &format!("#{}", channel.name),
        Some(&channel.name),
        &out,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_the_way_into_an_address_and_back() {
        for name in ["ops", "障害-通知", "a_b-1", "c+d"] {
            assert_eq!(decoded(&encoded(name)), name);
        }
    }
}
