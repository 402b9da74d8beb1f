//! What AWS and containers say, word for word as they were seen in documents, issues and
//! repositories, and what the table makes of it.

use nightshift::report::rollback::Upstream;

use super::*;

#[allow(clippy::unnecessary_wraps, reason = "what is expected is optional")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// What ECS says of a task that did not start, and its cause.
#[allow(clippy::too_many_lines, reason = "one case for each text")]
fn starting() -> Vec<(&'static str, Fault)> {
    let image = || some("1.dkr.ecr.r.amazonaws.com/api:1f3c9ab");
    let to = |to| Fault::NoRoute { to };
    let architecture = || Fault::Architecture {
        runs_on: some("X86_64"),
    };
    vec![
        (
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 1.dkr.ecr.r.amazonaws.com/api:1f3c9ab: not found",
            Fault::ImageNotFound { image: image() },
        ),
        (
            "CannotPullContainerError: Error response from daemon: manifest for 1.dkr.ecr.r.amazonaws.com/api:1f3c9ab not found: manifest unknown: Requested image not found",
            Fault::ImageNotFound { image: image() },
        ),
        (
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 1.dkr.ecr.r.amazonaws.com/api:1f3c9ab: unexpected status from HEAD request: 403 Forbidden",
            Fault::ImageDenied { image: image() },
        ),
        (
            "CannotPullContainerError: Error response from daemon: pull access denied for api, repository does not exist or may require 'docker login'",
            Fault::ImageDenied { image: None },
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: AccessDeniedException: User: arn:aws:sts::1:assumed-role/x is not authorized to perform: ecr:GetAuthorizationToken on resource: *",
            Fault::ImageDenied { image: None },
        ),
        (
            "CannotPullContainerError: ref pull has been retried 1 time(s): toomanyrequests: You have reached your pull rate limit",
            Fault::ImageNotPulled { image: None },
        ),
        (
            "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'",
            architecture(),
        ),
        (
            "CannotPullContainerError: failed to find a descriptor for platform {linux/amd64}",
            architecture(),
        ),
        (
            "CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: exec /entrypoint.sh: exec format error",
            architecture(),
        ),
        (
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/library/api:9: failed to do request: Head \"https://registry-1.docker.io/v2/\": dial tcp 44.205.64.79:443: i/o timeout",
            to(Upstream::Registry),
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed caused by: Post \"https://api.ecr.r.amazonaws.com/\": dial tcp 1.2.3.4:443: i/o timeout. Please check your task network configuration.",
            to(Upstream::Registry),
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There is a connection issue between the task and AWS Systems Manager Parameter Store. Check your task network configuration.",
            to(Upstream::ParameterStore),
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 5 time(s): RequestCanceled: request context canceled caused by: context deadline exceeded",
            to(Upstream::ParameterStore),
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret arn:aws:secretsmanager:r:1:secret:x from secrets manager: RequestCanceled: request context canceled caused by: context deadline exceeded",
            to(Upstream::SecretsManager),
        ),
        (
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: RequestError: send request failed: dial tcp: i/o timeout",
            to(Upstream::Logs),
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key DB_PASSWORD",
            Fault::SecretKey {
                key: some("DB_PASSWORD"),
            },
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid parameters: /api/DATABASE_URL",
            Fault::SecretMissing {
                secret: some("/api/DATABASE_URL"),
            },
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:r:1:secret:r2e/database-url from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
            Fault::SecretMissing {
                secret: some("r2e/database-url"),
            },
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::1:assumed-role/x is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:r:1:parameter/api/DATABASE_URL because no identity-based policy allows the ssm:GetParameters action",
            Fault::SecretForbidden {
                secret: some("/api/DATABASE_URL"),
            },
        ),
        (
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.",
            Fault::LogSetup {
                group: some("/ecs/api"),
            },
        ),
        (
            "Timeout waiting for network interface provisioning to complete.",
            Fault::NoInterface,
        ),
        (
            "Capacity is unavailable at this time. Please try again later or in a different availability zone",
            Fault::NoCapacity,
        ),
        (
            "CannotStartContainerError: OCI runtime create failed: exec: \"./server\": executable file not found in $PATH",
            Fault::Command { container: None },
        ),
        (
            "Task failed container health checks",
            Fault::ContainerHealth { container: None },
        ),
    ]
}

#[test]
fn what_aws_says_of_a_task_is_read_whatever_its_case_and_full_stop() {
    for (said, fault) in starting() {
        for said in [
            said.to_owned(),
            said.trim_end_matches('.').to_owned(),
            format!("{said}."),
        ] {
            let code = if said.contains("health check") {
                "ServiceSchedulerInitiated"
            } else {
                "TaskFailedToStart"
            };
            let snapshot = underway().with(three(|number| StoppedTask {
                started: None,
                ..task(number, code, &said)
            }));
            let found = &verdict(&snapshot)[0];
            assert_eq!(found.fault, fault, "{said}");
            let loud = underway().with(three(|number| task(number, code, &said.to_uppercase())));
            assert!(verdict(&loud)[0].fault.is_like(&fault), "{said}");
            let quoted = Evidence::StoppedReason {
                text: crate::mask::text(&said),
                times: 3,
            };
            assert_eq!(found.evidence[0], quoted);
        }
    }
}

#[test]
fn a_task_that_ran_out_of_memory_says_so_of_its_container() {
    let killed = |number| {
        let mut task = ended(number, 137);
        task.containers[0].reason = some("OutOfMemoryError: Container killed due to memory usage");
        task
    };
    let found = verdict(&underway().with(three(killed))).swap_remove(0);
    let fault = Fault::OutOfMemory {
        container: some("api"),
        limit: Some(1024),
    };
    assert_eq!((found.fault, found.sure), (fault, Sureness::Certain));
    assert_eq!(found.evidence.len(), 2, "the words and the exit code");
}

#[test]
fn what_logs_say_is_read_but_only_the_tables_words_are_told() {
    let cases = [
        (
            "exec /bin/sh: exec format error token=hunter2",
            Layer::Start,
            Sureness::Certain,
        ),
        (
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
            Layer::Start,
            Sureness::Likely,
        ),
        (
            "/docker-entrypoint.sh: line 9: exec: exec: not found",
            Layer::Start,
            Sureness::Certain,
        ),
    ];
    for (line, layer, sure) in cases {
        let mut snapshot = underway().with(three(|number| ended(number, 1)));
        let task = snapshot.stopped[1].clone();
        snapshot.logs = vec![log(&task, &["ok", line, "bye"])];
        let faults = judge(&snapshot, at("14:10"), false);
        let found = faults.iter().find(|it| it.fault.layer() == layer).unwrap();
        assert_eq!(found.sure, sure, "{line}");
        assert!(matches!(&found.evidence[0], Evidence::LogSays { .. }));
        assert!(!format!("{faults:?}").contains("hunter2"));
    }
}

#[test]
fn what_logs_say_often_is_told_once_and_what_they_say_otherwise_beside_it() {
    let mut snapshot = underway().with(three(|number| ended(number, 1)));
    let lines = [
        "mmap: Cannot allocate memory",
        "FATAL ERROR: JavaScript heap out of memory",
        "fork: Cannot allocate memory",
    ];
    let task = snapshot.stopped[1].clone();
    snapshot.logs = vec![log(&task, &lines)];
    let faults = verdict(&snapshot);
    let memory = |it: &&Found| matches!(it.fault, Fault::OutOfMemory { .. });
    let says = |words: &str| Evidence::LogSays {
        container: "api".to_owned(),
        words: words.to_owned(),
    };
    assert_eq!(
        faults.iter().find(memory).unwrap().evidence,
        [
            says("cannot allocate memory"),
            says("javascript heap out of memory")
        ]
    );
}

#[test]
fn what_a_task_of_the_former_version_logged_says_nothing_of_the_deployment() {
    let mut snapshot = underway().with(three(|number| ended(number, 1)));
    let other = StoppedTask {
        started_by: some(D1),
        ..ended(9, 1)
    };
    snapshot.logs = vec![log(&other, &["exec /server: exec format error"])];
    snapshot.stopped.push(other);
    let faults = verdict(&snapshot);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].fault, crash(1, 3));
    assert!(
        matches!(&faults[0].evidence[..], [Evidence::Exit { .. }]),
        "{faults:?}"
    );
}

#[test]
fn what_events_say_of_placing_counts_where_no_task_says_it() {
    let event = |message: &str, time: &str| crate::snapshot::Event {
        at: at(time),
        message: message.to_owned(),
    };
    let cases = [
        (
            "(service api) was unable to place a task. Reason: Capacity is unavailable at this time.",
            Fault::NoCapacity,
        ),
        (
            "(service api) was unable to place a task because no container instance met all of its requirements.",
            Fault::NoCapacity,
        ),
        (
            "ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided for this task.",
            Fault::Role,
        ),
    ];
    for (message, fault) in cases {
        let mut snapshot = underway();
        snapshot.service.events.push(event(message, "14:05"));
        assert_eq!(verdict(&snapshot)[0].fault, fault);
        let mut old = underway();
        old.service.events.push(event(message, "13:59"));
        assert_eq!(
            verdict(&old)[0].fault,
            Fault::Unknown,
            "an event of before says nothing"
        );
    }
}

#[test]
fn an_image_that_the_registry_does_not_have_was_not_found_whatever_the_pull_said() {
    let mut snapshot = underway().with(three(|number| {
        task(
            number,
            "TaskFailedToStart",
            "CannotPullContainerError: ref pull has been retried 5 time(s)",
        )
    }));
    assert!(matches!(
        first(&snapshot),
        (Fault::ImageNotPulled { .. }, Sureness::Likely)
    ));
    snapshot.images.push(crate::snapshot::RegistryImage {
        image: image("1f3c9ab"),
        there: false,
        ..Default::default()
    });
    let fault = Fault::ImageNotFound {
        image: Some(image("1f3c9ab")),
    };
    assert_eq!(first(&snapshot), (fault, Sureness::Certain));
}

#[test]
fn every_row_of_the_table_is_used_and_says_where_it_was_seen() {
    for row in words::OF_AWS.iter().chain(words::OF_LOGS) {
        assert!(row.seen.starts_with("https://"), "{}", row.seen);
        let words: Vec<&str> = row.all.iter().chain(row.any).copied().collect();
        assert!(!words.is_empty());
        for words in words {
            assert_eq!(
                words,
                words.to_ascii_lowercase(),
                "texts are read in lower case"
            );
        }
    }
}
