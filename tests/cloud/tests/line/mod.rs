//! A world at the other end of the SDK's clients.

use std::sync::{Arc, Mutex};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion,
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::{body::SdkBody, retry::RetryConfig};
use aws_types::{SdkConfig, region::Region};
use nightshift_cloud::{
    wire::{Request, Response, receive},
    world::{REGION, World},
};

/// A world at the other end of a client.
#[derive(Clone, Debug)]
pub(crate) struct Line(Arc<Mutex<World>>);

impl Line {
    /// The line to a world.
    pub(crate) fn to(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    /// What a function's clients are made of.
    pub(crate) fn config(&self, function: &str) -> SdkConfig {
        let key = format!("function.{function}");
        let key = Credentials::new(key, "s", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(SharedCredentialsProvider::new(key))
            .http_client(self.clone())
            .region(Region::new(REGION))
            .retry_config(RetryConfig::disabled())
            .build()
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    pub(crate) fn ask(&self, request: &Request<'_>) -> Response {
        self.with(|world| receive(world, request))
    }
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let headers = request.headers();
        let answer = self.ask(&Request {
            path: request.uri(),
            protocol: headers.get("smithy-protocol"),
            target: headers.get("x-amz-target"),
            authorization: headers.get("authorization"),
            body: request.body().bytes().unwrap(),
        });
        let status = answer.status.try_into().unwrap();
        let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
        let headers = response.headers_mut();
        headers.insert("content-type", answer.content_type);
        for (name, value) in answer.headers {
            headers.insert(name, value);
        }
        HttpConnectorFuture::ready(Ok(response))
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
