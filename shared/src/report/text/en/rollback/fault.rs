//! Why a deployment failed, how sure that is, what speaks for it and what usually mends it.

use crate::report::{
    rollback::{Changer, Evidence, Fault, Found, Story, Sureness, Upstream},
    text::{
        MESSAGE, brief_digest,
        en::{English, code, duration, names},
        said,
    },
};

/// How many pieces of evidence stand beside a cause.
const QUOTED: usize = 3;

impl English<'_> {
    /// One line for each cause, and what usually mends the first.
    pub(super) fn faults(&self, story: &Story) -> Vec<String> {
        let mut lines = Vec::new();
        for (at, found) in story.faults.iter().enumerate() {
            let word = if at == 0 { "Cause" } else { "Also" };
            lines.push(format!("{word} ({}): {}.", sure(found), self.found(found)));
            if at == 0 {
                lines.push(format!("What usually mends it: {}.", mend(&found.fault)));
            }
        }
        lines
    }

    fn found(&self, found: &Found) -> String {
        let mut evidence = found
            .evidence
            .iter()
            .filter_map(|it| self.evidence(it, &found.fault))
            .take(QUOTED)
            .peekable();
        let fault = fault(&found.fault);
        if evidence.peek().is_none() {
            return fault;
        }
        format!("{fault} — {}", evidence.collect::<Vec<_>>().join("; "))
    }

    /// A piece of evidence; none where the cause says it already.
    fn evidence(&self, evidence: &Evidence, fault: &Fault) -> Option<String> {
        Some(match evidence {
            Evidence::StoppedReason { text, times } => {
                format!("ECS says {}{}", quoted(text), times_words(*times))
            }
            Evidence::Exit {
                container,
                code: exit,
                times,
                ran,
            } => {
                let after = ran.map(|ran| format!("after {}", duration(ran)));
                if matches!(fault, Fault::Crash { .. } | Fault::Sidecar { .. }) {
                    return after;
                }
                let after = after.map_or_else(String::new, |after| format!(" {after}"));
                format!(
                    "{} ended with exit {exit}{after}{}",
                    code(container),
                    times_words(*times)
                )
            }
            Evidence::LogSays { container, words } => {
                format!("the log of {} says {}", code(container), quoted(words))
            }
            Evidence::LastLine { container, line } => {
                format!("last line of {}: {}", code(container), quoted(line))
            }
            Evidence::Event { text } => format!("event: {}", quoted(text)),
            Evidence::Target {
                port,
                code: found,
                text,
            } => {
                let port = port.map_or_else(String::new, |port| format!(" at port {port}"));
                let found = found
                    .as_deref()
                    .map_or_else(String::new, |it| format!(" ({})", code(it)));
                let text = text
                    .as_deref()
                    .map_or_else(String::new, |it| format!(": {}", quoted(it)));
                format!("target{port} is unhealthy{found}{text}")
            }
            Evidence::Alarm { .. } => return None,
            Evidence::SecretChanged { at } => format!("changed {}", self.at(*at)),
            Evidence::Asleep { since } => format!("asleep since {}", self.clock(*since)),
            Evidence::SameDigest { digest } => {
                format!("the digest is {} both times", code(&brief_digest(digest)))
            }
            Evidence::NotInRegistry { image } => format!("ECR has no {}", code(image)),
            Evidence::CodeDeploy { code: found, text } => {
                let found = found
                    .as_deref()
                    .map_or_else(String::new, |it| format!(" {}", code(it)));
                let text = text
                    .as_deref()
                    .map_or_else(String::new, |it| format!(": {}", quoted(it)));
                format!("CodeDeploy says{found}{text}")
            }
        })
    }
}

fn sure(found: &Found) -> &'static str {
    match (&found.fault, found.sure) {
        (Fault::Unknown, _) => "not found",
        (_, Sureness::Certain) => "certain",
        (_, Sureness::Likely) => "likely",
        (_, Sureness::Possible) => "possible",
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", said(text, MESSAGE).trim_end_matches('.'))
}

fn times_words(times: u32) -> String {
    match times {
        0 | 1 => String::new(),
        times => format!(" ({times} times)"),
    }
}

/// A name in back-ticks, or what it is called where nobody said it.
fn or(name: Option<&String>, otherwise: &str) -> String {
    name.map_or_else(|| otherwise.to_owned(), |name| code(name))
}

#[allow(clippy::too_many_lines, reason = "one arm for each fault")]
fn fault(fault: &Fault) -> String {
    match fault {
        Fault::ImageNotFound { image } => {
            format!("{} is not in the registry", or(image.as_ref(), "the image"))
        }
        Fault::ImageDenied { image } => format!(
            "the registry does not let the task execution role pull {}",
            or(image.as_ref(), "the image")
        ),
        Fault::ImageNotPulled { image } => {
            format!("{} could not be pulled", or(image.as_ref(), "the image"))
        }
        Fault::Architecture { runs_on } => format!(
            "the image is built for another architecture than {}",
            or(runs_on.as_ref(), "the task's")
        ),
        Fault::SecretMissing { secret } => {
            format!(
                "{} does not exist",
                or(secret.as_ref(), "a secret or parameter")
            )
        }
        Fault::SecretForbidden { secret } => format!(
            "the task execution role may not read {}",
            or(secret.as_ref(), "a secret or parameter")
        ),
        Fault::SecretKey { key: Some(key) } => format!("the secret has no key {}", code(key)),
        Fault::SecretKey { key: None } => "the secret is no JSON object".to_owned(),
        Fault::Role => "ECS cannot assume the task execution role".to_owned(),
        Fault::LogSetup { group } => format!(
            "{} is missing, or may not be written to",
            or(group.as_ref(), "the log group")
        ),
        Fault::NoCapacity => "AWS had no room for the tasks".to_owned(),
        Fault::NoRoute { to } => format!("the tasks do not reach {}", upstream(*to)),
        Fault::NoInterface => "the tasks got no network interface in time".to_owned(),
        Fault::Command { container } => format!(
            "the command of {} is not there, or cannot be run",
            or(container.as_ref(), "the container")
        ),
        Fault::OutOfMemory { container, limit } => {
            let limit = limit.map_or_else(String::new, |limit| format!(" (it has {limit} MiB)"));
            format!(
                "{} ran out of memory{limit}",
                or(container.as_ref(), "the container")
            )
        }
        Fault::Sidecar {
            container,
            code: exit,
        } => {
            let exit = exit.map_or_else(String::new, |exit| format!(" ({})", exit_words(exit)));
            format!(
                "{}, which the others cannot do without, died{exit}",
                code(container)
            )
        }
        Fault::Crash {
            container,
            code: exit,
            times,
        } => format!(
            "{} exits right after start ({}){}",
            code(container),
            exit_words(*exit),
            match times {
                0 | 1 => String::new(),
                times => format!(", {times} times"),
            }
        ),
        Fault::HealthPath { path, status } => {
            let path = path
                .as_deref()
                .map_or_else(String::new, |path| format!(" at {}", code(path)));
            let status = status.map_or_else(
                || "what it should not".to_owned(),
                |status| status.to_string(),
            );
            format!("the load balancer's health check{path} is answered {status}")
        }
        Fault::HealthPort { asked, open } => {
            let asked = asked.map_or_else(|| "a port".to_owned(), |port| format!("port {port}"));
            format!(
                "the load balancer's health check asks at {asked}, but the container listens at {}",
                super::ports(open)
            )
        }
        Fault::SlowStart {
            needed: Some(needed),
            given,
        } => format!(
            "it needs {} to start and is given {}",
            duration(*needed),
            duration(*given)
        ),
        Fault::SlowStart {
            needed: None,
            given,
        } => {
            format!(
                "it was not ready within the {} that it is given",
                duration(*given)
            )
        }
        Fault::Health { status } => {
            let status = status.map_or_else(String::new, |status| format!(" (answered {status})"));
            format!("the load balancer's health check fails{status}")
        }
        Fault::ContainerHealth { container } => format!(
            "the health check of {} fails inside the task",
            or(container.as_ref(), "a container")
        ),
        Fault::Hook { name } => format!("{} failed", code(name)),
        Fault::Alarm { names: alarms } if alarms.is_empty() => {
            "an alarm of the deployment rang".to_owned()
        }
        Fault::Alarm { names: alarms } => format!("{} rang during the deployment", names(alarms)),
        Fault::Asleep => "the estate was asleep, its databases stopped".to_owned(),
        Fault::SecretChanged {
            secret,
            by: Changer::Rotation,
        } => {
            format!("nightshift rotated {} shortly before", code(secret))
        }
        Fault::SecretChanged {
            secret,
            by: Changer::Other,
        } => {
            format!("{} was changed shortly before", code(secret))
        }
        Fault::NothingChanged => {
            "nothing changed in what is deployed, so something outside did".to_owned()
        }
        Fault::ImageGone { image } => {
            format!(
                "the image to return to, {}, is gone from the registry",
                code(image)
            )
        }
        Fault::Unknown => "this is what there is".to_owned(),
    }
}

/// An exit code with what it means.
fn exit_words(exit: i32) -> String {
    let meaning = match exit {
        0 => ", as if its work were done",
        126 => ", the command cannot be run",
        127 => ", the command is not there",
        134 => ", aborted",
        137 => ", killed",
        139 => ", it touched memory that is not its own",
        143 => ", asked to end",
        _ => "",
    };
    format!("exit {exit}{meaning}")
}

fn upstream(to: Upstream) -> &'static str {
    match to {
        Upstream::Registry => "the image registry",
        Upstream::ParameterStore => "SSM Parameter Store",
        Upstream::SecretsManager => "Secrets Manager",
        Upstream::Logs => "CloudWatch Logs",
    }
}

fn mend(fault: &Fault) -> &'static str {
    match fault {
        Fault::ImageNotFound { .. } => {
            "push the image, or correct the tag in the task definition; see whether a lifecycle policy of the repository deleted it"
        }
        Fault::ImageDenied { .. } => {
            "give the task execution role `AmazonECSTaskExecutionRolePolicy`, and look at the repository's policy if it is in another account"
        }
        Fault::ImageNotPulled { .. } => {
            "deploy again in some minutes; if it stays, look at the registry's limits and at the task's ephemeral storage"
        }
        Fault::Architecture { .. } => {
            "build the image for the platform of the task definition (`docker build --platform linux/amd64` or `linux/arm64`)"
        }
        Fault::SecretMissing { .. } => {
            "make the secret or parameter, or correct its name under `secrets` in the task definition"
        }
        Fault::SecretForbidden { .. } => {
            "let the task execution role read it (`ssm:GetParameters`, `secretsmanager:GetSecretValue`), and `kms:Decrypt` with a key of your own"
        }
        Fault::SecretKey { .. } => {
            "add the key to the secret's JSON, or correct it in the task definition"
        }
        Fault::Role => "look at the role's trust policy: `ecs-tasks.amazonaws.com` must be in it",
        Fault::LogSetup { .. } => {
            "make the log group, or let the task execution role make it (`logs:CreateLogGroup`)"
        }
        Fault::NoCapacity => {
            "deploy again later, or give the service subnets in more Availability Zones; look at the Fargate quotas as well"
        }
        Fault::NoRoute { .. } => {
            "look at the subnets' route to the NAT gateway or the VPC endpoints, and at the security groups' port 443"
        }
        Fault::NoInterface => {
            "deploy again; if it stays, see whether the subnets have free addresses"
        }
        Fault::Command { .. } => {
            "look at the image's entry point and at `command` in the task definition; scripts must be executable"
        }
        Fault::OutOfMemory { .. } => {
            "give the task more memory, or find what in this version needs it"
        }
        Fault::Sidecar { .. } => {
            "read that container's log; if the task can do without it, make it not `essential`"
        }
        Fault::Crash { .. } => "read the log lines: the application says why it ends",
        Fault::HealthPath { .. } => {
            "let the application answer 200 there, or correct the target group's path or matcher"
        }
        Fault::HealthPort { .. } => {
            "let the application, the task definition and the target group name the same port"
        }
        Fault::SlowStart { .. } => {
            "raise the service's health-check grace period, or let the application start faster"
        }
        Fault::Health { .. } => {
            "see what the application answers to its health check, and whether its security group lets the load balancer in"
        }
        Fault::ContainerHealth { .. } => {
            "run the health check's command in the image; it must be there, and end with 0"
        }
        Fault::Hook { .. } => "read the log of the hook's function",
        Fault::Alarm { .. } => "look at the alarm's metric since the deployment began",
        Fault::Asleep => "wake the estate, then deploy again",
        Fault::SecretChanged { .. } => "compare the new value with what the other side accepts",
        Fault::NothingChanged => {
            "look at what lies outside: databases, secrets, parameters, other services"
        }
        Fault::ImageGone { .. } => {
            "push the former image again, or deploy a version whose image is there"
        }
        Fault::Unknown => "read the service's events and the stopped tasks in the ECS console",
    }
}
