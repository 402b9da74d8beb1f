//! An estate larger than any that nightshift was made for: how looks and a sleep grow with it, and how
//! fast the calls come then.

use std::time::Duration;

use anyhow::{Result, ensure};
use jiff::civil::Date;
use nightshift_tests::aws::{ACCOUNT, AUTOSCALING, DYNAMODB, ECS, RDS, REGION};
use nightshift_tests::estates::{self, SLEEP_TAG};
use nightshift_tests::local::LocalAws;
use nightshift_tests::play::at;
use nightshift_tests::stage;
use serde_json::json;

use super::cost::{Cost, Measured};
use super::player::Player;
use super::staging::{document, must_sleep};
use crate::rates::{CLASSES, Class, Rate};
use crate::share::Throttle;

const SERVICES: u32 = 500;
const DATABASES: u32 = 50;
/// Its name, and its table's.
pub(super) const NAME: &str = "large";
/// Where its documents are.
pub(super) const PREFIX: &str = "/large";
const CLUSTER: &str = "large-cluster";

/// As for the other estates, but here the budgets are used up.
pub(super) const REFILL: Duration = Duration::from_secs(6);

/// What the large estate costs.
#[derive(Clone, Debug)]
pub(crate) struct Large {
    /// A look at all of it, awake, at full CPU.
    quick: Cost,
    /// The same at the share.
    look: Cost,
    /// From the hour of closing until all is settled, at the share.
    sleep: Cost,
    /// How fast the calls came meanwhile.
    pub(crate) rates: Vec<(Class, Rate)>,
}

impl Large {
    /// Each cost, in the order of the tables.
    pub(super) fn measured(&self) -> [Measured<'_>; 2] {
        let measured = |what, share, full| Measured {
            whose: "500 services, 50 databases",
            what,
            share,
            full,
        };
        [
            measured("full look", &self.look, Some(&self.quick)),
            measured("whole sleep", &self.sleep, None),
        ]
    }
}

/// Plays a look at full CPU, another at the share, and a sleep at the share.
///
/// # Errors
/// When the local AWS is broken, or something does not end as it should.
pub(super) async fn play(
    mut player: Player<'_>,
    throttle: &Throttle,
    local: &LocalAws,
    day: Date,
    progress: &mut dyn FnMut(&str),
) -> Result<Large> {
    progress("a look at all of it");
    player.settle(at(day, "17:40")?).await?;
    let quick = player.look(at(day, "18:10")?).await?;
    let _hold = throttle.hold(player.function.pid())?;
    let look = player.look(at(day, "18:30")?).await?;
    progress("all of it goes to sleep, at the rates that ECS allows (about 4 min)");
    // What was called before has refilled the buckets meanwhile, on AWS too.
    player.calls.clear();
    let sleep = player.settle(at(day, "19:00")?).await?;
    let awake_elsewhere = estates::ALL
        .iter()
        .map(|estate| estate.services.len())
        .sum();
    let mut snapshot = local.snapshot().await?;
    snapshot
        .databases
        .retain(|name, _| name.starts_with("db:large-"));
    ensure!(
        snapshot.databases.len() == usize::try_from(DATABASES)?,
        "{} databases",
        snapshot.databases.len()
    );
    must_sleep(&snapshot, awake_elsewhere)?;
    let rates = CLASSES.map(|class| (class, class.rate(&player.calls)));
    player.function.end().await?;
    Ok(Large {
        quick,
        look,
        sleep,
        rates: rates.into(),
    })
}

/// Makes a table like the ledger's.
///
/// # Errors
/// When DynamoDB refuses.
pub(crate) async fn create_table(local: &LocalAws, name: &str) -> Result<()> {
    let table = json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            { "AttributeName": "pk", "AttributeType": "S" },
            { "AttributeName": "sk", "AttributeType": "S" },
        ],
        "KeySchema": [
            { "AttributeName": "pk", "KeyType": "HASH" },
            { "AttributeName": "sk", "KeyType": "RANGE" },
        ],
    });
    local.aws.json(DYNAMODB, "CreateTable", &table).await?;
    Ok(())
}

/// Makes it, with its document and a table of its own.
///
/// # Errors
/// When something of it cannot be made.
pub(super) async fn create(local: &LocalAws, progress: &mut dyn FnMut(&str)) -> Result<()> {
    progress(&format!(
        "an estate of {SERVICES} services and {DATABASES} databases is created"
    ));
    create_table(local, NAME).await?;
    let cluster = json!({ "clusterName": CLUSTER });
    local.aws.json(ECS, "CreateCluster", &cluster).await?;
    for number in 0..SERVICES {
        create_service(local, number).await?;
    }
    let names: Vec<String> = (0..DATABASES)
        .map(|number| format!("large-{number:02}"))
        .collect();
    for name in &names {
        let database = [
            ("DBInstanceIdentifier", name.as_str()),
            ("DBInstanceClass", "db.t4g.micro"),
            ("Engine", "postgres"),
            ("AllocatedStorage", "20"),
            ("MasterUsername", "master"),
            ("MasterUserPassword", "only-on-loopback"),
            ("Tags.Tag.1.Key", SLEEP_TAG),
            ("Tags.Tag.1.Value", NAME),
        ];
        local.aws.query(RDS, "CreateDBInstance", &database).await?;
    }
    local
        .put_document(&format!("{PREFIX}/company"), &stage::company("en")?)
        .await?;
    let document = document(CLUSTER, &names);
    local
        .put_document(&format!("{PREFIX}/estates/{NAME}"), &document)
        .await
}

/// Each has a task definition of its own; every tenth is under auto scaling.
async fn create_service(local: &LocalAws, number: u32) -> Result<()> {
    let name = format!("large-service-{number:03}");
    estates::register_task_definition(local, &name, ("256", "512")).await?;
    let service = json!({
        "cluster": CLUSTER,
        "serviceName": name,
        "taskDefinition": name,
        "desiredCount": number % 3 + 1,
        "launchType": "FARGATE",
        "deploymentConfiguration": {
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "deploymentCircuitBreaker": { "enable": true, "rollback": true },
        },
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-0123456789abcdef0"] } },
        "loadBalancers": [{
            "targetGroupArn": format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{name}/0123456789abcdef"),
            "containerName": "app",
            "containerPort": 8080,
        }],
        "tags": [{ "key": SLEEP_TAG, "value": NAME }],
    });
    local.aws.json(ECS, "CreateService", &service).await?;
    if number.is_multiple_of(10) {
        let target = json!({
            "ServiceNamespace": "ecs",
            "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": format!("service/{CLUSTER}/{name}"),
            "MinCapacity": 1,
            "MaxCapacity": 4,
            "Tags": { SLEEP_TAG: NAME },
        });
        local
            .aws
            .json(AUTOSCALING, "RegisterScalableTarget", &target)
            .await?;
    }
    Ok(())
}
