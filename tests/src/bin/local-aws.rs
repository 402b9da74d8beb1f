//! A local AWS with the function and three estates, for trying things out: `make local`.

use anyhow::Result;
use nightshift_tests::aws::REGION;
use nightshift_tests::estates;
use nightshift_tests::local::{Deployment, LocalAws};

#[tokio::main]
async fn main() -> Result<()> {
    println!("Starting MiniStack and moto…");
    let local = LocalAws::start().await?;
    println!("Deploying template.yaml…");
    let stack = local.deploy(&Deployment::built()).await?;
    println!("Creating the estates…");
    for estate in estates::ALL {
        estate.create(&local).await?;
    }
    println!("\n{}", local.snapshot().await?);
    println!("In another terminal:\n");
    println!(
        "  export AWS_ENDPOINT_URL={} AWS_REGION={REGION} AWS_DEFAULT_REGION={REGION} \\",
        local.endpoint()
    );
    println!("         AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \\");
    println!(
        "         NIGHTSHIFT_TABLE={} NIGHTSHIFT_TOPIC_ARN={} NIGHTSHIFT_ALLOW_AT=true",
        stack.table, stack.topic
    );
    println!(
        "  aws lambda invoke --function-name {} --payload fileb://events/status.json /dev/stdout",
        stack.function
    );
    println!("\nCtrl-C ends it.");
    tokio::signal::ctrl_c().await?;
    Ok(())
}
