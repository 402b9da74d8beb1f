//! ECS as AWS has it: what is not there is refused, lists have their limits, and a deployment takes
//! its time for as long as a test says.

use anyhow::Result;
use hyper::body::Bytes;
use hyper::{Request, Response};
use serde_json::{Value, json};

use super::{Backends, Gateway, Shared, lock, refuse};
use crate::aws::{Aws, ECS};

/// What `DescribeServices` takes.
const SERVICES_A_CALL: usize = 10;

impl Gateway {
    /// From now on the service of this name shows a deployment under way, or shows none: in
    /// `MiniStack` each is complete at once, and nobody could be held back by it.
    pub fn deploys(&self, service: &str, under_way: bool) {
        let mut deploying = lock(&self.shared.deploying);
        if under_way {
            deploying.insert(service.to_owned());
        } else {
            deploying.remove(service);
        }
    }
}

impl Shared {
    pub(super) async fn describe_services(
        &self,
        backends: &Backends,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>> {
        let input: Value = serde_json::from_slice(request.body())?;
        let asked = input["services"].as_array().map_or(0, Vec::len);
        if asked > SERVICES_A_CALL {
            return refuse(
                "InvalidParameterException",
                "Services cannot have more than 10 elements.",
            );
        }
        let answer = self.http.send(&backends.ministack, request).await?;
        let deploying = lock(&self.deploying).clone();
        if deploying.is_empty() || !answer.status().is_success() {
            return Ok(answer);
        }
        let mut output: Value = serde_json::from_slice(answer.body())?;
        for service in output["services"].as_array_mut().into_iter().flatten() {
            let name = service["serviceName"].as_str().unwrap_or_default();
            if deploying.contains(name) {
                service["deployments"][0]["rolloutState"] = "IN_PROGRESS".into();
            }
        }
        Ok(answer.map(|_| Bytes::from(output.to_string())))
    }
}

/// `MiniStack` lists nothing where AWS knows no such cluster.
pub(super) async fn refuse_missing_cluster(backends: &Backends, body: &[u8]) -> Result<()> {
    let input: Value = serde_json::from_slice(body)?;
    let cluster = input["cluster"].as_str().unwrap_or("default");
    let found = Aws::at(&backends.ministack)
        .json(ECS, "DescribeClusters", &json!({ "clusters": [cluster] }))
        .await?;
    if found["clusters"].as_array().is_none_or(Vec::is_empty) {
        return refuse("ClusterNotFoundException", "Cluster not found.");
    }
    Ok(())
}

/// A service, if it is there.
pub(super) async fn describe(aws: &Aws, cluster: &str, service: &str) -> Result<Option<Value>> {
    let answer = aws
        .json(
            ECS,
            "DescribeServices",
            &json!({ "cluster": cluster, "services": [service] }),
        )
        .await?;
    Ok(answer["services"].get(0).cloned())
}
