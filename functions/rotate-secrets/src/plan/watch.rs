//! What lasts and people should know of, whether a turn is under way or not: secrets that are too
//! old, values that somebody else wrote, credentials that should be ended. A reminder never changes
//! anything.

use nightshift::{
    config::{Means, SecretName},
    ledger::rotation::{Former, Published, Secret},
    report::rotation::Rotation,
};

use super::{One, Plan, Step, View, after};
use crate::snapshot::Found;

/// Notes what lasts, ends what is due, and takes note of what is in use.
pub(super) fn watch(view: &View<'_>, plan: &mut Plan) {
    for one in view.all() {
        if matches!(view.snapshot.secrets.get(one.name), Some(Found::Missing)) {
            plan.matters.push(Rotation::NotThere {
                secret: one.name.clone(),
            });
            continue;
        }
        too_old(view, &one, plan);
        older_value(&one, plan);
        former(view, &one, plan);
    }
}

fn too_old(view: &View<'_>, one: &One<'_>, plan: &mut Plan) {
    let Some(since) = one.since() else {
        return;
    };
    let adopted = one.entry.is_some_and(|entry| entry.adopted.is_some());
    let external = matches!(one.described.means(), Some(Means::External));
    let at = after(since, one.described.every.get());
    if adopted && !external {
        return;
    }
    if view.now >= at {
        plan.matters.push(Rotation::TooOld {
            secret: one.name.clone(),
            since,
            adoptable: !adopted && !external,
        });
    } else {
        plan.look_at(at);
    }
}

/// An older value came back while nothing was under way.
fn older_value(one: &One<'_>, plan: &mut Plan) {
    let (Some(seen), Some(entry)) = (one.seen, one.entry) else {
        return;
    };
    let known = entry.current.as_ref().map(|current| &current.version);
    if entry.turn.is_none()
        && entry.adopted.is_some()
        && known.is_some_and(|known| *known != seen.newest.version)
        && !seen.ours
        && let Some(version) = &seen.same_as
    {
        plan.matters.push(Rotation::OlderValue {
            secret: one.name.clone(),
            version: version.clone(),
            by: seen.by.clone(),
            at: seen.newest.at,
        });
    }
}

/// Ends a former credential when its time has come, unless something is under way.
fn former(view: &View<'_>, one: &One<'_>, plan: &mut Plan) {
    let Some(entry) = one.entry.filter(|entry| entry.turn.is_none()) else {
        return;
    };
    let Some(Former {
        ends: Some(ends),
        ended: false,
        published,
    }) = &entry.former
    else {
        return;
    };
    if view.now < *ends {
        plan.look_at(*ends);
    } else if !is_in_use(entry, published) && !lingers(view, one.name) {
        plan.steps.push(Step::End(Box::new(entry.clone())));
    }
}

/// Whether a task from before may still hold it: `CodeDeploy` keeps them without traffic for a while.
fn lingers(view: &View<'_>, secret: &SecretName) -> bool {
    let mut readers = view.snapshot.readers_of(secret);
    view.snapshot.unread.is_some() || readers.any(|reader| reader.service.older > 0)
}

/// Whether ending a former credential would end the one in use.
fn is_in_use(entry: &Secret, former: &Published) -> bool {
    let current = entry.current.as_ref();
    current.is_some_and(|current| {
        current.version == former.version || (former.user.is_some() && current.user == former.user)
    })
}
