//! A process that dies while Atlas is changed loses nothing: whoever holds a credential keeps one that
//! works, and a later look goes on.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use nightshift_atlas::Atlas as Local;
use rotate_secrets::{
    dial::{
        Answer,
        atlas::{Atlas, Internet},
    },
    engine::{atlas::Project, postgres::Sessions},
    users::Inactive,
    value::{Value, url::Url},
};
use tokio::sync::Notify;

use crate::{
    atlas::{FIRST, URL, internet, with_cluster, works},
    stage::{Stage, order},
};

/// A way to Atlas on which the process dies: after so many answers it gets no more.
#[derive(Debug)]
struct Mortal {
    inner: Internet,
    left: AtomicUsize,
    death: Arc<Notify>,
}

impl Mortal {
    async fn or_die<T>(&self, answer: T) -> T {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 0 {
            self.death.notify_one();
            std::future::pending::<()>().await;
        }
        answer
    }
}

impl Atlas for Mortal {
    fn set<'a>(
        &'a self,
        project: Project<'a>,
        inactive: &'a Inactive,
        password: &'a Value,
    ) -> Answer<'a> {
        Box::pin(async move {
            self.or_die(self.inner.set(project, inactive, password).await)
                .await
        })
    }

    fn test<'a>(&'a self, url: &'a Url, present: Option<&'a Url>) -> Answer<'a> {
        Box::pin(async move { self.or_die(self.inner.test(url, present).await).await })
    }

    fn disable<'a>(
        &'a self,
        project: Project<'a>,
        inactive: &'a Inactive,
        sessions: Sessions,
    ) -> Answer<'a> {
        Box::pin(async move {
            self.or_die(self.inner.disable(project, inactive, sessions).await)
                .await
        })
    }
}

/// Whatever was done before it died, the turn ends well, and until then everybody works with what he has.
async fn goes_on(mut stage: Stage, atlas: &Local, how: &str) {
    let first = atlas.cluster_url("shop_a", FIRST);
    assert!(works(&first).await, "{how}");
    assert!(works(&stage.parameter(URL)).await, "{how}");
    // Until the lease of the dead has ended.
    stage.pass(3 * 60).await;
    let entry = stage.entry(URL).await;
    if entry.turn.is_none() && entry.last.is_none() {
        // It died before anything of the order was written down.
        stage.ask(order("rotate", URL)).await;
    }
    stage.until_over(40).await;
    let entry = stage.entry(URL).await;
    assert_eq!(entry.last.unwrap().undone, None, "{how}");
    assert_eq!(
        entry.current.unwrap().user.as_deref(),
        Some("shop_b"),
        "{how}"
    );
    assert!(works(&stage.parameter(URL)).await, "{how}");
    assert!(works(&first).await, "{how}");
    let changes = atlas.changes();
    assert!(
        !changes.iter().any(|it| it.ends_with("shop_a")),
        "{how}: {changes:?}"
    );
    let tasks = stage.tasks_since("orders");
    let current = stage.entry(URL).await.current.unwrap().at;
    assert!(tasks.iter().all(|since| *since >= current), "{how}");
}

#[tokio::test]
async fn a_death_after_any_call_of_the_making_loses_nothing() {
    let atlas = Local::start().await.unwrap();
    let mut stage = with_cluster(&atlas, "").await;
    stage.ask(order("rotate", URL)).await;
    let calls = stage.ended.last().unwrap().calls;
    assert!(calls > 15, "{calls}");
    for call in 0..calls {
        let atlas = Local::start().await.unwrap();
        let mut stage = with_cluster(&atlas, "").await;
        stage.line.die_after(Some(call));
        let answer = stage.invoke(order("rotate", URL)).await;
        assert!(answer.is_none(), "alive after call {call}");
        stage.line.die_after(None);
        goes_on(stage, &atlas, &format!("dead after call {call}")).await;
    }
}

#[tokio::test]
async fn a_death_after_atlas_has_answered_loses_nothing_either() {
    for call in 0..2 {
        let atlas = Local::start().await.unwrap();
        let mut stage = with_cluster(&atlas, "").await;
        let mortal = Mortal {
            inner: internet(&atlas),
            left: AtomicUsize::new(call),
            death: Arc::clone(&stage.death),
        };
        stage.atlas = Arc::new(mortal);
        stage.renew();
        assert!(stage.invoke(order("rotate", URL)).await.is_none(), "{call}");
        stage.atlas = Arc::new(internet(&atlas));
        goes_on(stage, &atlas, &format!("dead after Atlas's answer {call}")).await;
    }
}
