//! What a terminal would not show neither hides a secret nor stays in the text.

use super::*;

#[test]
fn what_a_terminal_does_not_show_is_left_out() {
    let cases = [
        ("\u{1b}[31mERROR\u{1b}[0m failed", "ERROR failed"),
        ("\u{1b}[1;38;5;9mERROR\u{1b}[K failed", "ERROR failed"),
        ("\u{9b}31mERROR\u{9b}0m failed", "ERROR failed"),
        ("\u{1b}(BERROR\u{1b}(B\u{1b}[m failed", "ERROR failed"),
        ("\u{1b}7ERROR\u{1b}8 failed", "ERROR failed"),
        ("\u{1b}\u{1b}[31mERROR failed", "ERROR failed"),
        ("\u{1b}起動に失敗", "起動に失敗"),
        ("\u{1b}]0;worker 1\u{7}ERROR failed", "ERROR failed"),
        (
            "\u{1b}]8;;file:app\u{1b}\\ERROR\u{1b}]8;;\u{1b}\\ failed",
            "ERROR failed",
        ),
        ("\u{1b}]0;worker 1\u{9c}ERROR failed", "ERROR failed"),
        ("ER\u{0}ROR\u{7f} fai\u{8}led\u{85}", "ERROR failed"),
    ];
    for (line, told) in cases {
        assert_eq!(one(line), told, "{line:?}");
    }
}

#[test]
fn a_sequence_that_breaks_off_takes_no_further_line() {
    for entry in [
        "\u{1b}]0;worker 1\nERROR failed",
        "starting\u{1b}\nERROR failed",
        "starting\u{1b}[1\nERROR failed",
    ] {
        assert_eq!(
            excerpt([entry]).last().unwrap(),
            "ERROR failed",
            "{entry:?}"
        );
    }
}

#[test]
fn what_a_terminal_does_not_show_hides_no_key() {
    for line in [
        "PASS\u{7}WORD=hunter2",
        "PASS\u{0}WORD=hunter2",
        "PASS\u{85}WORD=hunter2",
        "PASS\u{1b}(BWORD=hunter2",
        "PASS\u{1b}]0;worker 1\u{7}WORD=hunter2",
        "PASS\u{1b}[0mWORD=hunter2",
    ] {
        assert_eq!(one(line), "PASSWORD=***", "{line:?}");
    }
    assert_eq!(one("DB_PASS\u{1b}(B\u{1b}[m=hunter2"), "DB_PASS=***");
}
