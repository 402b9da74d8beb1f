//! Load balancers' target groups and the health of what is registered with them. The targets are the
//! running tasks of ECS services: nothing of them is kept here.

mod health;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    call::{Actor, Call, Demand, Fault, Outcome, Tags},
    hash,
    rates::Bucket,
    services::{Protocol, Service, unknown_operation},
    world::{ACCOUNT, REGION, What, World},
};

/// The service.
pub const SERVICE: Elbv2Service = Elbv2Service;

/// The service.
#[derive(Clone, Copy, Debug)]
pub struct Elbv2Service;

/// Its state.
#[derive(Clone, Debug, Default)]
pub struct Elbv2 {
    /// By their ARNs.
    groups: BTreeMap<String, TargetGroup>,
}

/// A target group of addresses, checked over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The port that targets are registered with unless they say another.
    pub port: u16,
    /// The path that is asked for.
    pub path: String,
    /// The statuses that are taken for healthy: `200`, `200-299`, `200,302`.
    pub matcher: String,
    /// The seconds between two checks.
    pub interval: u32,
    /// After how many seconds a check has failed.
    pub timeout: u32,
    /// After how many checks a target is healthy.
    pub healthy_after: u32,
    /// After how many failed checks a target is unhealthy.
    pub unhealthy_after: u32,
    tags: Tags,
}

impl Elbv2 {
    /// A target group by its ARN.
    #[must_use]
    pub fn group(&self, arn: &str) -> Option<&TargetGroup> {
        self.groups.get(arn)
    }
}

/// The ARN of the target group that a load balanced service has if no other is said.
#[must_use]
pub fn group_arn(name: &str) -> String {
    format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{name}/0123456789abcdef")
}

/// The load balancer before a group.
fn balancer_arn(group: &str) -> String {
    let seed = hash::number(hash::text(group), 13, 0);
    format!(
        "arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/{}/{seed:016x}",
        name_of(group)
    )
}

fn name_of(group: &str) -> &str {
    group.rsplit('/').nth(1).unwrap_or(group)
}

/// Makes a target group of this ARN with the defaults of one for HTTP, if there is none.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
pub(in crate::services) fn stand(world: &mut World, arn: &str, port: u16) {
    if !world.elbv2.groups.contains_key(arn) {
        let group = TargetGroup {
            arn: arn.to_owned(),
            name: name_of(arn).to_owned(),
            port,
            path: "/".to_owned(),
            matcher: "200".to_owned(),
            interval: 30,
            timeout: 5,
            healthy_after: 5,
            unhealthy_after: 2,
            tags: Tags::new(),
        };
        world.elbv2.groups.insert(arn.to_owned(), group);
    }
}

/// Makes a target group, or changes the one of this name; answers its ARN.
pub fn create_group(world: &mut World, by: &Actor, name: &str, port: u16, path: &str) -> String {
    let seed = hash::number(hash::text(name), 12, 0);
    let arn =
        format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{name}/{seed:016x}");
    stand(world, &arn, port);
    set_path(world, &arn, path);
    world.note(by, arn.clone(), What::Created);
    arn
}

/// Changes the path that a group's checks ask for.
pub fn set_path(world: &mut World, arn: &str, path: &str) {
    if let Some(group) = world.elbv2.groups.get_mut(arn) {
        path.clone_into(&mut group.path);
    }
}

/// The members of a list in a form: `Names.member.1`, ….
fn members(call: &Call, name: &str) -> Vec<String> {
    let texts = (1..).map_while(|number| call.text(&format!("{name}.member.{number}")));
    texts.map(ToOwned::to_owned).collect()
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::client("ValidationError", message)
}

fn not_found() -> Fault {
    Fault::client("TargetGroupNotFound", "One or more target groups not found")
}

impl Service for Elbv2Service {
    fn name(&self) -> &'static str {
        "elasticloadbalancing"
    }

    fn protocol(&self) -> Protocol {
        Protocol::Query {
            version: "2015-12-01",
        }
    }

    // "ThrottlingException error code and a Rate exceeded error message"; 40 at once and 10 a second for
    // what changes nothing.
    // https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html
    fn bucket(&self, operation: &str) -> Option<Bucket> {
        operation.starts_with("Describe").then_some(Bucket {
            name: "elb read",
            burst: 40.0,
            a_second: 10.0,
        })
    }

    // https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/CommonErrors.html
    fn denied(&self, message: String) -> Fault {
        Fault::with_status(403, "AccessDenied", message)
    }

    // What only describes knows no resources.
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
    fn demands(&self, world: &World, call: &Call) -> Vec<Demand> {
        let action = format!("elasticloadbalancing:{}", call.operation);
        match call.text("TargetGroupArn") {
            Some(arn) if !call.operation.starts_with("Describe") => {
                let group = world.elbv2.groups.get(arn);
                let tags = group.map(|group| group.tags.clone()).unwrap_or_default();
                vec![Demand::new(action, arn, &tags)]
            }
            _ => vec![Demand::new(action, "*", &Tags::new())],
        }
    }

    fn answer(&self, world: &mut World, call: &Call) -> Outcome {
        match call.operation.as_str() {
            "CreateTargetGroup" => create(world, call),
            "ModifyTargetGroup" => modify(world, call),
            "DescribeTargetGroups" => describe(world, call),
            "DescribeTargetHealth" => health::describe(world, call),
            _ => Err(unknown_operation(self, call)),
        }
    }
}

fn shown(group: &TargetGroup) -> Value {
    json!({
        "TargetGroupArn": group.arn,
        "TargetGroupName": group.name,
        "Protocol": "HTTP",
        "Port": group.port,
        "VpcId": "vpc-0123456789abcdef0",
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": true,
        "HealthCheckIntervalSeconds": group.interval,
        "HealthCheckTimeoutSeconds": group.timeout,
        "HealthyThresholdCount": group.healthy_after,
        "UnhealthyThresholdCount": group.unhealthy_after,
        "HealthCheckPath": group.path,
        "Matcher": { "HttpCode": group.matcher },
        "LoadBalancerArns": { "member": [balancer_arn(&group.arn)] },
        "TargetType": "ip",
        "ProtocolVersion": "HTTP1",
        "IpAddressType": "ipv4",
    })
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html>
fn create(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("Name").unwrap_or_default().to_owned();
    if world.elbv2.groups.values().any(|group| group.name == name) {
        return Err(Fault::client(
            "DuplicateTargetGroupName",
            format!(
                "A target group with the same name '{name}' exists, but with different settings"
            ),
        ));
    }
    let port = call
        .number("Port")
        .and_then(|port| u16::try_from(port).ok());
    let port = port.ok_or_else(|| invalid("A port must be specified"))?;
    let path = call.text("HealthCheckPath").unwrap_or("/").to_owned();
    let arn = create_group(world, &call.actor, &name, port, &path);
    let Some(group) = world.elbv2.groups.get_mut(&arn) else {
        return Err(not_found());
    };
    set(group, call);
    Ok(json!({ "TargetGroups": { "member": [shown(group)] } }))
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyTargetGroup.html>
fn modify(world: &mut World, call: &Call) -> Outcome {
    let arn = call.text("TargetGroupArn").unwrap_or_default();
    let group = world.elbv2.groups.get_mut(arn).ok_or_else(not_found)?;
    set(group, call);
    let answer = json!({ "TargetGroups": { "member": [shown(group)] } });
    world.note(&call.actor, arn, What::Written);
    Ok(answer)
}

fn set(group: &mut TargetGroup, call: &Call) {
    let number = |name: &str| {
        call.number(name)
            .and_then(|number| u32::try_from(number).ok())
    };
    if let Some(path) = call.text("HealthCheckPath") {
        path.clone_into(&mut group.path);
    }
    if let Some(matcher) = call.text("Matcher.HttpCode") {
        matcher.clone_into(&mut group.matcher);
    }
    group.interval = number("HealthCheckIntervalSeconds").unwrap_or(group.interval);
    group.timeout = number("HealthCheckTimeoutSeconds").unwrap_or(group.timeout);
    group.healthy_after = number("HealthyThresholdCount").unwrap_or(group.healthy_after);
    group.unhealthy_after = number("UnhealthyThresholdCount").unwrap_or(group.unhealthy_after);
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html>
fn describe(world: &World, call: &Call) -> Outcome {
    let (arns, names) = (members(call, "TargetGroupArns"), members(call, "Names"));
    let balancer = call.text("LoadBalancerArn");
    let groups = world.elbv2.groups.values();
    let asked: Vec<&TargetGroup> = groups
        .filter(|group| {
            (arns.is_empty() || arns.contains(&group.arn))
                && (names.is_empty() || names.contains(&group.name))
                && balancer.is_none_or(|arn| balancer_arn(&group.arn) == arn)
        })
        .collect();
    if asked.len() < arns.len().max(names.len()) {
        return Err(not_found());
    }
    // "The maximum number of results to return with this call", 1 to 400.
    let size = call.number("PageSize").unwrap_or(400);
    if !(1..=400).contains(&size) {
        return Err(invalid(format!(
            "PageSize '{size}' must be between 1 and 400"
        )));
    }
    let size = usize::try_from(size).unwrap_or(400);
    let after = call.text("Marker").unwrap_or_default();
    let mut rest = asked.into_iter().filter(|group| group.arn.as_str() > after);
    let page: Vec<&TargetGroup> = rest.by_ref().take(size).collect();
    let marker = rest
        .next()
        .and_then(|_| page.last().map(|group| &group.arn));
    let page: Value = page.iter().map(|group| shown(group)).collect();
    Ok(json!({ "TargetGroups": { "member": page }, "NextMarker": marker }))
}
