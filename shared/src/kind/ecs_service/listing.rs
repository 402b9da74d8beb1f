//! Which services a cluster has: all that a function needs of ECS that asks for no scalable targets.

use aws_sdk_ecs::Client as Ecs;

use crate::{
    aws::{failure::failure, pace::Pace},
    kind::Arn,
    report::Failure,
};

/// The ARNs of all services of a cluster.
///
/// # Errors
/// When a page cannot be read; `ClusterNotFoundException` when there is no such cluster.
pub async fn list(ecs: &Ecs, cluster: &str, pace: &Pace) -> Result<Vec<Arn>, Failure> {
    let mut arns = Vec::new();
    let mut next = None;
    loop {
        pace.service_reads.acquire_one().await;
        let answer = ecs
            .list_services()
            .cluster(cluster)
            .max_results(100)
            .set_next_token(next)
            .send()
            .await
            .map_err(|error| failure(cluster, "ecs:ListServices", &error))?;
        arns.extend(
            answer
                .service_arns
                .unwrap_or_default()
                .into_iter()
                .map(Arn::new),
        );
        next = answer.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(arns);
        }
    }
}
