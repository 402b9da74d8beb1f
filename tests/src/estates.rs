//! The estates that nightshift was made for, brought up with the calls that made them: three that sleep
//! and the production that gets smaller at night.
//!
//! Counts and suspensions differ on purpose from what a careless restore would leave: not the
//! minimum, not all the same, and one kind of scaling that somebody has suspended already.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::aws::{ACCOUNT, AUTOSCALING, Aws, ECS, RDS, REGION};
use crate::local::LocalAws;

/// The tag that consents to sleeping; its value is the estate's name.
pub const SLEEP_TAG: &str = "nightshift:sleep";
/// The tag that consents to getting smaller; its value is the estate's name.
pub const SLIM_TAG: &str = "nightshift:slim";

/// An estate: the document's name and what it consists of.
#[derive(Clone, Copy, Debug)]
pub struct Estate {
    /// The name in tags and in Parameter Store.
    pub name: &'static str,
    /// What everything is tagged with.
    pub tag: &'static str,
    /// The ECS cluster.
    pub cluster: &'static str,
    /// The services with their counts.
    pub services: &'static [Service],
    /// The database.
    pub database: Database,
}

/// An ECS service.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// Its name.
    pub name: &'static str,
    /// How many tasks it has.
    pub desired: u32,
    /// Processor units and mebibytes of a task.
    pub size: (&'static str, &'static str),
    /// The bounds of its scalable target, and what of it is suspended.
    pub target: Option<(u32, u32, Option<&'static str>)>,
}

/// What an estate keeps its data in.
#[derive(Clone, Copy, Debug)]
pub enum Database {
    /// An RDS instance.
    Instance {
        /// Its name.
        name: &'static str,
        /// Its class.
        class: &'static str,
        /// Whether there is a standby.
        multi_az: bool,
    },
    /// An Aurora cluster with one member.
    Cluster {
        /// Its name.
        name: &'static str,
        /// The member's name.
        member: &'static str,
        /// The member's class.
        class: &'static str,
    },
    /// An Aurora Serverless v2 cluster with two members.
    Serverless {
        /// Its name.
        name: &'static str,
        /// The members' names, the writer's first.
        members: [&'static str; 2],
        /// The range of its capacity in ACU.
        range: (&'static str, &'static str),
    },
}

impl Database {
    /// What a document calls it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Instance { name, .. }
            | Self::Cluster { name, .. }
            | Self::Serverless { name, .. } => name,
        }
    }
}

/// Estate 1: two services and an instance.
pub const BOOKMARK_MANAGER: Estate = Estate {
    name: "bookmark-manager-staging",
    tag: SLEEP_TAG,
    cluster: "bookmark-manager-staging-cluster",
    services: &[
        Service {
            name: "bookmark-manager-staging-web",
            desired: 1,
            size: ("256", "512"),
            target: None,
        },
        Service {
            name: "bookmark-manager-staging-api",
            desired: 2,
            size: ("256", "512"),
            target: None,
        },
    ],
    database: Database::Instance {
        name: "bookmark-manager-staging-postgres",
        class: "db.t4g.micro",
        multi_az: false,
    },
};

/// Estate 3: one service and an Aurora cluster.
pub const BLOG: Estate = Estate {
    name: "blog-aws-practice",
    tag: SLEEP_TAG,
    cluster: "blog-aws-practice-cluster",
    services: &[Service {
        name: "blog-aws-practice-api",
        desired: 1,
        size: ("256", "512"),
        target: None,
    }],
    database: Database::Cluster {
        name: "blog-aws-practice-aurora",
        member: "blog-aws-practice-aurora-1",
        class: "db.t4g.small",
    },
};

/// Estate 4: a service under auto scaling, above its minimum, and an instance.
pub const R2E: Estate = Estate {
    name: "r2e",
    tag: SLEEP_TAG,
    cluster: "r2e-cluster",
    services: &[Service {
        name: "r2e-api-service",
        desired: 3,
        size: ("512", "1024"),
        target: Some((1, 5, Some("ScheduledScalingSuspended"))),
    }],
    database: Database::Instance {
        name: "r2e-postgres",
        class: "db.t3.micro",
        multi_az: true,
    },
};

/// Estate 2: one service under auto scaling, one with a fixed count, and Aurora Serverless v2.
pub const PRODUCTION: Estate = Estate {
    name: "bookmark-manager-production",
    tag: SLIM_TAG,
    cluster: "bookmark-manager-production-cluster",
    services: &[
        Service {
            name: "bookmark-manager-production-web",
            desired: 2,
            size: ("512", "1024"),
            target: None,
        },
        Service {
            name: "bookmark-manager-production-api",
            desired: 2,
            size: ("512", "1024"),
            target: Some((2, 10, None)),
        },
    ],
    database: Database::Serverless {
        name: "bookmark-manager-production-aurora",
        members: [
            "bookmark-manager-production-aurora-1",
            "bookmark-manager-production-aurora-2",
        ],
        range: ("0.5", "16"),
    },
};

/// The estates that sleep.
pub const ALL: [Estate; 3] = [BOOKMARK_MANAGER, BLOG, R2E];

impl Estate {
    /// Makes the estate, everything tagged with its name.
    ///
    /// # Errors
    /// When AWS refuses a part of it.
    pub async fn create(&self, local: &LocalAws) -> Result<()> {
        self.create_at(&local.aws).await
    }

    /// As [`Estate::create`], on any AWS.
    ///
    /// # Errors
    /// When AWS refuses a part of it.
    pub async fn create_at(&self, aws: &Aws) -> Result<()> {
        self.create_all(aws)
            .await
            .with_context(|| format!("creating the estate {}", self.name))
    }

    async fn create_all(&self, aws: &Aws) -> Result<()> {
        aws.json(
            ECS,
            "CreateCluster",
            &json!({ "clusterName": self.cluster }),
        )
        .await?;
        for service in self.services {
            self.create_service(aws, service).await?;
        }
        self.create_database(aws).await
    }

    async fn create_service(&self, aws: &Aws, service: &Service) -> Result<()> {
        put_task_definition(aws, service.name, service.size).await?;
        let input = json!({
            "cluster": self.cluster,
            "serviceName": service.name,
            "taskDefinition": service.name,
            "desiredCount": service.desired,
            "launchType": "FARGATE",
            "deploymentConfiguration": {
                "maximumPercent": 200,
                "minimumHealthyPercent": 100,
                "deploymentCircuitBreaker": { "enable": true, "rollback": true },
            },
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-0123456789abcdef0"] } },
            "tags": [{ "key": self.tag, "value": self.name }],
        });
        aws.json(ECS, "CreateService", &input).await?;
        let Some((min, max, suspended)) = service.target else {
            return Ok(());
        };
        let mut input = json!({
            "ServiceNamespace": "ecs",
            "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": format!("service/{}/{}", self.cluster, service.name),
            "MinCapacity": min,
            "MaxCapacity": max,
            "Tags": { self.tag: self.name },
        });
        if let Some(kind) = suspended {
            input["SuspendedState"] = json!({ kind: true });
        }
        aws.json(AUTOSCALING, "RegisterScalableTarget", &input)
            .await?;
        Ok(())
    }

    async fn create_database(&self, aws: &Aws) -> Result<()> {
        let tags = [
            ("Tags.Tag.1.Key", self.tag),
            ("Tags.Tag.1.Value", self.name),
        ];
        let user = [
            ("MasterUsername", "master"),
            ("MasterUserPassword", "only-on-loopback"),
        ];
        let form = |own: &[(&'static str, &'static str)]| [own, &tags].concat();
        match self.database {
            Database::Instance {
                name,
                class,
                multi_az,
            } => {
                let own = [
                    ("DBInstanceIdentifier", name),
                    ("DBInstanceClass", class),
                    ("Engine", "postgres"),
                    ("AllocatedStorage", "20"),
                    ("MultiAZ", if multi_az { "true" } else { "false" }),
                ];
                aws.query(RDS, "CreateDBInstance", &form(&[&own[..], &user].concat()))
                    .await?;
            }
            Database::Cluster {
                name,
                member,
                class,
            } => {
                let own = [
                    ("DBClusterIdentifier", name),
                    ("Engine", "aurora-postgresql"),
                ];
                aws.query(RDS, "CreateDBCluster", &form(&[&own[..], &user].concat()))
                    .await?;
                let own = [
                    ("DBClusterIdentifier", name),
                    ("DBInstanceIdentifier", member),
                    ("DBInstanceClass", class),
                    ("Engine", "aurora-postgresql"),
                ];
                aws.query(RDS, "CreateDBInstance", &form(&own)).await?;
            }
            Database::Serverless {
                name,
                members,
                range: (min, max),
            } => {
                let own = [
                    ("DBClusterIdentifier", name),
                    ("Engine", "aurora-postgresql"),
                    ("ServerlessV2ScalingConfiguration.MinCapacity", min),
                    ("ServerlessV2ScalingConfiguration.MaxCapacity", max),
                ];
                aws.query(RDS, "CreateDBCluster", &form(&[&own[..], &user].concat()))
                    .await?;
                for member in members {
                    let own = [
                        ("DBClusterIdentifier", name),
                        ("DBInstanceIdentifier", member),
                        ("DBInstanceClass", "db.serverless"),
                        ("Engine", "aurora-postgresql"),
                    ];
                    aws.query(RDS, "CreateDBInstance", &form(&own)).await?;
                }
            }
        }
        Ok(())
    }
}

/// Registers a revision of a task definition, as a release does.
///
/// # Errors
/// When ECS refuses it.
pub async fn register_task_definition(
    local: &LocalAws,
    family: &str,
    size: (&str, &str),
) -> Result<Value> {
    put_task_definition(&local.aws, family, size).await
}

async fn put_task_definition(
    aws: &Aws,
    family: &str,
    (cpu, memory): (&str, &str),
) -> Result<Value> {
    let image = format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{family}:latest");
    let input = json!({
        "family": family,
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": cpu,
        "memory": memory,
        "containerDefinitions": [{ "name": "app", "image": image }],
    });
    aws.json(ECS, "RegisterTaskDefinition", &input).await
}
