//! What the other services know of it: the registry, the logs, the load balancer, the parameters.

use aws_sdk_ecr::types::ImageIdentifier;
use aws_sdk_elasticloadbalancingv2::types::{
    TargetHealthReasonEnum as Reason, TargetHealthStateEnum as State,
};
use aws_sdk_ssm::types::ParameterStringFilter;
use nightshift_cloud::{
    call::Actor,
    policy::Policy,
    services::{
        ecr,
        ecs::{
            Flaw,
            flaws::{Kind, Trouble},
        },
        logs, ssm,
    },
};

use crate::estate::{CLUSTER, Estate, GROUP, REPOSITORY, code};

fn by_digest(digest: &str) -> ImageIdentifier {
    ImageIdentifier::builder().image_digest(digest).build()
}

#[tokio::test]
async fn the_registry_tells_tags_the_time_of_the_push_and_annotations() {
    let estate = Estate::new();
    let bad = estate.release("b0c1d2e", Flaw::exits(1));
    let client = aws_sdk_ecr::Client::new(&estate.line.config("explain-rollback"));
    let shown = client.describe_images().repository_name(REPOSITORY);
    let shown = shown
        .image_ids(by_digest(&bad))
        .image_ids(by_digest(&estate.good));
    let shown = shown.send().await.unwrap();
    let [new, old] = shown.image_details() else {
        panic!("{shown:?}")
    };
    assert_eq!(new.image_tags(), ["b0c1d2e", "latest"]);
    assert_eq!(old.image_tags(), ["3f9c2d1"]);
    assert!(new.image_pushed_at() > old.image_pushed_at());
    let got = client.batch_get_image().repository_name(REPOSITORY);
    let got = got.image_ids(by_digest(&bad)).send().await.unwrap();
    let manifest = got.images()[0].image_manifest().unwrap();
    let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
    assert_eq!(
        manifest["annotations"]["org.opencontainers.image.revision"],
        "b0c1d2e"
    );
    estate
        .line
        .with(|world| ecr::delete(world, &Actor::Aws, REPOSITORY, &bad));
    let gone = client.describe_images().repository_name(REPOSITORY);
    let gone = gone.image_ids(by_digest(&bad)).send().await;
    assert!(
        gone.as_ref()
            .unwrap_err()
            .as_service_error()
            .unwrap()
            .is_image_not_found_exception()
    );
    let nowhere = client
        .describe_images()
        .repository_name("nowhere")
        .send()
        .await;
    assert_eq!(code(nowhere), "RepositoryNotFoundException");
}

#[tokio::test]
async fn the_last_lines_are_in_the_stream_of_the_task() {
    let estate = Estate::new();
    let lines = [
        "connecting to db:5432",
        "Error: P1001: can't reach database server",
    ];
    estate.release("b0c1d2e", Flaw::exits(1).saying(&lines));
    estate.pass(600);
    let client = aws_sdk_cloudwatchlogs::Client::new(&estate.line.config("explain-rollback"));
    let task = estate.line.with(|world| {
        let tasks = &world.ecs.service(&estate.service).unwrap().tasks;
        let died = tasks.iter().find(|task| task.exit_code() == Some(1));
        died.unwrap().id().to_owned()
    });
    let get = |group: &str, stream: String| {
        let get = client.get_log_events().log_group_name(group);
        get.log_stream_name(stream).limit(20).send()
    };
    let got = get(GROUP, format!("app/api/{task}")).await.unwrap();
    let texts: Vec<&str> = got
        .events()
        .iter()
        .filter_map(|one| one.message())
        .collect();
    assert_eq!(texts, lines);
    assert!(got.next_backward_token().is_some());
    let found = client.filter_log_events().log_group_name(GROUP);
    let found = found.filter_pattern("P1001").send().await.unwrap();
    assert_eq!(found.events().len(), 3);
    let listed = client.describe_log_streams().log_group_name(GROUP);
    let listed = listed
        .log_stream_name_prefix("app/api/")
        .send()
        .await
        .unwrap();
    assert!(listed.log_streams().len() >= 3);
    assert_eq!(
        code(get(GROUP, "app/api/none".to_owned()).await),
        "ResourceNotFoundException"
    );
    estate
        .line
        .with(|world| logs::delete_group(world, &Actor::Person, GROUP));
    let gone = get(GROUP, format!("app/api/{task}")).await;
    assert!(
        gone.unwrap_err()
            .as_service_error()
            .unwrap()
            .is_resource_not_found_exception()
    );
}

#[tokio::test]
async fn the_load_balancer_tells_which_targets_fail_and_what_it_asks_for() {
    let estate = Estate::new();
    let flaw = Flaw::new(Kind::TargetUnhealthy(Trouble::Status(404)));
    estate.release("b0c1d2e", flaw);
    let config = estate.line.config("explain-rollback");
    let client = aws_sdk_elasticloadbalancingv2::Client::new(&config);
    let mut seen = Vec::new();
    for _ in 0..40 {
        estate.pass(10);
        let health = client
            .describe_target_health()
            .target_group_arn(&estate.targets);
        let health = health.send().await.unwrap();
        for target in health.target_health_descriptions() {
            let health = target.target_health().unwrap();
            let state = health.state().unwrap();
            let pair = (state.clone(), health.reason().cloned());
            match state {
                State::Healthy => assert_eq!(health.description(), None),
                State::Unhealthy => {
                    let text = "Health checks failed with these codes: [404]";
                    assert_eq!(health.description(), Some(text));
                    assert_eq!(target.target().unwrap().port(), Some(3001));
                }
                _ => {}
            }
            if !seen.contains(&pair) {
                seen.push(pair);
            }
        }
    }
    for pair in [
        (State::Healthy, None),
        (State::Unhealthy, Some(Reason::ResponseCodeMismatch)),
        (State::Draining, Some(Reason::DeregistrationInProgress)),
    ] {
        assert!(seen.contains(&pair), "{pair:?} in {seen:?}");
    }
    let groups = client
        .describe_target_groups()
        .target_group_arns(&estate.targets);
    let groups = groups.send().await.unwrap();
    let group = &groups.target_groups()[0];
    assert_eq!(group.health_check_path(), Some("/health"));
    assert_eq!(group.matcher().unwrap().http_code(), Some("200"));
    assert_eq!(group.health_check_timeout_seconds(), Some(5));
    assert_eq!(group.health_check_interval_seconds(), Some(30));
    assert_eq!(
        (group.port(), group.load_balancer_arns().len()),
        (Some(3001), 1)
    );
    let gone = estate.targets.replace("shop-api", "gone");
    let refused = client
        .describe_target_groups()
        .target_group_arns(&gone)
        .send()
        .await;
    assert!(
        refused
            .unwrap_err()
            .as_service_error()
            .unwrap()
            .is_target_group_not_found_exception()
    );
    let refused = client
        .describe_target_health()
        .target_group_arn(gone)
        .send()
        .await;
    assert_eq!(code(refused), "TargetGroupNotFound");
}

#[tokio::test]
async fn a_target_s_address_is_that_of_a_task() {
    let estate = Estate::new();
    let config = estate.line.config("explain-rollback");
    let client = aws_sdk_elasticloadbalancingv2::Client::new(&config);
    let health = client
        .describe_target_health()
        .target_group_arn(&estate.targets);
    let health = health.send().await.unwrap();
    let mut targets: Vec<String> = health
        .target_health_descriptions()
        .iter()
        .map(|one| one.target().unwrap().id().unwrap().to_owned())
        .collect();
    let ecs = estate.ecs();
    let listed = ecs.list_tasks().cluster(CLUSTER).send().await.unwrap();
    let tasks = ecs.describe_tasks().cluster(CLUSTER);
    let tasks = tasks
        .set_tasks(Some(listed.task_arns().to_vec()))
        .send()
        .await
        .unwrap();
    let mut addresses: Vec<String> = tasks
        .tasks()
        .iter()
        .map(|task| {
            let interface = &task.containers()[0].network_interfaces()[0];
            interface.private_ipv4_address().unwrap().to_owned()
        })
        .collect();
    targets.sort();
    addresses.sort();
    assert_eq!(targets, addresses);
}

#[tokio::test]
async fn a_parameter_tells_when_it_was_changed_last_and_by_whom() {
    let estate = Estate::new();
    estate.pass(3600);
    estate.line.with(|world| {
        ssm::put(
            world,
            &Actor::Person,
            "/shop/DATABASE_URL",
            "postgresql://y",
        )
        .unwrap();
        ssm::put(world, &Actor::Person, "/shop/OTHER", "x").unwrap();
    });
    let client = aws_sdk_ssm::Client::new(&estate.line.config("explain-rollback"));
    let filter = ParameterStringFilter::builder().key("Name");
    let filter = filter.values("/shop/DATABASE_URL").build().unwrap();
    let shown = client.describe_parameters().parameter_filters(filter);
    let shown = shown.send().await.unwrap();
    let [parameter] = shown.parameters() else {
        panic!("{shown:?}")
    };
    assert_eq!((parameter.version(), parameter.arn().is_some()), (2, true));
    let now = estate.line.with(|world| world.now.as_second());
    assert_eq!(parameter.last_modified_date().unwrap().secs(), now);
    assert!(parameter.last_modified_user().is_some());
    let history = client.get_parameter_history().name("/shop/DATABASE_URL");
    let history = history.send().await.unwrap();
    assert_eq!(history.parameters().len(), 2);
}

#[tokio::test]
async fn each_call_needs_its_own_permission_on_its_own_resource() {
    let estate = Estate::new();
    let name = "explain-rollback";
    estate.line.with(|world| {
        world.roles.insert(name.to_owned(), Policy::default());
    });
    let config = estate.line.config(name);
    let ecr = aws_sdk_ecr::Client::new(&config);
    let refused = ecr
        .describe_images()
        .repository_name(REPOSITORY)
        .send()
        .await;
    assert_eq!(code(refused), "AccessDeniedException");
    let ecs = estate.ecs();
    let refused = ecs
        .describe_service_revisions()
        .service_revision_arns("arn:x")
        .send()
        .await;
    assert_eq!(code(refused), "AccessDeniedException");
    let elb = aws_sdk_elasticloadbalancingv2::Client::new(&config);
    let refused = elb.describe_target_groups().send().await;
    assert_eq!(code(refused), "AccessDenied");
    let logs = aws_sdk_cloudwatchlogs::Client::new(&config);
    let refused = logs
        .describe_log_streams()
        .log_group_name(GROUP)
        .send()
        .await;
    let error = refused.unwrap_err();
    let text = format!("{error:?}");
    let resource = format!(
        "logs:DescribeLogStreams on resource: {}:*",
        logs::arn(GROUP)
    );
    assert!(text.contains(&resource), "{text}");
}
