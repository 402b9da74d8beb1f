//! From the SDK's bytes to a [`Call`], and from an [`Outcome`] to the bytes that AWS would send.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::{
    call::{Actor, Call, Fault, Outcome},
    services::{ALL, Protocol, Service},
    world::World,
};

mod cbor;

/// A request, as far as AWS looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The address, or its path alone.
    pub path: &'a str,
    /// `Smithy-Protocol`.
    pub protocol: Option<&'a str>,
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
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A request that was understood.
#[derive(Clone, Debug)]
pub struct Understood {
    /// Whom it is for.
    pub service: &'static dyn Service,
    /// How it was written, and how its answer is.
    pub protocol: Protocol,
    /// What it asks for.
    pub call: Call,
}

/// Whom a request is for and how it is written, the operation and the input.
type Read = (&'static dyn Service, Protocol, String, Value);

/// Reads a request.
///
/// # Errors
/// With what AWS's front would answer.
pub fn understand(request: &Request<'_>) -> Result<Understood, Response> {
    let (access_key, signed_for) = credential(request.authorization.unwrap_or_default());
    let read = match (request.protocol, request.target) {
        (Some(protocol), target) => {
            read_cbor(request, protocol, target).map_err(|fault| cbor_fault("aws", &fault))
        }
        (None, Some(target)) => read_json(request, target).map_err(|fault| refuse(&fault)),
        (None, None) => read_form(request, signed_for).map_err(|fault| refuse(&fault)),
    };
    let (service, protocol, operation, input) = read?;
    Ok(Understood {
        service,
        protocol,
        call: Call {
            operation,
            input,
            actor: Actor::of_access_key(access_key),
        },
    })
}

/// The service that is spoken to like this.
fn spoken_to(
    name: &str,
    is_it: impl Fn(&dyn Service, Protocol) -> bool,
) -> Result<(&'static dyn Service, Protocol), Fault> {
    let found = ALL.into_iter().find_map(|service| {
        let protocols = [Some(service.protocol()), service.other_protocol()];
        let mut protocols = protocols.into_iter().flatten();
        let protocol = protocols.find(|protocol| is_it(service, *protocol))?;
        Some((service, protocol))
    });
    found.ok_or_else(|| {
        Fault::client(
            "UnknownOperationException",
            format!("the simulated cloud has no service {name}"),
        )
    })
}

fn unreadable(why: impl std::fmt::Display) -> Fault {
    Fault::client("SerializationException", why.to_string())
}

fn read_json(request: &Request<'_>, target: &str) -> Result<Read, Fault> {
    let (prefix, operation) = target.rsplit_once('.').unwrap_or(("", target));
    let (service, protocol) = spoken_to(
        prefix,
        |_, protocol| matches!(protocol, Protocol::Json { target, .. } if target == prefix),
    )?;
    let input = if request.body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(request.body).map_err(unreadable)?
    };
    Ok((service, protocol, operation.to_owned(), input))
}

fn read_form(request: &Request<'_>, signed_for: &str) -> Result<Read, Fault> {
    let mut form = Map::new();
    for (name, value) in form_urlencoded::parse(request.body) {
        form.insert(name.into_owned(), Value::String(value.into_owned()));
    }
    let operation = form
        .get("Action")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let (service, protocol) = spoken_to(signed_for, |service, protocol| {
        matches!(protocol, Protocol::Query { .. }) && service.signing_name() == signed_for
    })?;
    Ok((service, protocol, operation, Value::Object(form)))
}

// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html#requests
fn read_cbor(request: &Request<'_>, protocol: &str, target: Option<&str>) -> Result<Read, Fault> {
    if protocol != cbor::PROTOCOL {
        return Err(unreadable(format_args!(
            "the simulated cloud does not speak {protocol}"
        )));
    }
    if target.is_some() {
        return Err(unreadable(format_args!(
            "X-Amz-Target does not belong into {protocol}"
        )));
    }
    // Only the last four segments count.
    let mut segments = request.path.rsplit('/');
    let mut last = || segments.next().unwrap_or_default();
    let (operation, between, name, before) = (last(), last(), last(), last());
    if (before, between) != ("service", "operation") {
        return Err(unreadable(format_args!(
            "{} does not end with /service/<name>/operation/<name>",
            request.path
        )));
    }
    let (found, protocol) = spoken_to(
        name,
        |_, protocol| matches!(protocol, Protocol::Cbor { service, .. } if service == name),
    )?;
    let input = cbor::read(request.body).map_err(unreadable)?;
    Ok((found, protocol, operation.to_owned(), input))
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
            answer(world, &understood, &outcome)
        }
        Err(refused) => refused,
    }
}

/// Writes an outcome as the request was written.
pub fn answer(world: &mut World, understood: &Understood, outcome: &Outcome) -> Response {
    let Understood {
        service,
        protocol,
        call,
    } = understood;
    match (*protocol, outcome) {
        (Protocol::Json { version, .. }, outcome) => {
            let (status, body) = match outcome {
                Ok(output) => (200, output.to_string()),
                Err(fault) => (fault.status, json_fault(fault).to_string()),
            };
            Response {
                status,
                content_type: if version == "1.0" {
                    "application/x-amz-json-1.0"
                } else {
                    "application/x-amz-json-1.1"
                },
                headers: Vec::new(),
                body: body.into_bytes(),
            }
        }
        (Protocol::Cbor { members, .. }, Ok(output)) => Response {
            status: 200,
            content_type: cbor::CONTENT_TYPE,
            headers: vec![(cbor::HEADER, cbor::PROTOCOL.to_owned())],
            body: cbor::write(output, members),
        },
        (Protocol::Cbor { .. }, Err(fault)) => cbor_fault(service.name(), fault),
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
                headers: Vec::new(),
                body: xml.into_bytes(),
            }
        }
    }
}

fn json_fault(fault: &Fault) -> Value {
    let mut body = json!({ "__type": fault.code, "message": fault.message });
    for (name, value) in fault.more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

/// The code stands in a header too, for those who know it from the service's forms: the shape's name
/// may be another one.
/// <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#aws-protocols-awsquerycompatible-trait>
fn cbor_fault(service: &str, fault: &Fault) -> Response {
    let mut body = json_fault(fault);
    body["__type"] = format!("com.amazonaws.{service}#{}", fault.code).into();
    let whose = if fault.status < 500 {
        "Sender"
    } else {
        "Receiver"
    };
    Response {
        status: fault.status,
        content_type: cbor::CONTENT_TYPE,
        headers: vec![
            (cbor::HEADER, cbor::PROTOCOL.to_owned()),
            ("x-amzn-query-error", format!("{};{whose}", fault.code)),
        ],
        body: cbor::write(&body, &[]),
    }
}

fn refuse(fault: &Fault) -> Response {
    Response {
        status: fault.status,
        content_type: "application/x-amz-json-1.1",
        headers: Vec::new(),
        body: json_fault(fault).to_string().into_bytes(),
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
