use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
use serde_json::json;

use super::*;

/// Address, body and token of a request.
type Asked = (String, String, Option<String>);

/// Answers always the same, and keeps what it was asked.
#[derive(Clone, Debug, Default)]
struct Parrot {
    status: u16,
    body: &'static str,
    retry_after: Option<&'static str>,
    breaks: bool,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl HttpConnector for Parrot {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default();
        let token = request.headers().get("authorization");
        self.asked.lock().unwrap().push((
            request.uri().to_owned(),
            String::from_utf8_lossy(body).into_owned(),
            token.map(ToOwned::to_owned),
        ));
        if self.breaks {
            let error = ConnectorError::io("reset".into());
            return HttpConnectorFuture::ready(Err(error));
        }
        let status = StatusCode::try_from(self.status).unwrap();
        let mut response = HttpResponse::new(status, SdkBody::from(self.body));
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert("retry-after", seconds);
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

fn answering(status: u16, body: &'static str) -> Parrot {
    Parrot {
        status,
        body,
        ..Parrot::default()
    }
}

fn slack(parrot: &Parrot) -> Slack {
    Slack::new(SharedHttpConnector::new(parrot.clone()), Host::Slack)
}

fn bot() -> Way {
    Way::Bot(Secret::new("xoxb-canary\n"))
}

fn hook() -> Way {
    Way::Webhook(Secret::new("https://hooks.slack.com/services/T/B/canary"))
}

async fn post(parrot: &Parrot, way: &Way) -> Result<Posted, Trouble> {
    let message = json!({ "text": "hello" });
    slack(parrot).post(way, "#ops", None, message).await
}

#[tokio::test]
async fn a_message_goes_to_the_channel_with_the_token_in_the_header_alone() {
    let parrot = answering(200, r#"{"ok":true,"channel":"C1","ts":"1.2"}"#);
    let posted = post(&parrot, &bot()).await.unwrap();
    assert_eq!(posted.channel.as_deref(), Some("C1"));
    assert_eq!(posted.ts.as_deref(), Some("1.2"));
    let (address, body, token) = parrot.asked.lock().unwrap().pop().unwrap();
    assert_eq!(address, "https://slack.com/api/chat.postMessage");
    assert_eq!(token.as_deref(), Some("Bearer xoxb-canary"));
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&body["channel"], &body["unfurl_links"]),
        (&json!("#ops"), &json!(false))
    );
    assert!(!body.to_string().contains("canary"));
}

#[tokio::test]
async fn what_slack_answers_is_told_apart_by_what_helps() {
    let limited = |seconds| Trouble::Limited {
        after: Duration::from_secs(seconds),
    };
    let passing = |what: &str| Trouble::Passing {
        what: what.to_owned(),
    };
    for (status, body, expected) in [
        (429, "", limited(1)),
        (200, r#"{"ok":false,"error":"ratelimited"}"#, limited(1)),
        (500, "<html>", passing("HTTP 500")),
        (200, r#"{"ok":tr"#, passing("HTTP 200 without an answer")),
        (302, "", passing("HTTP 302 without an answer")),
        (
            200,
            r#"{"ok":false,"error":"internal_error"}"#,
            passing("internal_error"),
        ),
        (
            200,
            r#"{"ok":false,"error":"invalid_auth"}"#,
            Trouble::Token {
                code: "invalid_auth".to_owned(),
            },
        ),
        (
            200,
            r#"{"ok":false,"error":"channel_not_found"}"#,
            Trouble::Channel {
                code: "channel_not_found".to_owned(),
            },
        ),
        (
            200,
            r#"{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["too long","no"]}}"#,
            Trouble::Content {
                code: "invalid_blocks".to_owned(),
                detail: "too long; no".to_owned(),
            },
        ),
        (
            200,
            r#"{"ok":false,"error":"message_not_found"}"#,
            Trouble::Lost {
                code: "message_not_found".to_owned(),
            },
        ),
        (
            200,
            r#"{"ok":false,"error":"missing_scope"}"#,
            Trouble::Refused {
                what: "chat.postMessage".to_owned(),
                code: "missing_scope".to_owned(),
            },
        ),
    ] {
        let trouble = post(&answering(status, body), &bot()).await.unwrap_err();
        assert_eq!(trouble, expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_webhook_succeeds_only_with_its_ok() {
    assert!(post(&answering(200, "ok"), &hook()).await.is_ok());
    let no_service = Trouble::Token {
        code: "no_service".to_owned(),
    };
    let no_channel = Trouble::Channel {
        code: "channel_is_archived".to_owned(),
    };
    let payload = Trouble::Content {
        code: "invalid_payload".to_owned(),
        detail: String::new(),
    };
    for (status, body, expected) in [
        (404, "no_service", no_service.clone()),
        (200, "no_service", no_service),
        (410, "channel_is_archived", no_channel),
        (400, "invalid_payload", payload),
        (
            200,
            "<html>a proxy's page</html>",
            Trouble::Passing {
                what: "HTTP 200 without an answer".to_owned(),
            },
        ),
        (
            403,
            "Forbidden!",
            Trouble::Refused {
                what: "the webhook".to_owned(),
                code: "HTTP 403".to_owned(),
            },
        ),
    ] {
        let trouble = post(&answering(status, body), &hook()).await.unwrap_err();
        assert_eq!(trouble, expected, "{status} {body}");
    }
}

#[tokio::test]
async fn slack_s_own_patience_is_kept() {
    let parrot = Parrot {
        retry_after: Some("30"),
        ..answering(429, "")
    };
    for way in [bot(), hook()] {
        let trouble = post(&parrot, &way).await.unwrap_err();
        let after = Duration::from_secs(30);
        assert_eq!(trouble, Trouble::Limited { after });
    }
}

#[tokio::test]
async fn a_connection_that_breaks_passes() {
    let parrot = Parrot {
        breaks: true,
        ..answering(200, "ok")
    };
    assert!(post(&parrot, &hook()).await.unwrap_err().passes());
}

#[tokio::test]
async fn nothing_is_sent_to_another_host() {
    let parrot = answering(200, "ok");
    for address in [
        "http://hooks.slack.com/services/x",
        "https://hooks.slack.com.example.com/x",
        "https://example.com/services/x",
        "hooks.slack.com/services/x",
        "",
    ] {
        let way = Way::Webhook(Secret::new(address));
        assert!(post(&parrot, &way).await.is_err(), "{address}");
    }
    for address in [
        "http://files.slack.com/upload",
        "https://files.slack.com.example.com/upload",
        "https://example.com/?slack.com",
        "https://notslack.com/upload",
    ] {
        assert!(
            slack(&parrot).upload(address, vec![1]).await.is_err(),
            "{address}"
        );
    }
    assert!(parrot.asked.lock().unwrap().is_empty());
    let fine = "https://files.slack.com/upload/v1/abc?x=1";
    assert!(slack(&parrot).upload(fine, vec![1]).await.is_ok());
}

#[test]
fn a_secret_is_never_shown() {
    for way in [bot(), hook()] {
        assert!(!format!("{way:?}").contains("canary"), "{way:?}");
    }
}

#[test]
fn a_form_keeps_every_byte() {
    let body = form(&[("name", "a b&c=d"), ("files", "[{\"id\":\"é\"}]")]);
    assert_eq!(
        body,
        "name=a%20b%26c%3Dd&files=%5B%7B%22id%22%3A%22%C3%A9%22%7D%5D"
    );
}
