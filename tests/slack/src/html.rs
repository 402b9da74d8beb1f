//! HTML in which nothing that came from outside can be markup: what is written as it is must stand in
//! the source code.

use std::fmt;

/// A piece of HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Html(String);

impl Html {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Markup of our own.
    pub(crate) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Anything else: as text, or as the value of an attribute in double quotes.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            self.char(character);
        }
        self
    }

    pub(crate) fn char(&mut self, character: char) -> &mut Self {
        match character {
            '&' => self.0.push_str("&amp;"),
            '<' => self.0.push_str("&lt;"),
            '>' => self.0.push_str("&gt;"),
            '"' => self.0.push_str("&quot;"),
            '\'' => self.0.push_str("&#39;"),
            other => self.0.push(other),
        }
        self
    }

    /// A piece that was made the same way.
    pub(crate) fn html(&mut self, more: &Self) -> &mut Self {
        self.0.push_str(&more.0);
        self
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_markup() {
        let mut html = Html::new();
        html.raw("<p title=\"")
            .text("\"><script>alert('1 & 2')</script>")
            .raw("\">");
        let expected =
            "<p title=\"&quot;&gt;&lt;script&gt;alert(&#39;1 &amp; 2&#39;)&lt;/script&gt;\">";
        assert_eq!(html.into_string(), expected);
    }
}
