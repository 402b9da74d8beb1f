//! Where the AWS clients' requests meet the cloud: the HTTP connector behind the real clients, so
//! that signing, retries, paging, parsing and error codes are the real ones.

use std::{io, sync::Arc, time::Duration};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use nightshift_cloud::wire::{Request, Response};
use tokio::{sync::Notify, time::sleep};

use crate::{played::Played as _, sky::Shared, subject::Subject, weather::Fate};

/// One process's way to the cloud.
#[derive(Clone, Debug)]
pub struct Line<S: Subject> {
    sky: Shared<S>,
    process: u64,
    death: Arc<Notify>,
}

impl<S: Subject> Line<S> {
    /// The way of a process.
    #[must_use]
    pub const fn new(sky: Shared<S>, process: u64, death: Arc<Notify>) -> Self {
        Self {
            sky,
            process,
            death,
        }
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let (fate, there, back) = {
            let signed = request.headers().get("authorization").unwrap_or_default();
            let own = signed.contains(&format!("function.{}/", S::Played::NAME));
            let mut sky = self.sky.now();
            let fate = sky.fate(own);
            (fate, sky.random.u64(3..40), sky.random.u64(0..8))
        };
        sleep(Duration::from_millis(there)).await;
        let response = self.deliver(&request, fate);
        match fate {
            Fate::KilledBefore | Fate::KilledAfter => {
                self.die();
                never().await
            }
            Fate::Silent | Fate::SilentAfter => never().await,
            Fate::Lost | Fate::LostAfter => Err(ConnectorError::io(
                io::Error::from(io::ErrorKind::ConnectionReset).into(),
            )),
            _ => {
                // Mostly the answer is there at once; now and then others come in between.
                if back < 2 {
                    sleep(Duration::from_millis(5 + back * 20)).await;
                }
                into_http(response)
            }
        }
    }

    fn deliver(&self, request: &HttpRequest, fate: Fate) -> Option<Response> {
        let headers = request.headers();
        let id = headers.get("amz-sdk-invocation-id").unwrap_or_default();
        let request = Request {
            path: request.uri(),
            protocol: headers.get("smithy-protocol"),
            target: headers.get("x-amz-target"),
            authorization: headers.get("authorization"),
            body: request.body().bytes().unwrap_or_default(),
        };
        self.sky.now().answer(self.process, id, &request, fate)
    }

    fn die(&self) {
        let mut sky = self.sky.now();
        sky.tell(|| "    the process dies".to_owned());
        drop(sky);
        self.death.notify_one();
    }
}

/// For ever: until whoever waits gives up or is no more.
async fn never() -> ! {
    std::future::pending().await
}

fn into_http(response: Option<Response>) -> Result<HttpResponse, ConnectorError> {
    let broken = || ConnectorError::io(io::Error::other("no answer").into());
    let response = response.ok_or_else(broken)?;
    let status = StatusCode::try_from(response.status).map_err(|_| broken())?;
    let mut answer = HttpResponse::new(status, SdkBody::from(response.body));
    answer
        .headers_mut()
        .insert("content-type", response.content_type);
    for (name, value) in response.headers {
        answer.headers_mut().insert(name, value);
    }
    Ok(answer)
}

impl<S: Subject> HttpConnector for Line<S> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().carry(request))
    }
}

impl<S: Subject> HttpClient for Line<S> {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
