//! Credentials that show by their form: `Bearer …`, `Basic …`, JSON Web Tokens, AWS access keys and
//! the tokens of well-known services.

use std::ops::Range;

/// Schemes of the header `Authorization`, each with a blank behind it.
const SCHEMES: [&str; 4] = ["bearer ", "basic ", "negotiate ", "apikey "];

/// What the tokens of well-known services begin with.
const PREFIXES: [&str; 42] = [
    "xoxa-",
    "xoxb-",
    "xoxc-",
    "xoxd-",
    "xoxe-",
    "xoxe.",
    "xoxp-",
    "xoxr-",
    "xoxs-",
    "xapp-",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "pk_live_",
    "pk_test_",
    "whsec_",
    "sk-",
    "SG.",
    "npm_",
    "dckr_pat_",
    "dop_v1_",
    "pypi-",
    "shpat_",
    "shpss_",
    "hf_",
    "lin_api_",
    "AIza",
    "ya29.",
    "sq0atp-",
    "sq0csp-",
    "hvs.",
    "ATATT",
    "eyJ",
    "hooks.slack.com/services/",
];

/// What identifiers of AWS access keys begin with, and how long they are.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>
const AWS: [&str; 2] = ["AKIA", "ASIA"];
const AWS_LENGTH: usize = 20;

/// The shortest token.
const SHORTEST: usize = 8;

/// The shortest value of a scheme that is one whatever it looks like.
const PLAIN: usize = 16;

/// Finds everything that shows by its form.
pub(super) fn find(line: &str, spans: &mut Vec<Range<usize>>) {
    schemes(line, spans);
    for prefix in PREFIXES {
        each(
            line,
            prefix,
            |start| {
                let end = super::run(line, start, is_token);
                let body = end.saturating_sub(start + prefix.len());
                (body >= SHORTEST).then_some(start..end)
            },
            spans,
        );
    }
    for prefix in AWS {
        each(
            line,
            prefix,
            |start| {
                let end = super::run(line, start, |c| {
                    c.is_ascii_uppercase() || c.is_ascii_digit()
                });
                (end - start >= AWS_LENGTH).then_some(start..end)
            },
            spans,
        );
    }
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '+' | '=' | '~')
}

fn schemes(line: &str, spans: &mut Vec<Range<usize>>) {
    let lower = line.to_ascii_lowercase();
    for scheme in SCHEMES {
        each(
            &lower,
            scheme,
            |start| {
                let from = super::run(line, start + scheme.len(), |c| c == ' ');
                let end = super::run(line, from, |c| {
                    !c.is_whitespace() && !matches!(c, '"' | '\'' | '`' | ',' | ';' | '\\')
                });
                let value = line.get(from..end)?;
                let odd =
                    value.contains(|c: char| c.is_ascii_digit() || matches!(c, '=' | '_' | '+'));
                let mixed = odd || value.chars().skip(1).any(|c| c.is_ascii_uppercase());
                let is_one = value.len() >= PLAIN || (value.len() >= SHORTEST && mixed);
                is_one.then_some(from..end)
            },
            spans,
        );
    }
}

/// Asks about every place at which words stand that do not continue another word.
fn each(
    line: &str,
    words: &str,
    span: impl Fn(usize) -> Option<Range<usize>>,
    spans: &mut Vec<Range<usize>>,
) {
    for (at, _) in line.match_indices(words) {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        if before.is_none_or(|c| !c.is_ascii_alphanumeric()) {
            spans.extend(span(at));
        }
    }
}
