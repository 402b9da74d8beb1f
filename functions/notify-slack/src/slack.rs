//! Slack's Web API and its incoming webhooks, and nothing else on the network: only Slack's own
//! hosts over TLS, no redirect is followed, and a secret never stands in what is shown of an error.
//! Success is what Slack's answer says, not its HTTP status.

mod trouble;

use std::{
    fmt::{self, Write as _},
    time::Duration,
};

use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector as _, SharedHttpConnector},
        orchestrator::HttpRequest,
    },
    http::Headers,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use serde_json::Value;
use tokio::time::timeout;

pub use trouble::Trouble;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A word that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes it in, without the line break that editors leave behind.
    #[must_use]
    pub fn new(word: &str) -> Self {
        Self(word.trim().to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// By which way messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// A bot token: messages can be updated, answered in threads and carry pictures.
    Bot(Secret),
    /// An incoming webhook: one channel, and nothing can be changed afterwards.
    Webhook(Secret),
}

impl Way {
    /// Whether a message can be updated and answered later.
    #[must_use]
    pub const fn remembers(&self) -> bool {
        matches!(self, Self::Bot(_))
    }
}

/// Where a message was put.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posted {
    /// The channel's id; nothing with a webhook.
    pub channel: Option<String>,
    /// The message's name within the channel; nothing with a webhook.
    pub ts: Option<String>,
    /// Whether it answers the message that it was meant to answer: an answer to one that is gone
    /// becomes a message of its own, without an error.
    pub answers: bool,
    /// Whether Slack refused its form, so that it stands there as bare text.
    pub simply: bool,
}

/// Where Slack is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// At its own hosts, over TLS.
    Slack,
    /// At a loopback address, for tests and demonstrations: `http://127.0.0.1:4000`.
    Local(String),
}

/// A client.
#[derive(Clone, Debug)]
pub struct Slack {
    connector: SharedHttpConnector,
    host: Host,
}

impl Slack {
    /// A client over any connector.
    #[must_use]
    pub const fn new(connector: SharedHttpConnector, host: Host) -> Self {
        Self { connector, host }
    }

    /// Posts a message to a channel, which a webhook has of its own; `thread` answers a message.
    ///
    /// # Errors
    /// With what Slack, or the way to it, had against it.
    pub async fn post(
        &self,
        way: &Way,
        channel: &str,
        thread: Option<&str>,
        mut message: Value,
    ) -> Result<Posted, Trouble> {
        match way {
            Way::Webhook(address) => {
                self.webhook(address, &message).await?;
                Ok(Posted::default())
            }
            Way::Bot(token) => {
                message["channel"] = channel.into();
                // A link in an alarm's text must not unfold into somebody's page.
                message["unfurl_links"] = false.into();
                message["unfurl_media"] = false.into();
                if let Some(thread) = thread {
                    message["thread_ts"] = thread.into();
                }
                let answer = self.call(token, "chat.postMessage", &message).await?;
                let text = |name: &str| answer[name].as_str().map(ToOwned::to_owned);
                Ok(Posted {
                    channel: text("channel"),
                    ts: text("ts"),
                    answers: answer["message"]["thread_ts"].is_string(),
                    simply: false,
                })
            }
        }
    }

    /// Draws a message anew.
    ///
    /// # Errors
    /// With what Slack, or the way to it, had against it.
    pub async fn update(
        &self,
        token: &Secret,
        channel: &str,
        ts: &str,
        mut message: Value,
    ) -> Result<(), Trouble> {
        message["channel"] = channel.into();
        message["ts"] = ts.into();
        self.call(token, "chat.update", &message).await?;
        Ok(())
    }

    /// Calls a method of the Web API with a JSON body.
    /// <https://docs.slack.dev/apis/web-api/>
    ///
    /// # Errors
    /// When the answer does not say `"ok": true`, or none comes.
    pub async fn call(&self, token: &Secret, method: &str, body: &Value) -> Result<Value, Trouble> {
        let body = body.to_string().into_bytes();
        let kind = "application/json; charset=utf-8";
        self.method(token, method, kind, body).await
    }

    /// Calls a method of the Web API that takes no JSON.
    ///
    /// # Errors
    /// When the answer does not say `"ok": true`, or none comes.
    pub async fn form(
        &self,
        token: &Secret,
        method: &str,
        fields: &[(&str, &str)],
    ) -> Result<Value, Trouble> {
        let body = form(fields).into_bytes();
        let kind = "application/x-www-form-urlencoded";
        self.method(token, method, kind, body).await
    }

    async fn method(
        &self,
        token: &Secret,
        method: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<Value, Trouble> {
        let base = match &self.host {
            Host::Slack => "https://slack.com",
            Host::Local(base) => base,
        };
        let address = format!("{base}/api/{method}");
        let answer = self.send(&address, kind, Some(token), body).await?;
        trouble::of_method(method, &answer)
    }

    /// Posts to an incoming webhook.
    /// <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>
    async fn webhook(&self, address: &Secret, message: &Value) -> Result<(), Trouble> {
        let Secret(address) = address;
        let ours = match &self.host {
            Host::Slack => {
                address.starts_with("https://hooks.slack.com/")
                    || address.starts_with("https://hooks.slack-gov.com/")
            }
            Host::Local(base) => address.starts_with(&format!("{base}/")),
        };
        if !ours {
            return Err(Trouble::Token {
                code: "not_a_webhook".to_owned(),
            });
        }
        let body = message.to_string().into_bytes();
        let answer = self.send(address, "application/json", None, body).await?;
        trouble::of_webhook(&answer)
    }

    /// Uploads a file to the address that Slack gave for it.
    ///
    /// # Errors
    /// When it is none of Slack's addresses, or refused.
    pub async fn upload(&self, address: &str, file: Vec<u8>) -> Result<(), Trouble> {
        let ours = match &self.host {
            Host::Slack => address
                .strip_prefix("https://")
                .and_then(|rest| rest.split(['/', '?', '#']).next())
                .is_some_and(|host| host == "slack.com" || host.ends_with(".slack.com")),
            Host::Local(base) => address.starts_with(&format!("{base}/")),
        };
        if !ours {
            return Err(Trouble::Refused {
                what: "the upload".to_owned(),
                code: "not_slacks_address".to_owned(),
            });
        }
        let answer = self
            .send(address, "application/octet-stream", None, file)
            .await?;
        trouble::of_upload(&answer)
    }

    async fn send(
        &self,
        address: &str,
        kind: &str,
        token: Option<&Secret>,
        body: Vec<u8>,
    ) -> Result<Answer, Trouble> {
        let request = request(address, kind, token, body).ok_or_else(|| Trouble::Token {
            code: "malformed".to_owned(),
        })?;
        let whole = async {
            let response =
                self.connector
                    .call(request)
                    .await
                    .map_err(|error| Trouble::Passing {
                        what: if error.is_timeout() {
                            "timeout".to_owned()
                        } else {
                            "network".to_owned()
                        },
                    })?;
            let status = response.status().as_u16();
            let retry_after = seconds(response.headers());
            let body = ByteStream::new(response.into_body())
                .collect()
                .await
                .map_err(|_| Trouble::Passing {
                    what: "the answer broke off".to_owned(),
                })?;
            Ok(Answer {
                status,
                retry_after,
                body: body.to_vec(),
            })
        };
        timeout(PATIENCE, whole).await.unwrap_or_else(|_| {
            Err(Trouble::Passing {
                what: "timeout".to_owned(),
            })
        })
    }
}

/// What came back.
#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    retry_after: Option<u64>,
    body: Vec<u8>,
}

fn request(
    address: &str,
    kind: &str,
    token: Option<&Secret>,
    body: Vec<u8>,
) -> Option<HttpRequest> {
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST").ok()?;
    request.set_uri(address.to_owned()).ok()?;
    let headers = request.headers_mut();
    headers.try_insert("content-type", kind.to_owned()).ok()?;
    if let Some(Secret(token)) = token {
        headers
            .try_insert("authorization", format!("Bearer {token}"))
            .ok()?;
    }
    Some(request)
}

fn seconds(headers: &Headers) -> Option<u64> {
    headers.get("retry-after")?.trim().parse().ok()
}

/// `application/x-www-form-urlencoded`: all but letters, digits and `-._` in percent form.
fn form(fields: &[(&str, &str)]) -> String {
    let mut body = String::new();
    for (name, value) in fields {
        if !body.is_empty() {
            body.push('&');
        }
        body.push_str(name);
        body.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
                body.push(char::from(byte));
            } else {
                let _ = write!(body, "%{byte:02X}");
            }
        }
    }
    body
}

#[cfg(test)]
mod tests;
