use super::*;
use crate::config::{company, estate};

const COMPANY: &str = "version: 1\ntime_zone: Asia/Tokyo\nholidays: { country: japan }\ncalendars:\n  late:\n    hours: { daily: 20:00-22:00 }\n";

fn document(lines: &str) -> String {
    let mut text = "version: 1\nrotate:\n".to_owned();
    for line in lines.lines() {
        text.push_str("  ");
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn secret(fields: &str) -> String {
    document(&format!("cluster: c\nsecrets:\n  /app/KEY: {{ {fields} }}"))
}

fn problems(text: &str) -> String {
    match estate("/nightshift/estates/shop", text) {
        Ok(estate) => panic!("nothing is wrong with {estate:?}"),
        Err(problems) => {
            let problems = problems.iter().map(ToString::to_string);
            problems.collect::<Vec<_>>().join("\n")
        }
    }
}

fn put_together(lines: &str) -> Rotator {
    let estate = estate("e", &document(lines)).unwrap();
    let company = company("c", COMPANY).unwrap();
    rotator("e", "shop", &estate, &company).unwrap().unwrap()
}

const SECRETS: &str = "cluster: c\nsecrets: { /app/KEY: { kind: random, every: 90d } }";

#[test]
fn each_kind_says_by_what_means_it_is_replaced() {
    let of = |fields: &str| {
        let estate = estate("e", &secret(fields)).unwrap();
        let rotate = estate.rotate.unwrap();
        rotate.secrets.into_values().next().unwrap()
    };
    let postgres = of("kind: postgres, every: 90d, users: [a, b], role: app, admin: /app/ADMIN");
    let two = ["a".to_owned(), "b".to_owned()];
    assert_eq!(
        postgres.means(),
        Some(Means::Postgres {
            users: &two,
            role: "app",
            admin: "/app/ADMIN",
            database: None
        })
    );
    assert_eq!(
        of("kind: rds-master, every: 90d, database: main").means(),
        Some(Means::RdsMaster { database: "main" })
    );
    assert_eq!(
        of("kind: atlas, every: 90d, users: [a, b], project: p, api: /app/ATLAS").means(),
        Some(Means::Atlas {
            users: &two,
            project: "p",
            api: "/app/ATLAS"
        })
    );
    assert_eq!(
        of("kind: random, every: 90d, previous: /app/OLD, token_life: 24h").means(),
        Some(Means::Random {
            recipe: Recipe::Bytes {
                count: 64,
                form: Form::Base64url
            },
            previous: Some(("/app/OLD", Duration::minutes(24 * 60)))
        })
    );
    assert_eq!(
        of("kind: random, every: 90d, alphabet: abcdefgh, length: 90").means(),
        Some(Means::Random {
            recipe: Recipe::Alphabet {
                count: 90,
                of: "abcdefgh"
            },
            previous: None
        })
    );
    assert_eq!(
        of("kind: external, every: 365d").means(),
        Some(Means::External)
    );
}

#[test]
fn what_is_wrong_with_a_secret_is_answered_with_its_place_and_the_mend() {
    let cases: &[(&str, &[&str])] = &[
        (
            "kind: postgres, every: 90d",
            &[
                "/app/KEY.users is missing",
                "role is missing",
                "admin is missing",
            ],
        ),
        (
            "kind: postgres, every: 90d, users: [a, a], role: app, admin: /x",
            &["cannot take turns with itself"],
        ),
        (
            "kind: postgres, every: 90d, users: [a, b], role: b, admin: /x",
            &["must be a third one"],
        ),
        (
            "kind: external, every: 90d, role: app",
            &["/app/KEY.role: `external` has no such field"],
        ),
        ("kind: rds-master, every: 90d", &["database is missing"]),
        (
            "kind: random, every: 90d, previous: /x",
            &["`previous` and `token_life` belong together"],
        ),
        (
            "kind: random, every: 90d, length: 8",
            &["8 can be guessed: write at least 32"],
        ),
        (
            "kind: random, every: 90d, length: 20, alphabet: abcd",
            &["write at least 128"],
        ),
        (
            "kind: random, every: 90d, length: 300, alphabet: aab",
            &["each once"],
        ),
        ("kind: random, every: 90", &["`90` is not an age"]),
        ("kind: random, every: 0d", &["`0d` is not an age"]),
        ("kind: random, every: 12h", &["`12h` is not an age"]),
        ("kind: randm, every: 90d", &["randm"]),
    ];
    for (fields, wanted) in cases {
        let found = problems(&secret(fields));
        for part in *wanted {
            assert!(found.contains(part), "{fields}: {found}");
        }
    }
}

#[test]
fn a_secret_is_named_by_its_name_and_maybe_a_key() {
    let name: SecretName = "blog/production#DATABASE_URL".parse().unwrap();
    assert_eq!(
        (name.name.as_str(), name.key.as_deref()),
        ("blog/production", Some("DATABASE_URL"))
    );
    assert_eq!(name.to_string(), "blog/production#DATABASE_URL");
    for text in [
        "",
        "#k",
        "a#",
        "a#b#c",
        "a b",
        "a#b:c",
        "arn:aws:ssm:r:1:parameter/x",
    ] {
        assert!(text.parse::<SecretName>().is_err(), "{text}");
    }
    let both = "cluster: c\nsecrets:\n  blog: { kind: external, every: 90d }\n  blog#A: { kind: external, every: 90d }";
    assert!(problems(&document(both)).contains("as a whole and by a key"));
}

#[test]
fn what_begins_with_a_slash_is_a_parameter_until_the_document_says_otherwise() {
    for (name, field, store) in [
        ("/app/KEY", "", SecretStore::Parameter),
        ("r2e/openai-api-key", "", SecretStore::SecretsManager),
        (
            "/app/KEY",
            ", store: secrets-manager",
            SecretStore::SecretsManager,
        ),
        ("KEY", ", store: parameter", SecretStore::Parameter),
    ] {
        let text = document(&format!(
            "cluster: c\nsecrets:\n  {name}: {{ kind: external, every: 90d{field} }}"
        ));
        let rotate = estate("e", &text).unwrap().rotate.unwrap();
        let (name, secret) = rotate.secrets.iter().next().unwrap();
        assert_eq!(secret.store(name), store, "{text}");
    }
}

#[test]
fn a_window_is_a_range_on_working_days_or_a_calendar() {
    let open = |lines: &str, at: &str| {
        let at = at.parse().unwrap();
        put_together(&format!("{lines}{SECRETS}"))
            .window
            .is_open(at)
    };
    let tuesday = "2026-11-24T11:00:00+09:00";
    let holiday = "2026-11-23T11:00:00+09:00";
    assert!(open("", tuesday) && !open("", holiday), "the usual window");
    assert!(!open("", "2026-11-24T17:00:00+09:00"));
    assert!(open("window: 16:00-18:00\n", "2026-11-24T17:00:00+09:00"));
    assert!(
        !open("window: 16:00-18:00\n", "2026-11-28T17:00:00+09:00"),
        "a Saturday"
    );
    assert!(open("window: late\n", "2026-11-28T21:00:00+09:00"));
    assert!(
        problems(&document(&format!("window: 10:00\n{SECRETS}"))).contains("is not a range"),
        "a lone time is answered with a range"
    );
}

#[test]
fn the_cluster_is_that_of_the_estate_s_other_sections_or_named_here() {
    let without = "secrets: { /app/KEY: { kind: random, every: 90d } }";
    assert!(problems(&document(without)).contains("rotate.cluster is missing"));
    let company = company("c", COMPANY).unwrap();
    let of = |sections: &str| {
        let estate = estate("e", &format!("{}{sections}", document(without))).unwrap();
        let put = rotator("e", "shop", &estate, &company).unwrap().unwrap();
        (put.cluster, put.services)
    };
    assert_eq!(
        of("watch: { cluster: w, services: [api] }\n"),
        ("w".to_owned(), Services::These(vec!["api".to_owned()]))
    );
    assert_eq!(put_together(SECRETS).cluster, "c");
}

#[test]
fn a_document_with_rotation_is_written_as_it_is_read() {
    let text = document(
        "window: 10:00-16:00\ncluster: c\npatience: 45m\nsecrets:\n  /app/URL: { kind: postgres, every: 90d, users: [a, b], role: r, admin: db/admin, database: main, disable_previous_after: 48h }\n  blog#KEY: { kind: random, every: 30d, form: hex, length: 32 }",
    );
    let read = estate("e", &text).unwrap();
    assert_eq!(
        estate("e", &serde_json::to_string(&read).unwrap()).unwrap(),
        read
    );
}
