//! What each task holds: it reads its secrets once, somewhere between its being made and its running,
//! and goes on with them until it stops.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift_cloud::{services::ecs, world::World};

use super::{
    databases::Databases,
    estates::{self, Estate, KEY, PREVIOUS, Service, URL},
};

/// What a task holds.
#[derive(Clone, Debug)]
pub(super) struct Holding {
    pub(super) service: String,
    /// The values, by the secrets' names.
    pub(super) values: BTreeMap<&'static str, String>,
    /// When it read them.
    pub(super) read_at: Timestamp,
    /// Whether it runs.
    pub(super) runs: bool,
    /// Whether it has read for good.
    is_final: bool,
    /// Whether what it read was no good, by somebody else's hand.
    pub(super) excused: bool,
}

/// All tasks.
#[derive(Clone, Debug, Default)]
pub(super) struct Tasks {
    pub(super) held: BTreeMap<String, Holding>,
}

impl Tasks {
    /// Looks who started, who runs and who is gone; `theirs` are the secrets whose newest value somebody
    /// else wrote.
    pub(super) fn look(
        &mut self,
        world: &World,
        estates: &[Estate],
        databases: &mut Databases,
        theirs: &BTreeSet<&'static str>,
    ) {
        let mut gone: BTreeSet<String> = self.held.keys().cloned().collect();
        for service in estates.iter().flat_map(|estate| &estate.services) {
            let Some(seen) = world.ecs.service(&service.arn) else {
                continue;
            };
            for task in seen.tasks.iter().filter(|task| task.is_live()) {
                gone.remove(&task.arn);
                self.see(world, service, task, databases, theirs);
            }
        }
        for arn in gone {
            self.held.remove(&arn);
        }
    }

    fn see(
        &mut self,
        world: &World,
        service: &Service,
        task: &ecs::Task,
        databases: &mut Databases,
        theirs: &BTreeSet<&'static str>,
    ) {
        let runs = task.last == ecs::Last::Running;
        // Half of them read when they are made, half when they run.
        let is_late = task.arn.bytes().last().is_some_and(|byte| byte % 2 == 0);
        let held = self.held.get_mut(&task.arn);
        if let Some(held) = held {
            held.runs = runs;
            if held.is_final || (!runs && is_late) {
                return;
            }
        }
        let read = service.reads.iter();
        let values: BTreeMap<&'static str, String> = read
            .filter_map(|name| Some((*name, estates::value(world, name)?)))
            .collect();
        let works = values.get(URL).is_none_or(|url| works(databases, url));
        let holding = Holding {
            service: service.arn.clone(),
            values,
            read_at: world.now,
            runs,
            is_final: runs || !is_late,
            excused: !works && theirs.contains(URL),
        };
        self.held.insert(task.arn.clone(), holding);
    }

    /// What is wrong with what running tasks hold.
    pub(super) fn wrong(&self, databases: &mut Databases) -> Vec<String> {
        let mut wrong = Vec::new();
        let running = self
            .held
            .iter()
            .filter(|(_, held)| held.runs && !held.excused);
        for (arn, held) in running {
            if let Some(url) = held.values.get(URL)
                && !works(databases, url)
            {
                let user = user_and_password(url).map(|(user, _)| user);
                wrong.push(format!(
                    "{arn} of {} holds the URL of {user:?} since {}, which does not work",
                    held.service, held.read_at
                ));
            }
        }
        wrong
    }

    /// Tokens that no younger task can verify: of which task, and by which.
    pub(super) fn unverified(&self, lost: &BTreeSet<String>) -> Vec<String> {
        let mut signers: Vec<(&Holding, &String)> = self
            .held
            .values()
            .filter(|held| held.runs)
            .filter_map(|held| Some((held, held.values.get(KEY)?)))
            .collect();
        signers.sort_by_key(|(held, _)| held.read_at);
        let mut wrong = Vec::new();
        for (at, (older, key)) in signers.iter().enumerate() {
            for (younger, own) in signers.iter().skip(at + 1) {
                let known = [Some(*own), younger.values.get(PREVIOUS)];
                if !known.contains(&Some(*key)) && !lost.contains(*key) {
                    wrong.push(format!(
                        "what {} signs since {}, {} cannot verify since {}",
                        older.service, older.read_at, younger.service, younger.read_at
                    ));
                }
            }
        }
        wrong
    }
}

/// Whether a URL's credential works.
pub(super) fn works(databases: &mut Databases, url: &str) -> bool {
    user_and_password(url).is_some_and(|(user, password)| databases.works(user, password))
}

/// User and password as they stand in a URL of this simulation: neither needs escapes.
pub(super) fn user_and_password(url: &str) -> Option<(&str, &str)> {
    let (_, rest) = url.split_once("://")?;
    rest.split_once('@')?.0.split_once(':')
}
