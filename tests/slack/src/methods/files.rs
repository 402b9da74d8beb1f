//! Uploads in their three steps: announced, sent, completed. Only then may a message show a file,
//! and only an image.

use serde_json::{Value, json};

use super::is_ts;
use crate::call::{Arguments, Refusal};
use crate::message::Author;
use crate::workspace::{Access, Content, File, Workspace};

/// <https://docs.slack.dev/reference/methods/files.getUploadURLExternal>
pub(super) fn announce(workspace: &mut Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let missing: Vec<_> = ["filename", "length"]
        .into_iter()
        .filter(|name| !arguments.has(name))
        .map(|name| format!("missing required field: {name}"))
        .collect();
    if !missing.is_empty() {
        return Err(Refusal::with("invalid_arguments", missing));
    }
    let length = arguments.text("length").unwrap_or_default();
    let Ok(length) = length.parse::<usize>() else {
        let what = "must provide an integer [json-pointer:/length]";
        return Err(Refusal::with("invalid_arguments", vec![what.to_owned()]));
    };
    // "Typically only occurs when the length provided is 0."
    if length == 0 {
        return Err(Refusal::new("missing_argument"));
    }
    let number = workspace.number();
    let id = format!("F0{number:08}");
    let ticket = format!("ticket-{number}");
    let upload_url = format!("{}/upload/v1/{ticket}", workspace.url);
    let name = arguments.text("filename").unwrap_or_default();
    let file = File {
        title: name.clone(),
        name,
        length,
        ticket,
        ..File::default()
    };
    workspace.files.insert(id.clone(), file);
    Ok(json!({ "ok": true, "upload_url": upload_url, "file_id": id }))
}

/// The bytes that are sent to an upload's address; the answer's status and text.
pub(crate) fn receive(workspace: &mut Workspace, ticket: &str, bytes: &[u8]) -> (u16, String) {
    let Some(file) = workspace
        .files
        .values_mut()
        .find(|file| file.ticket == ticket)
    else {
        return (404, "no such upload".to_owned());
    };
    if file.complete {
        return (400, "the upload is complete".to_owned());
    }
    if file.length != bytes.len() {
        let (announced, came) = (file.length, bytes.len());
        return (
            400,
            format!("{announced} bytes were announced and {came} came"),
        );
    }
    if file.bytes.replace(bytes.to_vec()).is_none() {
        workspace.counts.uploaded += 1;
    }
    (200, format!("OK - {}", bytes.len()))
}

/// <https://docs.slack.dev/reference/methods/files.completeUploadExternal>. With a channel the files
/// are shared there in a message of their own; Slack does that later, so the answer has no `ts`.
pub(super) fn complete(workspace: &mut Workspace, arguments: &Arguments) -> Result<Value, Refusal> {
    let wanted = arguments
        .list("files")
        .ok()
        .flatten()
        .filter(|files| !files.is_empty())
        .ok_or_else(|| {
            let what = "missing required field: files".to_owned();
            Refusal::with("invalid_arguments", vec![what])
        })?;
    let mut sent = Vec::new();
    for (index, file) in wanted.iter().enumerate() {
        let mut names = file
            .as_object()
            .into_iter()
            .flat_map(|fields| fields.keys());
        let known = ["id", "title", "highlight_type"];
        if let Some(name) = names.find(|name| !known.contains(&name.as_str())) {
            let what = format!("invalid additional property: {name} [json-pointer:/files/{index}]");
            return Err(Refusal::with("invalid_arguments", vec![what]));
        }
        let id = file["id"].as_str().unwrap_or_default().to_owned();
        let is_there = workspace
            .files
            .get(&id)
            .is_some_and(|file| file.bytes.is_some() && !file.complete);
        if !is_there {
            return Err(Refusal::new("file_not_found"));
        }
        sent.push((id, file["title"].as_str().map(str::to_owned)));
    }
    let share = destination(workspace, arguments)?;
    let not_ready = workspace.slow_files;
    let mut told = Vec::new();
    let mut ids = Vec::new();
    for (id, title) in sent {
        if let Some(file) = workspace.files.get_mut(&id) {
            file.complete = true;
            file.not_ready = not_ready;
            if let Some(title) = title {
                file.title = title;
            }
            told.push(json!({ "id": id, "title": file.title }));
        }
        ids.push(id);
    }
    if let Some(channel) = share {
        let content = Content {
            text: arguments.text("initial_comment"),
            files: ids,
            ..Content::default()
        };
        let thread = arguments.said("thread_ts");
        workspace.post(&channel, Author::App, thread.as_deref(), content);
    }
    Ok(json!({ "ok": true, "files": told }))
}

/// Where the files are to be shared, if anywhere: only an id is taken.
fn destination(
    workspace: &mut Workspace,
    arguments: &Arguments,
) -> Result<Option<String>, Refusal> {
    let Some(id) = arguments.said("channel_id") else {
        return Ok(None);
    };
    if arguments.said("thread_ts").is_some_and(|ts| !is_ts(&ts)) {
        return Err(Refusal::new("invalid_thread_ts"));
    }
    match workspace.channel_by_id(&id) {
        Some(channel) if channel.access == Access::Member && !channel.archived => Ok(Some(id)),
        Some(channel) if channel.access == Access::Public => {
            Err(Refusal::new("posting_to_channel_denied"))
        }
        _ => Err(Refusal::new("invalid_channel")),
    }
}

/// Whether a message may show this file now: it is complete, an image, and was looked at.
pub(super) fn may_show(workspace: &mut Workspace, id: &str) -> bool {
    let Some(file) = workspace.files.get_mut(id) else {
        return false;
    };
    if !file.complete || file.bytes.as_deref().and_then(image_type).is_none() {
        return false;
    }
    let ready = file.not_ready == 0;
    file.not_ready = file.not_ready.saturating_sub(1);
    ready
}

/// What kind of image it is, of those that Slack shows, by its first bytes.
pub(crate) fn image_type(bytes: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 3] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
    ];
    kinds
        .into_iter()
        .find(|(magic, _)| bytes.starts_with(magic))
        .map(|(_, kind)| kind)
}
