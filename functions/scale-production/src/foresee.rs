//! What a plan would lead to if every step took effect at once: for dry runs, for `Mode: watch`,
//! and for the properties that every plan must have. Pure, like the plan itself.

use std::collections::BTreeMap;

use nightshift::{
    kind::{Arn, Level, Lever, Service},
    ledger::{EstateRecord, Kept, Override, Revision, slim::Entry},
    report::Deed,
};

use crate::{
    plan::{Plan, Step, View, plan},
    snapshot::Snapshot,
};

/// More looks than any estate needs to settle when everything takes effect at once.
const LOOKS: usize = 24;

/// An estate that plays along: what AWS and the ledger would hold.
#[derive(Clone, Debug)]
pub struct World {
    /// What AWS would show.
    pub snapshot: Snapshot,
    /// What the ledger would hold.
    pub entries: BTreeMap<Arn, Kept<Entry>>,
    /// How the estate would fare.
    pub record: EstateRecord,
    /// The override, expired or not.
    pub order: Option<Override>,
}

impl World {
    /// The world that a view shows.
    #[must_use]
    pub fn of(view: &View<'_>) -> Self {
        Self {
            snapshot: view.snapshot.clone(),
            entries: view.entries.clone(),
            record: view.record.clone(),
            order: view.order.cloned(),
        }
    }

    /// The same view of this world.
    #[must_use]
    pub fn view<'a>(&'a self, view: &View<'a>) -> View<'a> {
        View {
            snapshot: &self.snapshot,
            entries: &self.entries,
            record: &self.record,
            order: self.order.as_ref(),
            ..view.clone()
        }
    }

    /// Carries a whole plan out, at once.
    pub fn carry_out(&mut self, plan: &Plan) {
        for chain in &plan.chains {
            for step in &chain.steps {
                self.take(&chain.arn, step);
            }
        }
        self.write_down(plan);
    }

    /// What a look leaves in the ledger beside its steps: the record with all news told.
    pub fn write_down(&mut self, plan: &Plan) {
        self.record = plan.record_with_all_told();
    }

    /// Takes one step; what it needs and does not find, it leaves.
    pub fn take(&mut self, arn: &Arn, step: &Step) {
        match step {
            Step::Save(entry) => {
                let revision = self.entries.get(arn).map_or(0, |kept| kept.revision.0);
                let kept = Kept {
                    item: (**entry).clone(),
                    revision: Revision(revision + 1),
                };
                self.entries.insert(arn.clone(), kept);
            }
            Step::Forget => {
                self.entries.remove(arn);
            }
            Step::Move { lever, to, .. } => self.turn(arn, *lever, *to),
        }
    }

    fn turn(&mut self, arn: &Arn, lever: Lever, to: Level) {
        match (lever, to) {
            (Lever::Capacity, Level::Acu(least)) => {
                let mut clusters = self.snapshot.clusters.iter_mut();
                let cluster = clusters.find(|measured| measured.cluster.arn == *arn);
                if let Some(capacity) = cluster.and_then(|it| it.cluster.capacity.as_mut()) {
                    capacity.min = least;
                }
            }
            (Lever::Minimum, Level::Tasks(least)) => {
                if let Some(service) = self.service(arn) {
                    register(service, least);
                }
            }
            (Lever::Count, Level::Tasks(count)) => {
                if let Some(service) = self.service(arn) {
                    set_count(service, count);
                }
            }
            (Lever::Capacity, Level::Tasks(_)) | (_, Level::Acu(_)) => {}
        }
    }

    fn service(&mut self, arn: &Arn) -> Option<&mut Service> {
        let services = self.snapshot.services.iter_mut();
        services
            .map(|watched| &mut watched.service)
            .find(|service| service.arn == *arn)
    }
}

/// Registering the target clamps the count into the bounds. A minimum above the maximum is refused.
fn register(service: &mut Service, least: u32) {
    let Some(target) = service.target.as_mut() else {
        return;
    };
    if least > target.bounds.max {
        return;
    }
    target.bounds.min = least;
    let count = target.bounds.clamp(service.desired);
    if count != service.desired {
        set_count(service, count);
    }
}

fn set_count(service: &mut Service, count: u32) {
    service.desired = count;
    service.running = count;
    service.pending = 0;
    service.healthy = service.healthy.map(|_| count);
}

/// Everything that would be done, look after look, until the estate has settled.
#[must_use]
pub fn foresee(view: &View<'_>) -> Vec<Deed> {
    let mut world = World::of(view);
    let mut deeds = Vec::new();
    for _ in 0..LOOKS {
        let plan = plan(&world.view(view));
        if plan.chains.is_empty() {
            break;
        }
        deeds.extend(plan.deeds());
        world.carry_out(&plan);
    }
    deeds.retain(|deed| !matches!(deed, Deed::SaveDay { .. } | Deed::Close { .. }));
    deeds
}
