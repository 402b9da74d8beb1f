//! An application that connects all the time: with what is published, and as tasks do that keep what
//! was published when they started until they are rolled.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rotate_secrets::engine::postgres::Tls;
use rotate_secrets::value::url::Url;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_postgres::Client;

use crate::stage::{client, url};

/// How long the application may take to get as far as a test waits for.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct App {
    shared: Arc<Shared>,
    published: watch::Sender<String>,
    held: watch::Sender<String>,
    tasks: JoinSet<()>,
}

struct Shared {
    tls: Tls,
    /// Odd while the server is down on purpose.
    outage: AtomicU64,
    failed: Mutex<Vec<String>>,
    /// Connections that worked: new ones, those of tasks that keep a credential, and uses of a pool.
    worked: watch::Sender<[u64; 3]>,
}

impl App {
    /// Starts it with what is published.
    pub(crate) fn start(tls: &Tls, first: &Url) -> Self {
        let text = first.text().expose().to_owned();
        let (published, _) = watch::channel(text.clone());
        let (held, _) = watch::channel(text);
        let shared = Arc::new(Shared {
            tls: tls.clone(),
            outage: AtomicU64::new(0),
            failed: Mutex::new(Vec::new()),
            worked: watch::channel([0; 3]).0,
        });
        let mut tasks = JoinSet::new();
        for (kind, from) in [(0, &published), (1, &held)] {
            tasks.spawn(connects(Arc::clone(&shared), kind, from.subscribe()));
        }
        tasks.spawn(pools(Arc::clone(&shared), held.subscribe()));
        Self {
            shared,
            published,
            held,
            tasks,
        }
    }

    /// From now on new tasks read this.
    pub(crate) fn publish(&self, url: &Url) {
        self.published.send_replace(url.text().expose().to_owned());
    }

    /// Replaces the tasks by such that hold what is published.
    pub(crate) fn roll(&self) {
        let published = self.published.borrow().clone();
        self.held.send_replace(published);
    }

    /// From now on connections may fail, because the server is down.
    pub(crate) fn outage_begins(&self) {
        self.shared.outage.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn outage_ends(&self) {
        self.shared.outage.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits until each kind has connected some times more.
    pub(crate) async fn goes_on(&self) {
        let mut worked = self.shared.worked.subscribe();
        let wanted = worked.borrow_and_update().map(|count| count + 2);
        let enough = worked.wait_for(|now| now.iter().zip(wanted).all(|(now, it)| *now >= it));
        let goes_on = timeout(PATIENCE, enough).await.is_ok();
        assert!(goes_on, "it hangs; failed: {:?}", self.failed());
    }

    pub(crate) fn failed(&self) -> Vec<String> {
        self.shared.failed.lock().unwrap().clone()
    }

    /// Ends it, and gives what has failed and how often it has connected.
    pub(crate) async fn end(mut self) -> (Vec<String>, [u64; 3]) {
        self.tasks.shutdown().await;
        (self.failed(), *self.shared.worked.borrow())
    }
}

/// Connects anew each time, and writes.
async fn connects(shared: Arc<Shared>, kind: usize, from: watch::Receiver<String>) {
    loop {
        let url = url(&from.borrow());
        let outage = shared.outage.load(Ordering::SeqCst);
        let done = async { writes(&client(&url, &shared.tls).await?).await }.await;
        shared.count(kind, outage, &url, done);
    }
}

/// Keeps two connections, uses them in turn, and replaces one that is broken or of a former task.
async fn pools(shared: Arc<Shared>, mut from: watch::Receiver<String>) {
    let mut pool: [Option<(u64, Client)>; 2] = [None, None];
    for turn in 0_usize.. {
        if from.has_changed().unwrap() {
            pool = [None, None];
        }
        let url = url(&from.borrow_and_update());
        let slot = &mut pool[turn % 2];
        let (outage, open) = if let Some((since, client)) = slot.take() {
            (since, Ok(client))
        } else {
            let now = shared.outage.load(Ordering::SeqCst);
            (now, client(&url, &shared.tls).await)
        };
        let done = match open {
            Ok(client) => writes(&client)
                .await
                .map(|()| *slot = Some((outage, client))),
            Err(error) => Err(error),
        };
        shared.count(2, outage, &url, done);
        tokio::task::yield_now().await;
    }
}

async fn writes(client: &Client) -> Result<(), tokio_postgres::Error> {
    client
        .batch_execute("INSERT INTO shop.orders DEFAULT VALUES")
        .await
}

impl Shared {
    /// An error counts unless the server was down on purpose at any time since the connection was begun.
    fn count(&self, kind: usize, before: u64, url: &Url, done: Result<(), tokio_postgres::Error>) {
        match done {
            Ok(()) => self.worked.send_modify(|worked| worked[kind] += 1),
            Err(error) => {
                let during = before % 2 == 1 || self.outage.load(Ordering::SeqCst) != before;
                // Whoever is refused for his credential is refused, outage or not.
                let refused = error.code().is_some_and(|it| it.code().starts_with("28"));
                if refused || !during {
                    let failure = format!("{} as {}: {error:?}", kind, url.user());
                    self.failed.lock().unwrap().push(failure);
                }
            }
        }
    }
}
