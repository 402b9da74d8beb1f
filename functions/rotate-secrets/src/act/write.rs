//! One key of a JSON secret is changed in the newest text, and all of it is written again. An answer may
//! be older than what was written a moment ago: written again, it would undo that. So what is known to
//! have been written last is read by its version.

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    ledger::rotation::{Published, Secret},
    report::Failure,
};

use super::Act;
use crate::{
    store::{self, Place, Version},
    value::Value,
};

/// For so long an answer may be older than what was written: seconds as a rule.
const LATE: SignedDuration = SignedDuration::from_mins(5);

/// The code of what cannot be read yet, though it was written: nothing failed, and the next look finds it.
const NOT_YET: &str = "not-yet";

/// Whether nothing failed, but for an answer that is older than what was written.
pub(super) fn is_not_yet(failure: &Failure) -> bool {
    failure.code == NOT_YET
}

impl Act<'_> {
    /// The newest version of what a secret is, or is part of.
    pub(super) async fn newest(&self, place: &Place) -> Result<Version, Failure> {
        let newest = store::read(self.context, place, None).await?;
        if place.key.is_none() {
            return Ok(newest);
        }
        let written = self.written.get(&place.name).map_or(&[][..], Vec::as_slice);
        let secrets = self.entries.values().filter_map(|kept| kept.item.secret());
        let beside = secrets.filter(|secret| secret.name.name == place.name);
        let known: Vec<&Published> = beside.flat_map(versions).collect();
        let Some(last) = written_since(&newest.id, written, &known, self.context.now()) else {
            return Ok(newest);
        };
        match store::read(self.context, place, Some(last)).await {
            Err(failure) if is_absent(&failure) => {
                let message = "what was written last cannot be read yet: the next look goes on";
                Err(place.failure("read", NOT_YET, message))
            }
            read => read,
        }
    }

    /// Writes a text as the newest version; answers which that is.
    pub(super) async fn put(
        &mut self,
        place: &Place,
        text: &Value,
        token: &str,
    ) -> Result<String, Failure> {
        let version = store::put(self.context, place, text, token).await?;
        let written = self.written.entry(place.name.clone()).or_default();
        written.push(version.clone());
        Ok(version)
    }

    /// Writes a copy of a secret, where it does not stand there yet. Who reads it names it in its task
    /// definition, so it is there before.
    pub(super) async fn copy_to(
        &mut self,
        to: &Place,
        value: &Value,
        token: &str,
    ) -> Result<(), Failure> {
        let present = match self.newest(to).await {
            Err(failure) if is_absent(&failure) => {
                let message = "the former value is to be kept here, and there is no such secret: make it, with the tag of the others, and let the services read it";
                return Err(to.failure("set", &failure.code, message));
            }
            read => read?,
        };
        let is_there = present.value(to).is_ok_and(|there| there == *value);
        if !is_there {
            self.put(to, &present.with(to, value)?, token).await?;
        }
        Ok(())
    }
}

/// Whether there is no such secret, or no such version of it.
pub(super) fn is_absent(failure: &Failure) -> bool {
    matches!(
        failure.code.as_str(),
        "ParameterNotFound" | "ParameterVersionNotFound" | "ResourceNotFoundException"
    )
}

/// The versions that the ledger knows of a secret.
fn versions(secret: &Secret) -> impl Iterator<Item = &Published> {
    let former = secret.former.as_ref().map(|former| &former.published);
    let turn = secret.turn.as_ref();
    let of_turn = turn.into_iter().flat_map(|turn| {
        let later = [turn.to.as_ref(), turn.back.as_ref()];
        later.into_iter().flatten().chain([&turn.from])
    });
    [secret.current.as_ref(), former]
        .into_iter()
        .flatten()
        .chain(of_turn)
}

/// What was written after the version that was read: of those that were written just now, the oldest
/// first, or else of those that the ledger knows. A version that nobody knows is somebody else's, and
/// newer.
fn written_since<'a>(
    read: &str,
    written: &'a [String],
    known: &[&'a Published],
    now: Timestamp,
) -> Option<&'a str> {
    let last = if let Some(last) = written.last() {
        last.as_str()
    } else {
        let last = known.iter().max_by_key(|one| one.at)?;
        let is_recent = now.duration_since(last.at) <= LATE;
        is_recent.then_some(last.version.as_str())?
    };
    let mut of_the_ledger = known.iter().map(|one| one.version.as_str());
    let mut just_now = written.iter().map(String::as_str);
    let is_known = of_the_ledger.any(|id| id == read) || just_now.any(|id| id == read);
    (is_known && read != last).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(version: &str, minute: i64) -> Published {
        Published {
            version: version.to_owned(),
            at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute),
            user: None,
        }
    }

    #[test]
    fn an_answer_older_than_what_was_written_is_told_from_somebody_elses() {
        let (old, new) = (published("old", 0), published("new", 100));
        let known = [&old, &new];
        let minute = |minute| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
        let just_now = ["mine".to_owned()];
        for (read, written, now, expected) in [
            ("new", &[][..], minute(101), None),
            ("old", &[][..], minute(101), Some("new")),
            // Somebody has moved the stage back meanwhile.
            ("old", &[][..], minute(106), None),
            ("theirs", &[][..], minute(101), None),
            ("old", &just_now[..], minute(300), Some("mine")),
            ("new", &just_now[..], minute(300), Some("mine")),
            ("mine", &just_now[..], minute(300), None),
            ("theirs", &just_now[..], minute(300), None),
        ] {
            let last = written_since(read, written, &known, now);
            assert_eq!(last, expected, "{read} at {now}");
        }
        assert_eq!(written_since("old", &[], &[], minute(1)), None);
    }
}
