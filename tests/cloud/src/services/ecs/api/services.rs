//! Operations on services.

use serde_json::{Value, json};

use crate::{
    call::{Call, Fault, Outcome},
    services::ecs::{
        Balancer, Breaker, Controller, DeploymentAlarms, Ecs, NewService, Service, Status,
        api::{includes_tags, listed, page, tags_of},
        delete_service,
        harness::put_service,
        refer::{self, invalid},
        render, rollout, scheduler,
    },
    world::World,
};

fn shown(world: &World, arn: &str, with_tags: bool) -> Value {
    let service = world.ecs.services.get(arn);
    json!({ "service": service.map(|service| render::service(service, with_tags)) })
}

fn count_of(call: &Call) -> Result<Option<u32>, Fault> {
    let Some(count) = call.number("desiredCount") else {
        return Ok(None);
    };
    let count = u32::try_from(count);
    let count = count.map_err(|_| invalid("desiredCount must not be negative."))?;
    Ok(Some(count))
}

fn breaker_of(call: &Call) -> Option<Breaker> {
    let breaker = call
        .input
        .pointer("/deploymentConfiguration/deploymentCircuitBreaker")?;
    let is = |name: &str| breaker.get(name).and_then(Value::as_bool) == Some(true);
    Some(match (is("enable"), is("rollback")) {
        (false, _) => Breaker::Off,
        (true, false) => Breaker::Fails,
        (true, true) => Breaker::RollsBack,
    })
}

// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentAlarms.html
fn alarms_of(call: &Call) -> Result<Option<DeploymentAlarms>, Fault> {
    let Some(given) = call.input.pointer("/deploymentConfiguration/alarms") else {
        return Ok(None);
    };
    let is = |name: &str| given.get(name).and_then(Value::as_bool) == Some(true);
    let names = given["alarmNames"].as_array().into_iter().flatten();
    let names: Vec<String> = names
        .filter_map(|name| name.as_str().map(ToOwned::to_owned))
        .collect();
    if is("enable") && names.is_empty() {
        return Err(invalid("alarmNames cannot be empty."));
    }
    Ok(Some(DeploymentAlarms {
        names,
        enable: is("enable"),
        rollback: is("rollback"),
    }))
}

fn balancers_of(call: &Call) -> Vec<Balancer> {
    let given = call.input.get("loadBalancers").and_then(Value::as_array);
    let given = given.into_iter().flatten().filter_map(|one| {
        let text = |name: &str| one.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        let port = one.get("containerPort").and_then(Value::as_u64);
        Some(Balancer {
            group: text("targetGroupArn")?,
            container: text("containerName").unwrap_or_default(),
            port: port.and_then(|port| u16::try_from(port).ok()).unwrap_or(80),
        })
    });
    given.collect()
}

fn grace_of(call: &Call) -> Option<u32> {
    let seconds = call.number("healthCheckGracePeriodSeconds")?;
    u32::try_from(seconds).ok()
}

/// The ARN of the task definition that a call names.
fn definition_of(world: &World, call: &Call) -> Result<Option<String>, Fault> {
    let Some(given) = call.text("taskDefinition") else {
        return Ok(None);
    };
    let definition = world.ecs.find_definition(given);
    let definition =
        definition.ok_or_else(|| Fault::client("ClientException", "TaskDefinition not found."))?;
    Ok(Some(definition.arn.clone()))
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html>
pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    let cluster = world.ecs.cluster(call.text("cluster"))?;
    let name = call.text("serviceName").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| invalid("Service name cannot be empty."))?;
    let known = world.ecs.service(&refer::service_arn(&cluster, name));
    if known.is_some_and(|service| service.status != Status::Inactive) {
        return Err(invalid("Creation of service was not idempotent."));
    }
    let definition = definition_of(world, call)?
        .ok_or_else(|| invalid("TaskDefinition cannot be null or empty."))?;
    let daemon = call.text("schedulingStrategy") == Some("DAEMON");
    let count = count_of(call)?;
    if daemon && count.is_some() {
        return Err(no_count_for_daemons());
    }
    let type_of = call.input.pointer("/deploymentController/type");
    let balancers = call.input.get("loadBalancers").and_then(Value::as_array);
    let new = NewService {
        desired: count.unwrap_or_else(|| u32::from(daemon)),
        tags: tags_of(call),
        controller: if type_of.and_then(Value::as_str) == Some("CODE_DEPLOY") {
            Controller::CodeDeploy
        } else {
            Controller::Ecs
        },
        daemon,
        breaker: breaker_of(call).unwrap_or_default(),
        alarms: alarms_of(call)?.unwrap_or_default(),
        load_balanced: balancers.is_some_and(|balancers| !balancers.is_empty()),
        balancers: balancers_of(call),
        grace: grace_of(call),
        network: call.input["networkConfiguration"].clone(),
        health_checked: has_health_check(world, &definition),
        steady: false,
        ..NewService::new(&cluster, name)
    };
    let arn = put_service(world, &call.actor, new, &definition);
    Ok(shown(world, &arn, true))
}

fn has_health_check(world: &World, definition: &str) -> bool {
    let definition = world.ecs.definition(definition);
    definition.is_some_and(|definition| {
        let mut containers = definition.containers.iter();
        containers.any(|container| container.get("healthCheck").is_some_and(|it| !it.is_null()))
    })
}

/// As AWS words it: <https://github.com/fabfuel/ecs-deploy/issues/59>
fn no_count_for_daemons() -> Fault {
    invalid(
        "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again",
    )
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>
pub(super) fn update(world: &mut World, call: &Call) -> Outcome {
    let cluster = world.ecs.cluster(call.text("cluster"))?;
    let arn = world.ecs.active(&cluster, call.text("service"))?;
    let count = count_of(call)?;
    let given = definition_of(world, call)?;
    let alarms = alarms_of(call)?;
    let forced = call.truth("forceNewDeployment") == Some(true);
    let Some(service) = world.ecs.services.get_mut(&arn) else {
        return Err(invalid("Service not found."));
    };
    if service.daemon && count.is_some() {
        return Err(no_count_for_daemons());
    }
    if service.controller == Controller::CodeDeploy {
        refuse_deployment(given.is_some(), forced)?;
    }
    if let Some(breaker) = breaker_of(call) {
        service.breaker = breaker;
    }
    if let Some(alarms) = alarms {
        service.alarms = alarms;
    }
    if let Some(network) = call.input.get("networkConfiguration") {
        service.network = network.clone();
    }
    if call.input.get("loadBalancers").is_some() {
        service.balancers = balancers_of(call);
        service.load_balanced = !service.balancers.is_empty();
    }
    service.grace = grace_of(call).or(service.grace);
    // What else begins a deployment, in the words of the reference: changes of the network, the load
    // balancers or the platform version. Whether they differ is not looked at.
    let others = ["networkConfiguration", "loadBalancers", "platformVersion"];
    let changed = others.iter().any(|name| call.input.get(name).is_some());
    let current = service.task_definition().to_owned();
    let deploys = forced || changed || given.as_ref().is_some_and(|given| *given != current);
    if let Some(count) = count {
        scheduler::count(world, &call.actor, &arn, count);
    }
    if deploys {
        rollout::begin(world, &call.actor, &arn, &given.unwrap_or(current));
    }
    Ok(shown(world, &arn, false))
}

/// As AWS words it: <https://github.com/boto/boto3/issues/1936>
fn refuse_deployment(defines: bool, forced: bool) -> Result<(), Fault> {
    let what = match (defines, forced) {
        (true, _) => "Unable to update task definition",
        (false, true) => "Cannot force a new deployment",
        (false, false) => return Ok(()),
    };
    Err(invalid(format!(
        "{what} on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment."
    )))
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html>
pub(super) fn delete(world: &mut World, call: &Call) -> Outcome {
    let cluster = world.ecs.cluster(call.text("cluster"))?;
    // Only ServiceNotFoundException is in the model.
    let arn = world
        .ecs
        .active(&cluster, call.text("service"))
        .map_err(|fault| Fault {
            code: fault.code.replace("NotActive", "NotFound"),
            ..fault
        })?;
    let scaled = world.ecs.services.get(&arn);
    let scaled = scaled.is_some_and(|service| service.desired > 0 && !service.daemon);
    if scaled && call.truth("force") != Some(true) {
        return Err(invalid(
            "The service cannot be stopped while it is scaled above 0.",
        ));
    }
    delete_service(world, &call.actor, &arn);
    Ok(shown(world, &arn, false))
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html>
pub(super) fn describe(world: &mut World, call: &Call) -> Outcome {
    let cluster = world.ecs.cluster(call.text("cluster"))?;
    let named = call.texts("services");
    if named.is_empty() {
        return Err(invalid("Services cannot be empty."));
    }
    // "You may specify up to 10 services to describe in a single operation."
    if named.len() > 10 {
        return Err(invalid("Services cannot have more than 10 elements."));
    }
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for given in &named {
        let arn = Ecs::within("service", &cluster, given)?;
        let known = world.ecs.services.get(&arn);
        match known.filter(|service| Ecs::knows(service, world.now)) {
            Some(service) => services.push(render::service(service, includes_tags(call))),
            // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Failure.html
            None => failures.push(json!({ "arn": arn, "reason": "MISSING" })),
        }
    }
    Ok(json!({ "services": services, "failures": failures }))
}

/// Deleted services are not listed, draining ones neither.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html>
pub(super) fn list(world: &mut World, call: &Call) -> Outcome {
    let cluster = world.ecs.cluster(call.text("cluster"))?;
    let strategy = call.text("schedulingStrategy");
    let asked = |service: &&Service| {
        service.cluster == cluster
            && service.status == Status::Active
            && strategy.is_none_or(|strategy| (strategy == "DAEMON") == service.daemon)
    };
    let services = world.ecs.services().filter(asked);
    let arns = services.map(|service| service.arn.clone()).collect();
    // "If this parameter isn't used, then ListServices returns up to 10 results."
    let (arns, token) = page(arns, call, 10)?;
    Ok(listed("serviceArns", &arns, token))
}
