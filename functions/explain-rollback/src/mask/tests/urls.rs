//! Of an address the password or the token is masked, and its user, host, port and path are told.

use super::*;

#[test]
fn a_password_in_an_address_is_masked_whatever_it_looks_like() {
    let cases = [
        (
            "https://app:hunter2@api.example.com/v1",
            "https://app:***@api.example.com/v1",
        ),
        (
            "https://app:12345678@api.example.com",
            "https://app:***@api.example.com",
        ),
        (
            "https://app:hun/ter2@api.example.com",
            "https://app:***@api.example.com",
        ),
        ("redis://:12345678@cache:6379", "redis://:***@cache:6379"),
        ("redis://:1234/5678@cache:6379", "redis://:***@cache:6379"),
        (
            "smtp://someone@example.com:hunter2@mail.example.com",
            "smtp://someone@example.com:***@mail.example.com",
        ),
    ];
    for (line, masked) in cases {
        assert_eq!(one(line), masked, "{line}");
    }
}

#[test]
fn a_long_user_without_a_password_is_a_token() {
    let cases = [
        (
            "https://abcdefghijkl@example.com",
            "https://***@example.com",
        ),
        (
            "git+https://d3adbeefd3adbeef@github.com/org/app.git@main",
            "git+https://***@github.com/org/app.git@main",
        ),
        (
            "https://d3adbeefd3adbeef@npm.example.com:8443/@scope/app",
            "https://***@npm.example.com:8443/@scope/app",
        ),
        (
            "https%3A%2F%2Fd3adbeefd3adbeef%40example.com%2Fapp",
            "https%3A%2F%2F***%40example.com%2Fapp",
        ),
    ];
    for (line, masked) in cases {
        assert_eq!(one(line), masked, "{line}");
    }
}

#[test]
fn an_address_that_is_cut_off_before_its_host_keeps_its_password_to_itself() {
    let cases = [
        (
            "connecting to https://app:hunter2",
            "connecting to https://app:***",
        ),
        ("\"https://app:hunter2", "\"https://app:***"),
        (
            "connecting to redis://app:hunter2 now",
            "connecting to redis://app:*** now",
        ),
    ];
    for (line, masked) in cases {
        assert_eq!(one(line), masked, "{line}");
    }
}

#[test]
fn an_address_without_a_secret_stays() {
    for line in [
        "calling http://api:port/health failed",
        "calling http://api:undefined/health",
        "calling http://api:undefined",
        "calling redis://cache:undefined",
        "cloning ssh://git@github.com/org/app.git",
        "cloning ssh://abcdefghijk@github.com/org/app.git",
        "fetching https://example.com/a/long/path/@scope/app",
        "connecting to redis://cache:6379",
        "connecting to redis://cache:6379/0 now",
        "connected to redis://cache:6379 as admin@example.com",
        "no answer from amqp://queue:5672: closed",
        "listening on tcp://0.0.0.0:*",
        "reading s3://bucket/import:monday",
        "reading file:///app/main.js:12:5",
    ] {
        assert_eq!(one(line), line);
    }
}
