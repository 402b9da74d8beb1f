//! Task sets of services that `CodeDeploy` deploys: the one that gets the traffic is PRIMARY, the one
//! beside it is made, filled, and either takes its place or goes.

use crate::{
    services::ecs::{
        Deployment, Service, Task, history::Opened, render, rollout, scheduler, tasks,
    },
    world::World,
};

impl Deployment {
    /// The target group of a task set that `CodeDeploy` made.
    pub(in crate::services) fn target_group(&self) -> Option<&str> {
        self.group.as_deref()
    }
}

impl Service {
    /// The target group and the port that a task is registered with.
    pub(in crate::services) fn registered(&self, task: &Task) -> Option<(&str, u16)> {
        let balancer = self.balancers.first()?;
        let mut sets = self.deployments.iter();
        let set = sets.find(|set| Some(set.id.as_str()) == task.deployment.as_deref());
        let group = set.and_then(|set| set.group.as_deref());
        Some((group.unwrap_or(&balancer.group), balancer.port))
    }

    /// How many tasks of a task set run well.
    fn well(&self, set: &str) -> usize {
        let of_it = |task: &&Task| task.deployment.as_deref() == Some(set);
        let tasks = self.tasks.iter().filter(of_it);
        tasks.filter(|task| task.wanted && task.settled).count()
    }

    /// The counts of a task set: asked for, running, pending.
    pub(in crate::services) fn set_counts(&self, set: &str) -> [usize; 3] {
        let found = self.deployments.iter().find(|one| one.id == set);
        found.map_or([0; 3], |found| render::counts(self, found))
    }

    /// Whether a task set runs as many tasks as it should, and all of them well.
    pub(in crate::services) fn is_filled(&self, set: &str) -> bool {
        u32::try_from(self.well(set)).is_ok_and(|well| well >= self.desired)
    }
}

/// Makes a task set beside the PRIMARY one, registered with a target group; answers its id. Empty if
/// there is no such service or task definition.
pub(in crate::services) fn create(
    world: &mut World,
    arn: &str,
    definition: &str,
    group: &str,
) -> String {
    let id = rollout::fresh_id(world);
    let definition = world.ecs.find_definition(definition);
    let Some(definition) = definition.map(|definition| definition.arn.clone()) else {
        return String::new();
    };
    let nothing = Opened {
        release: String::new(),
        revision: String::new(),
    };
    let mut set = rollout::deployment(world, &id, &definition, nothing);
    set.primary = false;
    set.group = Some(group.to_owned());
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return String::new();
    };
    service.deployments.push(set);
    service.steady = false;
    scheduler::look_soon(world, arn);
    id
}

/// Writes down which deployment of `CodeDeploy` made a task set.
pub(in crate::services) fn made_by(world: &mut World, arn: &str, set: &str, deployment: &str) {
    let service = world.ecs.services.get_mut(arn);
    let sets = service.into_iter().flat_map(|one| &mut one.deployments);
    for one in sets.filter(|one| one.id == set) {
        one.external = Some(deployment.to_owned());
    }
}

/// Gives the traffic to a task set, which is PRIMARY then.
pub(in crate::services) fn shift(world: &mut World, arn: &str, set: &str) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    for one in &mut service.deployments {
        one.primary = one.id == set;
        one.updated_at = now;
    }
    service.deployments.sort_by_key(|one| !one.primary);
}

/// Takes a task set away and stops its tasks. The words of the reason are a guess.
pub(in crate::services) fn delete(world: &mut World, arn: &str, set: &str) {
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    service
        .deployments
        .retain(|one| one.id != set || one.primary);
    let of_it = |task: &&Task| task.deployment.as_deref() == Some(set) && task.wanted;
    let tasks = service.tasks.iter().filter(of_it);
    let tasks: Vec<String> = tasks.map(|task| task.arn.clone()).collect();
    for task in tasks {
        let reason = format!("Scaling activity initiated by (task-set {set})");
        tasks::stop(
            world,
            Some(arn),
            &task,
            "ServiceSchedulerInitiated",
            &reason,
        );
    }
    scheduler::look_soon(world, arn);
}
