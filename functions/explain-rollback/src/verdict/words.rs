//! The table of words: what ECS, the registry, the secret stores and containers say when something
//! is wrong, and what it means. Read without regard to case; the first row that fits a text wins,
//! so what is more particular stands before what is more general.

use nightshift::report::rollback::{Evidence, Fault, Sureness, Upstream};

use super::{Case, Found, Suspect, count};
use crate::mask;

/// A row of the table.
pub struct Row {
    /// Words that all stand in the text.
    pub all: &'static [&'static str],
    /// Words of which one stands in the text; none are asked for where this is empty.
    pub any: &'static [&'static str],
    /// What it means, with what the text names.
    pub fault: fn(&Text<'_>) -> Fault,
    /// How sure that is.
    pub sure: Sureness,
    /// Where the words are documented, or were seen.
    pub seen: &'static str,
}

/// A text that is read.
pub struct Text<'a> {
    /// As it was said.
    pub said: &'a str,
    /// In lower case, for the table.
    pub lower: String,
    /// The container of whom it was said.
    pub container: Option<&'a str>,
    /// What the container's task may use, in MiB.
    pub limit: Option<u32>,
    /// What its task runs on.
    pub runs_on: Option<&'a str>,
    /// The log group to which its task writes.
    pub group: Option<&'a str>,
}

const PULL: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html";
const RESOURCES: &str = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html";
const SECRETS: &str = "https://repost.aws/knowledge-center/ecs-unable-to-pull-secrets";
const MEMORY: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/out-of-memory.html";
const STARTING: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cannot-start-container.html";
const CAPACITY: &str = "https://repost.aws/knowledge-center/ecs-fargate-runtask-capacity";
const EVENTS: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html";
const PLATFORM: &str = "https://github.com/aws/containers-roadmap/issues/1120";
const STOPPED: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html";

/// Words of a network that leads nowhere.
const UNREACHABLE: &[&str] = &[
    "i/o timeout",
    "context deadline",
    "request canceled",
    "requestcanceled",
    "requesterror: send request failed",
    "no such host",
    "connection refused",
    "network is unreachable",
    "no route to host",
    "connection issue between",
    "statuscode: 0",
    "client.timeout",
    "tls handshake timeout",
    "check your task network configuration",
];

/// Words of a refusal.
const REFUSED: &[&str] = &[
    "accessdenied",
    "access denied",
    "not authorized",
    "403 forbidden",
    "status: 403",
    "401 unauthorized",
    "unauthorized: ",
    "no basic auth credentials",
    "denied: ",
    "pull access denied",
];

/// Words of an image that is not there.
const ABSENT: &[&str] = &[
    ": not found",
    "manifest unknown",
    "name unknown",
    "does not exist",
    "image not found",
    "no such manifest",
    "imagenotfound",
];

/// What AWS says of tasks, and of placing them.
pub const OF_AWS: &[Row] = &[
    Row {
        all: &[],
        any: &[
            "does not contain descriptor matching platform",
            "failed to find a descriptor for platform",
            "no match for platform in manifest",
            "no matching manifest for linux",
            "exec format error",
        ],
        fault: architecture,
        sure: Sureness::Certain,
        seen: PLATFORM,
    },
    Row {
        all: &["cannotpull"],
        any: UNREACHABLE,
        fault: |_| Fault::NoRoute {
            to: Upstream::Registry,
        },
        sure: Sureness::Certain,
        seen: PULL,
    },
    Row {
        all: &["from ssm"],
        any: UNREACHABLE,
        fault: |_| Fault::NoRoute {
            to: Upstream::ParameterStore,
        },
        sure: Sureness::Certain,
        seen: RESOURCES,
    },
    Row {
        all: &["from asm"],
        any: UNREACHABLE,
        fault: |_| Fault::NoRoute {
            to: Upstream::SecretsManager,
        },
        sure: Sureness::Certain,
        seen: RESOURCES,
    },
    Row {
        all: &["logg"],
        any: UNREACHABLE,
        fault: |_| Fault::NoRoute { to: Upstream::Logs },
        sure: Sureness::Certain,
        seen: RESOURCES,
    },
    Row {
        all: &["ecr"],
        any: UNREACHABLE,
        fault: |_| Fault::NoRoute {
            to: Upstream::Registry,
        },
        sure: Sureness::Certain,
        seen: SECRETS,
    },
    Row {
        all: &["cannotpull"],
        any: REFUSED,
        fault: |text| Fault::ImageDenied { image: image(text) },
        sure: Sureness::Certain,
        seen: PULL,
    },
    Row {
        all: &["ecr:"],
        any: REFUSED,
        fault: |text| Fault::ImageDenied { image: image(text) },
        sure: Sureness::Certain,
        seen: RESOURCES,
    },
    Row {
        all: &["cannotpull"],
        any: ABSENT,
        fault: |text| Fault::ImageNotFound { image: image(text) },
        sure: Sureness::Certain,
        seen: PULL,
    },
    Row {
        all: &["cannotpull"],
        any: &[],
        fault: |text| Fault::ImageNotPulled { image: image(text) },
        sure: Sureness::Likely,
        seen: PULL,
    },
    Row {
        all: &[],
        any: &[
            "did not contain json key",
            "is not valid json",
            "not a valid json",
            "json: cannot unmarshal",
            "invalid character",
        ],
        fault: |text| Fault::SecretKey {
            key: after(text, "json key "),
        },
        sure: Sureness::Certain,
        seen: RESOURCES,
    },
    Row {
        all: &["pull secrets"],
        any: &[
            "can't find the specified secret",
            "parameternotfound",
            "invalid parameters",
            "invalid ssm parameters",
            "resourcenotfoundexception",
        ],
        fault: |text| Fault::SecretMissing {
            secret: secret(text),
        },
        sure: Sureness::Certain,
        seen: SECRETS,
    },
    Row {
        all: &["pull secrets"],
        any: REFUSED,
        fault: |text| Fault::SecretForbidden {
            secret: secret(text),
        },
        sure: Sureness::Certain,
        seen: SECRETS,
    },
    Row {
        all: &[],
        any: &[
            "unable to assume the role",
            "role cannot be assumed",
            "unable to assume role",
        ],
        fault: |_| Fault::Role,
        sure: Sureness::Certain,
        seen: EVENTS,
    },
    Row {
        all: &[],
        any: &[
            "failed to validate logger args",
            "failed to initialize logging driver",
            "log group does not exist",
            "logs:createloggroup",
            "logs:createlogstream",
        ],
        fault: |text| Fault::LogSetup {
            group: text.group.map(str::to_owned),
        },
        sure: Sureness::Certain,
        seen: RESOURCES,
    },
    Row {
        all: &[],
        any: &[
            "network interface provisioning",
            "network interface was not created",
            "createnetworkinterface",
        ],
        fault: |_| Fault::NoInterface,
        sure: Sureness::Certain,
        seen: "https://repost.aws/knowledge-center/ecs-fargate-network-interface-errors",
    },
    Row {
        all: &[],
        any: &[
            "capacity is unavailable",
            "resource:fargate",
            "resource:cpu",
            "resource:memory",
            "resource:eni",
            "resource:ports",
            "insufficient cpu",
            "insufficient memory available",
            "no container instance met",
            "limit on the number of vcpus",
        ],
        fault: |_| Fault::NoCapacity,
        sure: Sureness::Certain,
        seen: CAPACITY,
    },
    Row {
        all: &[],
        any: &[
            "outofmemory",
            "killed due to memory usage",
            "oom-killed",
            "oomkilled",
        ],
        fault: memory,
        sure: Sureness::Certain,
        seen: MEMORY,
    },
    Row {
        all: &[],
        any: &[
            "executable file not found",
            "cannotstartcontainererror",
            "cannotcreatecontainererror",
            "oci runtime create failed",
        ],
        fault: command,
        sure: Sureness::Certain,
        seen: STARTING,
    },
    Row {
        all: &["failed container health check"],
        any: &[],
        fault: |text| Fault::ContainerHealth {
            container: text.container.map(str::to_owned),
        },
        sure: Sureness::Certain,
        seen: STOPPED,
    },
];

/// What containers say themselves, in words that are the same whatever they run.
pub const OF_LOGS: &[Row] = &[
    Row {
        all: &["exec format error"],
        any: &[],
        fault: architecture,
        sure: Sureness::Certain,
        seen: STARTING,
    },
    Row {
        all: &[],
        any: &[
            "javascript heap out of memory",
            "java.lang.outofmemoryerror",
            "cannot allocate memory",
            "out of memory: killed process",
        ],
        fault: memory,
        sure: Sureness::Likely,
        seen: MEMORY,
    },
    Row {
        all: &[],
        any: &[
            "executable file not found in $path",
            "exec: not found",
            "no such file or directory: exec",
        ],
        fault: command,
        sure: Sureness::Certain,
        seen: STARTING,
    },
];

fn architecture(text: &Text<'_>) -> Fault {
    Fault::Architecture {
        runs_on: text.runs_on.map(str::to_owned),
    }
}

fn memory(text: &Text<'_>) -> Fault {
    Fault::OutOfMemory {
        container: text.container.map(str::to_owned),
        limit: text.limit,
    }
}

fn command(text: &Text<'_>) -> Fault {
    Fault::Command {
        container: text.container.map(str::to_owned),
    }
}

/// The image that a text names: behind `ref`, `reference`, `for` or `image`.
fn image(text: &Text<'_>) -> Option<String> {
    let marks = [
        "resolve ref ",
        "resolve reference ",
        "access denied for ",
        "manifest for ",
        "pull image ",
    ];
    let found = marks.iter().find_map(|mark| after(text, mark));
    found.filter(|image| image.contains(['/', ':']))
}

/// The secret or parameter that a text names.
fn secret(text: &Text<'_>) -> Option<String> {
    let marks = [
        "on resource: ",
        "invalid parameters: ",
        "invalid ssm parameters: ",
        "fetch secret ",
        "fetching secret from the service for ",
    ];
    let found = marks.iter().find_map(|mark| after(text, mark))?;
    let name = found
        .rsplit_once(":secret:")
        .or_else(|| found.rsplit_once(":parameter"));
    Some(name.map_or_else(|| found.clone(), |name| name.1.to_owned()))
}

/// The word that follows a mark.
fn after(text: &Text<'_>, mark: &str) -> Option<String> {
    let start = text.lower.find(mark)? + mark.len();
    let word = text.said.get(start..)?.split_whitespace().next()?;
    let word = word
        .trim_matches(|c: char| matches!(c, '"' | '\'' | '`' | ',' | ';' | '[' | ']' | '(' | ')'));
    let word = word.trim_end_matches([':', '.']);
    (!word.is_empty()).then(|| mask::text(word))
}

impl Row {
    /// Whether the row fits a text in lower case; and the words of the table by which it does.
    #[must_use]
    pub fn fits(&self, lower: &str) -> Option<&'static str> {
        if !self.all.iter().all(|words| lower.contains(words)) {
            return None;
        }
        let any = self.any.iter().find(|words| lower.contains(*words));
        any.or_else(|| self.all.first().filter(|_| self.any.is_empty()))
            .copied()
    }
}

impl<'a> Text<'a> {
    fn new(case: &Case<'a>, said: &'a str, container: Option<&'a str>) -> Self {
        let definition = case.definition();
        let own = container.and_then(|name| case.container(name)?.memory);
        let whole = definition.and_then(|it| it.memory.as_deref()?.parse().ok());
        Self {
            said,
            lower: said.to_ascii_lowercase(),
            container,
            limit: own.or(whole),
            runs_on: definition.and_then(|it| it.architecture.as_deref()),
            group: definition.and_then(|it| it.main()?.logging.as_ref()?.group.as_deref()),
        }
    }
}

/// What AWS says of the deployment's tasks, of its containers and of placing it.
pub(super) fn of_aws(case: &Case<'_>, suspects: &mut Vec<Suspect>) {
    for task in case.tasks() {
        let of_the_task = task.reason.as_deref().map(|said| (said, None));
        let of_containers = task.containers.iter().filter_map(|container| {
            Some((container.reason.as_deref()?, Some(container.name.as_str())))
        });
        let mut heard = Vec::new();
        for (said, container) in of_the_task.into_iter().chain(of_containers) {
            let text = Text::new(case, said, container);
            let Some(row) = OF_AWS.iter().find(|row| row.fits(&text.lower).is_some()) else {
                continue;
            };
            let fault = (row.fault)(&text);
            // A task and its container often say the same.
            if !heard.iter().any(|known: &Fault| known.is_like(&fault)) {
                heard.push(fault.clone());
                note(suspects, fault, row.sure, &mask::text(said));
            }
        }
    }
    for said in case.events() {
        let text = Text::new(case, said, None);
        let about_placing = ["unable to place", "unable to assume", "was unable to"];
        if !about_placing.iter().any(|words| text.lower.contains(words)) {
            continue;
        }
        if let Some(row) = OF_AWS.iter().find(|row| row.fits(&text.lower).is_some()) {
            let fault = (row.fault)(&text);
            if !suspects.iter().any(|it| it.found.fault.is_like(&fault)) {
                let evidence = vec![Evidence::Event {
                    text: mask::text(said),
                }];
                suspects.push(Suspect {
                    found: Found {
                        fault,
                        sure: row.sure,
                        evidence,
                    },
                    tasks: 1,
                });
            }
        }
    }
}

/// The image that the tasks of the way back do not find, and what they say of it.
pub(super) fn not_found_on_the_way_back(case: &Case<'_>) -> Option<(Option<String>, Evidence)> {
    let tasks = case.attempt.tasks_of_the_way_back(case.snapshot);
    let tasks: Vec<_> = tasks.collect();
    let (image, said) = tasks.iter().find_map(|task| {
        task.said().find_map(|said| {
            let text = Text::new(case, said, None);
            let row = OF_AWS.iter().find(|row| row.fits(&text.lower).is_some())?;
            match (row.fault)(&text) {
                Fault::ImageNotFound { image } => Some((image, said)),
                _ => None,
            }
        })
    })?;
    let same = tasks.iter().filter(|task| task.said().any(|it| it == said));
    let evidence = Evidence::StoppedReason {
        text: mask::text(said),
        times: count(same.count()),
    };
    Some((image, evidence))
}

/// Notes what one more task says.
fn note(suspects: &mut Vec<Suspect>, fault: Fault, sure: Sureness, said: &str) {
    let known = suspects
        .iter_mut()
        .find(|it| it.found.fault.is_like(&fault));
    let Some(known) = known else {
        let evidence = vec![Evidence::StoppedReason {
            text: said.to_owned(),
            times: 1,
        }];
        suspects.push(Suspect {
            found: Found {
                fault,
                sure,
                evidence,
            },
            tasks: 1,
        });
        return;
    };
    known.tasks += 1;
    if let Some(Evidence::StoppedReason { times, .. }) = known.found.evidence.first_mut() {
        *times = count(known.tasks);
    }
}

/// What the logs of the deployment's containers say. Of the words only the table's are told.
pub(super) fn of_logs(case: &Case<'_>, suspects: &mut Vec<Suspect>) {
    for log in case.logs() {
        for line in &log.lines {
            let text = Text::new(case, &line.text, Some(&log.container));
            let row = OF_LOGS
                .iter()
                .find_map(|row| Some((row, row.fits(&text.lower)?)));
            let Some((row, words)) = row else { continue };
            let fault = (row.fault)(&text);
            let evidence = Evidence::LogSays {
                container: log.container.clone(),
                words: words.to_owned(),
            };
            let known = suspects
                .iter_mut()
                .find(|it| it.found.fault.is_like(&fault));
            match known {
                Some(known) if known.found.evidence.contains(&evidence) => {}
                Some(known) => known.found.evidence.push(evidence),
                None => suspects.push(Suspect {
                    found: Found {
                        fault,
                        sure: row.sure,
                        evidence: vec![evidence],
                    },
                    // Logs are read of some tasks only, and stand for all that ended alike.
                    tasks: usize::MAX,
                }),
            }
        }
    }
}
