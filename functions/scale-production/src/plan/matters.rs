//! What lasts and people should know of, beside what all functions tell alike: what holds back for
//! long, and what is said once.

use jiff::SignedDuration;
use nightshift::{
    keep::matters::short,
    kind::{Arn, Tag},
    report::News,
};

use super::Draft;
use crate::snapshot::Resource;

/// The matter of shrinking that is held back.
const HELD: &str = "held";

impl Draft<'_> {
    /// What concerns the estate as a whole.
    pub(super) fn tell_of_the_estate(&mut self) {
        let view = self.view;
        if let Some(order) = view
            .said()
            .filter(|order| order.holds(self.now) && !view.released)
        {
            self.matters.tell_of_the_order(order);
        }
        if view.released {
            let open = view.entries.values().map(|kept| &kept.item);
            let resources = open
                .filter(|entry| entry.is_open())
                .map(|entry| entry.arn.name().to_owned())
                .collect();
            self.matters.tell_of_the_release(resources);
        }
        self.matters.tell_of_rivals(self.name(), view.rivals);
        let snapshot = view.snapshot;
        self.matters.tell_of_what_cannot_be_read(&snapshot.unread);
        self.matters
            .tell_of_what_cannot_be_read(&snapshot.unmeasured);
        for name in snapshot.not_found.iter().chain(&snapshot.no_alarms) {
            let row = self.matters.tell_of_the_missing(name);
            self.rows.push(row);
        }
    }

    /// What is said once is remembered also while there is no reason to say it.
    pub(super) fn keep_what_was_said(&mut self, resource: Resource<'_>) {
        for (arn, tag) in resource.consents() {
            let consents = |found: &Option<String>| found.as_deref() == Some(self.name());
            if !matches!(&tag, Tag::Read(found) if consents(found)) {
                self.matters.keep(&format!("no-consent/{arn}/false"));
            }
        }
        if self.wanted.state.is_none() {
            for kind in ["hand", "put-back"] {
                self.matters
                    .keep(&format!("{kind}/{}", short(resource.arn())));
            }
        }
    }

    /// What does not consent is left alone, and said once, with the command that mends it.
    pub(super) fn tell_of_no_consent(&mut self, arn: &Arn, found: Option<&String>, grows: bool) {
        self.matters.tell(
            &format!("no-consent/{arn}/{grows}"),
            SignedDuration::ZERO,
            |_| News::NoConsent {
                arn: arn.clone(),
                found: found.cloned(),
                asleep: grows,
            },
        );
    }

    /// What holds shrinking back is told when it has done so for long, whatever it is by then.
    pub(super) fn tell_of_what_is_held_back(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let patience = self.view.section.slim.stuck_after.get();
        let waiting = self.held.clone();
        self.matters
            .tell(HELD, patience, |since| News::HeldBack { waiting, since });
    }
}
