//! RDS: databases take their time, refuse what AWS refuses, and keep the half of a capacity range
//! that a change does not name.

use std::collections::HashMap;

use anyhow::Result;
use hyper::body::Bytes;
use hyper::header::CONTENT_LENGTH;
use hyper::{Request, Response};

use super::{Backends, Shared, refuse};
use crate::aws::{AnyNamespace as _, Aws, RDS, first_text, form, percent};

/// The databases that are on their way.
#[derive(Debug, Default)]
pub(super) struct Databases {
    pub(super) looks_until_settled: u32,
    /// By ARN-like key `db:<name>` or `cluster:<name>`: what is shown, and for how many more looks.
    moving: HashMap<String, (&'static str, u32)>,
}

impl Shared {
    pub(super) async fn rds(
        &self,
        backends: &Backends,
        action: &str,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>> {
        let fields = form(request.body());
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        let (key, from, through) = match action {
            "StopDBInstance" => (
                format!("db:{}", field("DBInstanceIdentifier")),
                "available",
                "stopping",
            ),
            "StartDBInstance" => (
                format!("db:{}", field("DBInstanceIdentifier")),
                "stopped",
                "starting",
            ),
            "StopDBCluster" => (
                format!("cluster:{}", field("DBClusterIdentifier")),
                "available",
                "stopping",
            ),
            "StartDBCluster" => (
                format!("cluster:{}", field("DBClusterIdentifier")),
                "stopped",
                "starting",
            ),
            "DescribeDBInstances" | "DescribeDBClusters" => {
                let answer = self.http.send(&backends.ministack, request).await?;
                let shown = super::lock(&self.databases)
                    .show(&String::from_utf8_lossy(answer.body()), true);
                return Ok(answer.map(|_| Bytes::from(shown)));
            }
            "ModifyDBCluster" => {
                let key = format!("cluster:{}", field("DBClusterIdentifier"));
                self.refuse_moving_database(backends, &key, "available")
                    .await?;
                let request = with_whole_range(backends, request).await?;
                return self.http.send(&backends.ministack, request).await;
            }
            _ => return self.http.send(&backends.ministack, request).await,
        };
        self.refuse_moving_database(backends, &key, from).await?;
        let answer = self.http.send(&backends.ministack, request).await?;
        if !answer.status().is_success() {
            return Ok(answer);
        }
        let mut databases = super::lock(&self.databases);
        if databases.looks_until_settled > 0 {
            let looks = databases.looks_until_settled;
            databases.moving.insert(key, (through, looks));
        }
        let shown = databases.show(&String::from_utf8_lossy(answer.body()), false);
        Ok(answer.map(|_| Bytes::from(shown)))
    }

    /// `MiniStack` stops instances in whatever state they are, members of Aurora clusters included.
    async fn refuse_moving_database(
        &self,
        backends: &Backends,
        key: &str,
        expected: &str,
    ) -> Result<()> {
        let Some((kind, name)) = key.split_once(':') else {
            return Ok(());
        };
        let aws = Aws::at(&backends.ministack);
        let (action, parameter, element, code) = match kind {
            "db" => (
                "DescribeDBInstances",
                "DBInstanceIdentifier",
                "DBInstance",
                "InvalidDBInstanceState",
            ),
            _ => (
                "DescribeDBClusters",
                "DBClusterIdentifier",
                "DBCluster",
                "InvalidDBClusterStateFault",
            ),
        };
        let described = aws.query(RDS, action, &[(parameter, name)]).await?;
        let shown = super::lock(&self.databases).show(&described, false);
        let document = roxmltree::Document::parse(&shown)?;
        let Some(database) = document
            .descendants()
            .find(|node| node.has_tag_name_in_any(element))
        else {
            return Ok(());
        };
        let engine = database.child_text("Engine").unwrap_or_default();
        if kind == "db" && engine.starts_with("aurora") {
            let message =
                format!("{engine} DB instances are not eligible for stopping and starting.");
            return refuse("InvalidParameterCombination", message);
        }
        let status = database
            .child_text(status_element(element))
            .unwrap_or_default();
        if status != expected {
            return refuse(
                code,
                format!("{name} is in {status} state but expected it to be {expected}."),
            );
        }
        Ok(())
    }
}

/// `MiniStack` forgets the bound of a Serverless v2 range that a change does not name; AWS keeps it.
async fn with_whole_range(
    backends: &Backends,
    mut request: Request<Bytes>,
) -> Result<Request<Bytes>> {
    const RANGE: &str = "ServerlessV2ScalingConfiguration";

    let fields = form(request.body());
    let name = |bound: &str| format!("{RANGE}.{bound}");
    let missing: Vec<&str> = ["MinCapacity", "MaxCapacity"]
        .into_iter()
        .filter(|bound| !fields.contains_key(&name(bound)))
        .collect();
    let [missing] = missing[..] else {
        return Ok(request);
    };
    let cluster = fields.get("DBClusterIdentifier");
    let cluster = cluster.map(String::as_str).unwrap_or_default();
    let described = Aws::at(&backends.ministack)
        .query(
            RDS,
            "DescribeDBClusters",
            &[("DBClusterIdentifier", cluster)],
        )
        .await?;
    let Some(kept) = first_text(&described, missing) else {
        return Ok(request);
    };
    let field = format!("&{}={}", percent(&name(missing)), percent(&kept));
    request.headers_mut().remove(CONTENT_LENGTH);
    Ok(request.map(|body| Bytes::from([&body[..], field.as_bytes()].concat())))
}

fn status_element(element: &str) -> &'static str {
    if element == "DBInstance" {
        "DBInstanceStatus"
    } else {
        "Status"
    }
}

impl Databases {
    /// Writes the transitional status over the settled one where a database is still moving; a
    /// look at it brings it nearer to where it goes.
    fn show(&mut self, xml: &str, look: bool) -> String {
        let Ok(document) = roxmltree::Document::parse(xml) else {
            return xml.to_owned();
        };
        let mut shown = xml.to_owned();
        let mut seen = Vec::new();
        // From the end, so that what is replaced does not move what is still to come.
        let databases: Vec<_> = document
            .descendants()
            .filter(|node| {
                node.has_tag_name_in_any("DBInstance") || node.has_tag_name_in_any("DBCluster")
            })
            .collect();
        for database in databases.into_iter().rev() {
            let element = database.tag_name().name();
            let cluster = database
                .child_text("DBClusterIdentifier")
                .map(|name| format!("cluster:{name}"));
            let instance = database
                .child_text("DBInstanceIdentifier")
                .map(|name| format!("db:{name}"));
            let mut keys = [instance, cluster].into_iter().flatten();
            let Some((key, status)) =
                keys.find_map(|key| self.moving.get(&key).map(|(status, _)| (key, *status)))
            else {
                continue;
            };
            let text = database
                .children()
                .find(|child| child.has_tag_name_in_any(status_element(element)))
                .and_then(|child| child.first_child());
            if let Some(text) = text {
                shown.replace_range(text.range(), status);
            }
            // A member shows its cluster's state; only a look at the cluster itself counts.
            if element == "DBCluster" || key.starts_with("db:") {
                seen.push(key);
            }
        }
        if look {
            for key in seen {
                if let Some((_, looks)) = self.moving.get_mut(&key) {
                    *looks = looks.saturating_sub(1);
                    if *looks == 0 {
                        self.moving.remove(&key);
                    }
                }
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "<R><DBInstances>\
        <DBInstance><DBInstanceIdentifier>a</DBInstanceIdentifier><DBInstanceStatus>available</DBInstanceStatus>\
        <DBClusterIdentifier></DBClusterIdentifier></DBInstance>\
        <DBInstance><DBInstanceIdentifier>b</DBInstanceIdentifier><DBInstanceStatus>available</DBInstanceStatus>\
        <DBClusterIdentifier>c</DBClusterIdentifier></DBInstance></DBInstances></R>";

    #[test]
    fn a_moving_database_settles_after_so_many_looks() {
        let mut databases = Databases::default();
        databases.moving.insert("db:a".into(), ("starting", 2));
        let starting = TWO.replacen("available", "starting", 1);
        assert_eq!(databases.show(TWO, false), starting);
        assert_eq!(databases.show(TWO, true), starting);
        assert_eq!(databases.show(TWO, true), starting);
        assert_eq!(databases.show(TWO, true), TWO);
    }

    #[test]
    fn a_member_shows_what_its_cluster_does() {
        let mut databases = Databases::default();
        databases.moving.insert("cluster:c".into(), ("stopping", 1));
        assert!(
            databases
                .show(TWO, true)
                .contains("<DBInstanceStatus>stopping</DBInstanceStatus><DBClusterIdentifier>c")
        );
        let cluster = "<R><DBCluster><DBClusterIdentifier>c</DBClusterIdentifier><Status>stopped</Status></DBCluster></R>";
        assert!(
            databases
                .show(cluster, true)
                .contains("<Status>stopping</Status>")
        );
        assert_eq!(databases.show(cluster, true), cluster);
    }
}
