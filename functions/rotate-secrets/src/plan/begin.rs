//! A turn begins only when nothing speaks against it: a person has adopted the secret, the tags
//! consent, the window is open, databases are available, services are steady and nobody else is at
//! them. What would follow within a week and is read by the same services goes along, so that they
//! are rolled once.

use std::collections::BTreeSet;

use jiff::Timestamp;
use nightshift::{
    config::{Means, SecretName},
    kind::DatabaseState,
    ledger::rotation::{BackOff, Order, Secret, Stage, Turn, Why},
    report::rotation::Unrollable,
};

use super::{JOINS_WITHIN, One, Plan, Step, View, Wait, after};
use crate::{
    snapshot::{Controller, Reader},
    users::Inactive,
};

/// Begins a turn, or says what each secret waits for.
pub(super) fn begin(view: &View<'_>, plan: &mut Plan) {
    let mut chosen: Vec<(One<'_>, Why)> = Vec::new();
    for one in view.all() {
        let ready = why(view, &one).and_then(|why| {
            let held = held_back(view, &one, &why).map_or(Ok(why), Err);
            held.map_err(Some)
        });
        match ready {
            Ok(why) => chosen.push((one, why)),
            Err(Some(wait)) => {
                if let Wait::Age { at }
                | Wait::BackOff { until: at }
                | Wait::Window { at: Some(at) } = &wait
                {
                    plan.look_at(*at);
                }
                let asked = one.entry.and_then(|entry| entry.asked.as_ref());
                if asked.is_some_and(|asked| asked.order == Order::Leaked) {
                    plan.leaked.insert(one.name.clone());
                }
                plan.wait(one.name, wait);
            }
            Err(None) => {}
        }
    }
    let Some((first, why)) = first(&chosen) else {
        return;
    };
    let readers = readers_of(view, first.name);
    let mut turn = vec![(first, why)];
    for (one, why) in &chosen {
        let shared = !readers.is_disjoint(&readers_of(view, one.name));
        if one.name == first.name {
            continue;
        }
        if shared {
            turn.push((*one, why.clone()));
        } else {
            plan.wait(one.name, Wait::Others);
        }
    }
    for one in view.all() {
        let is_in = turn.iter().any(|(other, _)| other.name == one.name);
        let shared = !readers.is_disjoint(&readers_of(view, one.name));
        if !is_in && shared && follows_soon(view, &one) {
            turn.push((one, Why::Company));
        }
    }
    for (one, why) in turn {
        if let Some(secret) = with_turn(view, &one, why) {
            plan.steps.push(Step::Save(Box::new(secret)));
        }
    }
    plan.look_at(view.now);
}

/// Of several the one that a person asked for, and of others the oldest.
fn first<'a>(chosen: &[(One<'a>, Why)]) -> Option<(One<'a>, Why)> {
    let rank = |(one, why): &&(One<'_>, Why)| {
        let asked = matches!(why, Why::Asked(_));
        (!asked, one.since())
    };
    chosen.iter().min_by_key(rank).cloned()
}

/// Why a turn would begin now; else what it waits for, or nothing where it cannot be said.
fn why(view: &View<'_>, one: &One<'_>) -> Result<Why, Option<Wait>> {
    let Some(seen) = one.seen else {
        return Err(Some(Wait::Unread));
    };
    let entry = one.entry.filter(|entry| entry.adopted.is_some());
    let Some(entry) = entry else {
        return Err(Some(Wait::Adoption));
    };
    if let Some(asked) = &entry.asked
        && asked.order != Order::Revert
    {
        return if matches!(one.described.means(), Some(Means::External)) {
            // Nobody but its issuer makes it: what was asked for is to roll who reads it.
            let at = due(one, view.now);
            written(one, entry, seen).ok_or_else(|| (view.now < at).then_some(Wait::Age { at }))
        } else {
            Ok(Why::Asked(asked.clone()))
        };
    }
    if let Some(why) = written(one, entry, seen) {
        // The same value is not rolled again that was taken back.
        let back_off = entry.back_off.as_ref();
        let tried = back_off.filter(|it| view.now < it.until && seen.newest.at < it.since);
        return tried.map_or(Ok(why), |it| Err(Some(Wait::BackOff { until: it.until })));
    }
    if matches!(one.described.means(), Some(Means::External)) {
        return Err(None);
    }
    let at = due(one, view.now);
    if view.now < at {
        return Err(Some(Wait::Age { at }));
    }
    if let Some(BackOff { until, .. }) = entry.back_off
        && view.now < until
    {
        return Err(Some(Wait::BackOff { until }));
    }
    Ok(Why::Age)
}

/// That somebody else wrote a new value, which services are to read. An older value that came back,
/// as an apply of Terraform brings it, is never rolled out.
fn written(one: &One<'_>, entry: &Secret, seen: &crate::snapshot::Seen) -> Option<Why> {
    let known = entry.current.as_ref()?;
    let is_new = known.version != seen.newest.version && seen.newest.at >= known.at;
    (is_new && !seen.ours && seen.same_as.is_none() && one.described.means().is_some()).then(|| {
        Why::Written {
            by: seen.by.clone(),
        }
    })
}

/// When a secret reaches its age.
fn due(one: &One<'_>, now: Timestamp) -> Timestamp {
    let since = one.since().unwrap_or(now);
    after(since, one.described.every.get())
}

/// Whether a secret would follow so soon that it goes along. Of one that only its issuer makes nothing
/// new is there.
fn follows_soon(view: &View<'_>, one: &One<'_>) -> bool {
    if matches!(one.described.means(), Some(Means::External)) {
        return false;
    }
    let is_near = matches!(
        why(view, one),
        Err(Some(Wait::Age { at })) if at <= after(view.now, JOINS_WITHIN)
    );
    is_near && held_back(view, one, &Why::Company).is_none()
}

/// What speaks against beginning now.
fn held_back(view: &View<'_>, one: &One<'_>, why: &Why) -> Option<Wait> {
    if !view.is_whole {
        return Some(Wait::Document);
    }
    let estate = view.rotator.name.as_str();
    let seen = one.seen?;
    if seen.tag.as_deref() != Some(estate) {
        return Some(Wait::Consent {
            found: seen.tag.clone(),
        });
    }
    if view.snapshot.unread.is_some() {
        return Some(Wait::Unread);
    }
    if let Some(elsewhere) = view.elsewhere {
        return Some(Wait::Elsewhere {
            estate: elsewhere.to_owned(),
        });
    }
    if let Some(wait) = of_readers(view, one, why, estate) {
        return Some(wait);
    }
    if let Some(wait) = of_database(view, one) {
        return Some(wait);
    }
    if view.snapshot.asleep {
        return Some(Wait::Asleep);
    }
    if let Some(since) = view.broken {
        return Some(Wait::Broken { since });
    }
    let is_asked = matches!(why, Why::Asked(_));
    if !is_asked && !view.rotator.window.is_open(view.now) {
        let next = view.rotator.window.span_at_or_after(view.now);
        return Some(Wait::Window {
            at: next.map(|span| span.start),
        });
    }
    None
}

/// What the services that read it say against it.
fn of_readers(view: &View<'_>, one: &One<'_>, why: &Why, estate: &str) -> Option<Wait> {
    let takes_turns = takes_turns(one) && !matches!(why, Why::Written { .. });
    let readers: Vec<&Reader> = view.snapshot.readers_of(one.name).collect();
    if matches!(one.described.means(), Some(Means::RdsMaster { .. })) && !readers.is_empty() {
        let names = readers.iter().map(|reader| reader.service.name.clone());
        return Some(Wait::ReadByServices {
            services: names.collect(),
        });
    }
    for reader in readers {
        let service = &reader.service;
        let name = || service.name.clone();
        if service.tag.as_deref() != Some(estate) {
            return Some(Wait::ServiceConsent { service: name() });
        }
        let is_open = match &reader.controller {
            Controller::Ecs => false,
            Controller::CodeDeploy(Ok(group)) => {
                group.attempt.as_ref().is_some_and(|it| it.is_open)
            }
            Controller::CodeDeploy(Err(why)) => return Some(unrollable(name(), *why)),
            Controller::External => return Some(unrollable(name(), Unrollable::External)),
        };
        let mut pinned = reader.reads.iter().filter(|read| read.is_of(one.name));
        if let Some(version) = pinned.find_map(|read| read.pinned.clone()) {
            return Some(Wait::Pinned {
                service: name(),
                version,
            });
        }
        let owner = view.owners.get(&service.arn);
        if let Some(owner) = owner.filter(|owner| owner.until > view.now) {
            return Some(Wait::Owned {
                service: name(),
                function: owner.function.clone(),
                until: owner.until,
            });
        }
        if is_open || !service.is_steady() || service.older > 0 {
            return Some(Wait::Service { service: name() });
        }
        if takes_turns && !has_newest(reader, one) {
            return Some(Wait::OlderTasks { service: name() });
        }
    }
    None
}

fn unrollable(service: String, why: Unrollable) -> Wait {
    Wait::Unrollable { service, why }
}

/// Whether two users take turns, of which one must be nobody's before it gets another password.
fn takes_turns(one: &One<'_>) -> bool {
    matches!(
        one.described.means(),
        Some(Means::Postgres { .. } | Means::Atlas { .. })
    )
}

/// Whether all tasks of a steady service started after the newest version was written. Others may hold the
/// very credential whose turn it would be.
fn has_newest(reader: &Reader, one: &One<'_>) -> bool {
    let newest = one.seen.map(|seen| seen.newest.at);
    reader.service.running == 0 || newest.is_some_and(|newest| reader.began_since(newest))
}

/// What its database says against it.
fn of_database(view: &View<'_>, one: &One<'_>) -> Option<Wait> {
    let name = match one.described.means()? {
        Means::Postgres { database, .. } => database?,
        Means::RdsMaster { database } => database,
        Means::Atlas { .. } | Means::Random { .. } | Means::External => return None,
    };
    is_available(view, name)
}

/// That a database is not available, if so.
pub(super) fn is_available(view: &View<'_>, name: &str) -> Option<Wait> {
    let state = match view.snapshot.databases.get(name) {
        Some(Ok(DatabaseState::Available)) => return None,
        Some(Ok(state)) => Some(*state),
        Some(Err(_)) | None => None,
    };
    Some(Wait::Database {
        name: name.to_owned(),
        state,
    })
}

/// The entry of a secret whose turn begins. What somebody else wrote is published already: where it
/// can be tried, that is all that is left to do before who reads it is rolled.
fn with_turn(view: &View<'_>, one: &One<'_>, why: Why) -> Option<Secret> {
    let seen = one.seen?;
    let mut secret = one.entry?.clone();
    let written = matches!(why, Why::Written { .. });
    let known = secret.current.clone().filter(|_| written);
    secret.asked = None;
    secret.turn = Some(Turn {
        id: view.next_id.to_owned(),
        why,
        began: view.now,
        stage: if written && !is_tried(one) {
            Stage::Published
        } else {
            Stage::Begun
        },
        since: view.now,
        from: known.unwrap_or_else(|| seen.newest.clone()),
        user: next_user(one),
        fingerprint: None,
        to: written.then(|| seen.newest.clone()),
        back: None,
        cause: None,
    });
    Some(secret)
}

/// Whether a value can be tried before anybody depends on it.
fn is_tried(one: &One<'_>) -> bool {
    matches!(
        one.described.means(),
        Some(Means::Postgres { .. } | Means::Atlas { .. } | Means::RdsMaster { .. })
    )
}

/// The user whose turn it is: of two the one that the present value does not name.
#[must_use]
pub fn next_user(one: &One<'_>) -> Option<String> {
    let users = match one.described.means()? {
        Means::Postgres { users, .. } | Means::Atlas { users, .. } => users,
        Means::RdsMaster { .. } | Means::Random { .. } | Means::External => return None,
    };
    let present = one.seen?.newest.user.as_deref().unwrap_or_default();
    let inactive = Inactive::of(users, present).ok()?;
    Some(inactive.user().to_owned())
}

fn readers_of<'a>(view: &View<'a>, name: &SecretName) -> BTreeSet<&'a str> {
    let readers = view.snapshot.readers.iter();
    readers
        .filter(|reader| reader.reads(name))
        .map(|reader| reader.service.name.as_str())
        .collect()
}
