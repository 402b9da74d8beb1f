//! The words, each as AWS's documents or its users' reports have them.

use crate::{
    services::{
        ecr::Reference,
        ecs::{
            Task,
            flaws::{End, Flaw, Kind, request_id},
        },
        secretsmanager, ssm,
    },
    world::{ACCOUNT, REGION},
};

/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html>
const RESOURCES: &str = "ResourceInitializationError: unable to pull secrets or registry auth";
/// <https://repost.aws/knowledge-center/ecs-unable-to-pull-secrets>
const RETRIEVAL: &str = "execution resource retrieval failed";

/// How a task with a flaw ends. `group` is the target group whose checks it failed.
pub(in crate::services::ecs) fn end(flaw: &Flaw, task: &Task, group: Option<&str>) -> End {
    let never = |reason: String| End::NeverRan {
        reason,
        told_by_container: false,
    };
    match &flaw.kind {
        Kind::ImageMissing
        | Kind::PlatformMissing
        | Kind::PullForbidden
        | Kind::RegistryOutOfReach => End::NeverRan {
            reason: pull(flaw, task),
            told_by_container: true,
        },
        // https://repost.aws/knowledge-center/ecs-unable-to-pull-secrets
        Kind::RegistryAuthOutOfReach => never(format!(
            "{RESOURCES}: {RETRIEVAL}: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed caused by: Post \"https://api.ecr.{REGION}.amazonaws.com/\": dial tcp 99.77.62.61:443: i/o timeout. Please check your task network configuration."
        )),
        Kind::RegistryAuthForbidden => {
            let refused = refused(task, "ecr:GetAuthorizationToken", "*");
            let request = request_id(task.id());
            never(format!(
                "{RESOURCES}: {RETRIEVAL}: unable to retrieve ecr registry auth: service call has been retried 1 time(s): operation error ECR: GetAuthorizationToken, https response error StatusCode: 400, RequestID: {request}, api error {refused}"
            ))
        }
        Kind::SecretMissing(given)
        | Kind::SecretForbidden(given)
        | Kind::SecretOutOfReach(given)
        | Kind::SecretWithoutKey(given, _) => never(secret(flaw, task, given)),
        // As users report it. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
        Kind::LogGroupMissing => never(
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1".to_owned(),
        ),
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
        Kind::NoCapacity => never(
            "Capacity is unavailable at this time. Please try again later or in a different availability zone".to_owned(),
        ),
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
        Kind::NoInterface => never(
            "Timeout waiting for network interface provisioning to complete.".to_owned(),
        ),
        // "The task has a stopped reason of "Essential container in task exited" and an exit code 1."
        // https://repost.aws/knowledge-center/ecs-task-exec-format-error
        Kind::WrongArchitecture { exit_code } => End::Exited {
            code: *exit_code,
            reason: None,
        },
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
        Kind::OutOfMemory => End::Exited {
            code: 137,
            reason: Some("OutOfMemoryError: Container killed due to memory usage".to_owned()),
        },
        Kind::Exits(code) => End::Exited {
            code: *code,
            reason: None,
        },
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshoot-service-load-balancers.html
        Kind::TargetUnhealthy(_) => End::Replaced(group.map_or_else(
            || "Task failed ELB health checks".to_owned(),
            |group| format!("Task failed ELB health checks in (target-group {group})"),
        )),
        Kind::Says(words) => never(words.clone()),
        Kind::ContainerUnhealthy => End::Replaced("Task failed container health checks".to_owned()),
    }
}

/// What the container writes as its last: what it was told to, or what the runtime writes for it.
pub(in crate::services::ecs) fn last_lines(flaw: &Flaw, entry: Option<&str>) -> Vec<String> {
    match flaw.kind {
        Kind::WrongArchitecture { .. } if flaw.lines.is_empty() => {
            vec![format!(
                "exec {}: exec format error",
                entry.unwrap_or("/app")
            )]
        }
        _ => flaw.lines.clone(),
    }
}

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html; how often it was
// tried again, and the platform's words, are as users report them.
fn pull(flaw: &Flaw, task: &Task) -> String {
    let image = task.containers.get(flaw.place(&task.containers));
    let image = image.map_or("", |container| container.image.as_str());
    let host = image.split('/').next().unwrap_or_default();
    let path = image.strip_prefix(host).unwrap_or_default();
    let path = path.trim_start_matches('/');
    let path = path.split(['@', ':']).next().unwrap_or_default();
    let tag = Reference::read(image).map_or("latest", |reference| {
        reference.digest.unwrap_or(reference.tag)
    });
    let retried = |times: u8| {
        format!("CannotPullContainerError: pull image manifest has been retried {times} time(s)")
    };
    match flaw.kind {
        Kind::PlatformMissing => format!(
            "{}: image Manifest does not contain descriptor matching platform '{}'",
            retried(7),
            if task.arm {
                "linux/arm64 v8"
            } else {
                "linux/amd64"
            }
        ),
        Kind::PullForbidden => format!(
            "{}: failed to resolve ref {image}: pulling from host {host} failed with status code [manifests {tag}]: 403 Forbidden",
            retried(1)
        ),
        Kind::RegistryOutOfReach => format!(
            "{}: failed to resolve ref {image}: failed to do request: Head \"https://{host}/v2/{path}/manifests/{tag}\": dial tcp 52.119.219.89:443: i/o timeout",
            retried(5)
        ),
        _ => format!(
            "{}: failed to resolve ref {image}: {image}: not found",
            retried(7)
        ),
    }
}

fn refused(task: &Task, action: &str, resource: &str) -> String {
    format!(
        "AccessDeniedException: User: arn:aws:sts::{ACCOUNT}:assumed-role/{}/{} is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows the {action} action",
        task.execution_role,
        task.id()
    )
}

// The shorter texts of Parameter Store are those of the older agent, the ones of Secrets Manager with
// "operation error" those of the newer one: both are met.
// https://repost.aws/knowledge-center/ecs-unable-to-pull-secrets
fn secret(flaw: &Flaw, task: &Task, given: &str) -> String {
    if secretsmanager::is_arn(given) {
        return from_asm(flaw, task, given);
    }
    let from = format!(
        "{RESOURCES}: {RETRIEVAL}: unable to retrieve secrets from ssm: service call has been retried"
    );
    match flaw.kind {
        Kind::SecretForbidden(_) => {
            let arn = if given.starts_with("arn:") {
                given.to_owned()
            } else {
                ssm::arn(given)
            };
            let refused = refused(task, "ssm:GetParameters", &arn);
            format!("{from} 1 time(s): {refused}")
        }
        Kind::SecretOutOfReach(_) => format!(
            "{from} 5 time(s): RequestCanceled: request context canceled caused by: context deadline exceeded. Please check your task network configuration."
        ),
        _ => {
            let name = ssm::plain_name(given);
            format!("{from} 1 time(s): invalid ssm parameters: {name}")
        }
    }
}

fn from_asm(flaw: &Flaw, task: &Task, given: &str) -> String {
    let arn = secretsmanager::without_key(given);
    let from = format!(
        "{RESOURCES}: {RETRIEVAL}: unable to retrieve secret from asm: service call has been retried 1 time(s)"
    );
    let operation = format!(
        "failed to fetch secret {arn} from secrets manager: operation error Secrets Manager: GetSecretValue, https response error StatusCode:"
    );
    let request = request_id(task.id());
    match &flaw.kind {
        Kind::SecretForbidden(_) => {
            let refused = refused(task, "secretsmanager:GetSecretValue", arn);
            format!("{from}: {operation} 400, RequestID: {request}, api error {refused}")
        }
        Kind::SecretOutOfReach(_) => format!(
            "{RESOURCES}: unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets Manager. Check your task network configuration. {operation} 0, RequestID: , canceled, context deadline exceeded"
        ),
        Kind::SecretWithoutKey(_, key) => {
            format!("{from}: retrieved secret from Secrets Manager did not contain json key {key}")
        }
        _ => format!(
            "{from}: {operation} 400, RequestID: {request}, ResourceNotFoundException: Secrets Manager can't find the specified secret."
        ),
    }
}
