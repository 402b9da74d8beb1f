//! A message as people see it, before it is put into Slack's form. What strangers wrote (alarm
//! names, reasons, log lines) enters through [`Mrkdwn::plain`] or [`Mrkdwn::code`] and is harmless
//! from then on: it can neither mention anybody nor make a link.

use std::fmt;

/// How urgent it looks: the bar beside the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Somebody must act.
    Red,
    /// Somebody should look.
    Amber,
    /// It is well again.
    Green,
    /// Good to know.
    Blue,
    /// Quiet on purpose.
    Grey,
}

/// Text in Slack's markup, with everything of strangers' made harmless.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mrkdwn(String);

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The bar.
    pub colour: Colour,
    /// One line, plain text: state, what and where. At most 150 characters are shown as a header.
    pub title: String,
    /// Paragraphs, each one section.
    pub body: Vec<Mrkdwn>,
    /// Name and value side by side.
    pub fields: Vec<(String, Mrkdwn)>,
    /// Where to look: label and address.
    pub links: Vec<(String, String)>,
    /// Small print, the provenance last.
    pub context: Vec<Mrkdwn>,
    /// Whom to mention: the id of a user (`U…`) or of a user group (`S…`), or `here`, `channel`.
    pub mention: Option<String>,
    /// A picture that was uploaded: Slack's id of the file and what is to be seen on it.
    pub picture: Option<(String, String)>,
}

impl Mrkdwn {
    /// A stranger's words: `&`, `<` and `>` are escaped, which leaves no mention and no link;
    /// control characters but line breaks become spaces.
    /// <https://docs.slack.dev/messaging/formatting-message-text#escaping>
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self(escaped(text))
    }

    /// A stranger's word in back-ticks. A back-tick in it would end the code, so it becomes `'`.
    #[must_use]
    pub fn code(text: &str) -> Self {
        Self(format!(
            "`{}`",
            escaped(text).replace('`', "'").replace('\n', " ")
        ))
    }

    /// Bold.
    #[must_use]
    pub fn bold(text: &str) -> Self {
        Self(format!("*{}*", escaped(text).replace(['*', '\n'], " ")))
    }

    /// A link. The address may not end the link early.
    #[must_use]
    pub fn link(label: &str, address: &str) -> Self {
        let address: String = address
            .chars()
            .filter(|character| !matches!(character, '<' | '>' | '|') && !character.is_control())
            .collect();
        Self(format!(
            "<{}|{}>",
            address.replace('&', "&amp;"),
            escaped(label).replace('|', "/")
        ))
    }

    /// The same with more after it.
    #[must_use]
    pub fn and(mut self, more: &Self) -> Self {
        self.0.push_str(&more.0);
        self
    }

    /// The text as Slack gets it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Mrkdwn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\n' => safe.push('\n'),
            other if other.is_control() => safe.push(' '),
            // Marks that turn the direction of text would let a name pretend to be another.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            other => safe.push(other),
        }
    }
    safe
}
