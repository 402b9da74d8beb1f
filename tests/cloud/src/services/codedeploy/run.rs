//! The life of a deployment: `Install` fills the new task set, `AllowTraffic` gives it the traffic, and
//! the old one goes after a while.
//! <https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html#appspec-hooks-ecs>

use jiff::SignedDuration;
use serde_json::json;

use super::{Deployment, Group, Happening, MOST, Step, application_arn, asked, group_arn};
use crate::{
    call::{Actor, Call, Fault, Outcome},
    hash,
    services::{
        ecs::{self, sets},
        events,
    },
    world::{REGION, What, World},
};

const STEPS: [&str; 7] = [
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
    "TerminateBlueTasks",
];

/// "This time out period is 60 minutes."
/// <https://docs.aws.amazon.com/codedeploy/latest/userguide/troubleshooting-ecs.html>
const HEALTHY_WITHIN: SignedDuration = SignedDuration::from_mins(60);
/// From the last task being healthy to the traffic's change; a guess.
const SHIFTS_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// Nine letters and digits.
fn id_of(seed: &str) -> String {
    const LETTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let letter = |place| {
        let number = usize::try_from(hash::number(hash::text(seed), 19, place) % 36);
        let letter = number.ok().and_then(|at| LETTERS.get(at));
        letter.copied().map_or('X', char::from)
    };
    let letters: String = (0..9).map(letter).collect();
    format!("d-{letters}")
}

/// Emits a state change. `state` is `START`, `SUCCESS`, `FAILURE` or `STOP`.
// https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-cloudwatch-events.html
fn tell(world: &mut World, id: &str, state: &str) {
    let Some(deployment) = world.codedeploy.deployment(id) else {
        return;
    };
    let (application, group) = deployment.of.clone();
    let detail = json!({
        "region": REGION,
        "deploymentId": id,
        "instanceGroupId": hash::uuid(id),
        "deploymentGroup": group,
        "state": state,
        "application": application,
    });
    let resources = vec![
        application_arn(&application),
        group_arn(&application, &group),
    ];
    let kind = "CodeDeploy Deployment State-change Notification";
    events::emit_undrawn(world, "aws.codedeploy", kind, resources, detail);
}

fn fresh(world: &World, group: &Group, definition: &str) -> Deployment {
    let of = (group.application.clone(), group.name.clone());
    let number = world.codedeploy.deployments.len();
    let step = |name| Step {
        name,
        began_at: None,
        ended_at: None,
        status: "Pending",
    };
    Deployment {
        id: id_of(&format!("{of:?} {} {number}", world.now)),
        of,
        task_definition: definition.to_owned(),
        revision: None,
        status: "InProgress",
        creator: "user",
        created_at: world.now,
        completed_at: None,
        error: None,
        rolled_back_by: None,
        rolls_back: None,
        sets: [String::new(), String::new()],
        targets: String::new(),
        shifted_at: None,
        steps: STEPS.map(step).to_vec(),
    }
}

fn keep(world: &mut World, deployment: Deployment) -> String {
    let id = deployment.id.clone();
    world.codedeploy.deployments.insert(0, deployment);
    world.codedeploy.deployments.truncate(MOST);
    id
}

/// Deploys a task definition (`family:revision` or its ARN) to the service of a group; answers the
/// deployment's id, none if there is no such group, service or task definition.
pub fn deploy(
    world: &mut World,
    by: &Actor,
    application: &str,
    group: &str,
    definition: &str,
) -> Option<String> {
    let key = (application.to_owned(), group.to_owned());
    let group = world.codedeploy.groups.get(&key)?.clone();
    let service = world.ecs.service(&group.service)?;
    let blue = service.primary()?;
    let (old, behind) = (blue.id.clone(), blue.target_group().map(ToOwned::to_owned));
    let behind = behind.or_else(|| Some(service.balancers.first()?.group.clone()));
    let [first, second] = &group.targets;
    let targets = if behind.as_ref() == Some(second) {
        first.clone()
    } else {
        second.clone()
    };
    let set = sets::create(world, &group.service, definition, &targets);
    if set.is_empty() {
        return None;
    }
    let of_it = world.ecs.service(&group.service)?.deployments.iter();
    let definition = of_it
        .rev()
        .find(|one| one.id == set)?
        .task_definition
        .clone();
    let mut deployment = fresh(world, &group, &definition);
    deployment.sets = [old, set];
    deployment.targets = targets;
    deployment.begin("BeforeInstall", world.now);
    deployment.begin("Install", world.now);
    let set = deployment.sets[1].clone();
    let id = keep(world, deployment);
    sets::made_by(world, &group.service, &set, &id);
    world.note(
        by,
        group.service.clone(),
        What::Deployment { id: id.clone() },
    );
    tell(world, &id, "START");
    let at = world
        .now
        .saturating_add(HEALTHY_WITHIN)
        .unwrap_or(world.now);
    let deployment = id.clone();
    world.at(at, Happening::TimesOut { deployment });
    Some(id)
}

impl Deployment {
    /// Ends what came before in the lifecycle and begins a step.
    fn begin(&mut self, name: &str, now: jiff::Timestamp) {
        for step in &mut self.steps {
            if step.name == name {
                step.began_at = Some(now);
                step.status = "InProgress";
                return;
            }
            if step.status != "Succeeded" {
                step.began_at.get_or_insert(now);
                step.ended_at = Some(now);
                step.status = "Succeeded";
            }
        }
    }

    /// Ends with a status; what is left of the lifecycle is skipped.
    fn finish(&mut self, now: jiff::Timestamp, status: &'static str) {
        self.status = status;
        self.completed_at = Some(now);
        for step in &mut self.steps {
            if step.status == "InProgress" {
                step.ended_at = Some(now);
                step.status = if status == "Succeeded" {
                    "Succeeded"
                } else {
                    "Failed"
                };
            } else if step.status == "Pending" {
                step.status = "Skipped";
            }
        }
    }
}

/// The deployment of a service that is under way.
fn open_of(world: &World, service: &str) -> Option<String> {
    let of_it = |one: &&Deployment| {
        let group = world.codedeploy.group_of(one);
        one.is_open() && group.is_some_and(|group| group.service == service)
    };
    let mut deployments = world.codedeploy.deployments.iter();
    deployments.find(of_it).map(|one| one.id.clone())
}

/// A task of a service has run well: if the new task set is full of such, the traffic goes over soon.
pub(in crate::services) fn look(world: &mut World, service: &str) {
    let Some(id) = open_of(world, service) else {
        return;
    };
    let now = world.now;
    let Some(deployment) = world.codedeploy.deployment(&id) else {
        return;
    };
    let [_, set] = &deployment.sets;
    let filled = world
        .ecs
        .service(service)
        .is_some_and(|service| service.is_filled(set));
    let installs = deployment
        .steps
        .iter()
        .any(|step| step.name == "Install" && step.status == "InProgress");
    if !filled || !installs {
        return;
    }
    if let Some(deployment) = world.codedeploy.deployment_mut(&id) {
        deployment.begin("AllowTraffic", now);
    }
    let at = now.saturating_add(SHIFTS_AFTER).unwrap_or(now);
    world.at(at, Happening::Shifts { deployment: id });
}

/// The service of a deployment that is under way, and the deployment.
fn under_way(world: &World, id: &str) -> Option<(String, Deployment, SignedDuration)> {
    let deployment = world
        .codedeploy
        .deployment(id)
        .filter(|one| one.is_open())?;
    let group = world.codedeploy.group_of(deployment)?;
    Some((group.service.clone(), deployment.clone(), group.keeps))
}

pub(super) fn shift(world: &mut World, id: &str) {
    let Some((service, deployment, keeps)) = under_way(world, id) else {
        return;
    };
    let now = world.now;
    sets::shift(world, &service, &deployment.sets[1]);
    if let Some(deployment) = world.codedeploy.deployment_mut(id) {
        deployment.shifted_at = Some(now);
        deployment.begin("TerminateBlueTasks", now);
    }
    let at = now.saturating_add(keeps).unwrap_or(now);
    let deployment = id.to_owned();
    world.at(at, Happening::Ends { deployment });
}

pub(super) fn end(world: &mut World, id: &str) {
    let Some((service, deployment, _)) = under_way(world, id) else {
        return;
    };
    let now = world.now;
    sets::delete(world, &service, &deployment.sets[0]);
    if let Some(deployment) = world.codedeploy.deployment_mut(id) {
        deployment.finish(now, "Succeeded");
    }
    tell(world, id, "SUCCESS");
}

pub(super) fn time_out(world: &mut World, id: &str) {
    let open = world.codedeploy.deployment(id).filter(|one| one.is_open());
    if open.is_some_and(|one| one.shifted_at.is_none()) {
        // https://docs.aws.amazon.com/codedeploy/latest/userguide/troubleshooting-ecs.html; that the code
        // is TIMEOUT is a guess.
        let text = "The deployment timed out while waiting for the replacement task set to become healthy. This time out period is 60 minutes.";
        give_up(world, id, "Failed", ("TIMEOUT", text.to_owned()), None);
    }
}

/// A deployment ends badly: the traffic goes back if it has gone over, the new task set goes, and a
/// deployment of its own tells of the way back where the group, or whoever stops it, wants one.
fn give_up(
    world: &mut World,
    id: &str,
    status: &'static str,
    error: (&'static str, String),
    rolls_back: Option<bool>,
) {
    let Some((service, deployment, _)) = under_way(world, id) else {
        return;
    };
    let now = world.now;
    let group = world.codedeploy.group_of(&deployment).cloned();
    let rolls_back = rolls_back.unwrap_or_else(|| group.as_ref().is_some_and(|one| one.rolls_back));
    let [old, new] = &deployment.sets;
    if rolls_back || deployment.shifted_at.is_none() {
        sets::shift(world, &service, old);
        sets::delete(world, &service, new);
    }
    if let Some(deployment) = world.codedeploy.deployment_mut(id) {
        deployment.error = Some(error);
        deployment.finish(now, status);
    }
    tell(
        world,
        id,
        if status == "Stopped" {
            "STOP"
        } else {
            "FAILURE"
        },
    );
    let Some(group) = group.filter(|_| rolls_back) else {
        return;
    };
    let before = world
        .ecs
        .service(&service)
        .map(ecs::Service::task_definition);
    let before = before.unwrap_or_default().to_owned();
    let mut back = fresh(world, &group, &before);
    back.creator = "codeDeployRollback";
    back.rolls_back = Some(id.to_owned());
    back.sets = [new.clone(), old.clone()];
    back.finish(now, "Succeeded");
    let back = keep(world, back);
    if let Some(deployment) = world.codedeploy.deployment_mut(id) {
        deployment.rolled_back_by = Some(back.clone());
    }
    tell(world, &back, "START");
    tell(world, &back, "SUCCESS");
}

/// An alarm has gone to ALARM: deployments that it watches are stopped.
pub(in crate::services) fn rang(world: &mut World, name: &str) {
    let watched = |one: &&Deployment| {
        let group = world.codedeploy.group_of(one);
        one.is_open() && group.is_some_and(|group| group.alarms.iter().any(|one| one == name))
    };
    let deployments = world.codedeploy.deployments.iter().filter(watched);
    let ids: Vec<String> = deployments.map(|one| one.id.clone()).collect();
    for id in ids {
        // As users report it; the code: https://docs.aws.amazon.com/codedeploy/latest/userguide/error-codes.html
        let text = format!(
            "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected deployments have been stopped. Activated alarms: <{name}>"
        );
        give_up(world, &id, "Stopped", ("ALARM_ACTIVE", text), None);
    }
}

/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_StopDeployment.html>
pub(super) fn stop(world: &mut World, call: &Call) -> Outcome {
    let deployment = asked(world, call)?;
    let id = deployment.id.clone();
    if !deployment.is_open() {
        return Err(Fault::client(
            "DeploymentAlreadyCompletedException",
            format!("The deployment {id} is already completed"),
        ));
    }
    let group = world.codedeploy.group_of(deployment);
    let service = group.map_or_else(String::new, |group| group.service.clone());
    let error = ("MANUAL_STOP", format!("The deployment {id} was stopped."));
    let rolls_back = call.truth("autoRollbackEnabled").unwrap_or(false);
    give_up(world, &id, "Stopped", error, Some(rolls_back));
    world.note(&call.actor, service, What::Written);
    Ok(json!({
        "status": "Succeeded",
        "statusMessage": "No more commands will be scheduled for execution",
    }))
}
