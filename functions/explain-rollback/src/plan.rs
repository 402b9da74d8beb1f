//! What is told of a service's deployments, and when: `plan(view)` is a pure function of what was
//! seen, what is remembered and the instant, so that any look, however late or doubled, decides
//! alike. Each stage of a story is told once, and a story never goes backwards.
//!
//! Which deployments there are, [`attempts`] finds out; how far each is in the eyes of a reader
//! [`stage`] says; [`story`] writes it, with what earlier looks knew and AWS has forgotten since.

pub mod attempts;
mod stage;
mod story;
#[cfg(test)]
mod tests;
mod users;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    config::{Estate, Watch},
    ledger::rollout::{Broken, Chapter, Entry, FailedRotation},
    report::{
        News,
        rollback::{Changer, Fault, Stage, Story, Sureness},
    },
};

use crate::snapshot::{Controller, Snapshot};
use attempts::{Attempt, attempts};

/// This function's name: in the ledger, in logs and in reports.
pub const FUNCTION: &str = "explain-rollback";

/// For how long others keep off after a look that saw the rollout broken.
pub const KEEP_OFF: SignedDuration = SignedDuration::from_mins(30);

/// How old a failure may be that nobody heard of yet.
pub const NEWS: SignedDuration = SignedDuration::from_hours(6);

/// How old evidence may be that is not told again: tasks and logs are gone within the hour.
pub const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// For how long one that fails again with the same version joins the thread of the last.
pub const SAME: SignedDuration = SignedDuration::from_hours(24);

/// How many stories one look begins: of more the oldest first, so that what is remembered has room for
/// each until it was told.
const BEGINS: usize = 4;

/// How long a story is waited for whose deployment AWS shows no more.
pub const LOST: SignedDuration = SignedDuration::from_hours(24);

/// What the estate's document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a deployment may take beyond its grace period and health checks.
    pub stalled_after: SignedDuration,
    /// How soon after the last failure another one joins its thread.
    pub joined_within: SignedDuration,
    /// Whether log lines may leave the account.
    pub log_excerpts: bool,
}

impl Settings {
    /// What an estate's document says.
    #[must_use]
    pub fn of(estate: &Estate) -> Self {
        let watch = estate.watch.clone().unwrap_or_default();
        Self {
            stalled_after: watch.stalled_after.get(),
            log_excerpts: estate.shows_logs(),
            ..Self::default()
        }
    }
}

impl Default for Settings {
    /// For a service that belongs to no estate: nobody said that its log may be shown.
    fn default() -> Self {
        Self {
            stalled_after: Watch::default().stalled_after.get(),
            joined_within: SignedDuration::from_hours(1),
            log_excerpts: false,
        }
    }
}

/// Everything that a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The estate's name.
    pub estate: &'a str,
    /// What the estate's document says.
    pub settings: &'a Settings,
    /// What AWS shows.
    pub snapshot: &'a Snapshot,
    /// What is remembered of the service.
    pub entry: Option<&'a Entry>,
    /// The instant of the look.
    pub now: Timestamp,
}

/// What a look decided. The entry is written as [`Plan::save`] has it before anything is told, so
/// that no evidence is lost with a message; and as each telling has it once that was published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The entry before anything is told; none where it is as it was.
    pub save: Option<Entry>,
    /// What is told, in order. What could not be published ends it: the next look tells it.
    pub tell: Vec<Telling>,
    /// When to look again; none where nothing is under way.
    pub due: Option<Timestamp>,
}

impl Plan {
    /// Whether it takes the evidence to carry it out: something is told, or what is remembered is not
    /// fresh any more.
    #[must_use]
    pub fn asks_for_evidence(&self, entry: Option<&Entry>, now: Timestamp) -> bool {
        let chapters = self.save.iter().flat_map(|save| &save.chapters);
        let is_fresh = |chapter: &Chapter| {
            let known = entry.and_then(|entry| entry.chapter(&chapter.ids));
            known.is_some_and(|known| now.duration_since(known.seen) < FRESH)
        };
        !self.tell.is_empty() || chapters.filter(|it| it.seen == now).any(|it| !is_fresh(it))
    }

    /// The plan of a look without the evidence: what it knows of deployments is worse than what is
    /// remembered, and is not written.
    pub fn keep_evidence(&mut self, entry: Option<&Entry>) {
        let group = entry.and_then(|entry| entry.deployment_group.as_ref());
        let save = self.save.take();
        let another = save.filter(|save| save.deployment_group.as_ref() != group);
        self.save = another.map(|save| match entry {
            Some(entry) => Entry {
                deployment_group: save.deployment_group,
                ..entry.clone()
            },
            None => Entry {
                chapters: Vec::new(),
                ..save
            },
        });
    }
}

/// One stage of one story.
#[derive(Clone, Debug, PartialEq)]
pub struct Telling {
    /// The story up to this stage.
    pub story: Box<Story>,
    /// The entry once this was published.
    pub then: Entry,
}

impl Telling {
    /// The news that is published.
    #[must_use]
    pub fn news(&self) -> News {
        News::Rollback {
            story: self.story.clone(),
        }
    }
}

/// Decides what is told, written and looked at next. A service whose deployments do not fail, and
/// of which nothing is remembered, gets an empty plan; but by which group `CodeDeploy` deploys it is
/// written before anything fails, so that the first failure is not told by anybody else.
#[must_use]
pub fn plan(view: &View<'_>) -> Plan {
    let known = view.entry.map_or(&[][..], |entry| &entry.chapters);
    let attempts = attempts(view.snapshot, known);
    let arn = &view.snapshot.service.arn;
    let empty = || Entry::new(arn.clone(), view.estate);
    let mut entry = view.entry.cloned().unwrap_or_else(empty);
    entry.version = nightshift::ledger::VERSION;
    view.estate.clone_into(&mut entry.estate);
    if view.snapshot.service.controller != Controller::CodeDeploy {
        entry.deployment_group = None;
    } else if view.snapshot.group.is_some() {
        entry.deployment_group.clone_from(&view.snapshot.group);
    }
    let mut dues = Vec::new();
    let mut to_tell = Vec::new();
    let mut begun = 0;
    for attempt in &attempts {
        let Some(stage) = stage::stage(attempt, view) else {
            dues.extend(stage::due_unheard(attempt, view));
            continue;
        };
        let chapter = entry.chapter(&attempt.ids).cloned();
        let told = chapter.as_ref().and_then(Chapter::stage);
        if told.is_some_and(Stage::is_over) {
            continue;
        }
        let is_news = match told {
            Some(told) => stage.may_follow(told),
            None => is_worth_a_story(attempt, stage, view),
        };
        if chapter.is_none() {
            if !is_news {
                continue;
            }
            if begun == BEGINS {
                dues.push(view.now);
                continue;
            }
            begun += 1;
        }
        // A look that is behind what is known adds evidence, and takes nothing back.
        let reached = told.map_or(stage, |told| if is_news { stage } else { told });
        let next = story::chapter(attempt, reached, chapter.as_ref(), &entry, view);
        dues.extend(stage::due(reached, view.now));
        if is_news {
            to_tell.push((next.ids.clone(), stage));
        }
        entry.write(next);
    }
    mark(&mut entry, view.now);
    let changed = view.entry.is_none_or(|old| !is_same(old, &entry));
    let says = |entry: &Entry| !entry.chapters.is_empty() || entry.deployment_group.is_some();
    let worth = says(&entry) || view.entry.is_some_and(says);
    let save = (changed && worth).then(|| entry.clone());
    let mut tell = Vec::new();
    for (ids, stage) in to_tell {
        let Some(mut chapter) = entry.chapter(&ids).cloned() else {
            continue;
        };
        chapter.told.push(stage);
        let story = chapter.story.clone();
        entry.write(chapter);
        mark(&mut entry, view.now);
        let then = entry.clone();
        tell.push(Telling { story, then });
    }
    Plan {
        save,
        tell,
        due: dues.into_iter().min(),
    }
}

/// The story of a deployment, or of the last one that failed, as it stands now: for whoever asks by
/// hand. Nothing of it counts as told.
#[must_use]
pub fn story_of(view: &View<'_>, deployment: Option<&str>) -> Option<Story> {
    let known = view.entry.map_or(&[][..], |entry| &entry.chapters);
    let empty = Entry::new(view.snapshot.service.arn.clone(), view.estate);
    let entry = view.entry.unwrap_or(&empty);
    let attempts = attempts(view.snapshot, known);
    let goes_by = |ids: &BTreeSet<String>, id: &str| ids.iter().any(|known| known.ends_with(id));
    let asked = |attempt: &&Attempt<'_>| match deployment {
        Some(id) => goes_by(&attempt.ids, id),
        None => stage::stage(attempt, view).is_some_and(|stage| stage <= Stage::RolledBack),
    };
    let found = attempts.iter().rev().find(asked);
    let Some(attempt) = found else {
        // AWS shows it no more: what is remembered is all there is.
        let mut chapters = entry.chapters.iter().rev();
        let chapter = chapters.find(|chapter| match deployment {
            Some(id) => goes_by(&chapter.ids, id),
            None => true,
        });
        return chapter.map(|chapter| (*chapter.story).clone());
    };
    let stage = stage::stage(attempt, view).unwrap_or(Stage::Failing);
    let chapter = entry.chapter(&attempt.ids);
    let told = chapter.and_then(Chapter::stage);
    let reached = told.map_or(
        stage,
        |told| if stage.may_follow(told) { stage } else { told },
    );
    let chapter = story::chapter(attempt, reached, chapter, entry, view);
    Some(*chapter.story)
}

/// Whether a deployment of which nothing is remembered begins a story: it fails, nobody wished it so, it
/// is not long ago, and nobody heard of it before it was forgotten.
fn is_worth_a_story(attempt: &Attempt<'_>, stage: Stage, view: &View<'_>) -> bool {
    let fails = stage <= Stage::RolledBack;
    let underway = matches!(
        stage,
        Stage::Failing | Stage::Stalled | Stage::RollingBack | Stage::RollbackStalled
    );
    let last = attempt.last().unwrap_or(view.now);
    let is_recent = underway || view.now.duration_since(last) <= NEWS;
    let began = attempt.started.or(attempt.failed);
    let was_told = view
        .entry
        .zip(began)
        .is_some_and(|(entry, began)| entry.may_have_forgotten(began));
    fails && is_recent && !attempt.by_person && !was_told
}

/// The marks that other functions honour, from what people were, or are about to be, told.
fn mark(entry: &mut Entry, now: Timestamp) {
    let is_lost = |chapter: &Chapter| now.duration_since(chapter.seen) > LOST;
    let stage = |chapter: &Chapter| chapter.stage().unwrap_or(chapter.story.stage);
    let mut broken = entry.chapters.iter().filter(|chapter| {
        let stage = stage(chapter);
        stage.is_broken() && chapter.story.stage.is_broken() && !is_lost(chapter)
    });
    let since = entry.broken.as_ref().map(|broken| broken.since);
    entry.broken = broken.next().map(|_| Broken {
        since: since.unwrap_or(now),
        until: now.saturating_add(KEEP_OFF).unwrap_or(now),
    });
    let rotations = entry.chapters.iter().rev().filter_map(|chapter| {
        let story = &chapter.story;
        let lost = story.stage >= Stage::Failed && story.stage <= Stage::RolledBack;
        let secrets: Vec<String> = story.faults.iter().filter_map(rotated).collect();
        (lost && !secrets.is_empty()).then(|| (story.deployment.clone(), secrets))
    });
    let newest = entry
        .chapters
        .last()
        .map(|chapter| chapter.story.deployment.clone());
    let Some((deployment, secrets)) = rotations.into_iter().next() else {
        return;
    };
    // A rotation is reverted for the last deployment, not for one that another has followed.
    let known = entry.rotation.as_ref().map(|it| it.deployment.clone());
    if Some(&deployment) == newest.as_ref() && known.as_ref() != Some(&deployment) {
        entry.rotation = Some(FailedRotation {
            secrets,
            deployment,
            since: now,
        });
    }
}

/// The secret that our own rotation changed, if the deployment likely failed of that.
fn rotated(found: &nightshift::report::rollback::Found) -> Option<String> {
    match &found.fault {
        Fault::SecretChanged {
            secret,
            by: Changer::Rotation,
        } if found.sure <= Sureness::Likely => Some(secret.clone()),
        _ => None,
    }
}

/// Whether two entries say the same: that a chapter was seen again, or that others keep off a
/// little longer, is worth a write only now and then.
fn is_same(old: &Entry, new: &Entry) -> bool {
    let mut calm = new.clone();
    for (chapter, before) in calm.chapters.iter_mut().zip(&old.chapters) {
        if chapter.seen.duration_since(before.seen) < FRESH {
            chapter.seen = before.seen;
        }
    }
    if let (Some(broken), Some(before)) = (&mut calm.broken, &old.broken)
        && broken.until.duration_since(before.until) < FRESH
    {
        broken.until = before.until;
    }
    calm == *old
}
