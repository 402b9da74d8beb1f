//! The local Atlas alone, to try requests on: `atlas --help`.

use anyhow::{Context as _, Result, bail};
use nightshift_atlas::{Atlas, Options};

const HELP: &str = "\
An Atlas on a loopback port, until Ctrl-C: one project, one cluster, the users shop_a and shop_b.

  --port N      the Admin API's port [any that is free]
  --servers N   how many servers the cluster has [1]
";

fn wanted(mut words: impl Iterator<Item = String>) -> Result<Option<Options>> {
    let mut options = Options::default();
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("{word} what?"));
        match word.as_str() {
            "--help" => return Ok(None),
            "--port" => options.port = value()?.parse().context("--port")?,
            "--servers" => options.servers = value()?.parse().context("--servers")?,
            other => bail!("{other} is not known\n\n{HELP}"),
        }
    }
    Ok(Some(options))
}

#[tokio::main]
async fn main() -> Result<()> {
    let Some(options) = wanted(std::env::args().skip(1))? else {
        print!("{HELP}");
        return Ok(());
    };
    let atlas = Atlas::with(options).await?;
    for user in ["shop_a", "shop_b"] {
        let password = format!("{user}-password");
        atlas.add(user, &password, &[("readWrite", "shop")]);
    }
    println!("NIGHTSHIFT_ATLAS_URL={}", atlas.url());
    println!("project  {}", atlas.project());
    println!("api      {}", atlas.service_account());
    println!("     or  {}", atlas.api_key());
    println!(
        "cluster  {}",
        atlas.cluster_url("shop_a", "shop_a-password")
    );
    tokio::signal::ctrl_c().await?;
    Ok(())
}
