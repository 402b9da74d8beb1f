//! Service deployments and revisions.

use aws_sdk_ecs::types::{
    Compatibility, ServiceDeploymentRollbackMonitorsStatus as Monitor, ServiceDeploymentStatus,
    ServiceRevisionSummary, StopServiceDeploymentStopType, TaskStopCode,
};
use nightshift_cloud::services::ecs::{Flaw, flaws::Kind};

use crate::estate::{CLUSTER, Estate, code};

#[tokio::test]
async fn a_rollback_is_read_from_the_deployment_its_revisions_and_its_definition() {
    let estate = Estate::new();
    let bad = estate.release("b0c1d2e", Flaw::exits(1).saying(&["Error: P1001"]));
    estate.pass(2 * 3600);
    let shown = estate.newest().await;
    assert_eq!(
        shown.status(),
        Some(&ServiceDeploymentStatus::RollbackSuccessful)
    );
    let breaker = shown.deployment_circuit_breaker().unwrap();
    assert_eq!(breaker.status(), Some(&Monitor::Triggered));
    assert_eq!((breaker.failure_count(), breaker.threshold()), (3, 3));
    let alarms = shown.alarms().unwrap();
    assert_eq!(alarms.status(), Some(&Monitor::Disabled));
    let rollback = shown.rollback().unwrap();
    assert!(rollback.started_at().is_some());
    assert_eq!(rollback.reason(), shown.status_reason());
    let target = shown.target_service_revision().unwrap();
    let source = &shown.source_service_revisions()[0];
    assert_eq!(source.arn(), rollback.service_revision_arn());
    assert_eq!(
        (target.running_task_count(), source.running_task_count()),
        (0, 2)
    );
    let client = estate.ecs();
    let revisions = client
        .describe_service_revisions()
        .service_revision_arns(target.arn().unwrap())
        .service_revision_arns(source.arn().unwrap())
        .send()
        .await
        .unwrap();
    let [failed, restored] = revisions.service_revisions() else {
        panic!("{revisions:?}")
    };
    assert_eq!(failed.task_definition(), restored.task_definition());
    let digest = |one: &aws_sdk_ecs::types::ServiceRevision| {
        let image = &one.container_images()[0];
        assert_eq!(image.container_name(), Some("api"));
        image.image_digest().unwrap().to_owned()
    };
    assert_eq!(
        (digest(failed), digest(restored)),
        (bad, estate.good.clone())
    );
    let network = failed.network_configuration().unwrap();
    let network = network.awsvpc_configuration().unwrap();
    assert_eq!(network.subnets(), ["subnet-0a1b2c3d"]);
    let balancer = &failed.load_balancers()[0];
    assert_eq!(balancer.target_group_arn(), Some(estate.targets.as_str()));
    let definition = client.describe_task_definition();
    let definition = definition.task_definition(failed.task_definition().unwrap());
    let definition = definition.send().await.unwrap();
    let definition = definition.task_definition().unwrap();
    assert_eq!(
        definition.requires_compatibilities(),
        [Compatibility::Fargate]
    );
    let container = &definition.container_definitions()[0];
    assert_eq!(container.essential(), Some(true));
    assert_eq!(container.port_mappings()[0].container_port(), Some(3001));
    assert_eq!(container.environment()[0].name(), Some("NODE_ENV"));
    assert_eq!(container.secrets()[0].value_from(), "/shop/DATABASE_URL");
    assert_eq!(container.health_check().unwrap().interval(), Some(30));
    let labels = container.docker_labels().unwrap();
    assert_eq!(labels["org.opencontainers.image.revision"], "3f9c2d1");
    let log = container.log_configuration().unwrap().options().unwrap();
    assert_eq!(log["awslogs-stream-prefix"], "app");
}

#[tokio::test]
async fn a_service_tells_the_same_story_as_its_service_deployment() {
    let estate = Estate::new();
    estate.release("b0c1d2e", Flaw::new(Kind::ImageMissing));
    let client = estate.ecs();
    let mut seen = Vec::new();
    for _ in 0..400 {
        estate.pass(5);
        let release = estate.newest().await;
        let services = client.describe_services().cluster(CLUSTER).services("api");
        let services = services.send().await.unwrap();
        let service = &services.services()[0];
        assert_eq!(
            service.current_service_deployment(),
            release.service_deployment_arn()
        );
        let primary = &service.deployments()[0];
        assert_eq!(primary.status(), Some("PRIMARY"));
        let state = primary.rollout_state().unwrap().as_str().to_owned();
        let status = release.status().unwrap().as_str().to_owned();
        let pair = (state, status);
        if seen.last() != Some(&pair) {
            seen.push(pair);
        }
        // Both count the same failures and the same running tasks.
        if release.rollback().is_none() {
            let failures = release
                .deployment_circuit_breaker()
                .unwrap()
                .failure_count();
            assert_eq!(failures, primary.failed_tasks());
        }
        let running = release.source_service_revisions().iter();
        let running: i32 = running
            .map(ServiceRevisionSummary::running_task_count)
            .sum();
        let target = release.target_service_revision().unwrap();
        assert_eq!(
            running + target.running_task_count(),
            service.running_count()
        );
    }
    let seen: Vec<_> = seen
        .iter()
        .map(|(state, status)| (state.as_str(), status.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("IN_PROGRESS", "IN_PROGRESS"),
            ("IN_PROGRESS", "ROLLBACK_IN_PROGRESS"),
            ("COMPLETED", "ROLLBACK_SUCCESSFUL")
        ]
    );
}

#[tokio::test]
async fn stopped_tasks_say_why_and_how_their_containers_ended() {
    let estate = Estate::new();
    let bad = estate.release("b0c1d2e", Flaw::new(Kind::OutOfMemory));
    estate.pass(600);
    let client = estate.ecs();
    let listed = client.list_tasks().cluster(CLUSTER).service_name("api");
    let listed = listed.desired_status(aws_sdk_ecs::types::DesiredStatus::Stopped);
    let listed = listed.send().await.unwrap();
    let tasks = client.describe_tasks().cluster(CLUSTER);
    let tasks = tasks.set_tasks(Some(listed.task_arns().to_vec()));
    let tasks = tasks.send().await.unwrap();
    let died = |task: &&aws_sdk_ecs::types::Task| {
        task.stop_code() == Some(&TaskStopCode::EssentialContainerExited)
    };
    let mut died = tasks.tasks().iter().filter(died);
    let task = died.next().unwrap();
    assert_eq!(died.count(), 2);
    assert_eq!(
        task.stopped_reason(),
        Some("Essential container in task exited")
    );
    let container = &task.containers()[0];
    assert_eq!(container.exit_code(), Some(137));
    let why = "OutOfMemoryError: Container killed due to memory usage";
    assert_eq!(container.reason(), Some(why));
    assert_eq!(container.image_digest(), Some(bad.as_str()));
    let interface = &container.network_interfaces()[0];
    let attachment = &task.attachments()[0];
    assert_eq!(interface.attachment_id(), attachment.id());
    assert_eq!(attachment.details()[0].value(), Some("subnet-0a1b2c3d"));
}

#[tokio::test]
async fn a_stop_is_refused_with_the_codes_of_the_model() {
    let estate = Estate::new();
    let client = estate.ecs();
    let ended = estate.newest().await;
    let arn = ended.service_deployment_arn().unwrap();
    let stop = |arn: &str| {
        let stop = client.stop_service_deployment().service_deployment_arn(arn);
        stop.stop_type(StopServiceDeploymentStopType::Rollback)
            .send()
    };
    assert_eq!(code(stop(arn).await), "ConflictException");
    let nobody = arn.replace("shop/api", "shop/web");
    assert_eq!(
        code(stop(&nobody).await),
        "ServiceDeploymentNotFoundException"
    );
    let many = (0..21).map(|number| format!("{arn}{number}")).collect();
    let many = client
        .describe_service_revisions()
        .set_service_revision_arns(Some(many));
    assert_eq!(code(many.send().await), "InvalidParameterException");
}
