//! Who is connected to, and who is not.

use std::io::ErrorKind;
use std::time::Duration;

use nightshift_postgres::Authority;
use rotate_secrets::engine::postgres::{Cause, Distrust, Session, Tls};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::stage::{FIRST, LIMIT, Stage, url};

async fn refused(text: &str, tls: &Tls, limit: Duration) -> Cause {
    let session = Session::user(&url(text), tls, limit).await;
    session.err().unwrap().cause
}

#[tokio::test]
async fn only_the_host_that_the_certificate_names_is_believed() {
    let stage = Stage::new(&[]).await;
    let named = stage.server.url("app_a", FIRST, "postgres");
    assert!(Session::user(&url(&named), &stage.tls, LIMIT).await.is_ok());
    // What the URL says of TLS makes nobody more credulous.
    for mode in ["verify-full", "require", "prefer", "allow", "no-verify"] {
        let text = named
            .replace("localhost", "127.0.0.1")
            .replace("verify-full", mode);
        let cause = refused(&text, &stage.tls, LIMIT).await;
        assert_eq!(cause, Cause::Certificate(Distrust::Name), "{mode}");
    }
    let other = Authority::new().unwrap();
    let other = Tls::trusting(other.pem().as_bytes()).unwrap();
    for tls in [other, Tls::rds().unwrap()] {
        let cause = refused(&named, &tls, LIMIT).await;
        assert_eq!(cause, Cause::Certificate(Distrust::Issuer));
    }
}

#[tokio::test]
async fn without_tls_only_this_machine_is_spoken_to_and_only_when_asked() {
    let mut stage = Stage::new(&[]).await;
    let named = stage.server.url("app_a", FIRST, "postgres");
    let plain = named.replace("verify-full", "disable");
    assert_eq!(refused(&plain, &stage.tls, LIMIT).await, Cause::NotLetIn);
    stage
        .server
        .admit("hostnossl all all 127.0.0.1/32 scram-sha-256\n")
        .unwrap();
    stage.server.restart().await.unwrap();
    assert!(Session::user(&url(&plain), &stage.tls, LIMIT).await.is_ok());
    assert_eq!(refused(&named, &stage.tls, LIMIT).await, Cause::NotLetIn);
}

#[tokio::test]
async fn what_the_server_refuses_is_told_by_its_code() {
    let stage = Stage::new(&[]).await;
    let other_database = stage.server.url("app_a", FIRST, "missing");
    assert_eq!(
        refused(&other_database, &stage.tls, LIMIT).await,
        Cause::NoDatabase
    );
    stage.run("ALTER ROLE app_a CONNECTION LIMIT 1").await;
    let first = stage.first();
    let kept = Session::user(&first, &stage.tls, LIMIT).await.unwrap();
    let full = Session::user(&first, &stage.tls, LIMIT)
        .await
        .err()
        .unwrap();
    assert_eq!(full.cause, Cause::Full);
    assert!(full.cause.passes());
    kept.close().await;
}

#[tokio::test]
async fn passwords_are_set_on_the_writer() {
    let stage = Stage::new(&[]).await;
    stage
        .run("ALTER ROLE app_a SET default_transaction_read_only TO on")
        .await;
    let admin = stage.admin("app_a", FIRST).await.err().unwrap();
    assert_eq!(admin.cause, Cause::ReadOnly);
    assert!(
        Session::user(&stage.first(), &stage.tls, LIMIT)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn of_several_hosts_the_first_that_answers_is_used() {
    let stage = Stage::new(&[]).await;
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = gone.local_addr().unwrap().port();
    drop(gone);
    let text = stage.server.url("app_a", FIRST, "postgres");
    let several = text.replace('@', &format!("@localhost:{closed},"));
    assert!(
        Session::user(&url(&several), &stage.tls, LIMIT)
            .await
            .is_ok()
    );
    let alone = several.replace(&format!(",localhost:{}", stage.server.port()), "");
    let cause = refused(&alone, &stage.tls, LIMIT).await;
    assert_eq!(cause, Cause::Unreached(ErrorKind::ConnectionRefused));
}

#[tokio::test]
async fn a_url_of_another_database_is_not_connected_to() {
    let tls = Tls::rds().unwrap();
    let cause = refused("mongodb://u:p@localhost:1/d", &tls, LIMIT).await;
    assert_eq!(cause, Cause::NotPostgres);
}

/// A server that answers the first message with these bytes, and then no more.
async fn answering(bytes: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut first = [0; 1024];
        let _ = socket.read(&mut first).await;
        socket.write_all(&bytes).await.unwrap();
        // Until the client goes.
        let _ = socket.read(&mut first).await;
    });
    port
}

/// An error of the server as it goes over the wire.
fn error_response(code: &str) -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C{code}\0Mcanary of the server\0Dcanary detail\0\0");
    let length = u32::try_from(fields.len() + 4).unwrap();
    [b"E", &length.to_be_bytes()[..], fields.as_bytes()].concat()
}

#[tokio::test]
async fn a_server_without_tls_gets_no_password() {
    let port = answering(b"N".to_vec()).await;
    let text = format!("postgres://u:canary@localhost:{port}/d");
    let tls = Tls::rds().unwrap();
    assert_eq!(refused(&text, &tls, LIMIT).await, Cause::NoTls);
}

#[tokio::test]
async fn who_does_not_answer_is_not_waited_for() {
    let port = answering(Vec::new()).await;
    let text = format!("postgres://u:canary@localhost:{port}/d");
    let (tls, limit) = (Tls::rds().unwrap(), Duration::from_millis(100));
    assert_eq!(refused(&text, &tls, limit).await, Cause::TimedOut(limit));
}

#[tokio::test]
async fn the_servers_own_words_are_not_shown() {
    for (code, wanted) in [
        ("57P03", Cause::NotAccepting),
        ("53300", Cause::Full),
        ("XX000", Cause::Other("XX000".to_owned())),
        ("canary", Cause::Odd),
    ] {
        let port = answering(error_response(code)).await;
        let text = format!("postgres://u:p@localhost:{port}/d?sslmode=disable");
        let tls = Tls::rds().unwrap();
        let error = Session::user(&url(&text), &tls, LIMIT).await.err().unwrap();
        assert_eq!(error.cause, wanted);
        assert!(
            !format!("{error} {error:?}").contains("canary"),
            "{error:?}"
        );
    }
}
