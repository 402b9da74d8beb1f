//! What RDS refuses, with the codes of its model. Where no answer of the service is on record, the
//! code is the nearest of those that the operation can give, and the comment says so.

use crate::{
    call::Fault,
    services::rds::{Database, Rds},
};

pub(super) fn missing(parameter: &str) -> Fault {
    Fault::client(
        "MissingParameter",
        format!("The request must contain the parameter {parameter}"),
    )
}

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::client("InvalidParameterValue", message)
}

pub(super) fn combination(message: impl Into<String>) -> Fault {
    Fault::client("InvalidParameterCombination", message)
}

pub(super) fn instance_state(message: impl Into<String>) -> Fault {
    Fault::client("InvalidDBInstanceState", message)
}

pub(super) fn cluster_state(message: impl Into<String>) -> Fault {
    Fault::client("InvalidDBClusterStateFault", message)
}

/// 404, for an ARN of the one kind or the other.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StopDBInstance.html and API_StopDBCluster.html
pub(super) fn not_found(arn: &str) -> Fault {
    let name = arn.rsplit(':').next().unwrap_or(arn);
    if arn.contains(":cluster:") {
        let message = format!("DBCluster {name} not found.");
        Fault::with_status(404, "DBClusterNotFoundFault", message)
    } else {
        let message = format!("DBInstance {name} not found.");
        Fault::with_status(404, "DBInstanceNotFound", message)
    }
}

/// Why a database can not be stopped as it is now.
pub(super) fn stop(rds: &Rds, database: &Database) -> Result<(), Fault> {
    eligible(rds, database)?;
    let name = &database.name;
    let is_available = database.status == "available";
    if database.cluster().is_none() {
        // https://github.com/cloud-custodian/cloud-custodian/issues/1687
        return if is_available {
            Ok(())
        } else {
            Err(instance_state(format!(
                "Instance {name} is not in available state."
            )))
        };
    }
    if !is_available {
        return Err(cluster_state(format!(
            "DbCluster {name} is not in available state."
        )));
    }
    // The code is in the operation's model and must have a cause; that it is this one is a guess.
    // https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StopDBCluster.html
    let members = rds.members_of(&database.arn);
    let busy = members
        .iter()
        .filter_map(|member| rds.database(member))
        .find(|member| member.status != "available");
    match busy {
        None => Ok(()),
        Some(member) => Err(instance_state(format!(
            "Instance {} is not in available state.",
            member.name
        ))),
    }
}

/// Why a database can not be started as it is now.
pub(super) fn start(rds: &Rds, database: &Database) -> Result<(), Fault> {
    eligible(rds, database)?;
    let name = &database.name;
    if database.cluster().is_some() {
        // https://github.com/ekristen/aws-nuke/pull/951 names the two statuses.
        return match database.status.as_str() {
            "stopped" | "inaccessible-encryption-credentials-recoverable" => Ok(()),
            _ => Err(cluster_state(format!(
                "DbCluster {name} is not in stopped state."
            ))),
        };
    }
    // The text is the service's own, as people quote it.
    // https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartDBInstance.html
    match database.status.as_str() {
        "stopped" | "inaccessible-encryption-credentials-recoverable" | "incompatible-network" => {
            Ok(())
        }
        _ => Err(instance_state(format!(
            "Instance {name} cannot be started as it is not in one of the following statuses: \
             'stopped, inaccessible-encryption-credentials-recoverable, incompatible-network'."
        ))),
    }
}

/// Why a database can never be stopped or started, whatever its status.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html#USER_StopInstance.Limitations
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-cluster-stop-start.html#aurora-cluster-stop-limitations
fn eligible(rds: &Rds, database: &Database) -> Result<(), Fault> {
    if let Some(instance) = database.instance() {
        // https://github.com/aws-solutions/instance-scheduler-on-aws/issues/132
        if database.is_aurora() || instance.cluster.is_some() {
            return Err(combination(format!(
                "{} DB instances are not eligible for stopping and starting.",
                database.engine
            )));
        }
        // https://github.com/base2Services/cfn-start-stop-stack/pull/65 has the code and the text;
        // that a replica's source gets the same is a guess.
        if instance.replica_of.is_some() || rds.replicas_of(&database.name).next().is_some() {
            return Err(instance_state(
                "Cannot stop or start a Read-Replica instance",
            ));
        }
        // The limitation is documented, its code is not.
        if database.engine.starts_with("sqlserver") && instance.multi_az {
            return Err(instance_state(
                "Cannot stop or start a SQL Server instance in a Multi-AZ configuration",
            ));
        }
    }
    // These limitations are documented, their code is not.
    let reason = database.cluster().and_then(|cluster| {
        if !database.is_aurora() {
            Some("Multi-AZ DB clusters cannot be stopped or started.")
        } else if cluster.mode == "serverless" {
            Some("Aurora Serverless v1 DB clusters cannot be stopped or started.")
        } else if cluster.global.is_some() && !cluster.alone_in_global {
            Some(
                "A DB cluster of an Aurora global database can be stopped and started only if it \
                 is the only cluster in it.",
            )
        } else if cluster.replica_of.is_some() || !cluster.replicas.is_empty() {
            Some("DB clusters that replicate or are replicated cannot be stopped or started.")
        } else {
            None
        }
    });
    reason.map_or(Ok(()), |reason| Err(cluster_state(reason)))
}
