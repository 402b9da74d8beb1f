//! One message with its thread.

use super::{author, blocks, counted, time};
use crate::emoji;
use crate::html::Html;
use crate::message::{Author, Message};
use crate::methods::files::image_type;
use crate::mrkdwn;
use crate::workspace::{Channel, Workspace};

/// The app's picture: a moon, drawn for this page.
const ICON: &str = "<svg class=\"avatar\" viewBox=\"0 0 36 36\" aria-hidden=\"true\">\
    <rect width=\"36\" height=\"36\" rx=\"8\" fill=\"#1d2b4f\"/>\
    <path d=\"M25.8 21.6A9.6 9.6 0 1 1 15.2 9a7.8 7.8 0 0 0 10.6 12.6z\" fill=\"#ffd166\"/>\
    <circle cx=\"25\" cy=\"11\" r=\"1.3\" fill=\"#fff\"/><circle cx=\"28.5\" cy=\"16\" r=\".9\" fill=\"#fff\"/>\
    </svg>";

/// Backgrounds of the letters that stand for people.
const COLOURS: [&str; 5] = ["#3a7ca5", "#8a5a83", "#4f8a5b", "#b0703c", "#5b6abf"];

pub(super) fn show(workspace: &Workspace, channel: &Channel, message: &Message, out: &mut Html) {
    out.raw("<article class=\"message\" data-ts=\"")
        .text(&message.ts)
        .raw("\">");
    avatar(workspace, &message.author, out);
    out.raw("<div class=\"body\"><div class=\"who\"><b>")
        .text(author(workspace, &message.author))
        .raw("</b>");
    if !matches!(message.author, Author::Person(_)) {
        out.raw("<span class=\"app\">APP</span>");
    }
    out.raw("<time datetime=\"")
        .text(&message.at.to_string())
        .raw("\">")
        .text(&time(workspace, message.at, "%H:%M"))
        .raw("</time></div>");
    if message.shows_its_text() {
        out.raw("<div class=\"text\">")
            .html(&mrkdwn::html(&message.text, workspace));
        edited(message, out);
        out.raw("</div>");
    }
    blocks::show(workspace, &message.blocks, out);
    for attachment in &message.attachments {
        blocks::attachment(workspace, attachment, out);
    }
    if !message.shows_its_text() {
        edited(message, out);
    }
    files(workspace, message, out);
    reactions(workspace, message, out);
    thread(workspace, channel, message, out);
    out.raw("</div></article>");
}

fn edited(message: &Message, out: &mut Html) {
    if message.edits > 0 {
        out.raw(" <span class=\"edited\">(edited)</span>");
    }
}

fn avatar(workspace: &Workspace, who: &Author, out: &mut Html) {
    let Author::Person(id) = who else {
        out.raw(ICON);
        return;
    };
    let name = author(workspace, who);
    let sum: usize = id.bytes().map(usize::from).sum();
    let colour = COLOURS.get(sum % COLOURS.len()).copied().unwrap_or("#777");
    let letter = name
        .chars()
        .next()
        .unwrap_or('?')
        .to_uppercase()
        .to_string();
    out.raw("<span class=\"avatar letter\" style=\"background:")
        .raw(colour)
        .raw("\">")
        .text(&letter)
        .raw("</span>");
}

fn files(workspace: &Workspace, message: &Message, out: &mut Html) {
    for id in &message.files {
        let Some(file) = workspace.files.get(id) else {
            continue;
        };
        out.raw("<figure><figcaption>")
            .text(&file.title)
            .raw("</figcaption>");
        if file.bytes.as_deref().and_then(image_type).is_some() {
            out.raw("<img src=\"/files/")
                .text(id)
                .raw("\" alt=\"")
                .text(&file.name)
                .raw("\">");
        } else {
            out.raw("<a href=\"/files/")
                .text(id)
                .raw("\">")
                .text(&file.name)
                .raw("</a>");
        }
        out.raw("</figure>");
    }
}

fn reactions(workspace: &Workspace, message: &Message, out: &mut Html) {
    if message.reactions.is_empty() {
        return;
    }
    out.raw("<ul class=\"reactions\">");
    for reaction in &message.reactions {
        let names: Vec<_> = reaction
            .users
            .iter()
            .map(|user| workspace.called(user).unwrap_or(user))
            .collect();
        out.raw("<li title=\"")
            .text(&names.join(", "))
            .raw(" (:")
            .text(&reaction.name)
            .raw(":)\">");
        match emoji::picture(&reaction.name) {
            Some(picture) => out.text(picture),
            None => out.raw(":").text(&reaction.name).raw(":"),
        };
        out.raw("<span>")
            .text(&reaction.users.len().to_string())
            .raw("</span></li>");
    }
    out.raw("</ul>");
}

fn thread(workspace: &Workspace, channel: &Channel, message: &Message, out: &mut Html) {
    let replies: Vec<_> = channel.replies(&message.ts).collect();
    if replies.is_empty() {
        return;
    }
    out.raw("<section class=\"thread\"><h4>")
        .text(&counted(replies.len(), "reply", "replies"))
        .raw("</h4>");
    for reply in replies {
        show(workspace, channel, reply, out);
    }
    out.raw("</section>");
}
