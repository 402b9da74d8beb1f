//! Application Auto Scaling of ECS services. Registering a target clamps its count into the bounds,
//! whatever else the call was for; a policy scales when its load says so and nothing is suspended. The
//! load is a count of tasks that a test sets ([`set_load`]), or what the metrics of a
//! [load](crate::load) say to the policy's alarms.

mod activities;
mod api;
mod policy;
#[cfg(test)]
mod tests;
mod tracking;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    call::{Actor, Call, Demand, Outcome, Tags},
    rates::Bucket,
    services::{Protocol, Service},
    world::{ACCOUNT, REGION, World},
};

pub use activities::Activity;
pub(super) use policy::consider;
pub use policy::{Policy, set_load};
pub use tracking::Tracked;
pub(super) use tracking::{track, wish};

/// The service.
pub const SERVICE: AutoScalingService = AutoScalingService;

/// The service.
#[derive(Clone, Copy, Debug)]
pub struct AutoScalingService;

/// Its state.
#[derive(Clone, Debug, Default)]
pub struct AutoScaling {
    targets: BTreeMap<String, Target>,
    loads: BTreeMap<String, f64>,
    /// What was scaled in the last six weeks, the oldest first.
    activities: Vec<Activity>,
    /// How often anything was scaled.
    scaled: u64,
}

/// A scalable target: the desired count of an ECS service.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its ARN.
    pub arn: String,
    /// `service/<cluster>/<name>`.
    pub resource_id: String,
    /// The least and the most that may be asked for.
    pub bounds: (u32, u32),
    /// Which scalings are suspended: in, out, scheduled.
    pub suspension: [bool; 3],
    /// Its tags.
    pub tags: Tags,
    /// Its policies, by their names.
    pub policies: BTreeMap<String, Policy>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Whether the policies' next look stands on the agenda.
    due: bool,
    cooling: tracking::Cooling,
}

impl AutoScaling {
    /// A target by its resource id, `service/<cluster>/<name>`.
    #[must_use]
    pub fn target(&self, resource_id: &str) -> Option<&Target> {
        self.targets.get(resource_id)
    }

    /// All targets, by their resource ids.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.targets.values()
    }

    /// What was scaled in the last six weeks, the oldest first.
    #[must_use]
    pub fn activities(&self) -> &[Activity] {
        &self.activities
    }

    fn by_arn(&self, arn: &str) -> Option<&Target> {
        self.targets.values().find(|target| target.arn == arn)
    }

    fn by_arn_mut(&mut self, arn: &str) -> Option<&mut Target> {
        self.targets.values_mut().find(|target| target.arn == arn)
    }
}

/// Registers a target, or changes what is given of one that there is, and clamps the service's
/// count; answers its ARN. Bounds are least and most, the suspension is in, out, scheduled; tags
/// are taken for a new target only. None where `RegisterScalableTarget` refuses: without such a
/// service, without bounds for a new target, with the least above the most.
pub fn register(
    world: &mut World,
    by: &Actor,
    resource_id: &str,
    bounds: Option<(u32, u32)>,
    suspension: Option<[bool; 3]>,
    tags: &Tags,
) -> Option<String> {
    let wish = api::Wish {
        min: bounds.map(|bounds| bounds.0),
        max: bounds.map(|bounds| bounds.1),
        suspension: suspension.map_or([None; 3], |suspension| suspension.map(Some)),
        tags: tags.clone(),
    };
    api::put(world, by, resource_id, wish).ok()
}

/// What it does by itself later.
#[derive(Clone, Debug)]
pub enum Happening {
    /// The policies look at a target.
    Evaluate {
        /// Its resource id.
        resource_id: String,
    },
}

impl Happening {
    /// Lets it happen.
    pub fn happen(self, world: &mut World) {
        match self {
            Self::Evaluate { resource_id } => policy::evaluate(world, &resource_id),
        }
    }
}

impl Service for AutoScalingService {
    fn name(&self) -> &'static str {
        "application-autoscaling"
    }

    fn protocol(&self) -> Protocol {
        Protocol::Json {
            target: "AnyScaleFrontendService",
            version: "1.1",
        }
    }

    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_applicationautoscaling.html
    fn demands(&self, world: &World, call: &Call) -> Vec<Demand> {
        let action = format!("application-autoscaling:{}", call.operation);
        let none = Tags::new();
        let demand = match call.operation.as_str() {
            "RegisterScalableTarget"
            | "DeregisterScalableTarget"
            | "PutScalingPolicy"
            | "DeleteScalingPolicy" => {
                let target = call.text("ResourceId");
                match target.and_then(|id| world.autoscaling.target(id)) {
                    Some(target) => Demand::new(action, &target.arn, &target.tags),
                    None => Demand::new(action, target_arn("*"), &none),
                }
            }
            "TagResource" | "UntagResource" | "ListTagsForResource" => {
                let arn = call.text("ResourceARN").unwrap_or_default();
                let target = world.autoscaling.by_arn(arn);
                Demand::new(action, arn, target.map_or(&none, |target| &target.tags))
            }
            _ => Demand::new(action, "*", &none),
        };
        vec![demand]
    }

    // AWS publishes no rates for this service: 40 at once and 10 a second is a guess.
    fn bucket(&self, _operation: &str) -> Option<Bucket> {
        Some(Bucket {
            name: "application-autoscaling",
            burst: 40.0,
            a_second: 10.0,
        })
    }

    fn answer(&self, world: &mut World, call: &Call) -> Outcome {
        api::answer(world, call)
    }
}

/// The ARN of a target, whose id has nothing to do with its resource's.
// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalableTarget.html
fn target_arn(id: &str) -> String {
    format!("arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/{id}")
}
