use super::*;

struct People;

impl Names for People {
    fn user(&self, id: &str) -> Option<String> {
        (id == "U1").then(|| "Tanaka".to_owned())
    }

    fn channel(&self, id: &str) -> Option<String> {
        (id == "C1").then(|| "ops".to_owned())
    }
}

fn shown(text: &str) -> String {
    html(text, &People).into_string()
}

#[test]
fn markup_is_shown_as_slack_shows_it() {
    let cases = [
        // Styles, and where they count.
        (
            "*bold* _italic_ ~gone~",
            "<b>bold</b> <i>italic</i> <s>gone</s>",
        ),
        ("*bold _and italic_*", "<b>bold <i>and italic</i></b>"),
        ("(*bold*), *bold*.", "(<b>bold</b>), <b>bold</b>."),
        ("a snake_case_name, 2*3*4", "a snake_case_name, 2*3*4"),
        ("* not bold*, *nor this *", "* not bold*, *nor this *"),
        ("**", "**"),
        ("one *two\nthree* four", "one *two<br>three* four"),
        // Japanese has no spaces between words, and Slack needs some.
        ("起動が*遅れ*ています", "起動が*遅れ*ています"),
        ("起動が *遅れ* ています", "起動が <b>遅れ</b> ています"),
        ("*対応*、不要", "*対応*、不要"),
        ("(`InvalidState`、19:04)", "(`InvalidState`、19:04)"),
        (
            "(`InvalidState` 、19:04)",
            "(<code>InvalidState</code> 、19:04)",
        ),
        (
            "起動が\u{200b}*遅れ*\u{200b}ています",
            "起動が\u{200b}<b>遅れ</b>\u{200b}ています",
        ),
        // Code.
        ("`a*b*c` and `x`", "<code>a*b*c</code> and <code>x</code>"),
        ("`*not bold*`", "<code>*not bold*</code>"),
        ("```one\n*two*```", "<pre>one\n*two*</pre>"),
        ("log:\n```\nexit 1\n```\nend", "log:<pre>exit 1</pre>end"),
        ("``` never closed", "``` never closed"),
        ("`&lt;script&gt;`", "<code>&lt;script&gt;</code>"),
        // Quotations.
        (
            "&gt; one\n&gt; two\nthree",
            "<blockquote>one<br>two</blockquote>three",
        ),
        ("a\n>b", "a<blockquote>b</blockquote>"),
        // Links.
        (
            "<https://example.com/?a=1&amp;b=2|the *alarm*>",
            "<a href=\"https://example.com/?a=1&amp;b=2\" target=\"_blank\" rel=\"noreferrer\">the *alarm*</a>",
        ),
        (
            "*<https://example.com|x>*",
            "<b><a href=\"https://example.com\" target=\"_blank\" rel=\"noreferrer\">x</a></b>",
        ),
        (
            "see https://example.com/a_b_c.",
            "see <a href=\"https://example.com/a_b_c\" target=\"_blank\" rel=\"noreferrer\">https://example.com/a_b_c</a>.",
        ),
        ("<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"),
        // Mentions.
        (
            "<@U1> <@U9> <@U9|Sato>",
            "<span class=\"mention\">@Tanaka</span> <span class=\"mention\">@U9</span> <span class=\"mention\">@Sato</span>",
        ),
        (
            "<#C1> <!here>",
            "<span class=\"mention\">#ops</span> <span class=\"mention\">@here</span>",
        ),
        (
            "<!subteam^S1|@on-call> <!subteam^S2>",
            "<span class=\"mention\">@on-call</span> <span class=\"mention\">@S2</span>",
        ),
        ("<!date^1700000000^{date}|14 Nov>", "14 Nov"),
        ("&lt;!here&gt;", "&lt;!here&gt;"),
        // Escapes, and what is none.
        (
            "OK -&gt; ALARM &amp; &quot;x&quot;",
            "OK -&gt; ALARM &amp; &amp;quot;x&amp;quot;",
        ),
        ("a & b < c > d", "a &amp; b &lt; c &gt; d"),
        (
            "<script>alert(1)</script>",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
        ),
        ("<unclosed", "&lt;unclosed"),
        // Emoji.
        (
            ":sunny: at 10:30:00, :nothing:",
            "☀️ at 10:30:00, :nothing:",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(text), expected, "{text}");
    }
}

#[test]
fn without_names_ids_are_shown() {
    let expected = "<b>x</b> <span class=\"mention\">@U1</span>";
    assert_eq!(as_html("*x* <@U1>"), expected);
}

#[test]
fn plain_text_keeps_its_marks_and_mentions_nobody() {
    let cases = [
        (
            "*not bold* <!here> & `x`",
            "*not bold* &lt;!here&gt; &amp; `x`",
        ),
        ("A &amp; B &lt; C", "A &amp; B &lt; C"),
        (":key: one\ntwo", "🔑 one<br>two"),
    ];
    for (text, expected) in cases {
        assert_eq!(plain(text).into_string(), expected, "{text}");
    }
}

#[test]
fn no_text_at_all_breaks_it() {
    let mut random = fastrand::Rng::with_seed(1);
    let pieces = [
        "*", "_", "`", "```", "<", ">", "&", "&gt;", "|", "\n", " ", "字", ":x:", "@U1", "a",
        "https://",
    ];
    for _ in 0..5_000 {
        let text: String = (0..random.usize(0..24))
            .filter_map(|_| random.choice(pieces))
            .collect();
        let shown = shown(&text);
        let opened = shown.matches("<b>").count() + shown.matches("<code>").count();
        let closed = shown.matches("</b>").count() + shown.matches("</code>").count();
        assert_eq!(opened, closed, "{text}");
    }
}
