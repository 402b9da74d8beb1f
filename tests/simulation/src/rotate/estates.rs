//! The estates of a run: production with a URL, a signing key and somebody else's key in Parameter
//! Store, whose nights are small; and r2e, which sleeps, with two keys in one secret of Secrets Manager.

use std::fmt::Write as _;

use fastrand::Rng;
use nightshift_cloud::{
    call::{Actor, Tags},
    load::{self, Load},
    services::{autoscaling, ecs, rds, secretsmanager, ssm},
    world::World,
};
use serde_json::{Value, json};

use super::Script;
use crate::{
    people::parameter,
    places::{Hours, Place},
    sky::CANARY,
    subject,
};

/// The tag that consents to rotating.
pub const ROTATE_TAG: &str = "nightshift:rotate";

/// The URL of production's database.
pub const URL: &str = "/bookmark-manager/DATABASE_URL";
/// Who may set its passwords.
pub const ADMIN: &str = "/bookmark-manager/ADMIN_URL";
/// What production signs with.
pub const KEY: &str = "/bookmark-manager/KEY";
/// What it signed with before.
pub const PREVIOUS: &str = "/bookmark-manager/KEY_PREVIOUS";
/// A key that only its issuer makes.
pub const AGENT: &str = "/bookmark-manager/AGENT_KEY";
/// The secret of r2e, with both its keys.
pub const APP: &str = "r2e/app";
/// The first of them.
pub const JWT: &str = "r2e/app#jwt";
/// The second.
pub const SESSION: &str = "r2e/app#session";

/// An estate as its people know it.
#[derive(Clone, Debug)]
pub struct Estate {
    /// Its name.
    pub name: &'static str,
    /// Its cluster.
    pub cluster: String,
    /// When a turn may begin.
    pub window: Hours,
    /// Its services.
    pub services: Vec<Service>,
    /// Its databases, by ARN.
    pub databases: Vec<String>,
    /// Its secrets.
    pub secrets: Vec<Secret>,
    /// The users of its database, with their first passwords.
    pub users: Vec<(&'static str, String)>,
    /// Its document.
    pub document: String,
}

/// A service of an estate.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its ARN.
    pub arn: String,
    /// The secrets that its tasks read, by their names.
    pub reads: &'static [&'static str],
    /// Between which counts it is scaled, if it is.
    pub scales: Option<(u32, u32)>,
}

/// A secret of an estate.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Its name in the document.
    pub name: &'static str,
    /// Its age in days.
    pub every: i64,
    /// Whether only its issuer makes it.
    pub external: bool,
}

impl subject::Estate for Estate {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cluster(&self) -> &str {
        &self.cluster
    }

    fn hours(&self) -> Hours {
        self.window
    }

    fn databases(&self) -> &[String] {
        &self.databases
    }

    fn document(&self) -> &str {
        &self.document
    }
}

/// Makes all estates of a place.
pub fn furnish(world: &mut World, random: &mut Rng, script: &Script) -> Vec<Estate> {
    let place = &script.place;
    let company = place.company();
    let _written = ssm::put(world, &Actor::Person, "/nightshift/company", &company);
    let mut estates = vec![production(world, random, place), r2e(world, random, place)];
    // Two that take turns are what a third of the fortnights are about; one takes half the time.
    let alone = match random.u8(0..3) {
        0 => None,
        1 => Some("bookmark-manager-production"),
        _ => Some("r2e"),
    };
    let wanted = script
        .only
        .or_else(|| alone.filter(|_| place.days < 100 && !script.doubled));
    estates.retain(|estate| wanted.is_none_or(|wanted| wanted == estate.name));
    for estate in &estates {
        let name = parameter(estate.name);
        let _written = ssm::put(world, &Actor::Person, &name, &estate.document);
    }
    world.take_journal();
    estates
}

/// Ages that come round within a fortnight; in a year they are longer.
fn ages<const N: usize>(place: &Place, short: [i64; N], long: [i64; N]) -> [i64; N] {
    if place.days < 100 { short } else { long }
}

fn consent(estate: &str, verb: &str) -> Tags {
    [ROTATE_TAG.to_owned(), format!("nightshift:{verb}")]
        .map(|tag| (tag, estate.to_owned()))
        .into()
}

/// A sealed parameter with consent.
fn sealed(world: &mut World, estate: &str, name: &str, value: &str) {
    let input = json!({
        "Name": name, "Value": value, "Type": "SecureString", "KeyId": "alias/bookmark-manager",
        "Tags": [{ "Key": ROTATE_TAG, "Value": estate }],
    });
    let _made = world.ask(&ssm::SERVICE, Actor::Terraform, "PutParameter", input);
}

fn container(world: &World, name: &str, reads: &[&str]) -> Value {
    let from = |read: &&str| {
        let (place, key) = read
            .split_once('#')
            .map_or((*read, None), |(a, b)| (a, Some(b)));
        let from = match key {
            Some(key) => format!("{}:{key}::", secretsmanager::arn(world, place)),
            None => ssm::arn(place),
        };
        let variable = key.unwrap_or(place).rsplit('/').next().unwrap_or_default();
        json!({ "name": variable, "valueFrom": from })
    };
    json!({
        "name": name,
        "image": format!("registry.example.com/{name}:latest"),
        "essential": true,
        "secrets": reads.iter().map(from).collect::<Vec<_>>(),
    })
}

fn service(
    world: &mut World,
    (cluster, name, count): (&str, &str, u32),
    reads: &'static [&'static str],
    scales: Option<(u32, u32)>,
    tags: &Tags,
) -> Service {
    let containers = vec![container(world, name, reads)];
    let new = ecs::NewService::new(cluster, name)
        .count(count)
        .tags(tags)
        .containers(containers);
    let arn = ecs::create_service(world, &Actor::Terraform, new);
    if let Some(bounds) = scales {
        let id = format!("service/{cluster}/{name}");
        autoscaling::register(world, &Actor::Terraform, &id, Some(bounds), None, tags);
    }
    Service { arn, reads, scales }
}

/// Three services, one of them under auto scaling, and Aurora.
fn production(world: &mut World, random: &mut Rng, place: &Place) -> Estate {
    let name = "bookmark-manager-production";
    let cluster = "bookmark-manager-production-cluster";
    ecs::create_cluster(world, cluster);
    let tags = consent(name, "slim");
    let password = format!("{CANARY}-first-password-of-app-a");
    let rotator = format!("{CANARY}-password-of-the-rotator");
    let at = "aurora.example.com:5432/app?sslmode=verify-full";
    let first = format!("postgresql://app_a:{password}@{at}");
    let admin = format!("postgresql://rotator:{rotator}@{at}");
    for (parameter, value) in [
        (URL, first),
        (ADMIN, admin),
        (KEY, format!("{CANARY}-first-key-of-production")),
        (PREVIOUS, format!("{CANARY}-key-before-the-first")),
        (AGENT, format!("{CANARY}-agent-key-number-one")),
    ] {
        sealed(world, name, parameter, &value);
    }
    let api = (cluster, "bookmark-manager-production-api", 2);
    let web = (cluster, "bookmark-manager-production-web", 2);
    let worker = (cluster, "bookmark-manager-production-worker", 1);
    let services = vec![
        service(world, api, &[URL, KEY, PREVIOUS], Some((2, 6)), &tags),
        service(world, web, &[KEY, PREVIOUS, AGENT], None, &tags),
        service(world, worker, &[URL, AGENT], None, &tags),
    ];
    for service in &services {
        // So little that a night is small at once.
        load::set(world, &service.arn, Load::constant(0.2));
    }
    let aurora = rds::NewCluster::named("bookmark-manager-production-aurora");
    let aurora = rds::create_cluster(
        world,
        &Actor::Terraform,
        aurora.tagged("nightshift:slim", name),
    );
    let [url, key, agent] = ages(place, [3, 5, 14], [30, 45, 90]);
    let hours = Hours::new(7, 22, true).daily(random.bool());
    let mut document = format!(
        "version: 1\nslim:\n  calendar: {}\n  cluster: {cluster}\n  services:\n    bookmark-manager-production-api: 1\n    bookmark-manager-production-web: 1\n",
        hours.calendar()
    );
    let _ = write!(
        document,
        "rotate:\n  window: 10:00-16:00\n  patience: 30m\n  secrets:\n    {URL}:\n      kind: postgres\n      every: {url}d\n      users: [app_a, app_b]\n      role: app\n      admin: {ADMIN}\n      database: bookmark-manager-production-aurora\n"
    );
    if random.bool() {
        document.push_str("      disable_previous_after: 24h\n");
    }
    let _ = write!(
        document,
        "    {KEY}: {{ kind: random, every: {key}d, previous: {PREVIOUS}, token_life: 24h }}\n    {AGENT}: {{ kind: external, every: {agent}d }}\n"
    );
    Estate {
        name,
        cluster: cluster.to_owned(),
        window: Hours::new(10, 16, false),
        services,
        databases: vec![aurora],
        secrets: vec![secret(URL, url), secret(KEY, key), external(AGENT, agent)],
        users: vec![("app_a", password), ("rotator", rotator)],
        document,
    }
}

/// Two services, one of them under auto scaling, that sleep with their database.
fn r2e(world: &mut World, random: &mut Rng, place: &Place) -> Estate {
    let (name, cluster) = ("r2e", "r2e-cluster");
    ecs::create_cluster(world, cluster);
    let tags = consent(name, "sleep");
    let text = format!(
        "{{ \"jwt\" : \"{CANARY}-first-jwt-key\",\n  \"session\":\"{CANARY}-first-session-key\", \"n\": 1e2 }}"
    );
    let input = json!({
        "Name": APP, "SecretString": text,
        "Tags": [{ "Key": ROTATE_TAG, "Value": name }],
    });
    let by = Actor::Terraform;
    let _made = world.ask(&secretsmanager::SERVICE, by, "CreateSecret", input);
    let api = (cluster, "r2e-api-service", 1 + random.u32(0..2));
    let batch = (cluster, "r2e-batch", 1);
    let services = vec![
        service(world, api, &[JWT, SESSION], Some((1, 5)), &tags),
        service(world, batch, &[SESSION], None, &tags),
    ];
    let database = rds::NewInstance::named("r2e-postgres").tagged("nightshift:sleep", name);
    let database = rds::create_instance(world, &Actor::Terraform, database);
    let [jwt, session] = ages(place, [3, 5], [30, 60]);
    let hours = Hours::new(9, 18, false);
    let document = format!(
        "version: 1\nsleep:\n  calendar: {{ hours: {{ {} }} }}\n  cluster: {cluster}\n  services: all\n  databases: [r2e-postgres]\nrotate:\n  window: 10:00-16:00\n  secrets:\n    '{JWT}': {{ kind: random, every: {jwt}d }}\n    '{SESSION}': {{ kind: random, every: {session}d, form: hex }}\n",
        hours.document()
    );
    Estate {
        name,
        cluster: cluster.to_owned(),
        window: Hours::new(10, 16, false),
        services,
        databases: vec![database],
        secrets: vec![secret(JWT, jwt), secret(SESSION, session)],
        users: Vec::new(),
        document,
    }
}

const fn secret(name: &'static str, every: i64) -> Secret {
    Secret {
        name,
        every,
        external: false,
    }
}

const fn external(name: &'static str, every: i64) -> Secret {
    Secret {
        external: true,
        ..secret(name, every)
    }
}

/// The value that is in place under a secret's name.
#[must_use]
pub fn value(world: &World, name: &str) -> Option<String> {
    let Some((place, key)) = name.split_once('#') else {
        return ssm::value(world, name).map(ToOwned::to_owned);
    };
    let text = secretsmanager::value(world, place)?;
    let json: Value = serde_json::from_str(text).ok()?;
    json[key].as_str().map(ToOwned::to_owned)
}

/// The ARN under which a secret's writes are noted.
#[must_use]
pub fn arn(world: &World, name: &str) -> String {
    match name.split_once('#') {
        Some((place, _)) => secretsmanager::arn(world, place),
        None => ssm::arn(name),
    }
}
