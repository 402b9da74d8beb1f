//! The way to the cloud: the clients' own bytes meet the world's services, in virtual time. On it a
//! process can die.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use aws_types::{SdkConfig, region::Region};
use nightshift::{aws, clock::Clock};
use nightshift_cloud::{
    wire::{Request, Response, receive},
    world::{REGION, World},
};
use tokio::{sync::Notify, time::sleep};

/// How long a call takes.
const TAKES: Duration = Duration::from_millis(12);

/// A world at the other end of the clients.
#[derive(Clone, Debug)]
pub(crate) struct Line(Arc<Mutex<End>>);

#[derive(Debug)]
struct End {
    world: World,
    clock: Clock,
    /// After so many more answers the process dies.
    dies_after: Option<usize>,
    death: Arc<Notify>,
}

impl Line {
    pub(crate) fn to(world: World) -> Self {
        let clock = Clock::set_to(world.now);
        Self(Arc::new(Mutex::new(End {
            world,
            clock,
            dies_after: None,
            death: Arc::default(),
        })))
    }

    fn end(&self) -> MutexGuard<'_, End> {
        self.0.lock().unwrap()
    }

    /// The one clock, of the world and of the function.
    pub(crate) fn clock(&self) -> Clock {
        self.end().clock
    }

    /// Looks at the world as it is now.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        let mut end = self.end();
        let now = end.clock.now();
        end.world.advance(now);
        look(&mut end.world)
    }

    /// From now on a process dies after so many answers, once.
    pub(crate) fn die_after(&self, calls: Option<usize>) {
        self.end().dies_after = calls;
    }

    /// Ends when the process dies.
    pub(crate) async fn death(&self) {
        let death = self.end().death.clone();
        death.notified().await;
    }

    /// What a process's clients are made of.
    pub(crate) fn config(&self, function: &str) -> SdkConfig {
        let key = format!("function.{function}");
        let key = Credentials::new(key, "s", None, None, "test");
        let mut builder = aws::tuned(SdkConfig::builder())
            .region(Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(key));
        builder.set_http_client(Some(SharedHttpClient::new(self.clone())));
        builder.build()
    }

    /// Answers; none if the process dies of it.
    fn answer(&self, request: &HttpRequest) -> Option<Response> {
        let headers = request.headers();
        let request = Request {
            path: request.uri(),
            protocol: headers.get("smithy-protocol"),
            target: headers.get("x-amz-target"),
            authorization: headers.get("authorization"),
            body: request.body().bytes().unwrap(),
        };
        let answer = self.with(|world| receive(world, &request));
        let mut end = self.end();
        let left = end.dies_after;
        end.dies_after = left.and_then(|left| left.checked_sub(1));
        if left == Some(0) {
            end.death.notify_one();
            return None;
        }
        Some(answer)
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        sleep(TAKES).await;
        let Some(answer) = self.answer(&request) else {
            return std::future::pending().await;
        };
        let status = answer.status.try_into().unwrap();
        let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
        let headers = response.headers_mut();
        headers.insert("content-type", answer.content_type);
        for (name, value) in answer.headers {
            headers.insert(name, value);
        }
        Ok(response)
    }
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().carry(request))
    }
}

impl HttpClient for Line {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
