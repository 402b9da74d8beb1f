//! What is remembered of a service whose deployments fail: what people were told, the evidence that
//! AWS forgets within the hour, and the marks that other functions honour.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Saved;
use crate::{
    kind::Arn,
    report::rollback::{Stage, Story},
};

/// How many deployments of a service are remembered.
const CHAPTERS: usize = 8;

/// What is known of one service's failing deployments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The version of this format.
    pub version: u32,
    /// The service.
    pub arn: Arn,
    /// The estate to which it belongs.
    pub estate: String,
    /// One for each deployment, the newest last.
    #[serde(default)]
    pub chapters: Vec<Chapter>,
    /// When the newest deployment began whose chapter was forgotten: what began up to then, and has no
    /// chapter, was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<Timestamp>,
    /// Since when the service's rollout is broken, and until when others keep off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<Broken>,
    /// The deployment group by which `CodeDeploy` deploys the service, where it does. Its failures are
    /// told as the service's, so that nobody else tells them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_group: Option<DeploymentGroup>,
    /// A rotation that a deployment failed of, until it is reverted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<FailedRotation>,
}

/// A deployment group of `CodeDeploy`'s, by name: events of `CodeDeploy`'s name no more than this.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DeploymentGroup {
    /// The application.
    pub application: String,
    /// The group.
    pub group: String,
}

/// One deployment that failed, or fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chapter {
    /// By what it goes: the deployment, the service deployment, the deployment that takes its place.
    pub ids: BTreeSet<String>,
    /// The deployment that takes it back, once that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_back_by: Option<String>,
    /// The stages that people were told, in that order.
    #[serde(default)]
    pub told: Vec<Stage>,
    /// When it was last seen.
    pub seen: Timestamp,
    /// The story as it is known, with evidence that is gone by now.
    pub story: Box<Story>,
}

/// A rollout that is broken: production is not shrunk and no secret is rotated in the estate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// Since when.
    pub since: Timestamp,
    /// Until when others keep off; it is put off as long as the rollout is seen broken.
    pub until: Timestamp,
}

/// A rotation that a deployment failed of, for the function that reverts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedRotation {
    /// The secrets or parameters, by name.
    pub secrets: Vec<String>,
    /// The deployment that failed.
    pub deployment: String,
    /// Since when that is known.
    pub since: Timestamp,
}

impl Saved for Entry {
    const NAMESPACE: &'static str = "rollout/";

    fn arn(&self) -> &Arn {
        &self.arn
    }

    fn estate(&self) -> &str {
        &self.estate
    }

    fn is_open(&self) -> bool {
        self.chapters.iter().any(Chapter::is_open)
    }
}

impl Entry {
    /// A service of which nothing is known yet.
    #[must_use]
    pub fn new(arn: Arn, estate: impl Into<String>) -> Self {
        Self {
            version: super::VERSION,
            arn,
            estate: estate.into(),
            chapters: Vec::new(),
            forgotten: None,
            broken: None,
            deployment_group: None,
            rotation: None,
        }
    }

    /// The chapter of the deployment that goes by any of these ids.
    #[must_use]
    pub fn chapter(&self, ids: &BTreeSet<String>) -> Option<&Chapter> {
        let mut chapters = self.chapters.iter().rev();
        chapters.find(|chapter| !chapter.ids.is_disjoint(ids))
    }

    /// Writes a chapter anew, or as the newest one, and forgets the oldest that are over.
    pub fn write(&mut self, chapter: Chapter) {
        let known = |old: &Chapter| !old.ids.is_disjoint(&chapter.ids);
        match self.chapters.iter().rposition(known) {
            Some(at) => {
                if let Some(old) = self.chapters.get_mut(at) {
                    *old = chapter;
                }
            }
            None => self.chapters.push(chapter),
        }
        while self.chapters.len() > CHAPTERS {
            let over = self.chapters.iter().position(|chapter| !chapter.is_open());
            let gone = self.chapters.remove(over.unwrap_or(0));
            self.forgotten = self.forgotten.max(Some(gone.began()));
        }
    }

    /// Whether a deployment that began at this instant may have had a chapter that was forgotten.
    #[must_use]
    pub fn may_have_forgotten(&self, began: Timestamp) -> bool {
        self.forgotten.is_some_and(|forgotten| began <= forgotten)
    }

    /// Whether others keep off the estate at this instant.
    #[must_use]
    pub fn is_broken(&self, now: Timestamp) -> bool {
        self.broken
            .as_ref()
            .is_some_and(|broken| now < broken.until)
    }
}

impl Chapter {
    /// The last stage that people know of.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        self.told.iter().copied().max()
    }

    /// When the deployment began, as far as anybody knows.
    fn began(&self) -> Timestamp {
        let known = self.story.started.or(self.story.failed);
        known.unwrap_or(self.seen)
    }

    /// Whether people know of it, and not of its end.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.stage().is_some_and(|stage| !stage.is_over())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::samples::rollback as samples;

    fn chapter(ids: &[&str], told: &[Stage]) -> Chapter {
        Chapter {
            ids: ids.iter().map(ToString::to_string).collect(),
            taken_back_by: None,
            told: told.to_vec(),
            seen: Timestamp::UNIX_EPOCH,
            story: Box::new(samples::rolled_back()),
        }
    }

    fn entry() -> Entry {
        Entry::new(Arn::new("arn:aws:ecs:r:1:service/c/s"), "e")
    }

    #[test]
    fn an_entry_is_of_its_service_and_its_estate() {
        let entry = entry();
        let service = Arn::new("arn:aws:ecs:r:1:service/c/s");
        assert_eq!((entry.arn(), entry.estate()), (&service, "e"));
    }

    #[test]
    fn a_chapter_is_found_by_any_of_its_ids_and_written_once() {
        let mut entry = entry();
        entry.write(chapter(&["d2"], &[Stage::Failing]));
        entry.write(chapter(
            &["d2", "d3"],
            &[Stage::Failing, Stage::RollingBack],
        ));
        entry.write(chapter(&["d4"], &[]));
        assert_eq!(entry.chapters.len(), 2);
        let found = entry.chapter(&["d3".to_owned()].into()).unwrap();
        assert_eq!(found.stage(), Some(Stage::RollingBack));
        assert_eq!(entry.chapter(&["d5".to_owned()].into()), None);
    }

    #[test]
    fn a_story_is_open_from_its_first_telling_to_the_telling_of_its_end() {
        for (told, open) in [
            (&[][..], false),
            (&[Stage::Failing][..], true),
            (&[Stage::RollbackFailed][..], true),
            (&[Stage::Failing, Stage::RolledBack][..], false),
            (&[Stage::RolledBack, Stage::Failing][..], false),
        ] {
            let mut entry = entry();
            entry.write(chapter(&["d"], told));
            assert_eq!(entry.is_open(), open, "{told:?}");
        }
    }

    #[test]
    fn of_many_deployments_the_oldest_that_are_over_are_forgotten_first() {
        let mut entry = entry();
        entry.write(chapter(&["open"], &[Stage::Stalled]));
        for number in 0..20 {
            entry.write(chapter(&[&number.to_string()], &[Stage::RolledBack]));
        }
        assert_eq!(entry.chapters.len(), CHAPTERS);
        assert!(entry.chapter(&["open".to_owned()].into()).is_some());
        assert!(entry.chapter(&["19".to_owned()].into()).is_some());
        assert!(entry.chapter(&["0".to_owned()].into()).is_none());
    }

    #[test]
    fn what_began_before_a_forgotten_chapter_is_known_to_have_been_told() {
        let mut entry = entry();
        let at = |second| Timestamp::from_second(second).unwrap();
        for number in 0..10 {
            let mut chapter = chapter(&[&number.to_string()], &[Stage::RolledBack]);
            chapter.story.started = Some(at(number * 60));
            entry.write(chapter);
        }
        assert!(entry.may_have_forgotten(at(60)));
        assert!(!entry.may_have_forgotten(at(61)));
    }

    #[test]
    fn others_keep_off_until_the_mark_ends() {
        let mut entry = entry();
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(!entry.is_broken(at(0)));
        entry.broken = Some(Broken {
            since: at(0),
            until: at(10),
        });
        assert!(entry.is_broken(at(9)) && !entry.is_broken(at(10)));
    }

    #[test]
    fn an_entry_that_a_later_release_wrote_can_be_read() {
        let mut entry = entry();
        entry.write(chapter(&["d2"], &[Stage::Failing]));
        let mut value = serde_json::to_value(&entry).unwrap();
        value["mood"] = 1.into();
        value["chapters"][0]["colour"] = "blue".into();
        assert_eq!(serde_json::from_value::<Entry>(value).unwrap(), entry);
    }
}
