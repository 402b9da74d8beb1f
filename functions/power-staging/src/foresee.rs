//! What a plan would lead to if every step took effect at once: for dry runs, for `Mode: watch`,
//! and for the properties that every plan must have. Pure, like the plan itself.

use std::collections::BTreeMap;

use nightshift::{
    kind::{Arn, DatabaseState},
    ledger::{Entry, EstateRecord, Kept, Override, Revision},
    report::Deed,
};

use crate::{
    plan::{Chain, Plan, Step, View, plan},
    snapshot::{Resource, Snapshot},
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
                self.take(chain, step);
            }
        }
        self.write_down(plan);
    }

    /// What a look leaves in the ledger beside its steps: the deployment's order, and the record
    /// with all news told.
    pub fn write_down(&mut self, plan: &Plan) {
        if let Some(order) = &plan.deployment_order {
            self.order = Some(order.clone());
        }
        self.record = plan.record_with_all_told();
        // Another estate's services in the same cluster have no entry here, and their tasks were
        // not counted.
        let all_stopped = self
            .snapshot
            .services
            .iter()
            .filter(|service| self.entries.contains_key(&service.arn))
            .all(|service| !Resource::Service(service).runs());
        if all_stopped {
            self.snapshot.tasks.get_or_insert_default().of_services = 0;
        }
    }

    /// Takes one step; what it needs and does not find, it leaves.
    pub fn take(&mut self, chain: &Chain, step: &Step) {
        match step {
            Step::Save(entry) => {
                let revision = self
                    .entries
                    .get(&chain.arn)
                    .map_or(0, |kept| kept.revision.0);
                let kept = Kept {
                    item: (**entry).clone(),
                    revision: Revision(revision + 1),
                };
                self.entries.insert(chain.arn.clone(), kept);
            }
            Step::Forget => {
                self.entries.remove(&chain.arn);
            }
            Step::Suspend => self.suspend(&chain.arn, nightshift::kind::Suspension::ALL),
            Step::Resume(suspension) => self.suspend(&chain.arn, *suspension),
            Step::SetCount { to, .. } => self.set_count(&chain.arn, *to),
            Step::Stop => self.turn(&chain.arn, DatabaseState::Stopped, "stopped"),
            Step::Start => self.turn(&chain.arn, DatabaseState::Available, "available"),
        }
    }

    /// Registering the target clamps the count into the bounds, whatever else it says.
    fn suspend(&mut self, arn: &Arn, suspension: nightshift::kind::Suspension) {
        let service = self
            .snapshot
            .services
            .iter_mut()
            .find(|service| service.arn == *arn);
        if let Some(service) = service
            && let Some(target) = service.target.as_mut()
        {
            target.suspension = suspension;
            service.desired = target.bounds.clamp(service.desired);
            service.running = service.desired;
        }
    }

    fn set_count(&mut self, arn: &Arn, count: u32) {
        if let Some(service) = self
            .snapshot
            .services
            .iter_mut()
            .find(|service| service.arn == *arn)
        {
            service.desired = count;
            service.running = count;
            service.pending = 0;
        }
    }

    fn turn(&mut self, arn: &Arn, state: DatabaseState, status: &str) {
        if let Some(database) = self
            .snapshot
            .databases
            .iter_mut()
            .find(|database| database.arn == *arn)
        {
            database.state = state;
            status.clone_into(&mut database.status);
        }
    }
}

/// Everything that would be done, look after look, until the estate has settled.
#[must_use]
pub fn foresee(view: &View<'_>) -> Vec<Deed> {
    let mut world = World::of(view);
    let mut deeds = Vec::new();
    for _ in 0..LOOKS {
        let plan = plan(&world.view(view));
        // What must be told before it is done is done by the look after.
        if plan.chains.is_empty() && plan.matters.to_tell().is_empty() {
            break;
        }
        deeds.extend(plan.deeds());
        world.carry_out(&plan);
    }
    deeds.retain(|deed| !matches!(deed, Deed::Save { .. } | Deed::Close { .. }));
    deeds
}
