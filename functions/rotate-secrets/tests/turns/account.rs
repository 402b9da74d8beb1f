//! An account with a shop in it: two services that read a signing key, a key of somebody else's, and one
//! key of a JSON secret. All of it is a hundred days old; it is a Tuesday, noon in Tokyo.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use nightshift_cloud::{
    call::Actor,
    policy::{self, Policy},
    services::{
        dynamodb,
        ecs::{self, NewService},
        secretsmanager, sns, ssm,
    },
    world::{ACCOUNT, REGION, World},
};
use serde_json::{Value, json};

pub(crate) const FUNCTION: &str = "rotate-secrets";
pub(crate) const TABLE: &str = "Ledger";
pub(crate) const ESTATE: &str = "shop";
pub(crate) const KEY: &str = "/shop/KEY";
pub(crate) const COPY: &str = "/shop/KEY_PREVIOUS";
pub(crate) const AGENT: &str = "/shop/AGENT_KEY";
pub(crate) const SECRET: &str = "shop/app";
pub(crate) const TOKEN: &str = "shop/app#token";
pub(crate) const KMS: &str = "alias/shop";

/// The values there are at first, looked for wherever they should not be.
pub(crate) const CANARIES: [&str; 3] = ["cAnAry1Key", "cAnAry2Agent", "cAnAry3Token"];

pub(crate) const DOCUMENT: &str = "version: 1
rotate:
  cluster: shop
  secrets:
    /shop/KEY: { kind: random, every: 90d, previous: /shop/KEY_PREVIOUS, token_life: 24h }
    /shop/AGENT_KEY: { kind: external, every: 365d }
    'shop/app#token': { kind: random, every: 180d, form: hex }
";

const TEMPLATE: &str = include_str!("../../../../template.yaml");

/// What the template allows in a stack that names the shop's secrets and its deployment groups.
pub(crate) fn role() -> Policy {
    static ROLE: LazyLock<Policy> = LazyLock::new(|| {
        let secrets = format!(
            "arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/shop/*,arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/other/*,arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:shop/*"
        );
        let groups = format!("arn:aws:codedeploy:{REGION}:{ACCOUNT}:deploymentgroup:shop/*");
        let parameters = [
            ("RotatedSecrets", secrets.as_str()),
            ("RotatedDeploymentGroups", &groups),
        ];
        policy::of_template(TEMPLATE, FUNCTION, &parameters.into()).unwrap()
    });
    ROLE.clone()
}

pub(crate) fn service_arn(name: &str) -> String {
    ecs::service_arn("shop", name)
}

pub(crate) fn parameter(world: &mut World, name: &str, value: &str) {
    let input = json!({
        "Name": name, "Value": value, "Type": "SecureString", "KeyId": KMS,
        "Tags": [{ "Key": "nightshift:rotate", "Value": ESTATE }],
    });
    let by = Actor::Terraform;
    world.ask(&ssm::SERVICE, by, "PutParameter", input).unwrap();
}

/// The text of the JSON secret, with this token.
pub(crate) fn json_secret(token: &str) -> String {
    format!("{{ \"user\" : \"app\",\n  \"token\":\"{token}\", \"n\": 1e2 }}")
}

pub(crate) fn container(name: &str, secrets: &[(&str, &str)], options: &[(&str, &str)]) -> Value {
    let from = |all: &[(&str, &str)]| -> Vec<Value> {
        let one = |(name, from): &(&str, &str)| json!({ "name": name, "valueFrom": from });
        all.iter().map(one).collect()
    };
    json!({
        "name": name,
        "image": format!("123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/{name}:latest"),
        "essential": true,
        "secrets": from(secrets),
        "logConfiguration": { "logDriver": "awsfirelens", "secretOptions": from(options) },
    })
}

pub(crate) fn service(world: &mut World, name: &str, containers: Vec<Value>) {
    let new = NewService::new("shop", name)
        .count(2)
        .tag("nightshift:rotate", ESTATE)
        .containers(containers);
    ecs::create_service(world, &Actor::Terraform, new);
}

pub(crate) fn world(document: &str) -> World {
    let noon: Timestamp = "2026-11-24T12:00:00+09:00".parse().unwrap();
    let mut world = World::new(noon - SignedDuration::from_hours(24 * 100), 7);
    world.roles.insert(FUNCTION.to_owned(), role());
    dynamodb::create_table(&mut world, TABLE, "pk", Some("sk"), Some("ttl"));
    sns::create_topic(&mut world, "Reports");
    let by = Actor::Person;
    let company = "version: 1\ntime_zone: Asia/Tokyo\nlanguage: en\nholidays: { country: japan }\n";
    ssm::put(&mut world, &by, "/nightshift/company", company).unwrap();
    ssm::put(&mut world, &by, "/nightshift/estates/shop", document).unwrap();
    parameter(&mut world, KEY, CANARIES[0]);
    parameter(&mut world, COPY, "of nobody yet");
    parameter(&mut world, AGENT, CANARIES[1]);
    let input = json!({
        "Name": SECRET, "SecretString": json_secret(CANARIES[2]),
        "Tags": [{ "Key": "nightshift:rotate", "Value": ESTATE }],
    });
    let by = Actor::Terraform;
    world
        .ask(&secretsmanager::SERVICE, by, "CreateSecret", input)
        .unwrap();
    let whole = secretsmanager::arn(&world, SECRET);
    let partial = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:shop/app";
    let agent = format!("arn:aws:ssm:ap-northeast-1:123456789012:parameter{AGENT}");
    let token = format!("{whole}:token::");
    let api = [("KEY", KEY), ("TOKEN", token.as_str())];
    service(
        &mut world,
        "api",
        vec![container("api", &api, &[("apikey", &agent)])],
    );
    let all = format!("{partial}:token:AWSCURRENT:");
    service(
        &mut world,
        "web",
        vec![
            container("web", &[], &[]),
            container("side", &[("TOKEN", &all)], &[]),
        ],
    );
    service(&mut world, "cron", vec![container("cron", &[], &[])]);
    world.advance(noon);
    world.journal.clear();
    world
}
