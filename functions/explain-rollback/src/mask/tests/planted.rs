//! Secrets that nobody chose, in every form.

use proptest::{prelude::*, sample::select, string::string_regex};

use super::*;

fn letters(pattern: &str) -> impl Strategy<Value = String> + use<> {
    string_regex(pattern).unwrap()
}

/// What says that there is no secret is none, and so is what has no letters.
fn is_secret(text: &str) -> bool {
    let letters = text.chars().filter(char::is_ascii_alphanumeric).count();
    letters >= 6 && !text.contains("undefined")
}

/// A password as generators and people make them, without blanks.
fn password() -> impl Strategy<Value = String> {
    prop_oneof![
        letters("[A-Za-z0-9]{8,40}"),
        letters("[a-z]{8,16}"),
        letters(r"[A-Za-z0-9!$%^&*_+=.,;?~(){}\[\]<>|@#/:-]{8,40}"),
    ]
    .prop_filter("a secret", |it| is_secret(it))
}

fn key() -> impl Strategy<Value = &'static str> {
    select(
        &[
            "password",
            "PASSWORD",
            "DB_PASSWD",
            "pwd",
            "client_secret",
            "SecretAccessKey",
            "apiToken",
            "x-api-key",
            "API_KEY",
            "SENTRY_DSN",
            "authToken",
            "private_key",
            "JWT_SIGNING_KEY",
            "spring.datasource.password",
            "credentials",
            "sessionToken",
            "DATABASE_URL",
        ][..],
    )
}

/// Anything that a logger may write around it.
fn around() -> impl Strategy<Value = (&'static str, &'static str)> {
    let before = [
        "",
        "2026-11-24T14:00:00Z ERROR ",
        "at Object.<anonymous> ",
        "config = { ",
        "[app] ",
    ];
    let after = ["", " retrying in 5 s", " }", ", done."];
    (select(before.to_vec()), select(after.to_vec()))
}

/// A line that holds a secret, and the secret.
type Planted = BoxedStrategy<(String, String)>;

fn in_addresses() -> Planted {
    let schemes = [
        "postgresql",
        "mysql",
        "mongodb+srv",
        "redis",
        "amqps",
        "https",
        "jdbc:oracle",
    ];
    let plain = (
        select(schemes.to_vec()),
        letters("[a-z]{1,8}"),
        letters("[A-Za-z0-9!$%^&*_+=.,;~-]{8,40}"),
    )
        .prop_map(|(scheme, user, secret)| {
            (
                format!("{scheme}://{user}:{secret}@db.internal:5432/main"),
                secret,
            )
        });
    let encoded =
        (letters("[a-z]{1,8}"), letters("[A-Za-z0-9_.~-]{8,40}")).prop_map(|(user, secret)| {
            (
                format!("postgres%3A%2F%2F{user}%3A{secret}%40db%3A5432"),
                secret,
            )
        });
    let percent = letters("[A-Za-z0-9]{8,20}").prop_map(|secret| {
        (
            format!("postgres://app:{secret}%40%2F%3A{secret}@db/x"),
            secret,
        )
    });
    let escaped = letters("[A-Za-z0-9]{8,20}")
        .prop_map(|secret| (format!(r#"{{"url":"redis:\/\/:{secret}@cache"}}"#), secret));
    let cut = (letters("[a-z]{1,8}"), letters("[a-z][A-Za-z0-9]{8,20}"))
        .prop_map(|(user, secret)| (format!("postgres://{user}:{secret}"), secret));
    prop_oneof![plain, encoded, percent, escaped, cut].boxed()
}

fn behind_keys() -> Planted {
    let signs = ["=", ": ", "=>", " = ", ":", " => "];
    let assigned = (key(), select(signs.to_vec()), password())
        .prop_map(|(key, sign, secret)| (format!("{key}{sign}{secret}"), secret));
    let quoted = (
        key(),
        select(vec!["\"", "'"]),
        letters("[A-Za-z0-9 !#$%&()*+,./:;<=>?@^_{|}~-]{8,40}"),
    )
        .prop_filter("a secret", |it| is_secret(&it.2))
        .prop_map(|(key, q, secret)| {
            let line = format!("{q}{key}{q}: {q}{secret}{q}, {q}port{q}: 5432");
            (line, secret)
        });
    let escaped = (key(), letters("[A-Za-z0-9 ]{8,40}"))
        .prop_filter("a secret", |it| is_secret(&it.1))
        .prop_map(|(key, secret)| {
            (
                format!(r#"msg="{{\"{key}\":\"{secret}\",\"n\":1}}""#),
                secret,
            )
        });
    let named = (key(), letters("[A-Za-z0-9]{8,40}"))
        .prop_map(|(key, secret)| (format!(r#"{{"name":"{key}","value":"{secret}"}}"#), secret));
    let flags = ["--password", "--api-key", "--auth-token"];
    let flag = (select(flags.to_vec()), letters("[A-Za-z0-9]{8,40}"))
        .prop_map(|(flag, secret)| (format!("{flag} {secret}"), secret));
    let headers = [
        "Authorization: ",
        "authorization=",
        "Cookie: sid=",
        "set-cookie: ",
    ];
    let header = (select(headers.to_vec()), letters("[A-Za-z0-9 ;=]{8,40}"))
        .prop_filter("a secret", |it| is_secret(&it.1))
        .prop_map(|(header, secret)| (format!("{header}{secret}"), secret));
    prop_oneof![assigned, quoted, escaped, named, flag, header].boxed()
}

fn by_form() -> Planted {
    let schemes = ["Bearer", "bearer", "Basic"];
    let scheme = (select(schemes.to_vec()), letters("[A-Za-z0-9+/_.-]{16,60}"))
        .prop_map(|(scheme, secret)| (format!("header {scheme} {secret}"), secret));
    let jwt = letters("eyJ[A-Za-z0-9_-]{10,40}\\.eyJ[A-Za-z0-9_-]{10,60}\\.[A-Za-z0-9_-]{20,43}")
        .prop_map(|secret| (format!("it is {secret}"), secret));
    let aws =
        letters("(AKIA|ASIA)[A-Z0-9]{16}").prop_map(|secret| (format!("id {secret}"), secret));
    let vendor = letters(
        "(xoxb-|xoxp-|ghp_|gho_|github_pat_|sk_live_|rk_live_|whsec_|glpat-)[A-Za-z0-9]{16,40}",
    )
    .prop_map(|secret| (format!("using {secret}"), secret));
    let random =
        letters("[A-Za-z0-9+/]{32,64}").prop_map(|secret| (format!("value {secret}"), secret));
    let hex = letters("[0-9a-f]{32,64}")
        .prop_filter("with digits", |it| {
            it.bytes().any(|byte| byte.is_ascii_digit())
        })
        .prop_map(|secret| (format!("value {secret}"), secret));
    prop_oneof![scheme, jwt, aws, vendor, random, hex].boxed()
}

/// Whether any part of a secret that says something of it is left.
fn leaks(told: &str, secret: &str) -> bool {
    let chars: Vec<char> = secret.chars().collect();
    let mut parts = chars.windows(6).map(|part| part.iter().collect::<String>());
    parts.any(|part| part.chars().all(|c| c.is_ascii_alphanumeric()) && told.contains(&part))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_planted_secret_survives(
        (line, secret) in prop_oneof![in_addresses(), behind_keys(), by_form()],
        (before, after) in around(),
    ) {
        let line = format!("{before}{line}{after}");
        let told = excerpt([line.as_str()]).join("\n");
        prop_assert!(!leaks(&told, &secret), "{line}\n{told}");
        prop_assert!(!leaks(&text(&line), &secret));
    }

    #[test]
    fn no_line_of_a_key_survives_wherever_its_block_is_cut(
        lines in proptest::collection::vec(letters("[A-Za-z0-9+/]{64}"), 1..6),
        last in letters("[A-Za-z0-9+/]{8,62}=="),
        cut in 0_usize..8,
        stamp in select(vec!["", "2026-11-24T14:00:00Z ", "[app] | "]),
    ) {
        let mut all = vec!["-----BEGIN PRIVATE KEY-----".to_owned()];
        all.extend(lines.iter().cloned());
        all.push(last.clone());
        all.push("-----END PRIVATE KEY-----".to_owned());
        let cut = cut.min(all.len() - 1);
        let entries: Vec<String> = all[cut..].iter().map(|line| format!("{stamp}{line}")).collect();
        let told = excerpt(entries.iter().map(String::as_str)).join("\n");
        let one = excerpt([all[cut..].join("\n").as_str()]).join("\n");
        for line in lines.iter().chain([&last]) {
            prop_assert!(!leaks(&told, line), "{cut}: {told}");
            prop_assert!(!leaks(&one, line), "{cut}: {one}");
        }
    }

    #[test]
    fn anything_is_masked_without_an_accident_and_stays_small(
        lines in proptest::collection::vec(any::<String>(), 0..40),
    ) {
        let told = excerpt(lines.iter().map(String::as_str));
        prop_assert!(told.len() <= LINES);
        for line in &told {
            prop_assert!(line.chars().count() <= WIDTH + 1);
            prop_assert!(!line.chars().any(char::is_control));
        }
    }

    #[test]
    fn words_stay_readable(words in proptest::collection::vec(select(vec![
        "error", "failed", "to", "connect", "database", "server", "at", "startup", "migration",
        "container", "NestFactory", "ApplicationContext", "getUserById", "src/app.module.ts:12",
        "timeout", "after", "30000", "ms", "undefined", "is", "not", "a", "function", "起動",
    ]), 1..12)) {
        let line = words.join(" ");
        prop_assert_eq!(excerpt([line.as_str()]).join(""), line);
    }
}
