//! A local AWS with the function, three estates and their documents, for trying things out:
//! `make local`.

use anyhow::Result;
use nightshift_tests::aws::REGION;
use nightshift_tests::estates;
use nightshift_tests::local::{Deployment, LocalAws};
use nightshift_tests::stage::Stage;

#[tokio::main]
async fn main() -> Result<()> {
    // Whatever ends first: what is dropped here takes everything that was started with it.
    tokio::select! {
        ended = serve() => ended,
        _ = tokio::signal::ctrl_c() => {
            println!("\nStopped. Nothing is left running.");
            Ok(())
        }
    }
}

async fn serve() -> Result<()> {
    println!("Starting MiniStack and moto…");
    let local = LocalAws::start().await?;
    println!("Deploying template.yaml…");
    let stage = Stage::on(local, &Deployment::built()).await?;
    println!("Creating the estates and their documents…");
    stage.furnish(&estates::ALL).await?;
    let (local, stack) = (&stage.local, &stage.stack);
    let endpoint = local.endpoint();
    println!("\n{}", local.snapshot().await?);
    println!("In another terminal, in this directory:\n");
    println!("  export PATH=\"$PWD/.venv/bin:$PATH\" AWS_ENDPOINT_URL={endpoint} \\");
    println!("         AWS_REGION={REGION} AWS_DEFAULT_REGION={REGION} \\");
    println!("         AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \\");
    println!(
        "         NIGHTSHIFT_MODE=act NIGHTSHIFT_ALLOW_AT=true NIGHTSHIFT_TABLE={} \\",
        stack.table
    );
    println!("         NIGHTSHIFT_TOPIC_ARN={}\n", stack.topic);
    println!("The deployed function:\n");
    println!(
        "  cargo lambda invoke --remote --endpoint-url {endpoint} {} --data-file events/status.json",
        stack.function
    );
    println!("\nThe sources, built anew whenever they change:\n");
    println!("  cargo lambda watch --package power-staging");
    println!("  cargo lambda invoke power-staging --data-file events/status.json\n");
    println!("Ctrl-C ends it.");
    std::future::pending().await
}
