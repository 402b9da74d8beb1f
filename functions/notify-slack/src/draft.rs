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
    /// Nothing is a dash: Slack shows two back-ticks as they are.
    #[must_use]
    pub fn code(text: &str) -> Self {
        let text = one_line(text).replace('`', "'");
        match text.trim() {
            "" => Self("–".to_owned()),
            text => Self(format!("`{text}`")),
        }
    }

    /// Bold. Slack knows no bold that is empty or ends with a space.
    #[must_use]
    pub fn bold(text: &str) -> Self {
        let text = one_line(text).replace('*', " ");
        match text.trim() {
            "" => Self::default(),
            text => Self(format!("*{text}*")),
        }
    }

    /// A stranger's words, line by line behind a bar.
    #[must_use]
    pub fn quote(text: &str) -> Self {
        let text = escaped(text);
        let lines: Vec<String> = text.lines().map(|line| format!("> {line}")).collect();
        Self(lines.join("\n"))
    }

    /// A link; only the label, where the address is none of `https`. The address may not end the
    /// link early.
    #[must_use]
    pub fn link(label: &str, address: &str) -> Self {
        let label = one_line(label).replace('|', "/");
        let label = label.trim();
        if !address.starts_with("https://") || label.is_empty() {
            return Self(label.to_owned());
        }
        let mut safe = String::with_capacity(address.len());
        for character in address.chars() {
            match character {
                '<' => safe.push_str("%3C"),
                '>' => safe.push_str("%3E"),
                '|' => safe.push_str("%7C"),
                '&' => safe.push_str("&amp;"),
                other if other.is_control() || other.is_whitespace() => safe.push_str("%20"),
                other => safe.push(other),
            }
        }
        Self(format!("<{safe}|{label}>"))
    }

    /// The same with more after it.
    #[must_use]
    pub fn and(mut self, more: &Self) -> Self {
        self.0.push_str(&more.0);
        self
    }

    /// All of them with our own words between them.
    #[must_use]
    pub fn joined(all: &[Self], between: &str) -> Self {
        let all: Vec<&str> = all.iter().map(Self::as_str).collect();
        Self(all.join(&escaped(between)))
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
            '\n' | '\u{2028}' | '\u{2029}' => safe.push('\n'),
            '\r' => {}
            other if other.is_control() => safe.push(' '),
            other if misleads(other) => {}
            other => safe.push(other),
        }
    }
    // Where Slack is told to look for names in text, these would call everybody.
    for everybody in ["channel", "here", "everyone"] {
        if safe.contains(everybody) {
            safe = safe.replace(&format!("@{everybody}"), &format!("＠{everybody}"));
        }
    }
    safe
}

fn one_line(text: &str) -> String {
    escaped(text).replace('\n', " ")
}

/// Characters without a form of their own that turn the direction of text or hide between letters,
/// so that a name could pretend to be another. Those that hold an emoji together are left.
fn misleads(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_words_mention_nobody_and_link_nowhere() {
        for (given, told) in [
            (
                "<!channel> & <@U1|x>",
                "&lt;!channel&gt; &amp; &lt;@U1|x&gt;",
            ),
            (
                "@here @channel @everyone @you",
                "＠here ＠channel ＠everyone @you",
            ),
            ("a\r\nb\u{2028}c\td\u{7}e", "a\nb\nc d e"),
            ("pay\u{202e}lap\u{200b}", "paylap"),
            ("👨\u{200d}👩\u{200d}👧", "👨\u{200d}👩\u{200d}👧"),
        ] {
            assert_eq!(Mrkdwn::plain(given).as_str(), told);
        }
    }

    #[test]
    fn code_and_bold_end_where_they_should() {
        for (told, wanted) in [
            (Mrkdwn::code("a`b\nc"), "`a'b c`"),
            (Mrkdwn::code(" \n"), "–"),
            (Mrkdwn::bold(" a*b\n"), "*a b*"),
            (Mrkdwn::bold("*"), ""),
            (Mrkdwn::quote("a\n<b>"), "> a\n> &lt;b&gt;"),
        ] {
            assert_eq!(told.as_str(), wanted);
        }
    }

    #[test]
    fn a_link_leads_to_https_only_and_ends_where_it_should() {
        for (label, address, wanted) in [
            ("Alarm", "https://a.b/?c&d", "<https://a.b/?c&amp;d|Alarm>"),
            (
                "a|b>c",
                "https://a.b/|x> y",
                "<https://a.b/%7Cx%3E%20y|a/b&gt;c>",
            ),
            ("Alarm", "javascript:alert(1)", "Alarm"),
            ("Alarm", "http://a.b/", "Alarm"),
            (" ", "https://a.b/", ""),
        ] {
            assert_eq!(Mrkdwn::link(label, address).as_str(), wanted);
        }
    }
}
