//! A small client that neither retries nor reuses a connection.

use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use nightshift_slack::Slack;
use serde_json::{Value, json};

pub(crate) const JSON: &str = "application/json; charset=utf-8";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A client of one workspace with one token.
pub(crate) struct Client {
    http: Http<HttpConnector, Full<Bytes>>,
    api: String,
    token: Option<String>,
}

impl Client {
    pub(crate) fn of(slack: &Slack) -> Self {
        Self {
            http: Http::builder(TokioExecutor::new())
                .pool_max_idle_per_host(0)
                .retry_canceled_requests(false)
                .build_http(),
            api: slack.api(),
            token: Some(slack.token()),
        }
    }

    pub(crate) fn with_token(slack: &Slack, token: Option<&str>) -> Self {
        Self {
            token: token.map(str::to_owned),
            ..Self::of(slack)
        }
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.send(Request::get(url), Bytes::new()).await.unwrap()
    }

    /// Sends bytes without a token.
    pub(crate) async fn post(
        &self,
        url: &str,
        kind: &str,
        body: impl Into<Bytes>,
    ) -> Result<Answer, hyper_util::client::legacy::Error> {
        let request = Request::post(url).header("content-type", kind);
        self.send(request, body.into()).await
    }

    /// Calls a method with a body as it is.
    pub(crate) async fn raw(
        &self,
        method: &str,
        kind: Option<&str>,
        body: impl Into<Bytes>,
    ) -> Result<Answer, hyper_util::client::legacy::Error> {
        let mut request = Request::post(format!("{}/{method}", self.api));
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.send(request, body.into()).await
    }

    /// Calls a method with JSON.
    pub(crate) async fn call(&self, method: &str, arguments: &Value) -> Value {
        let answer = self.raw(method, Some(JSON), arguments.to_string()).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Calls a method with a form.
    pub(crate) async fn form(&self, method: &str, fields: &[(&str, &str)]) -> Value {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let answer = self.raw(method, Some(FORM), form.finish()).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Posts a text; its channel's id and `ts`.
    pub(crate) async fn say(&self, channel: &str, text: &str) -> (String, String) {
        let posted = json!({ "channel": channel, "text": text });
        let answer = self.call("chat.postMessage", &posted).await;
        named(&answer)
    }

    /// Uploads a file in its three steps; its id.
    pub(crate) async fn upload(&self, name: &str, bytes: Vec<u8>, share: &Value) -> String {
        let length = bytes.len().to_string();
        let fields = [("filename", name), ("length", length.as_str())];
        let announced = self.form("files.getUploadURLExternal", &fields).await;
        let url = announced["upload_url"].as_str().unwrap();
        let id = announced["file_id"].as_str().unwrap().to_owned();
        let sent = self.post(url, "application/octet-stream", bytes).await;
        assert_eq!(sent.unwrap().status, 200);
        let mut complete = share.clone();
        complete["files"] = json!([{ "id": id, "title": name }]);
        let complete = self.call("files.completeUploadExternal", &complete).await;
        assert_eq!(complete["ok"], true, "{complete}");
        id
    }

    async fn send(
        &self,
        request: hyper::http::request::Builder,
        body: Bytes,
    ) -> Result<Answer, hyper_util::client::legacy::Error> {
        let request = request.body(Full::new(body)).unwrap();
        let answer = self.http.request(request).await?;
        let header = |name: &str| {
            let value = answer.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let (status, kind, retry_after) = (
            answer.status().as_u16(),
            header("content-type").unwrap_or_default(),
            header("retry-after"),
        );
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        Ok(Answer {
            status,
            kind,
            retry_after,
            body,
        })
    }
}

/// The channel's id and the `ts` in an answer.
pub(crate) fn named(answer: &Value) -> (String, String) {
    assert_eq!(answer["ok"], true, "{answer}");
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("channel"), text("ts"))
}

pub(crate) fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}
