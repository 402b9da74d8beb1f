//! A call and its answer, after the wire format was taken off them.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

/// Tags by their key.
pub type Tags = BTreeMap<String, String>;

/// Who does something: the caller of a call, or AWS itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// One of the functions, by its name.
    Function(String),
    /// A person in the console.
    Person,
    /// `terraform apply`.
    Terraform,
    /// The pipeline that deploys.
    Pipeline,
    /// Application Auto Scaling: a policy, or the clamp of a registration.
    AutoScaling,
    /// The service itself.
    Aws,
}

impl Actor {
    /// Who signs with this access key: `function/<name>`, or one of the others' names. Whoever is
    /// not known is a person.
    #[must_use]
    pub fn of_access_key(key: &str) -> Self {
        match key {
            "terraform" => Self::Terraform,
            "pipeline" => Self::Pipeline,
            key => key
                .strip_prefix("function.")
                .map_or(Self::Person, |name| Self::Function(name.to_owned())),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(name) => f.write_str(name),
            Self::Person => f.write_str("a person"),
            Self::Terraform => f.write_str("Terraform"),
            Self::Pipeline => f.write_str("the pipeline"),
            Self::AutoScaling => f.write_str("auto scaling"),
            Self::Aws => f.write_str("AWS"),
        }
    }
}

/// One call, as a service reads it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The operation, `UpdateService` for instance.
    pub operation: String,
    /// What was sent: the JSON object; for services that take forms, an object of the form's dotted
    /// names (`Filters.Filter.1.Name`) and texts.
    pub input: Value,
    /// Who calls.
    pub actor: Actor,
}

impl Call {
    /// A text of the input.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.input.get(name).and_then(Value::as_str)
    }

    /// A whole number of the input, also where a form gives it as a text.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        let value = self.input.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// A truth value of the input, also where a form gives it as a text.
    #[must_use]
    pub fn truth(&self, name: &str) -> Option<bool> {
        let value = self.input.get(name)?;
        value.as_bool().or_else(|| value.as_str()?.parse().ok())
    }

    /// The texts of a list in JSON input.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.input
            .get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|text| text.as_str().map(ToOwned::to_owned))
            .collect()
    }
}

/// What a service answers: the output, or its error.
///
/// The output has the shape that the wire format has. For XML that means: an object is an element
/// with children, and an array repeats the element that carries its name, so a list of `DBInstance`
/// is `{"DBInstances": {"DBInstance": [ … ]}}`.
pub type Outcome = Result<Value, Fault>;

/// An error with the code that it has on the wire, from the service's own model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The code: `ClusterNotFoundException`, `InvalidDBInstanceState`.
    pub code: String,
    /// The text.
    pub message: String,
    /// The status of the HTTP answer.
    pub status: u16,
    /// What else the error's shape holds, an object; `null` for most.
    pub more: Value,
}

impl Fault {
    /// An error of the caller's: status 400.
    #[must_use]
    pub fn client(code: &str, message: impl Into<String>) -> Self {
        Self::with_status(400, code, message)
    }

    /// An error with another status, as the model has it.
    #[must_use]
    pub fn with_status(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            status,
            more: Value::Null,
        }
    }

    /// The same with further members in its shape.
    #[must_use]
    pub fn with(mut self, more: Value) -> Self {
        self.more = more;
        self
    }
}

/// What a call needs to be allowed: an action on a resource with these tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// `ecs:UpdateService`.
    pub action: String,
    /// The ARN, or `*` where the action knows no resources.
    pub resource: String,
    /// The resource's tags, for conditions on `aws:ResourceTag`.
    pub tags: Tags,
}

impl Demand {
    /// An action on a resource.
    #[must_use]
    pub fn new(action: impl Into<String>, resource: impl Into<String>, tags: &Tags) -> Self {
        Self {
            action: action.into(),
            resource: resource.into(),
            tags: tags.clone(),
        }
    }
}
