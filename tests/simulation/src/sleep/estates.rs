//! The estates of a run: two services with an instance, a service under auto scaling, a service
//! with an Aurora cluster, each with details from the seed; and bystanders that nobody may touch.

use std::{collections::BTreeMap, fmt::Write as _};

use fastrand::Rng;
use nightshift_cloud::{
    call::{Actor, Tags},
    services::{autoscaling, ecs, rds, ssm},
    world::World,
};

use super::Script;
use crate::{people::parameter, places::Hours, sky::CANARY, subject};

/// The tag that consents to sleeping.
pub const SLEEP_TAG: &str = "nightshift:sleep";

/// An estate as its people know it.
#[derive(Clone, Debug)]
pub struct Estate {
    /// Its name.
    pub name: &'static str,
    /// Its cluster.
    pub cluster: String,
    /// When it is open.
    pub hours: Hours,
    /// The services that its document names; none where it names all of the cluster.
    pub services: Option<Vec<&'static str>>,
    /// Its databases that can be stopped, by ARN.
    pub databases: Vec<String>,
    /// Its databases that never can.
    pub never: Vec<String>,
    /// Which databases a service needs, by the service's name; all where it is not named.
    pub needs: BTreeMap<String, Vec<String>>,
    /// Counts to wake to.
    pub wake_to: BTreeMap<String, u32>,
    /// Whether a deployment in the night wakes it.
    pub deployments_wake: bool,
    /// Its document.
    pub document: String,
}

impl Estate {
    /// Whether a service is this estate's, by its tag and by the document.
    #[must_use]
    pub fn has(&self, service: &ecs::Service) -> bool {
        let named = self
            .services
            .as_ref()
            .is_none_or(|names| names.contains(&service.name.as_str()));
        named
            && service.cluster == self.cluster
            && service.is_active()
            && service
                .tags
                .get(SLEEP_TAG)
                .is_some_and(|tag| tag == self.name)
    }
}

impl subject::Estate for Estate {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cluster(&self) -> &str {
        &self.cluster
    }

    fn hours(&self) -> Hours {
        self.hours
    }

    fn databases(&self) -> &[String] {
        &self.databases
    }

    fn document(&self) -> &str {
        &self.document
    }
}

fn consenting(instance: &str, estate: &str) -> rds::NewInstance {
    rds::NewInstance::named(instance).tagged(SLEEP_TAG, estate)
}

fn consent(estate: &str) -> Tags {
    [(SLEEP_TAG.to_owned(), estate.to_owned())].into()
}

/// Makes all estates of a place, with their bystanders.
pub fn furnish(world: &mut World, random: &mut Rng, script: &Script) -> Vec<Estate> {
    let place = &script.place;
    let _written = ssm::put(
        world,
        &Actor::Person,
        "/nightshift/company",
        &place.company(),
    );
    let _written = ssm::put(
        world,
        &Actor::Terraform,
        "/bookmark-manager/staging/DATABASE_URL",
        &format!("postgresql://app:{CANARY}@db:5432/app"),
    );
    let mut estates = vec![
        bookmark_manager(world, random),
        r2e(world, random),
        blog(world, random),
    ];
    if script.more > 0 {
        enlarge(world, &mut estates[0], script.more);
    }
    if script.leaks {
        let name = format!("{CANARY}-api");
        let new = ecs::NewService::new(&estates[0].cluster, &name).count(1);
        ecs::create_service(
            world,
            &Actor::Terraform,
            new.tags(&consent(estates[0].name)),
        );
    }
    // Side by side they stand in each year, and in half of the fortnights: one takes a third of the time.
    let is_short = place.days < 100 && script.more == 0 && !script.leaks;
    let alone = (is_short && random.bool()).then(|| estates[random.usize(..estates.len())].name);
    let wanted = script.only.or(alone);
    estates.retain(|estate| wanted.is_none_or(|wanted| wanted == estate.name));
    for estate in &estates {
        let _written = ssm::put(
            world,
            &Actor::Person,
            &parameter(estate.name),
            &estate.document,
        );
    }
    bystanders(world);
    world.take_journal();
    estates
}

/// Estate 1: services by `all`, one instance, named hours or its own.
fn bookmark_manager(world: &mut World, random: &mut Rng) -> Estate {
    let name = "bookmark-manager-staging";
    let cluster = "bookmark-manager-staging-cluster";
    ecs::create_cluster(world, cluster);
    for (service, least) in [
        ("bookmark-manager-staging-web", 1),
        ("bookmark-manager-staging-api", 1),
    ] {
        let count = least + random.u32(0..3);
        let service = ecs::NewService::new(cluster, service)
            .count(count)
            .tags(&consent(name))
            .circuit_breaker(random.bool());
        ecs::create_service(world, &Actor::Terraform, service);
    }
    // Left at 0 by a person, who wants it there in the morning as well.
    let idle = ecs::NewService::new(cluster, "bookmark-manager-staging-batch").count(0);
    ecs::create_service(world, &Actor::Terraform, idle.tags(&consent(name)));
    let database = rds::create_instance(
        world,
        &Actor::Terraform,
        consenting("bookmark-manager-staging-postgres", name),
    );
    let named = random.bool();
    let hours = if named {
        Hours::new(9, 19, false)
    } else {
        Hours::new(8, 20, true)
    };
    let calendar = if named {
        "business".to_owned()
    } else {
        format!("{{ hours: {{ {} }} }}", hours.document())
    };
    Estate {
        name,
        cluster: cluster.to_owned(),
        hours,
        services: None,
        databases: vec![database],
        never: Vec::new(),
        needs: BTreeMap::new(),
        wake_to: BTreeMap::new(),
        deployments_wake: true,
        document: format!(
            "version: 1\nsleep:\n  calendar: {calendar}\n  cluster: {cluster}\n  services: all\n  databases: [bookmark-manager-staging-postgres]\n"
        ),
    }
}

/// Estate 4: one service under auto scaling from 1 to 5, a Multi-AZ instance.
fn r2e(world: &mut World, random: &mut Rng) -> Estate {
    let (name, cluster, service) = ("r2e", "r2e-cluster", "r2e-api-service");
    ecs::create_cluster(world, cluster);
    let new = ecs::NewService::new(cluster, service)
        .count(1 + random.u32(0..3))
        .tags(&consent(name))
        .circuit_breaker(true);
    ecs::create_service(world, &Actor::Terraform, new);
    let suspended = random.u8(0..4) == 0;
    let id = format!("service/{cluster}/{service}");
    let suspension = suspended.then_some([false, false, true]);
    autoscaling::register(
        world,
        &Actor::Terraform,
        &id,
        Some((1, 5)),
        suspension,
        &consent(name),
    );
    let database = rds::create_instance(
        world,
        &Actor::Terraform,
        rds::NewInstance {
            multi_az: true,
            ..consenting("r2e-postgres", name)
        },
    );
    let mut names = "r2e-postgres".to_owned();
    let mut never = Vec::new();
    if random.u8(0..3) == 0 {
        // A replica and its source can never be stopped; everything else can.
        let source = consenting("r2e-reports", name);
        never.push(rds::create_instance(world, &Actor::Terraform, source));
        let replica = rds::NewInstance {
            replica_of: Some("r2e-reports".to_owned()),
            ..rds::NewInstance::named("r2e-reports-replica")
        };
        rds::create_instance(world, &Actor::Terraform, replica);
        names.push_str(", r2e-reports");
    }
    let deployments_wake = random.bool();
    let hours = Hours::new(9, 18, false);
    let wakes = if deployments_wake { "2h" } else { "never" };
    Estate {
        name,
        cluster: cluster.to_owned(),
        hours,
        services: Some(vec![service]),
        databases: vec![database],
        never,
        needs: BTreeMap::new(),
        wake_to: BTreeMap::new(),
        deployments_wake,
        document: format!(
            "version: 1\nsleep:\n  calendar: {{ hours: {{ {} }} }}\n  cluster: {cluster}\n  services: [{service}]\n  databases: [{names}]\n  grace: 45m\n  deployments_wake: {wakes}\n",
            hours.document()
        ),
    }
}

/// Estate 3: a service and an Aurora cluster, sometimes with a reader, sometimes serverless; open by
/// day or through the night.
fn blog(world: &mut World, random: &mut Rng) -> Estate {
    let (name, cluster) = ("blog-aws-practice", "blog-aws-practice-cluster");
    ecs::create_cluster(world, cluster);
    let (graphql, worker) = ("blog-aws-practice-service", "blog-aws-practice-worker");
    let new = ecs::NewService::new(cluster, graphql).count(1);
    ecs::create_service(world, &Actor::Terraform, new.tags(&consent(name)));
    let blue_green = ecs::NewService::new(cluster, worker)
        .count(1 + random.u32(0..2))
        .tags(&consent(name));
    let blue_green = if random.bool() {
        blue_green.code_deploy()
    } else {
        blue_green
    };
    ecs::create_service(world, &Actor::Terraform, blue_green);
    let mut aurora = rds::NewCluster::named("blog-aws-practice-aurora").tagged(SLEEP_TAG, name);
    let class = random
        .choice(["db.t4g.small", "db.serverless"])
        .unwrap_or("db.t4g.small");
    aurora.classes = vec![class.to_owned(); random.usize(1..3)];
    if class == "db.serverless" {
        aurora.scaling = Some(rds::Scaling {
            min: 0.5,
            max: 4.0,
            pause_after: None,
        });
    }
    let database = rds::create_cluster(world, &Actor::Terraform, aurora);
    let hours = if random.bool() {
        Hours::new(9, 18, false)
    } else {
        Hours::new(19, 3, false)
    };
    let mut document = format!(
        "version: 1\nsleep:\n  calendar:\n    hours:\n      {}\n  cluster: {cluster}\n  databases: [blog-aws-practice-aurora]\n",
        hours.document()
    );
    let mut needs = BTreeMap::new();
    if random.bool() {
        needs.insert(worker.to_owned(), Vec::new());
        let _ = writeln!(document, "  needs: {{ {worker}: [] }}");
    }
    let mut wake_to = BTreeMap::new();
    if random.u8(0..3) == 0 {
        wake_to.insert(worker.to_owned(), 2);
        let _ = writeln!(document, "  wake_to: {{ {worker}: 2 }}");
    }
    Estate {
        name,
        cluster: cluster.to_owned(),
        hours,
        services: None,
        databases: vec![database],
        never: Vec::new(),
        needs,
        wake_to,
        deployments_wake: true,
        document,
    }
}

/// As large as an estate can be.
fn enlarge(world: &mut World, estate: &mut Estate, services: u32) {
    for number in 0..services {
        let name = format!("bookmark-manager-staging-{number}");
        let new = ecs::NewService::new(&estate.cluster, &name)
            .count(1 + number % 3)
            .tags(&consent(estate.name));
        ecs::create_service(world, &Actor::Terraform, new);
    }
    let mut names = vec!["bookmark-manager-staging-postgres".to_owned()];
    for number in 0..services / 10 {
        let name = format!("bookmark-manager-staging-{number}");
        let database =
            rds::create_instance(world, &Actor::Terraform, consenting(&name, estate.name));
        estate.databases.push(database);
        names.push(name);
    }
    estate.document = estate
        .document
        .replace("bookmark-manager-staging-postgres", &names.join(", "));
}

/// Production, and staging of somebody else: in the same account, and nobody's business.
fn bystanders(world: &mut World) {
    ecs::create_cluster(world, "production-cluster");
    let slim: Tags = [("nightshift:slim".to_owned(), "production".to_owned())].into();
    let new = ecs::NewService::new("production-cluster", "production-api").count(2);
    ecs::create_service(world, &Actor::Terraform, new.tags(&slim));
    // In the estate's own cluster, but another estate's.
    let other = ecs::NewService::new("bookmark-manager-staging-cluster", "somebody-elses").count(1);
    ecs::create_service(world, &Actor::Terraform, other.tags(&consent("another")));
    let untagged = ecs::NewService::new("production-cluster", "untagged").count(1);
    ecs::create_service(world, &Actor::Terraform, untagged);
    rds::create_instance(
        world,
        &Actor::Terraform,
        rds::NewInstance {
            tags: slim,
            ..rds::NewInstance::named("production-postgres")
        },
    );
}
