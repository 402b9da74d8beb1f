//! From the SDK's bytes to a [`Call`], and from an [`Outcome`] to the bytes that AWS would send.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::{
    call::{Actor, Call, Fault, Outcome},
    services::{ALL, Protocol, Service},
    world::World,
};

/// A request, as far as AWS looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `X-Amz-Target`.
    pub target: Option<&'a str>,
    /// `Authorization`: it names the service and who calls.
    pub authorization: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// A request that was understood.
#[derive(Clone, Debug)]
pub struct Understood {
    /// Whom it is for.
    pub service: &'static dyn Service,
    /// What it asks for.
    pub call: Call,
}

/// Reads a request.
///
/// # Errors
/// With what AWS's front would answer.
pub fn understand(request: &Request<'_>) -> Result<Understood, Response> {
    let (access_key, signed_for) = credential(request.authorization.unwrap_or_default());
    let actor = Actor::of_access_key(access_key);
    if let Some(target) = request.target {
        let (prefix, operation) = target.rsplit_once('.').unwrap_or(("", target));
        let is_it = |service: &&&dyn Service| matches!(service.protocol(), Protocol::Json { target, .. } if target == prefix);
        let Some(service) = ALL.iter().find(is_it) else {
            return Err(refuse(&Fault::client(
                "UnknownOperationException",
                format!("the simulated cloud has no service {prefix}"),
            )));
        };
        let input = if request.body.is_empty() {
            json!({})
        } else {
            serde_json::from_slice(request.body).map_err(|error| {
                refuse(&Fault::client("SerializationException", error.to_string()))
            })?
        };
        return Ok(Understood {
            service: *service,
            call: Call {
                operation: operation.to_owned(),
                input,
                actor,
            },
        });
    }
    let mut form = Map::new();
    for (name, value) in form_urlencoded::parse(request.body) {
        form.insert(name.into_owned(), Value::String(value.into_owned()));
    }
    let operation = form
        .get("Action")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let is_it = |service: &&&dyn Service| {
        matches!(service.protocol(), Protocol::Query { .. }) && service.signing_name() == signed_for
    };
    let Some(service) = ALL.iter().find(is_it) else {
        return Err(refuse(&Fault::client(
            "UnknownOperationException",
            format!("the simulated cloud has no service {signed_for}"),
        )));
    };
    Ok(Understood {
        service: *service,
        call: Call {
            operation,
            input: Value::Object(form),
            actor,
        },
    })
}

/// `AWS4-HMAC-SHA256 Credential=<key>/<date>/<region>/<service>/aws4_request, …`
fn credential(authorization: &str) -> (&str, &str) {
    let scope = authorization
        .split_once("Credential=")
        .map_or("", |(_, rest)| rest.split(',').next().unwrap_or_default());
    let mut parts = scope.split('/');
    let key = parts.next().unwrap_or_default();
    (key, parts.nth(2).unwrap_or_default())
}

/// Answers a request from beginning to end.
pub fn receive(world: &mut World, request: &Request<'_>) -> Response {
    match understand(request) {
        Ok(understood) => {
            let outcome = world.call(understood.service, &understood.call);
            answer(world, understood.service, &understood.call, &outcome)
        }
        Err(refused) => refused,
    }
}

/// Writes an outcome in the service's format.
pub fn answer(
    world: &mut World,
    service: &dyn Service,
    call: &Call,
    outcome: &Outcome,
) -> Response {
    match (service.protocol(), outcome) {
        (Protocol::Json { version, .. }, outcome) => {
            let (status, body) = match outcome {
                Ok(output) => (200, output.to_string()),
                Err(fault) => (fault.status, json_fault(fault)),
            };
            Response {
                status,
                content_type: if version == "1.0" {
                    "application/x-amz-json-1.0"
                } else {
                    "application/x-amz-json-1.1"
                },
                body: body.into_bytes(),
            }
        }
        (Protocol::Query { version }, outcome) => {
            let request = world.id(32);
            let namespace = format!("http://{}.amazonaws.com/doc/{version}/", service.name());
            let mut xml = String::new();
            let status = match outcome {
                Ok(output) => {
                    let operation = &call.operation;
                    let _ = write!(xml, "<{operation}Response xmlns=\"{namespace}\">");
                    element(&mut xml, &format!("{operation}Result"), output);
                    let _ = write!(
                        xml,
                        "<ResponseMetadata><RequestId>{request}</RequestId></ResponseMetadata></{operation}Response>"
                    );
                    200
                }
                Err(fault) => {
                    let kind = if fault.status < 500 {
                        "Sender"
                    } else {
                        "Receiver"
                    };
                    let _ = write!(xml, "<ErrorResponse xmlns=\"{namespace}\">");
                    element(
                        &mut xml,
                        "Error",
                        &json!({ "Type": kind, "Code": fault.code, "Message": fault.message }),
                    );
                    let _ = write!(xml, "<RequestId>{request}</RequestId></ErrorResponse>");
                    fault.status
                }
            };
            Response {
                status,
                content_type: "text/xml",
                body: xml.into_bytes(),
            }
        }
    }
}

fn json_fault(fault: &Fault) -> String {
    let mut body = json!({ "__type": fault.code, "message": fault.message });
    for (name, value) in fault.more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body.to_string()
}

fn refuse(fault: &Fault) -> Response {
    Response {
        status: fault.status,
        content_type: "application/x-amz-json-1.1",
        body: json_fault(fault).into_bytes(),
    }
}

/// Nothing is written for what is null: AWS leaves such elements out.
fn element(xml: &mut String, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Array(items) => {
            for item in items {
                element(xml, name, item);
            }
        }
        Value::Object(children) => {
            let _ = write!(xml, "<{name}>");
            for (child, value) in children {
                element(xml, child, value);
            }
            let _ = write!(xml, "</{name}>");
        }
        Value::String(text) => {
            let _ = write!(xml, "<{name}>{}</{name}>", escaped(text));
        }
        other => {
            let _ = write!(xml, "<{name}>{other}</{name}>");
        }
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#13;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}
