//! A service's tasks are replaced by a forced deployment of what is deployed already. It is kept off
//! other functions before.

use nightshift::{
    aws::failure::failure,
    ledger::rotation::{Entry, Service},
    report::Failure,
};

use super::Act;

pub(super) async fn roll(
    act: &mut Act<'_>,
    service: &Service,
    cluster: &str,
    name: &str,
) -> Result<(), Failure> {
    act.save(Entry::Service(service.clone())).await?;
    let function = act.context.function;
    function.pace.service_writes.acquire_one().await;
    function
        .ecs()
        .update_service()
        .cluster(cluster)
        .service(name)
        .force_new_deployment(true)
        .send()
        .await
        .map_err(|error| failure(service.arn.as_str(), "ecs:UpdateService", &error))?;
    act.log(&service.arn, "tasks", "", "replaced", &service.turn);
    Ok(())
}
