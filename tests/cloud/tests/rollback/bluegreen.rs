//! CodeDeploy's client.

use aws_sdk_codedeploy::types::{
    DeploymentCreator, DeploymentStatus, DeploymentTargetType, ErrorCode, LifecycleEventStatus,
    TargetLabel, TargetStatus,
};
use jiff::{SignedDuration, Timestamp};
use nightshift_cloud::{
    call::Actor,
    services::{
        codedeploy::{self, Group},
        ecs::{self, Flaw, NewService, Place, flaws, flaws::Kind},
        elbv2,
    },
    world::World,
};

use crate::{estate::code, line::Line};

#[tokio::test]
async fn a_deployment_that_failed_tells_why_and_what_rolled_it_back() {
    let mut world = World::new(Timestamp::from_second(1_800_000_000).unwrap(), 7);
    let by = Actor::Terraform;
    let blue = elbv2::create_group(&mut world, &by, "point-blue", 8080, "/health");
    let green = elbv2::create_group(&mut world, &by, "point-green", 8080, "/health");
    let new = NewService::new("point", "app").count(2).code_deploy();
    let service = ecs::create_service(&mut world, &by, new.behind(&blue, "app", 8080));
    let group = Group::new("point", "app-group", &service, [&blue, &green]);
    codedeploy::create_group(&mut world, &by, group);
    flaws::put(&mut world, Place::Network, Flaw::new(Kind::OutOfMemory));
    let id = codedeploy::deploy(&mut world, &Actor::Pipeline, "point", "app-group", "app:1");
    let id = id.unwrap();
    world.advance(world.now + SignedDuration::from_hours(2));
    let line = Line::to(world);
    let client = aws_sdk_codedeploy::Client::new(&line.config("explain-rollback"));
    let shown = client
        .get_deployment()
        .deployment_id(&id)
        .send()
        .await
        .unwrap();
    let info = shown.deployment_info().unwrap();
    assert_eq!(info.status(), Some(&DeploymentStatus::Failed));
    assert_eq!(info.creator(), Some(&DeploymentCreator::User));
    let error = info.error_information().unwrap();
    assert_eq!(error.code(), Some(&ErrorCode::Timeout));
    assert!(
        error
            .message()
            .unwrap()
            .ends_with("This time out period is 60 minutes.")
    );
    let took = info.complete_time().unwrap().secs() - info.create_time().unwrap().secs();
    assert_eq!(took, 3600);
    let back = info
        .rollback_info()
        .unwrap()
        .rollback_deployment_id()
        .unwrap();
    let listed = client.list_deployments().application_name("point");
    let listed = listed
        .deployment_group_name("app-group")
        .send()
        .await
        .unwrap();
    assert_eq!(listed.deployments(), [back, id.as_str()]);
    let targets = client.list_deployment_targets().deployment_id(&id);
    let targets = targets.send().await.unwrap();
    let targets = client
        .batch_get_deployment_targets()
        .deployment_id(&id)
        .set_target_ids(Some(targets.target_ids().to_vec()));
    let targets = targets.send().await.unwrap();
    let target = &targets.deployment_targets()[0];
    assert_eq!(
        target.deployment_target_type(),
        Some(&DeploymentTargetType::EcsTarget)
    );
    let target = target.ecs_target().unwrap();
    assert_eq!(target.status(), Some(&TargetStatus::Failed));
    let failed = target.lifecycle_events().iter();
    let mut failed = failed.filter(|one| one.status() == Some(&LifecycleEventStatus::Failed));
    assert_eq!(
        failed.next().unwrap().lifecycle_event_name(),
        Some("Install")
    );
    let sets = target.task_sets_info();
    let labels: Vec<_> = sets
        .iter()
        .map(|set| (set.task_set_label(), set.running_count()))
        .collect();
    assert_eq!(
        labels,
        [
            (Some(&TargetLabel::Blue), 2),
            (Some(&TargetLabel::Green), 0)
        ]
    );
    let again = client.stop_deployment().deployment_id(id).send().await;
    assert_eq!(code(again), "DeploymentAlreadyCompletedException");
    let nobody = client
        .get_deployment()
        .deployment_id("d-NOBODY00")
        .send()
        .await;
    assert!(
        nobody
            .unwrap_err()
            .as_service_error()
            .unwrap()
            .is_deployment_does_not_exist_exception()
    );
}
