//! Whatever happens, no password leaves: not in the server's log, not in ours, not in an error.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use log::{LevelFilter, Log, Metadata, Record};
use rotate_secrets::engine::postgres::Sessions;
use rotate_secrets::value::url::Url;

use crate::stage::{FIRST, ROTATOR, Stage, inactive, verifier};

/// Keeps every line that any crate logs, at every level.
struct Lines(Mutex<String>);

static LINES: Lines = Lines(Mutex::new(String::new()));

impl Log for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(lines, "{}: {}", record.target(), record.args()).unwrap();
    }

    fn flush(&self) {}
}

#[tokio::test]
async fn no_password_is_logged_or_told() {
    log::set_logger(&LINES).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let stage = Stage::new(&[]).await;
    let mut told = String::new();
    let mut urls: Vec<Url> = vec![stage.first(), stage.url("rotator", ROTATOR)];

    // All that works.
    for _ in 0..2 {
        let published = urls.last().filter(|it| it.user() != "rotator");
        let published = published.unwrap_or(&urls[0]);
        let new = stage.rotate(published).await.unwrap();
        urls.push(new);
    }
    let admin = stage.rotator().await;
    let ended = admin.disable(&inactive("app_a"), Sessions::End).await;
    write!(told, "{ended:?}").unwrap();

    // And what does not.
    let wrong = stage.url("app_a", "canary-wrong-4f1d77");
    let unready = stage.url("app_b", "canary-unready-08c2");
    for url in [&wrong, &unready] {
        let error = stage.test(url, "app_a").await.unwrap_err();
        write!(told, "{error} {error:?} {url:?}").unwrap();
    }
    stage.run("ALTER ROLE rotator NOCREATEROLE").await;
    let verifier = verifier("canary-refused-5510");
    let refused = [
        admin.set(&inactive("app_a"), &verifier).await.unwrap_err(),
        admin
            .prepare(&inactive("app_a"), "missing")
            .await
            .unwrap_err(),
        admin
            .disable(&inactive("app_a"), Sessions::End)
            .await
            .unwrap_err(),
    ];
    write!(told, "{refused:?} {verifier:?} {urls:?}").unwrap();
    urls.extend([wrong, unready]);

    let server = stage.server.log().unwrap();
    let ours = LINES.0.lock().unwrap().clone();
    // What is searched is what it seems.
    assert!(server.contains("ALTER ROLE \"app_b\" PASSWORD 'SCRAM-SHA-256$4096:"));
    assert!(server.contains("password authentication failed"));
    assert!(ours.contains("ALTER ROLE"));
    let mut canaries: Vec<String> = urls
        .iter()
        .map(|url| url.password().expose().to_owned())
        .collect();
    canaries.extend(["canary", "canary-refused-5510", FIRST].map(str::to_owned));
    for canary in canaries {
        for (place, text) in [("server", &server), ("log", &ours), ("told", &told)] {
            assert!(!text.contains(&canary), "{canary} in {place}");
        }
    }
    // The verifier of a refused statement is in no error either.
    assert!(!told.contains("SCRAM-SHA-256$"), "{told}");
}
