//! A client for the few AWS calls that the harness makes itself.
//!
//! The SDK would cost minutes of compiling before `make demo` shows anything. The emulators check no
//! signature, they only read the service's name from where a signature carries it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use anyhow::{Context as _, Result};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// The account that everything local lives in.
pub const ACCOUNT: &str = "123456789012";
/// The Region that everything local lives in.
pub const REGION: &str = "ap-northeast-1";
/// Set on the harness's own requests, which the gateway then does not count as the function's.
pub const HARNESS: &str = "x-nightshift-harness";

/// A service that speaks one of the JSON protocols.
#[derive(Clone, Copy, Debug)]
pub struct JsonService {
    name: &'static str,
    target: &'static str,
    version: &'static str,
}

/// A service that takes forms and answers XML.
#[derive(Clone, Copy, Debug)]
pub struct QueryService {
    name: &'static str,
    version: &'static str,
}

/// Application Auto Scaling.
pub const AUTOSCALING: JsonService = JsonService {
    name: "application-autoscaling",
    target: "AnyScaleFrontendService",
    version: "1.1",
};
/// `CloudWatch`, in the JSON that it speaks beside forms.
pub const CLOUDWATCH: JsonService = JsonService {
    name: "monitoring",
    target: "GraniteServiceVersion20100801",
    version: "1.0",
};
/// `DynamoDB`.
pub const DYNAMODB: JsonService = JsonService {
    name: "dynamodb",
    target: "DynamoDB_20120810",
    version: "1.0",
};
/// Elastic Container Service.
pub const ECS: JsonService = JsonService {
    name: "ecs",
    target: "AmazonEC2ContainerServiceV20141113",
    version: "1.1",
};
/// `EventBridge`.
pub const EVENTS: JsonService = JsonService {
    name: "events",
    target: "AWSEvents",
    version: "1.1",
};
/// `CloudWatch` Logs.
pub const LOGS: JsonService = JsonService {
    name: "logs",
    target: "Logs_20140328",
    version: "1.1",
};
/// Secrets Manager.
pub const SECRETS_MANAGER: JsonService = JsonService {
    name: "secretsmanager",
    target: "secretsmanager",
    version: "1.1",
};
/// Simple Queue Service.
pub const SQS: JsonService = JsonService {
    name: "sqs",
    target: "AmazonSQS",
    version: "1.0",
};
/// Parameter Store.
pub const SSM: JsonService = JsonService {
    name: "ssm",
    target: "AmazonSSM",
    version: "1.1",
};

/// `CloudFormation`.
pub const CLOUDFORMATION: QueryService = QueryService {
    name: "cloudformation",
    version: "2010-05-15",
};
/// Elastic Compute Cloud.
pub const EC2: QueryService = QueryService {
    name: "ec2",
    version: "2016-11-15",
};
/// Identity and Access Management.
pub const IAM: QueryService = QueryService {
    name: "iam",
    version: "2010-05-08",
};
/// Relational Database Service.
pub const RDS: QueryService = QueryService {
    name: "rds",
    version: "2014-10-31",
};
/// Simple Notification Service.
pub const SNS: QueryService = QueryService {
    name: "sns",
    version: "2010-03-31",
};

/// What AWS refused, with the code that it has on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The status of the HTTP answer.
    pub status: u16,
    /// The error's code, `DBInstanceNotFound` for instance.
    pub code: String,
    /// The error's text.
    pub message: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.code, self.status, self.message)
    }
}

impl std::error::Error for Refused {}

/// HTTP on loopback, a connection for each request.
#[derive(Clone, Debug)]
pub struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Default for Http {
    fn default() -> Self {
        // The emulators close idle connections when they like, which is no failure to learn about.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build_http();
        Self { client }
    }
}

impl Http {
    /// Sends one request to `authority` and reads the whole answer.
    ///
    /// # Errors
    /// When nothing answers there. A refusal is an answer.
    pub async fn send(&self, authority: &str, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = format!("http://{authority}{path}")
            .parse()
            .context("the request's address")?;
        let answer = self
            .client
            .request(Request::from_parts(parts, Full::new(body)))
            .await
            .with_context(|| format!("no answer from {authority}"))?;
        let (parts, body) = answer.into_parts();
        let body = body
            .collect()
            .await
            .context("the answer broke off")?
            .to_bytes();
        Ok(Response::from_parts(parts, body))
    }
}

/// AWS at a loopback address.
#[derive(Clone, Debug)]
pub struct Aws {
    http: Http,
    authority: String,
}

impl Aws {
    /// A client for the AWS that answers at `authority`, a host and a port.
    #[must_use]
    pub fn at(authority: impl Into<String>) -> Self {
        Self {
            http: Http::default(),
            authority: authority.into(),
        }
    }

    /// Calls `action` of a service that speaks JSON.
    ///
    /// # Errors
    /// [`Refused`] when AWS refuses.
    pub async fn json(&self, service: JsonService, action: &str, input: &Value) -> Result<Value> {
        let request = request(Method::POST, "/", service.name)
            .header("x-amz-target", format!("{}.{action}", service.target))
            .header(
                CONTENT_TYPE,
                format!("application/x-amz-json-{}", service.version),
            )
            .body(Bytes::from(input.to_string()))?;
        let answer = self.http.send(&self.authority, request).await?;
        read_json(&answer).with_context(|| format!("{} {action}", service.name))
    }

    /// Calls `action` of a service that takes a form, and returns the XML that it answers.
    ///
    /// # Errors
    /// [`Refused`] when AWS refuses.
    pub async fn query(
        &self,
        service: QueryService,
        action: &str,
        input: &[(&str, &str)],
    ) -> Result<String> {
        let mut form = format!("Action={action}&Version={}", service.version);
        for (name, value) in input {
            write!(form, "&{}={}", percent(name), percent(value))?;
        }
        let request = request(Method::POST, "/", service.name)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(form))?;
        let answer = self.http.send(&self.authority, request).await?;
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        if answer.status().is_success() {
            return Ok(text);
        }
        let code = first_text(&text, "Code").unwrap_or_else(|| "Unknown".into());
        let message = first_text(&text, "Message").unwrap_or(text);
        let refused = Refused {
            status: answer.status().as_u16(),
            code,
            message,
        };
        Err(refused).with_context(|| format!("{} {action}", service.name))
    }

    /// Calls a service that is addressed by method and path.
    ///
    /// # Errors
    /// [`Refused`] when AWS refuses.
    pub async fn rest(
        &self,
        service: &str,
        method: Method,
        path: &str,
        input: Option<&Value>,
    ) -> Result<Value> {
        let answer = self
            .rest_raw(service, method.clone(), path, &[], input)
            .await?;
        read_json(&answer).with_context(|| format!("{service} {method} {path}"))
    }

    /// As [`Aws::rest`], with headers both ways and without a judgement on the answer.
    ///
    /// # Errors
    /// When nothing answers.
    pub async fn rest_raw(
        &self,
        service: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        input: Option<&Value>,
    ) -> Result<Response<Bytes>> {
        let mut request = request(method, path, service).header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = input.map(ToString::to_string).unwrap_or_default();
        self.http
            .send(&self.authority, request.body(Bytes::from(body))?)
            .await
    }
}

fn request(method: Method, path: &str, service: &str) -> hyper::http::request::Builder {
    let credential = format!("test/20260101/{REGION}/{service}/aws4_request");
    Request::builder()
        .method(method)
        .uri(path)
        .header(HARNESS, HeaderValue::from_static("1"))
        .header(
            AUTHORIZATION,
            format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"),
        )
}

fn read_json(answer: &Response<Bytes>) -> Result<Value> {
    let body = answer.body();
    if answer.status().is_success() {
        if body.is_empty() {
            return Ok(Value::Null);
        }
        return serde_json::from_slice(body).context("the answer is not JSON");
    }
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let header = answer
        .headers()
        .get("x-amzn-errortype")
        .and_then(|code| code.to_str().ok())
        .map(str::to_owned);
    let code = text("__type")
        .or_else(|| text("Code"))
        .or(header)
        .unwrap_or_else(|| "Unknown".into());
    Err(Refused {
        status: answer.status().as_u16(),
        code: code.rsplit('#').next().unwrap_or_default().to_owned(),
        message: text("message")
            .or_else(|| text("Message"))
            .unwrap_or_else(|| String::from_utf8_lossy(body).into_owned()),
    }
    .into())
}

/// Encodes everything but what RFC 3986 leaves unreserved.
#[must_use]
pub fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
            }
        }
    }
    out
}

/// Decodes what [`percent`] and forms encode.
#[must_use]
pub fn unpercent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let encoded = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten();
        if let Some(byte) = encoded.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            out.push(byte);
            at += 3;
        } else {
            out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The fields of a form.
#[must_use]
pub fn form(body: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(body);
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(k, v)| (unpercent(k), unpercent(v)))
        .collect()
}

/// The text of the first element called `name` in an XML document.
#[must_use]
pub fn first_text(xml: &str, name: &str) -> Option<String> {
    let document = roxmltree::Document::parse(xml).ok()?;
    let node = document
        .descendants()
        .find(|node| node.has_tag_name_in_any(name))?;
    node.text().map(str::to_owned)
}

/// What the query services' XML is searched with: they all set a default namespace that says nothing.
pub trait AnyNamespace {
    /// Whether this is an element called `name`, whatever its namespace.
    fn has_tag_name_in_any(&self, name: &str) -> bool;
    /// The text of the child called `name`.
    fn child_text(&self, name: &str) -> Option<&str>;
}

impl AnyNamespace for roxmltree::Node<'_, '_> {
    fn has_tag_name_in_any(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }

    fn child_text(&self, name: &str) -> Option<&str> {
        self.children()
            .find(|child| child.has_tag_name_in_any(name))
            .and_then(|child| child.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_survive_the_way_there_and_back() {
        let text = "nightshift:sleep=東京 & 100%+";
        assert_eq!(unpercent(&percent(text)), text);
        let fields = form(format!("Action=Stop&Name={}", percent(text)).as_bytes());
        assert_eq!(fields["Name"], text);
    }

    #[test]
    fn errors_lose_the_namespace_of_their_code() {
        let answer = Response::builder()
            .status(400)
            .body(Bytes::from(
                r#"{"__type":"com.amazonaws.ecs#ClusterNotFoundException","message":"no"}"#,
            ))
            .unwrap();
        let refused = read_json(&answer)
            .unwrap_err()
            .downcast::<Refused>()
            .unwrap();
        assert_eq!(refused.code, "ClusterNotFoundException");
    }
}
