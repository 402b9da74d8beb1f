//! A way to the server on which what the client sends can be held back.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Listens on `localhost`, and leads to the server.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// How many more pieces pass.
    passes: Arc<watch::Sender<usize>>,
}

impl Proxy {
    /// Lets everything pass.
    pub(crate) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let passes = Arc::new(watch::channel(usize::MAX).0);
        let shared = Arc::clone(&passes);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server, Arc::clone(&shared)));
            }
        });
        Self { port, passes }
    }

    /// Lets so many more pieces pass, and holds back the others.
    pub(crate) fn only(&self, pieces: usize) {
        self.passes.send_replace(pieces);
    }

    /// Lets everything pass again, what was held back first.
    pub(crate) fn open(&self) {
        self.only(usize::MAX);
    }
}

async fn pass(client: TcpStream, server: u16, passes: Arc<watch::Sender<usize>>) {
    let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
    let mut piece = vec![0; 64 * 1024];
    let mut changes = passes.subscribe();
    while let Ok(length @ 1..) = from_client.read(&mut piece).await {
        changes.wait_for(|left| *left > 0).await.unwrap();
        passes.send_modify(|left| *left -= 1);
        if to_server.write_all(&piece[..length]).await.is_err() {
            break;
        }
    }
    drop(to_server);
    let _ = back.await;
}
