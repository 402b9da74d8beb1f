//! A project with the shop's first user, and the way to it.

use std::time::Duration;

use nightshift_atlas::{Atlas as Local, Options};
use rotate_secrets::dial::Refusal;
use rotate_secrets::dial::atlas::{Atlas as _, Internet};
use rotate_secrets::engine::atlas::{Access, Host, Project};
use rotate_secrets::engine::postgres::Sessions;
use rotate_secrets::users::Inactive;
use rotate_secrets::value::{Value, generate, url::Url};

/// The first user's password, looked for wherever it should not be.
pub(crate) const FIRST: &str = "canary-first-2f6d0c51a9";

pub(crate) struct Stage {
    pub(crate) atlas: Local,
    pub(crate) internet: Internet,
    pub(crate) access: String,
    pub(crate) project: String,
}

pub(crate) fn value(text: &str) -> Value {
    Value::new(text.to_owned())
}

pub(crate) fn url(text: &str) -> Url {
    Url::parse(value(text)).unwrap()
}

fn inactive() -> Inactive {
    let users = ["shop_a".to_owned(), "shop_b".to_owned()];
    Inactive::of(&users, "shop_a").unwrap()
}

fn internet(atlas: &Local) -> Internet {
    Internet::to(Host::Local(atlas.url()))
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with_servers(1).await
    }

    pub(crate) async fn with_servers(servers: usize) -> Self {
        let options = Options {
            servers,
            ..Options::default()
        };
        let atlas = Local::with(options).await.unwrap();
        atlas.add(
            "shop_a",
            FIRST,
            &[("readWrite", "shop"), ("read", "prices")],
        );
        let internet = internet(&atlas);
        Self {
            access: atlas.service_account(),
            project: atlas.project(),
            atlas,
            internet,
        }
    }

    /// Sets a new password of `shop_b`, and answers it.
    pub(crate) async fn set(&self) -> Result<Value, Refusal> {
        let password = generate::password().unwrap();
        let access = Access::parse(&value(&self.access)).unwrap();
        let project = Project {
            id: &self.project,
            access: &access,
        };
        let inactive = inactive();
        self.internet.set(project, &inactive, &password).await?;
        Ok(password)
    }

    pub(crate) async fn disable(&self, sessions: Sessions) -> Result<(), Refusal> {
        let access = Access::parse(&value(&self.access)).unwrap();
        let project = Project {
            id: &self.project,
            access: &access,
        };
        let inactive = inactive();
        self.internet.disable(project, &inactive, sessions).await
    }

    pub(crate) fn first(&self) -> Url {
        url(&self.atlas.cluster_url("shop_a", FIRST))
    }

    pub(crate) fn second(&self, password: &Value) -> Url {
        self.first().with_credentials("shop_b", password).unwrap()
    }

    /// Tests a credential of `shop_b` against that of `shop_a`.
    pub(crate) async fn test(&self, password: &Value) -> Result<(), Refusal> {
        self.test_within(password, 20).await
    }

    /// The same, but the cluster is waited for no longer than so many seconds.
    pub(crate) async fn test_within(&self, password: &Value, seconds: u64) -> Result<(), Refusal> {
        let (first, second) = (self.first(), self.second(password));
        let internet = internet(&self.atlas).within(Duration::from_secs(seconds));
        internet.test(&second, Some(&first)).await
    }
}
