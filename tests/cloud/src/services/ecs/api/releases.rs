//! Operations on service deployments and service revisions.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    call::{Call, Fault, Outcome},
    services::ecs::{Controller, Happening, Release, Service, history, refer::invalid, render},
    world::{What, World},
};

/// Between asking for a stop and its begin.
const STOPS_AFTER: SignedDuration = SignedDuration::from_secs(2);

/// The services that have service deployments: those that ECS deploys itself.
fn deployed(world: &World) -> impl Iterator<Item = &Service> {
    let services = world.ecs.services();
    services.filter(|service| service.controller == Controller::Ecs)
}

/// The newest come first; at most 20 on a page unless more, up to 100, are asked for.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html>
pub(super) fn list(world: &mut World, call: &Call) -> Outcome {
    let cluster = world.ecs.cluster(call.text("cluster"))?;
    // ServiceNotActiveException is not in this operation's model.
    let arn = world.ecs.active(&cluster, call.text("service"));
    let arn = arn.map_err(|fault| Fault {
        code: fault.code.replace("NotActive", "NotFound"),
        ..fault
    })?;
    let size = match call.number("maxResults") {
        None => 20,
        Some(number @ 1..=100) => usize::try_from(number).unwrap_or(20),
        Some(_) => return Err(invalid("maxResults must be between 1 and 100.")),
    };
    let statuses = call.texts("status");
    let instant = |name: &str| {
        let given = call.input.pointer(&format!("/createdAt/{name}"))?;
        given.as_f64()
    };
    let (after, before) = (instant("after"), instant("before"));
    let asked = |release: &&Release| {
        let created = render::epoch(release.created_at).as_f64();
        let created = created.unwrap_or_default();
        (statuses.is_empty() || statuses.iter().any(|status| status == release.status))
            && after.is_none_or(|after| created >= after)
            && before.is_none_or(|before| created <= before)
            && history::is_kept(release, world.now)
    };
    let Some(service) = deployed(world).find(|service| service.arn == arn) else {
        return Ok(json!({ "serviceDeployments": [] }));
    };
    let mut rest = service.releases.iter().filter(asked).peekable();
    if let Some(token) = call.text("nextToken") {
        // The token is the last ARN of the page before, so that a new deployment shifts nothing.
        rest.by_ref().find(|release| release.arn == token);
    }
    let page: Vec<&Release> = rest.by_ref().take(size).collect();
    let shown = page
        .iter()
        .map(|release| render::release_brief(service, release));
    let mut answer = json!({ "serviceDeployments": shown.collect::<Value>() });
    if rest.peek().is_some()
        && let Some(last) = page.last()
    {
        answer["nextToken"] = last.arn.as_str().into();
    }
    Ok(answer)
}

/// 1 to 20 of a call's ARNs, those that are found shown, and the failures of the others.
fn described(
    call: &Call,
    [given, shown]: [&str; 2],
    find: impl Fn(&str) -> Option<Value>,
) -> Outcome {
    let named = call.texts(given);
    // "You can specify a maximum of 20 ARNs."
    if named.is_empty() || named.len() > 20 {
        return Err(invalid(format!("{given} must have 1 to 20 elements.")));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in named {
        match find(&arn) {
            Some(it) => found.push(it),
            // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Failure.html
            None => failures.push(json!({ "arn": arn, "reason": "MISSING" })),
        }
    }
    let mut answer = json!({ "failures": failures });
    answer[shown] = found.into();
    Ok(answer)
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceDeployments.html>
pub(super) fn describe(world: &mut World, call: &Call) -> Outcome {
    let names = ["serviceDeploymentArns", "serviceDeployments"];
    described(call, names, |arn| {
        deployed(world).find_map(|service| {
            let mut releases = service.releases.iter();
            let release = releases.find(|release| release.arn == arn)?;
            history::is_kept(release, world.now).then(|| render::release(service, release))
        })
    })
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html>
pub(super) fn revisions(world: &mut World, call: &Call) -> Outcome {
    let names = ["serviceRevisionArns", "serviceRevisions"];
    described(call, names, |arn| {
        deployed(world).find_map(|service| {
            let mut revisions = service.revisions.iter();
            let revision = revisions.find(|revision| revision.arn == arn)?;
            Some(render::revision(service, revision))
        })
    })
}

/// `ROLLBACK` unless `ABORT` is asked for, which is in the model although the reference says that only
/// the former is valid. Only what is `PENDING` or `IN_PROGRESS` can be stopped.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html>
pub(super) fn stop(world: &mut World, call: &Call) -> Outcome {
    let given = call.text("serviceDeploymentArn").unwrap_or_default();
    let status = match call.text("stopType") {
        None | Some("ROLLBACK") => "ROLLBACK_REQUESTED",
        Some("ABORT") => "STOP_REQUESTED",
        Some(other) => {
            return Err(invalid(format!("stopType {other} is not valid.")));
        }
    };
    let has = |service: &&Service| service.releases.iter().any(|one| one.arn == given);
    let found = deployed(world).find(has).map(|service| service.arn.clone());
    let now = world.now;
    let service = found.and_then(|arn| world.ecs.services.get_mut(&arn));
    let release = service.and_then(|service| {
        let arn = service.arn.clone();
        Some((arn, service.release_mut(given)?))
    });
    let Some((service, release)) = release else {
        return Err(Fault::client(
            "ServiceDeploymentNotFoundException",
            "Service deployment not found.",
        ));
    };
    if !matches!(release.status, "PENDING" | "IN_PROGRESS") {
        return Err(Fault::client(
            "ConflictException",
            format!(
                "The service deployment is in the state {} and cannot be stopped.",
                release.status
            ),
        ));
    }
    release.status = status;
    release.started_at.get_or_insert(now);
    release.updated_at = now;
    let release = release.arn.clone();
    let answer = json!({ "serviceDeploymentArn": release });
    world.note(&call.actor, release.clone(), What::Written);
    let at = now.saturating_add(STOPS_AFTER).unwrap_or(now);
    world.at(at, Happening::Stops { service, release });
    Ok(answer)
}
