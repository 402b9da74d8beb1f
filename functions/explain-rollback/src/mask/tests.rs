//! No planted secret survives in any of the forms in which logs hold them, and what a reader needs
//! stays readable.

mod keys;
mod pem;
mod planted;
mod random;
mod terminal;
mod urls;

use super::*;

fn one(line: &str) -> String {
    excerpt([line]).join("\n")
}

#[test]
fn each_form_of_secret_is_masked_and_the_rest_of_its_line_is_kept() {
    let cases = [
        (
            "connecting to postgresql://app:hunter2@db.internal:5432/main?schema=public",
            "connecting to postgresql://app:***@db.internal:5432/main?schema=public",
        ),
        (
            "mongodb+srv://u:p%40ss%2Fw0rd@c0.mongodb.net/x",
            "mongodb+srv://u:***@c0.mongodb.net/x",
        ),
        ("redis://:hunter2@cache:6379", "redis://:***@cache:6379"),
        (
            "url=postgres%3A%2F%2Fapp%3Ahunter2%40db%2Fmain",
            "url=postgres%3A%2F%2Fapp%3A***%40db%2Fmain",
        ),
        (
            r#"{"url":"postgres:\/\/app:hunter2@db\/x"}"#,
            r#"{"url":"postgres:\/\/app:***@db\/x"}"#,
        ),
        ("amqp://app:hunter2", "amqp://app:***"),
        (
            "https://d3adbeefd3adbeef@o1.ingest.sentry.io/5",
            "https://***@o1.ingest.sentry.io/5",
        ),
        ("PASSWORD=hunter2 retrying", "PASSWORD=*** retrying"),
        (
            "db_password: hunter2 (attempt 3)",
            "db_password: *** (attempt 3)",
        ),
        (
            r#"{"user":"app","password":"hun\"ter2","port":5432}"#,
            r#"{"user":"app","password":"***","port":5432}"#,
        ),
        (
            r#"{\"apiKey\":\"hunter2\",\"n\":1}"#,
            r#"{\"apiKey\":\"***\",\"n\":1}"#,
        ),
        (
            "'secret' => 'hunter2', 'n' => 1",
            "'secret' => '***', 'n' => 1",
        ),
        (
            r#"{"name":"DB_PASSWORD","value":"hunter2"}"#,
            r#"{"name":"DB_PASSWORD","value":"***"}"#,
        ),
        (
            r#"{"key":"DB_PASSWORD","value":"hunter2"}"#,
            r#"{"key":"DB_PASSWORD","value":"***"}"#,
        ),
        (
            r#"{"token":12345678,"msg":"boom"}"#,
            r#"{"token":***,"msg":"boom"}"#,
        ),
        (
            r#"{"session":{"id":"x"},"msg":"boom"}"#,
            r#"{"session":***,"msg":"boom"}"#,
        ),
        (
            "Authorization: Basic dXNlcjpwYXNz trailing",
            "Authorization: ***",
        ),
        ("Cookie: a=b; sid=c", "Cookie: ***"),
        (
            "passphrase: correct horse battery staple",
            "passphrase: ***",
        ),
        (
            "sent Bearer hunter2hunter2 to the server",
            "sent Bearer *** to the server",
        ),
        (
            "run --api-key hunter2 --verbose",
            "run --api-key *** --verbose",
        ),
        (
            "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln rejected",
            "jwt *** rejected",
        ),
        ("id AKIAIOSFODNN7EXAMPLE", "id ***"),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "***"),
        (
            "slack xoxb-123456789012-abcdefgh failed",
            "slack *** failed",
        ),
        ("using ghp_0123456789abcdefABCDEF01234567", "using ***"),
        ("stripe sk_live_abcdefgh", "stripe ***"),
        ("key 4f3c2b1a0f9e8d7c6b5a4f3c2b1a0f9e", "key ***"),
        ("PASSWORD=\u{1b}[32mhunter2\u{1b}[0m ok", "PASSWORD=*** ok"),
        ("PASS\u{200b}WORD=hunter2", "PASSWORD=***"),
    ];
    for (line, masked) in cases {
        assert_eq!(one(line), masked);
    }
}

#[test]
fn what_a_reader_needs_stays_as_it_is() {
    let lines = [
        "Error: listen EADDRINUSE: address already in use :::3001",
        "    at Module._compile (node:internal/modules/cjs/loader:1554:14)",
        "    at TransformStreamDefaultController.getServerSidePropsFromContext (/app/dist/main.js:12:5)",
        "exec /usr/local/bin/docker-entrypoint.sh: exec format error",
        "connect ECONNREFUSED 10.0.12.34:5432",
        "Can't reach database server at `bookmark-manager-production-aurora.cluster-abc.ap-northeast-1.rds.amazonaws.com:5432`",
        "fetching http://localhost:3000/@vite/client and https://example.com/a/b?c=d",
        "listening on http://0.0.0.0:8080",
        "2026-11-24T14:08:59.123Z INFO [NestFactory] Starting Nest application...",
        "org.springframework.beans.factory.UnsatisfiedDependencyException: Error creating bean",
        "PrismaClientInitializationError: Environment variable not found: DATABASE_HOST",
        "DATABASE_PASSWORD=undefined",
        "{\"level\":\"error\",\"password\":null,\"msg\":\"no password set\"}",
        "CannotPullContainerError: ref 123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/bookmark-manager-api:1f3c9ab: not found",
        "arn:aws:ecs:ap-northeast-1:123456789012:service/bookmark-manager-production-cluster/bookmark-manager-production-api",
        "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:r2e/database-url-AbCdEf",
        "ECS deployment ecs-svc/3141592653589793238 in progress.",
        "digest sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "request 123e4567-e89b-12d3-a456-426614174000 took 12 ms",
        "起動に失敗しました: 設定ファイルが見つかりません (config/production.yaml)",
        "Basic authentication is required",
        "password authentication failed for user \"app\"",
        "GET /api/v1/bookmarks?limit=20&offset=40 500 12.3 ms",
        "java.lang.IllegalStateException: Failed to load ApplicationContext",
        "npm ERR! missing script: start:production",
        "ModuleNotFoundError: No module named 'sqlalchemy_utils'",
    ];
    for line in lines {
        assert_eq!(one(line), line.trim());
    }
}

#[test]
fn a_pem_block_leaves_nothing_whole_cut_or_stamped() {
    let full = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
    let short = "MzEfYyjiWA4R4";
    let whole = [
        "before, all is well.",
        "-----BEGIN RSA PRIVATE KEY-----",
        "Proc-Type: 4,ENCRYPTED",
        "",
        full,
        short,
        "-----END RSA PRIVATE KEY-----",
        "after: all is well.",
    ];
    let stamp = |line: &str| format!("2026-11-24T14:00:00Z stdout F {line}");
    let stamped: Vec<String> = whole.iter().map(|line| stamp(line)).collect();
    for (from, to) in [(0, 8), (2, 8), (4, 8), (5, 8), (0, 6), (4, 6), (1, 5)] {
        let plain = excerpt(whole[from..to].iter().copied()).join("\n");
        let with_stamps = excerpt(stamped[from..to].iter().map(String::as_str)).join("\n");
        for told in [&plain, &with_stamps] {
            assert!(
                !told.contains(full) && !told.contains(short),
                "{from}..{to}: {told}"
            );
        }
        assert_eq!(plain.contains("before"), from == 0, "{plain}");
        assert_eq!(plain.contains("after"), to == 8, "{plain}");
    }
    let escaped = format!(
        "key: \"-----BEGIN PRIVATE KEY-----\\n{full}\\n{short}\\n-----END PRIVATE KEY-----\""
    );
    assert_eq!(one(&escaped), MASK);
    assert!(
        !one(&format!(
            "a\n-----BEGIN PRIVATE KEY-----\n{full}\n{short}\nb."
        ))
        .contains(short)
    );
}

#[test]
fn an_excerpt_is_the_last_lines_each_cut_and_not_too_many_bytes() {
    let lines: Vec<String> = (0..100).map(|number| format!("line {number}")).collect();
    let told = excerpt(lines.iter().map(String::as_str));
    assert_eq!(told.len(), LINES);
    assert_eq!(told.last().unwrap(), "line 99");
    let long = "ab ".repeat(500);
    let told = excerpt([long.as_str(); 100]);
    assert!(
        told.iter()
            .all(|line| line.chars().count() <= WIDTH + 1 && line.ends_with('…'))
    );
    let bytes: usize = told.iter().map(String::len).sum();
    assert!(bytes <= BYTES && bytes > BYTES / 2, "{bytes}");
    assert_eq!(excerpt(["", "  ", "\n\n"]), Vec::<String>::new());
    assert_eq!(excerpt(["a\r\n\tb\nc"]), ["a", "b", "c"]);
}

#[test]
fn an_entry_of_many_lines_is_told_to_its_last() {
    let steps: Vec<String> = (0..100)
        .map(|step| format!("step {step} of the start"))
        .collect();
    let told = excerpt([steps.join("\n").as_str()]);
    assert_eq!(told.last().unwrap(), "step 99 of the start");
}

#[test]
fn a_word_that_begins_as_an_access_key_does_is_none() {
    for line in [
        "region ASIA is unreachable",
        "no key AKIA12345 in the table",
    ] {
        assert_eq!(one(line), line);
    }
}

#[test]
fn a_secret_is_found_before_its_line_is_cut() {
    let line = format!("{} PASSWORD=hunter2hunter2", "x ".repeat(140));
    assert!(!one(&line).contains("hunter2"));
    assert!(text(&line).chars().count() <= WIDTH + 1);
}

#[test]
fn what_ecs_says_of_its_own_stays_readable() {
    for text in [
        "unable to pull secrets or registry auth: execution resource retrieval failed",
        "(service api) (task 4767da4d6a4e2f19a4a562c233212b72) (port 3001) is unhealthy",
    ] {
        assert_eq!(one(text), text);
    }
    let other = "session 4767da4d6a4e2f19a4a562c233212b72 began";
    assert_eq!(one(other), "session *** began");
}
