//! Which call a request is, and what a call that changes an estate names: what it leaves out is not
//! changed.

use hyper::Request;
use hyper::body::Bytes;
use hyper::header::AUTHORIZATION;
use serde_json::Value;

use crate::aws::form;

/// One call to AWS by the function, or by a person at the command line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The service as policies name it, `ecs` for instance.
    pub service: String,
    /// The action, `UpdateService` for instance; method and path where the service has no actions.
    pub action: String,
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.service, self.action)
    }
}

/// A call that changes an estate, with what it names: a value that it leaves out is not changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// The call.
    pub call: Call,
    /// Its input. A form's fields are texts.
    pub input: Value,
}

/// Whose calls change estates.
const CHANGING: [&str; 3] = ["application-autoscaling", "ecs", "rds"];

impl Call {
    /// Reads which call a request is.
    #[must_use]
    pub fn of(request: &Request<Bytes>) -> Self {
        let header = |name: &str| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        // Credential=<key>/<day>/<Region>/<service>/aws4_request
        let service = header(AUTHORIZATION.as_str())
            .and_then(|value| value.split_once("Credential="))
            .and_then(|(_, scope)| scope.split('/').nth(3))
            .unwrap_or("unsigned");
        // Policies name this one otherwise than signatures do.
        let service = if service == "monitoring" {
            "cloudwatch"
        } else {
            service
        };
        let path = request.uri().path();
        let target = header("x-amz-target").and_then(|target| target.split_once('.'));
        // https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html#requests
        let operation = header("smithy-protocol").and_then(|_| path.split_once("/operation/"));
        let action = match target.or(operation) {
            Some((_, action)) => action.to_owned(),
            None => form(request.body())
                .remove("Action")
                .unwrap_or_else(|| format!("{} {path}", request.method())),
        };
        Self {
            service: service.to_owned(),
            action,
        }
    }

    /// Whether it changes nothing anywhere.
    #[must_use]
    pub fn is_read(&self) -> bool {
        ["Describe", "Get", "List", "Query"]
            .iter()
            .any(|verb| self.action.starts_with(verb))
    }
}

impl Write {
    /// The call, if it changes an estate.
    pub(super) fn of(call: &Call, request: &Request<Bytes>) -> Option<Self> {
        if call.is_read() || !CHANGING.contains(&call.service.as_str()) {
            return None;
        }
        let input = serde_json::from_slice(request.body()).unwrap_or_else(|_| {
            let fields = form(request.body()).into_iter();
            let named = fields.filter(|(name, _)| name != "Action" && name != "Version");
            named
                .map(|(name, value)| (name, Value::from(value)))
                .collect()
        });
        Some(Self {
            call: call.clone(),
            input,
        })
    }

    /// The names of what it gives values to, in order.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let fields = self.input.as_object().into_iter().flatten();
        fields.map(|(name, _)| name.as_str()).collect()
    }
}
