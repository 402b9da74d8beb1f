//! The server comes back after whatever is done to it, and leaves nothing behind.

use std::net::Ipv4Addr;

use anyhow::Result;
use nightshift_postgres::Postgres;
use tokio::net::TcpStream;

async fn listens(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .is_ok()
}

#[tokio::test]
async fn it_comes_back_where_it_was_and_goes_with_its_owner() -> Result<()> {
    let mut server = Postgres::start(&[("max_connections", "7")]).await?;
    let port = server.port();
    assert!(listens(port).await);
    for _ in 0..2 {
        server.restart().await?;
        assert!(listens(port).await);
        server.kill().await?;
        assert!(!listens(port).await);
        server.up().await?;
        assert!(listens(port).await);
    }
    // The log is one through all of it.
    let starts = server.log()?.matches("starting PostgreSQL").count();
    assert!(starts >= 5, "{starts}");
    drop(server);
    assert!(!listens(port).await);
    Ok(())
}

#[tokio::test]
async fn a_setting_that_the_server_refuses_is_told_with_its_log() {
    let error = Postgres::start(&[("no_such_setting", "1")]).await.err();
    let text = error.map(|error| error.to_string()).unwrap_or_default();
    assert!(text.contains("no_such_setting"), "{text}");
}
