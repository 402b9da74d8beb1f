//! What was sent, understood. An event's own words decide nothing: it only says which service to look
//! at, and `CodeDeploy`'s not even that.

use nightshift::kind::Arn;
use serde_json::{Map, Value};

use crate::estates::ServiceName;

/// What an invocation asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Look at what is due.
    Tick,
    /// Look at everything, or at everything of one estate.
    Reconcile {
        /// The estate; none for all.
        estate: Option<String>,
    },
    /// Something happened: look there.
    Event(Which),
    /// Tell the story of a service, or of one of its deployments.
    Explain {
        /// The service.
        service: ServiceName,
        /// The deployment.
        deployment: Option<String>,
    },
    /// Tell what is remembered.
    Status {
        /// The estate; none for all.
        estate: Option<String>,
    },
}

/// Where something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// In this service.
    Service(ServiceName),
    /// In the service of this deployment group of `CodeDeploy`'s.
    CodeDeploy {
        /// The application.
        application: String,
        /// The deployment group.
        group: String,
    },
    /// Nowhere that concerns us: a task that belongs to no service, for instance.
    Nowhere,
}

/// The payload is not one that this function knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// Neither a command nor an event.
    #[error(
        "this is neither a command nor an event: send {{\"command\": \"explain\", \"service\": \"<cluster>/<service>\"}}, or one of tick, reconcile, status"
    )]
    Unknown,
    /// No such command.
    #[error("there is no command `{0}`: the commands are tick, reconcile, explain, status")]
    NoSuchCommand(String),
    /// No such field.
    #[error("`{command}` has no field `{field}`: it has {known}")]
    NoSuchField {
        /// The command.
        command: String,
        /// What was sent.
        field: String,
        /// What there is.
        known: String,
    },
    /// The service is missing, or cannot be read.
    #[error("service: {0}: write `<cluster>/<service>`, or the service's ARN")]
    Service(String),
    /// The deployment cannot be read.
    #[error(
        "deployment: write its id, like `ecs-svc/1234567890123456789` or `d-A1B2C3D4E`, or leave it out"
    )]
    Deployment,
    /// The estate cannot be read.
    #[error("estate: write its name, like `bookmark-manager-staging`, or `all`, or leave it out")]
    Estate,
}

/// Understands a payload.
///
/// # Errors
/// When it is neither a command nor an event, or a command with something wrong in it.
pub fn request(payload: &Value) -> Result<Request, BadRequest> {
    let fields = payload.as_object().ok_or(BadRequest::Unknown)?;
    let Some(command) = fields.get("command") else {
        return event(fields).ok_or(BadRequest::Unknown);
    };
    let command = command.as_str().ok_or(BadRequest::Unknown)?;
    let known: &[&str] = match command {
        "explain" => &["command", "service", "deployment", "at"],
        "reconcile" | "status" => &["command", "estate", "at"],
        "tick" => &["command", "at"],
        other => return Err(BadRequest::NoSuchCommand(shown(other))),
    };
    if let Some(stray) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(BadRequest::NoSuchField {
            command: command.to_owned(),
            field: shown(stray),
            known: known.join(", "),
        });
    }
    Ok(match command {
        "tick" => Request::Tick,
        "reconcile" => Request::Reconcile {
            estate: estate(fields)?,
        },
        "status" => Request::Status {
            estate: estate(fields)?,
        },
        _ => Request::Explain {
            service: asked(fields)?,
            deployment: deployment(fields)?,
        },
    })
}

/// The estate that is meant; none for `all` of them.
fn estate(fields: &Map<String, Value>) -> Result<Option<String>, BadRequest> {
    match fields.get("estate") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) if !name.is_empty() => {
            Ok(Some(name.clone()).filter(|name| name != "all"))
        }
        Some(_) => Err(BadRequest::Estate),
    }
}

fn deployment(fields: &Map<String, Value>) -> Result<Option<String>, BadRequest> {
    match fields.get("deployment") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(id)) if !id.is_empty() => Ok(Some(id.clone())),
        Some(_) => Err(BadRequest::Deployment),
    }
}

fn asked(fields: &Map<String, Value>) -> Result<ServiceName, BadRequest> {
    let text = fields
        .get("service")
        .and_then(Value::as_str)
        .ok_or_else(|| BadRequest::Service("it is missing".to_owned()))?;
    of_arn(text)
        .or_else(|| {
            let (cluster, service) = text.split_once('/')?;
            named(cluster, service)
        })
        .ok_or_else(|| BadRequest::Service(format!("`{}` names no service", shown(text))))
}

/// EventBridge's schedules and rules both send an object with `source` and `detail-type`.
fn event(fields: &Map<String, Value>) -> Option<Request> {
    let source = fields.get("source").and_then(Value::as_str)?;
    let kind = fields.get("detail-type").and_then(Value::as_str)?;
    let detail = fields.get("detail");
    if kind == "Scheduled Event" {
        return Some(Request::Tick);
    }
    let text = |name: &str| detail?.get(name)?.as_str();
    let which = match source {
        "aws.codedeploy" => {
            let found = text("application").zip(text("deploymentGroup"));
            found.map(|(application, group)| Which::CodeDeploy {
                application: application.to_owned(),
                group: group.to_owned(),
            })
        }
        "aws.ecs" => {
            let service = text("group").and_then(|group| group.strip_prefix("service:"));
            let cluster = text("clusterArn").and_then(|arn| arn.rsplit('/').next());
            let of_task = cluster
                .zip(service)
                .and_then(|(cluster, service)| named(cluster, service));
            of_task.or_else(|| of_resources(fields)).map(Which::Service)
        }
        _ => return None,
    };
    Some(Request::Event(which.unwrap_or(Which::Nowhere)))
}

fn of_resources(fields: &Map<String, Value>) -> Option<ServiceName> {
    let resources = fields.get("resources")?.as_array()?;
    resources.iter().filter_map(Value::as_str).find_map(of_arn)
}

/// `arn:aws:ecs:<region>:<account>:service/<cluster>/<service>`. Of the old form without the cluster
/// nothing can be read.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html>
pub(crate) fn of_arn(text: &str) -> Option<ServiceName> {
    let arn = Arn::new(text);
    let rest = arn.as_str().strip_prefix("arn:")?;
    let resource = rest.splitn(5, ':').nth(4)?;
    let (cluster, service) = resource.strip_prefix("service/")?.split_once('/')?;
    named(cluster, service)
}

fn named(cluster: &str, service: &str) -> Option<ServiceName> {
    let fits = |name: &str| {
        let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        !name.is_empty() && name.len() <= 255 && name.chars().all(fit)
    };
    (fits(cluster) && fits(service)).then(|| ServiceName {
        cluster: cluster.to_owned(),
        service: service.to_owned(),
    })
}

/// What a person sent, fit to be shown back.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(cluster: &str, service: &str) -> ServiceName {
        ServiceName {
            cluster: cluster.to_owned(),
            service: service.to_owned(),
        }
    }

    #[test]
    fn events_of_all_kinds_name_the_service_to_look_at() {
        let arn = "arn:aws:ecs:ap-northeast-1:123456789012:service/shop/api";
        let of = |payload: Value| request(&payload).unwrap();
        let api = || Request::Event(Which::Service(service("shop", "api")));
        for kind in ["ECS Deployment State Change", "ECS Service Action"] {
            let event = json!({ "source": "aws.ecs", "detail-type": kind, "resources": [arn], "detail": {} });
            assert_eq!(of(event), api());
        }
        let task = |group: &str| {
            json!({ "source": "aws.ecs", "detail-type": "ECS Task State Change",
                "resources": ["arn:aws:ecs:ap-northeast-1:123456789012:task/shop/0123"],
                "detail": { "clusterArn": "arn:aws:ecs:ap-northeast-1:123456789012:cluster/shop", "group": group } })
        };
        assert_eq!(of(task("service:api")), api());
        assert_eq!(of(task("family:migrate")), Request::Event(Which::Nowhere));
        let codedeploy = json!({ "source": "aws.codedeploy", "detail-type": "CodeDeploy Deployment State-change Notification",
            "detail": { "application": "a", "deploymentGroup": "g", "deploymentId": "d-1", "state": "FAILURE" } });
        assert_eq!(
            of(codedeploy),
            Request::Event(Which::CodeDeploy {
                application: "a".to_owned(),
                group: "g".to_owned()
            })
        );
        let tick =
            json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}" });
        assert_eq!(of(tick), Request::Tick);
    }

    #[test]
    fn a_person_names_a_service_by_its_arn_or_by_cluster_and_name() {
        for name in [
            "shop/api",
            "arn:aws:ecs:ap-northeast-1:123456789012:service/shop/api",
        ] {
            let asked = json!({ "command": "explain", "service": name, "deployment": "ecs-svc/1" });
            assert_eq!(
                request(&asked),
                Ok(Request::Explain {
                    service: service("shop", "api"),
                    deployment: Some("ecs-svc/1".to_owned())
                })
            );
        }
    }

    #[test]
    fn an_estate_may_be_named_and_all_means_every_one() {
        let staging = || Some("staging".to_owned());
        for (estate, wanted) in [
            (json!("staging"), staging()),
            (json!("all"), None),
            (Value::Null, None),
        ] {
            let of = |command: &str| request(&json!({ "command": command, "estate": estate }));
            let estate = wanted.clone();
            assert_eq!(of("reconcile"), Ok(Request::Reconcile { estate }));
            let estate = wanted;
            assert_eq!(of("status"), Ok(Request::Status { estate }));
        }
        for estate in [json!(3), json!(""), json!(["staging"])] {
            let asked = json!({ "command": "status", "estate": estate });
            assert_eq!(request(&asked), Err(BadRequest::Estate), "{asked}");
        }
        let asked = json!({ "command": "tick", "estate": "staging" });
        assert!(request(&asked).is_err(), "a tick is for all");
    }

    #[test]
    fn what_is_not_understood_is_answered_with_the_mend() {
        for (payload, wanted) in [
            (json!(3), "neither a command nor an event"),
            (json!({}), "neither a command nor an event"),
            (
                json!({ "source": "aws.s3", "detail-type": "x" }),
                "neither a command",
            ),
            (json!({ "command": "explian" }), "no command `explian`"),
            (
                json!({ "command": "tick", "servcie": "a/b" }),
                "no field `servcie`",
            ),
            (json!({ "command": "explain" }), "service: it is missing"),
            (
                json!({ "command": "explain", "service": "api" }),
                "`api` names no service",
            ),
            (
                json!({ "command": "explain", "service": "a/b/c" }),
                "names no service",
            ),
        ] {
            let error = request(&payload).unwrap_err().to_string();
            assert!(error.contains(wanted), "{payload}: {error}");
        }
    }
}
