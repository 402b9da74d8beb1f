//! The function's own binary on the simulated cloud, over HTTP: an evening in sped-up time.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

use std::cell::RefCell;
use std::time::Duration;

use hyper::Method;
use jiff::Timestamp;
use nightshift_cloud::front::{Front, Options, Target, deliver};
use nightshift_tests::aws::{Aws, ECS, RDS, first_text};
use nightshift_tests::cloud::{built, furnished, program, stack};
use nightshift_tests::estates::BLOG;
use nightshift_tests::local::root;
use serde_json::{Value, json};

/// The estate's office closes at six; two seconds are eight minutes.
const SPEED: f64 = 240.0;

/// Counts of the estate's service, wanted and running, and the status of its database.
async fn seen(aws: &Aws) -> (Value, Value, String) {
    let input = json!({ "cluster": BLOG.cluster, "services": [BLOG.services[0].name] });
    let described = aws.json(ECS, "DescribeServices", &input).await.unwrap();
    let service = &described["services"][0];
    let name = [("DBClusterIdentifier", BLOG.database.name())];
    let database = aws.query(RDS, "DescribeDBClusters", &name).await.unwrap();
    (
        service["desiredCount"].clone(),
        service["runningCount"].clone(),
        first_text(&database, "Status").unwrap(),
    )
}

async fn until_asleep(aws: &Aws) {
    let asleep = (json!(0), json!(0), "stopped".to_owned());
    while seen(aws).await != asleep {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// As `aws lambda invoke` does, until what is answered is so.
async fn until_phase(aws: &Aws, phase: &str) {
    let path = "/2015-03-31/functions/power-staging/invocations";
    loop {
        let status = json!({ "command": "status" });
        let answer = aws.rest("lambda", Method::POST, path, Some(&status)).await;
        if answer.unwrap()["estates"][0]["phase"] == phase {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn used(front: &Front) -> Vec<String> {
    front.with(|world| world.used.iter().map(|used| used.action.clone()).collect())
}

#[tokio::test]
async fn the_binary_as_built_puts_an_estate_to_sleep_on_the_simulated_cloud() {
    let function = "power-staging";
    assert!(built(function).exists(), "run `make build` first");
    let stack = stack(&root().join("template.yaml"), function).unwrap();
    let options = Options {
        speed: SPEED,
        ..Options::default()
    };
    let begin: Timestamp = "2027-06-04T17:55:00+09:00".parse().unwrap();
    let front = furnished(options, begin, 1, &stack, &[BLOG]).await.unwrap();
    let aws = Aws::at(front.address.to_string());
    assert_eq!(
        seen(&aws).await,
        (json!(1), json!(1), "available".to_owned())
    );

    let logs = root()
        .join("target/cloud")
        .join(std::process::id().to_string());
    std::fs::create_dir_all(&logs).unwrap();
    let program = program(function, built(function), &logs);
    let said = RefCell::new(Vec::new());
    let sleeping = async {
        until_asleep(&aws).await;
        until_phase(&aws, "asleep").await;
    };
    let ended = tokio::select! {
        ended = program.run(&front) => Err(format!("the function ended: {ended:?}")),
        ended = deliver(&front, &stack, &Target::Process, |line| said.borrow_mut().push(line)) => {
            Err(format!("nothing is delivered any more: {ended:?}"))
        }
        ended = tokio::time::timeout(Duration::from_mins(1), sleeping) => {
            ended.map_err(|_| "it took too long".to_owned())
        }
    };
    let said = said.into_inner().join("\n");
    assert_eq!(ended, Ok(()), "{said}");
    assert!(
        said.contains("power-staging  cluster:blog-aws-practice-aurora available → stopping"),
        "{said}"
    );
    // The template's own permissions allowed it.
    assert!(used(&front).contains(&"rds:StopDBCluster".to_owned()));
    std::fs::remove_dir_all(&logs).unwrap();
}
