//! Carries a plan out, step by step: what a step leads to is written down before it is taken. A step
//! that fails ends nothing but itself, and the next look begins where it stopped.

mod end;
mod make;
mod put_back;
mod roll;
pub(crate) mod token;
mod write;

use std::collections::BTreeMap;

use nightshift::{
    config::{Rotator, Secret as Described},
    kind::Arn,
    ledger::{
        Kept, Revision,
        rotation::{Entry, Secret},
    },
    log,
    report::{Change, Failure, rotation::Rotation},
};

use crate::{
    context::Context,
    plan::{FUNCTION, Plan, Step},
    store::Place,
    tell::{self, Told},
};

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Done {
    /// What people were told.
    pub told: Vec<Told>,
    /// What failed.
    pub failures: Vec<Failure>,
    /// Whether a step was left to the deployment that reaches what it takes.
    pub left: bool,
}

/// A plan that is being carried out.
#[derive(Debug)]
struct Act<'a> {
    context: &'a Context<'a>,
    rotator: &'a Rotator,
    entries: &'a mut BTreeMap<Arn, Kept<Entry>>,
    /// The versions that were written by now, by the name of the parameter or the secret.
    written: BTreeMap<String, Vec<String>>,
    done: Done,
}

/// Carries a plan out. The entries are those of the estate, as they were read, and then as they are.
pub async fn act(
    context: &Context<'_>,
    rotator: &Rotator,
    entries: &mut BTreeMap<Arn, Kept<Entry>>,
    plan: &Plan,
) -> Done {
    let mut act = Act {
        context,
        rotator,
        entries,
        written: BTreeMap::new(),
        done: Done::default(),
    };
    for step in &plan.steps {
        if let Err(failure) = Box::pin(act.take(step)).await
            && !write::is_not_yet(&failure)
        {
            log::failure(FUNCTION, &rotator.name, &failure);
            act.done.failures.push(failure);
        }
    }
    act.done
}

impl<'a> Act<'a> {
    async fn take(&mut self, step: &Step) -> Result<(), Failure> {
        match step {
            Step::Make(secret) | Step::PutBack(secret) | Step::End(secret)
                if !self.reaches(secret) =>
            {
                self.done.left = true;
                Ok(())
            }
            Step::Save(secret) => self.save_secret(secret).await,
            Step::Settle { secrets, told } => self.settle(secrets, told).await,
            Step::Make(secret) => make::make(self, secret).await,
            Step::PutBack(secret) => put_back::put_back(self, secret).await,
            Step::Roll {
                service,
                cluster,
                name,
                group,
            } => roll::roll(self, service, cluster, name, group.as_deref()).await,
            Step::Keep(service) => self.save(Entry::Service(service.clone())).await,
            Step::Free(service) => self.forget(&service.arn).await,
            Step::End(secret) => end::end(self, secret).await,
        }
    }

    /// People are told before it is written down: who dies in between tells it twice, and never not
    /// at all.
    async fn settle(&mut self, secrets: &[Secret], told: &Rotation) -> Result<(), Failure> {
        let told = tell::tell(self.context, self.rotator, told).await?;
        self.done.told.push(told);
        self.context.function.held.wipe();
        for secret in secrets {
            self.save_secret(secret).await?;
        }
        Ok(())
    }

    async fn save(&mut self, entry: Entry) -> Result<(), Failure> {
        use nightshift::ledger::Saved as _;
        let arn = entry.arn().clone();
        let known = self.entries.get(&arn);
        let revision = known.map_or(Revision(0), |kept| kept.revision);
        let saved = self.context.store.save_entry(&entry, revision).await;
        let revision = saved.map_err(nightshift::ledger::store::WriteError::into_failure)?;
        let kept = Kept {
            item: entry,
            revision,
        };
        self.entries.insert(arn, kept);
        Ok(())
    }

    async fn save_secret(&mut self, secret: &Secret) -> Result<(), Failure> {
        self.save(Entry::Secret(Box::new(secret.clone()))).await
    }

    async fn forget(&mut self, arn: &Arn) -> Result<(), Failure> {
        let Some(known) = self.entries.get(arn) else {
            return Ok(());
        };
        let forgotten = self.context.store.forget_entry(arn, known.revision).await;
        forgotten.map_err(nightshift::ledger::store::WriteError::into_failure)?;
        self.entries.remove(arn);
        Ok(())
    }

    /// What the document says of a secret.
    fn described(&self, secret: &Secret) -> Option<&'a Described> {
        self.rotator.rotate.secrets.get(&secret.name)
    }

    fn reaches(&self, secret: &Secret) -> bool {
        let means = self.described(secret).and_then(Described::means);
        let reach = self.context.function.settings.reach;
        reach.includes(means.as_ref())
    }

    fn place(&self, secret: &Secret) -> Place {
        Place::of(&secret.name, self.described(secret), Some(secret))
    }

    /// The line of a change; what is written never stands in it.
    fn log(&self, arn: &Arn, what: &str, from: &str, to: &str, why: &str) {
        let change = Change {
            arn: arn.clone(),
            what: what.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        log::change(FUNCTION, &self.rotator.name, &change, why, FUNCTION);
    }
}
