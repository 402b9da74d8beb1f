//! Blocks and attachments. They were checked when they came, so what is missing here is left out.

use serde_json::Value;

use crate::html::Html;
use crate::mrkdwn;
use crate::workspace::Workspace;

pub(super) fn show(workspace: &Workspace, blocks: &[Value], out: &mut Html) {
    for block in blocks {
        match block["type"].as_str() {
            Some("header") => {
                out.raw("<h3>")
                    .html(&text(workspace, &block["text"]))
                    .raw("</h3>");
            }
            Some("section") => section(workspace, block, out),
            Some("context") => {
                out.raw("<div class=\"context\">");
                for element in items(&block["elements"]) {
                    out.raw("<span>");
                    if element["type"] == "image" {
                        image(element, out);
                    } else {
                        out.html(&text(workspace, element));
                    }
                    out.raw("</span>");
                }
                out.raw("</div>");
            }
            Some("divider") => {
                out.raw("<hr>");
            }
            Some("image") => {
                out.raw("<figure>");
                if block["title"].is_object() {
                    out.raw("<figcaption>")
                        .html(&text(workspace, &block["title"]))
                        .raw("</figcaption>");
                }
                image(block, out);
                out.raw("</figure>");
            }
            Some("actions") => {
                out.raw("<div class=\"actions\">");
                for element in items(&block["elements"]) {
                    button(element, out);
                }
                out.raw("</div>");
            }
            _ => {}
        }
    }
}

fn section(workspace: &Workspace, block: &Value, out: &mut Html) {
    out.raw("<div class=\"section\"><div>");
    if block["text"].is_object() {
        out.raw("<div class=\"text\">")
            .html(&text(workspace, &block["text"]))
            .raw("</div>");
    }
    let fields = items(&block["fields"]);
    if !fields.is_empty() {
        out.raw("<div class=\"fields\">");
        for field in fields {
            out.raw("<div>").html(&text(workspace, field)).raw("</div>");
        }
        out.raw("</div>");
    }
    out.raw("</div>");
    match block["accessory"]["type"].as_str() {
        Some("image") => image(&block["accessory"], out),
        Some("button") => button(&block["accessory"], out),
        _ => {}
    }
    out.raw("</div>");
}

/// A text object.
fn text(workspace: &Workspace, object: &Value) -> Html {
    let said = object["text"].as_str().unwrap_or_default();
    if object["type"] == "plain_text" {
        mrkdwn::plain(said)
    } else {
        mrkdwn::html(said, workspace)
    }
}

/// An uploaded picture; one from elsewhere is not loaded, only said to be there.
fn image(block: &Value, out: &mut Html) {
    let alt = block["alt_text"].as_str().unwrap_or_default();
    if let Some(id) = block["slack_file"]["id"].as_str() {
        out.raw("<img src=\"/files/")
            .text(id)
            .raw("\" alt=\"")
            .text(alt)
            .raw("\">");
        return;
    }
    let address = block["image_url"].as_str().unwrap_or_default();
    out.raw("<span class=\"elsewhere\" title=\"")
        .text(address)
        .raw("\">🖼 ")
        .text(alt)
        .raw("</span>");
}

fn button(element: &Value, out: &mut Html) {
    let label = mrkdwn::plain(element["text"]["text"].as_str().unwrap_or_default());
    let address = element["url"].as_str().unwrap_or_default();
    let style = match element["style"].as_str() {
        Some("primary") => "button primary",
        Some("danger") => "button danger",
        _ => "button",
    };
    if address.starts_with("https://") || address.starts_with("http://") {
        out.raw("<a class=\"")
            .raw(style)
            .raw("\" target=\"_blank\" rel=\"noreferrer\" href=\"")
            .text(address)
            .raw("\">")
            .html(&label)
            .raw("</a>");
    } else {
        out.raw("<span class=\"")
            .raw(style)
            .raw("\">")
            .html(&label)
            .raw("</span>");
    }
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// An attachment, of the newer form with blocks or of the older one.
/// <https://api.slack.com/reference/messaging/attachments>
pub(super) fn attachment(workspace: &Workspace, attachment: &Value, out: &mut Html) {
    let said = |name: &str| attachment[name].as_str().filter(|text| !text.is_empty());
    if let Some(pretext) = said("pretext") {
        out.raw("<div class=\"text\">")
            .html(&mrkdwn::html(pretext, workspace))
            .raw("</div>");
    }
    out.raw("<div class=\"attachment\" style=\"--bar:")
        .text(&colour(said("color").unwrap_or_default()))
        .raw("\">");
    show(workspace, items(&attachment["blocks"]), out);
    if let Some(title) = said("title") {
        out.raw("<div class=\"text\"><b>")
            .html(&mrkdwn::plain(title))
            .raw("</b></div>");
    }
    if let Some(text) = said("text") {
        out.raw("<div class=\"text\">")
            .html(&mrkdwn::html(text, workspace))
            .raw("</div>");
    }
    let fields = items(&attachment["fields"]);
    if !fields.is_empty() {
        out.raw("<div class=\"fields\">");
        for field in fields {
            let said = |name: &str| field[name].as_str().unwrap_or_default();
            out.raw("<div><b>")
                .html(&mrkdwn::plain(said("title")))
                .raw("</b><br>")
                .html(&mrkdwn::html(said("value"), workspace))
                .raw("</div>");
        }
        out.raw("</div>");
    }
    if let Some(footer) = said("footer") {
        out.raw("<div class=\"context\"><span>")
            .html(&mrkdwn::plain(footer))
            .raw("</span></div>");
    }
    out.raw("</div>");
}

/// `good`, `warning`, `danger`, or six hexadecimal digits; grey else.
fn colour(said: &str) -> String {
    match said {
        "good" => "#2eb886".to_owned(),
        "warning" => "#daa038".to_owned(),
        "danger" => "#a30200".to_owned(),
        other => {
            let digits = other.trim_start_matches('#');
            let known = digits.len() == 6 && digits.bytes().all(|it| it.is_ascii_hexdigit());
            format!("#{}", if known { digits } else { "dddddd" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_never_anything_but_a_colour() {
        let cases = [
            ("good", "#2eb886"),
            ("#E01E5A", "#E01E5A"),
            ("e01e5a", "#e01e5a"),
            ("red;background:url(//x)", "#dddddd"),
            ("", "#dddddd"),
        ];
        for (said, shown) in cases {
            assert_eq!(colour(said), shown, "{said}");
        }
    }
}
