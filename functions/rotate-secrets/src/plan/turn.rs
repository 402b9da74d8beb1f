//! How a turn goes on. All its secrets are published before the first service is rolled, services
//! are rolled one after the other, and the first that cannot bear the new value sends all of it back.
//! Only what is known to work is ever published, so that going back is safe at every point.

use jiff::Timestamp;
use nightshift::{
    config::Means,
    kind::Arn,
    ledger::{
        Owner, VERSION,
        rotation::{
            BackOff, Cause, Former, Order, Outcome, Published, Secret, Service, Stage, Turn, Why,
        },
    },
    report::rotation::Rotation,
};

use super::{
    BACK_OFF, FUNCTION, KEEP_OFF, Plan, Step, View, Wait, after, asked_back, begin, ends,
    roll::{Rolled, rolled},
};
use crate::snapshot::{Controller, Reader, Seen};

/// Takes up a turn where it stands.
pub(super) fn go_on(view: &View<'_>, plan: &mut Plan) {
    let secrets = view.in_turn();
    plan.look_soon(view.now);
    let mut open = Vec::new();
    let mut is_published = true;
    for (secret, turn) in &secrets {
        match next(view, secret, turn) {
            Next::Step(step) => {
                is_published = false;
                plan.steps.push(step);
            }
            Next::Wait(wait) => {
                is_published = false;
                plan.wait(&secret.name, wait);
            }
            Next::Roll => open.push((*secret, *turn)),
        }
    }
    if !is_published {
        for (secret, _) in open {
            plan.wait(&secret.name, Wait::Others);
        }
        return;
    }
    roll(view, &open, plan);
}

/// What is done with one secret, before any service is.
enum Next {
    Step(Step),
    Wait(Wait),
    Roll,
}

fn next(view: &View<'_>, secret: &Secret, turn: &Turn) -> Next {
    let Some(seen) = view.snapshot.seen(&secret.name) else {
        return Next::Wait(Wait::Unread);
    };
    match turn.stage {
        Stage::Begun if is_overwritten(seen, turn) => given_up(view, secret, written(seen)),
        Stage::Begun => made(view, secret, turn),
        Stage::Tested if is_ours(seen, turn) => {
            let mut secret = secret.clone();
            reach(&mut secret, Stage::Published, view.now, |turn| {
                turn.to = Some(seen.newest.clone());
            });
            save(secret)
        }
        // The put was never made, and the value is gone with whoever had it in memory.
        Stage::Tested if seen.newest.version == turn.from.version => made(view, secret, turn),
        Stage::Tested => given_up(view, secret, written(seen)),
        Stage::Reverting => match of_master(view, secret) {
            Some(wait) => Next::Wait(wait),
            None => Next::Step(Step::PutBack(Box::new(secret.clone()))),
        },
        // What somebody wrote since would be rolled out with it.
        Stage::Published | Stage::Reverted if is_overwritten(seen, turn) => {
            given_up(view, secret, written(seen))
        }
        Stage::Published | Stage::Reverted => Next::Roll,
    }
}

/// A new value, as long as that is worth trying: a person who changes their mind ends it, and so does
/// patience.
fn made(view: &View<'_>, secret: &Secret, turn: &Turn) -> Next {
    if let Some(cause) = asked_back(secret) {
        return match turn.cause {
            // The database may have a password by now that nobody knows.
            Some(Cause::Unproven { .. }) => save(to_revert(view, secret, &cause)),
            _ => given_up(view, secret, cause),
        };
    }
    let patience = view.rotator.rotate.patience.get();
    if view.now > after(turn.began, patience) {
        let cause = turn.cause.clone().unwrap_or_else(|| Cause::Refused {
            action: "make".to_owned(),
            code: "timeout".to_owned(),
        });
        return given_up(view, secret, cause);
    }
    match of_master(view, secret) {
        Some(wait) => Next::Wait(wait),
        None => Next::Step(Step::Make(Box::new(secret.clone()))),
    }
}

/// What the database says against setting its master password now: while it sets one, it takes no other.
fn of_master(view: &View<'_>, secret: &Secret) -> Option<Wait> {
    let described = view.rotator.rotate.secrets.get(&secret.name)?;
    match described.means()? {
        Means::RdsMaster { database } => begin::is_available(view, database),
        _ => None,
    }
}

/// Whether the newest version is the one that this turn made.
fn is_ours(seen: &Seen, turn: &Turn) -> bool {
    turn.fingerprint.is_some() && seen.fingerprint == turn.fingerprint
}

/// Whether another version than this turn's last one is the newest by now.
fn is_overwritten(seen: &Seen, turn: &Turn) -> bool {
    last(turn).version != seen.newest.version
}

/// The version that a turn knows as the newest.
fn last(turn: &Turn) -> &Published {
    turn.back
        .as_ref()
        .or(turn.to.as_ref())
        .unwrap_or(&turn.from)
}

fn written(seen: &Seen) -> Cause {
    Cause::Written {
        by: seen.by.clone(),
    }
}

/// The turn ends as it stands: both credentials work, and nothing that could be lost was changed.
fn given_up(view: &View<'_>, secret: &Secret, cause: Cause) -> Next {
    let told = ends::given_up(view, secret, cause.clone());
    let mut secret = secret.clone();
    end(&mut secret, Some(cause), view.now);
    Next::Step(Step::Settle {
        secrets: vec![secret],
        told: Box::new(told),
    })
}

fn save(secret: Secret) -> Next {
    Next::Step(Step::Save(Box::new(secret)))
}

fn reach(secret: &mut Secret, stage: Stage, now: Timestamp, change: impl FnOnce(&mut Turn)) {
    secret.version = VERSION;
    if let Some(turn) = &mut secret.turn {
        turn.stage = stage;
        turn.since = now;
        change(turn);
    }
}

/// The turn is over: with its reason, or well.
fn end(secret: &mut Secret, undone: Option<Cause>, now: Timestamp) {
    let turn = secret.turn.take();
    secret.asked = None;
    secret.back_off = undone.as_ref().map(|cause| BackOff {
        since: match (cause, &turn) {
            // What somebody wrote was not tried, though it is older than this end. AWS may tell only
            // the second of it.
            (Cause::Written { .. }, Some(turn)) => {
                Timestamp::from_second(turn.began.as_second()).unwrap_or(turn.began)
            }
            _ => now,
        },
        until: after(now, BACK_OFF),
    });
    secret.last = Some(Outcome { at: now, undone });
}

/// Rolls the services, and ends the turn when the last one is.
fn roll(view: &View<'_>, open: &[(&Secret, &Turn)], plan: &mut Plan) {
    let Some(id) = open.first().map(|(_, turn)| turn.id.clone()) else {
        return;
    };
    if view.snapshot.unread.is_some() {
        for (secret, _) in open {
            plan.wait(&secret.name, Wait::Unread);
        }
        return;
    }
    if let Some(cause) = back(view, open) {
        send_back(view, open, &cause, plan);
        return;
    }
    let goes_back = open.iter().any(|(_, turn)| turn.goes_back());
    let to_the_last = open.iter().any(|(_, turn)| is_leaked(turn));
    for reader in &view.snapshot.readers {
        let Some(since) = since(reader, open) else {
            continue;
        };
        if since > view.now {
            // It was rounded up: a task that is there at that second has it for certain.
            plan.look_at(since);
            for (secret, _) in open.iter().filter(|(it, _)| reader.reads(&it.name)) {
                plan.wait(&secret.name, Wait::Others);
            }
            return;
        }
        let patience = view.rotator.rotate.patience.get();
        let waits = || Wait::Rolling {
            service: reader.service.name.clone(),
        };
        match rolled(reader, since, patience, view.now, to_the_last) {
            Rolled::Yes => continue,
            state if is_hopeless(view, open, &state) => {
                plan.matters.push(Rotation::NotSteady {
                    secrets: ends::read_by(reader, open),
                    service: reader.service.name.clone(),
                    since,
                });
                continue;
            }
            Rolled::NotYet => plan.steps.push(replace(view, reader, &id)),
            // With what it had it is tried again once what failed is over.
            Rolled::Failed { .. } if goes_back && reader.service.is_steady() => {
                let at = reader.rolls_again_at(since).unwrap_or(view.now);
                if view.now < at {
                    plan.look_at(at);
                    plan.steps.extend(keep_off(view, reader, &id));
                } else {
                    plan.steps.push(replace(view, reader, &id));
                }
            }
            state => {
                plan.steps.extend(keep_off(view, reader, &id));
                let fails = matches!(state, Rolled::Late | Rolled::Failed { .. });
                let leaked = open
                    .iter()
                    .filter(|(it, turn)| fails && is_leaked(turn) && reader.reads(&it.name));
                plan.matters
                    .extend(leaked.map(|(secret, _)| Rotation::LeakLasts {
                        secret: secret.name.clone(),
                        service: reader.service.name.clone(),
                        since,
                    }));
            }
        }
        for (secret, _) in open.iter().filter(|(it, _)| reader.reads(&it.name)) {
            plan.wait(&secret.name, waits());
        }
        return;
    }
    for service in view.kept_off() {
        plan.steps.push(Step::Free(service.clone()));
    }
    let settled = open
        .iter()
        .map(|(secret, turn)| settled(view, secret, turn));
    let secrets: Vec<Secret> = settled.collect();
    plan.steps.push(Step::Settle {
        told: Box::new(ends::settled(view, open, &secrets)),
        secrets,
    });
}

/// Whether a service that was sent back does not recover for so long that others are let at it again:
/// it has what it had, and a person is told. What leaked is never ended under tasks that may hold it,
/// so such a turn stays open.
fn is_hopeless(view: &View<'_>, open: &[(&Secret, &Turn)], state: &Rolled) -> bool {
    let patience = view.rotator.rotate.patience.get();
    let is_over = |turn: &Turn| view.now > after(turn.since, patience * 2);
    matches!(state, Rolled::Late | Rolled::Failed { .. })
        && open
            .iter()
            .any(|(_, turn)| turn.goes_back() && is_over(turn))
}

/// Since when a service's tasks must have started to have all that it reads of the turn; none where
/// it reads nothing of it. On the way back that is every service that reads it, also one that was not
/// rolled yet: a task that was replaced meanwhile has the new value.
fn since(reader: &Reader, open: &[(&Secret, &Turn)]) -> Option<Timestamp> {
    let read = open.iter().filter(|(secret, _)| reader.reads(&secret.name));
    read.filter_map(|(_, turn)| complete_at(turn)).max()
}

/// From when on a task has what a turn published last. Of what somebody else wrote that is the second after
/// it: a task of the same second may have read before, and not every store tells less than seconds.
fn complete_at(turn: &Turn) -> Option<Timestamp> {
    let at = turn.published_at()?;
    if turn.goes_back() || !matches!(turn.why, Why::Written { .. }) {
        return Some(at);
    }
    Timestamp::from_second(at.as_second() + 1).ok()
}

/// Why the turn goes back, if it has to. On the way back there is nothing to go back to, unless who
/// wrote it down died before all of it was; and what leaked is never brought back by us.
fn back(view: &View<'_>, open: &[(&Secret, &Turn)]) -> Option<Cause> {
    if let Some((_, gone)) = open.iter().find(|(_, turn)| turn.goes_back()) {
        let is_half = open.iter().any(|(_, turn)| !turn.goes_back());
        return gone.cause.clone().filter(|_| is_half);
    }
    if let Some(cause) = open.iter().find_map(|(secret, _)| asked_back(secret)) {
        return Some(cause);
    }
    if open.iter().any(|(_, turn)| is_leaked(turn)) {
        return None;
    }
    for (secret, turn) in open {
        let since = turn.published_at().unwrap_or(turn.began);
        if let Some(failed) = view.blamed(secret, since) {
            return Some(Cause::Deployment {
                service: secret.name.to_string(),
                deployment: failed.deployment.clone(),
            });
        }
    }
    let patience = view.rotator.rotate.patience.get();
    view.snapshot.readers.iter().find_map(|reader| {
        let since = since(reader, open)?;
        let service = reader.service.name.clone();
        match rolled(reader, since, patience, view.now, false) {
            Rolled::Failed { deployment } => Some(Cause::Deployment {
                service,
                deployment,
            }),
            Rolled::Late => Some(Cause::Late { service }),
            Rolled::Yes | Rolled::NotYet | Rolled::Busy | Rolled::UnderWay => None,
        }
    })
}

pub(super) fn is_leaked(turn: &Turn) -> bool {
    matches!(&turn.why, Why::Asked(asked) if asked.order == Order::Leaked)
}

/// Everything that the turn published goes back, so that services find what they had.
fn send_back(view: &View<'_>, open: &[(&Secret, &Turn)], cause: &Cause, plan: &mut Plan) {
    for (secret, _) in open.iter().filter(|(_, turn)| !turn.goes_back()) {
        let secret = to_revert(view, secret, cause);
        plan.steps.push(Step::Save(Box::new(secret)));
    }
    plan.look_at(view.now);
}

/// A secret whose former value is to be published again.
fn to_revert(view: &View<'_>, secret: &Secret, cause: &Cause) -> Secret {
    let mut secret = secret.clone();
    secret.asked = None;
    reach(&mut secret, Stage::Reverting, view.now, |turn| {
        turn.cause = Some(cause.clone());
    });
    secret
}

/// A turn that came to its end: what it published is in use, or what was before is again.
fn settled(view: &View<'_>, secret: &Secret, turn: &Turn) -> Secret {
    let mut secret = secret.clone();
    if turn.goes_back() {
        secret.current = turn.back.clone().map(|back| Published {
            at: turn.from.at,
            ..back
        });
        end(&mut secret, turn.cause.clone(), view.now);
        return secret;
    }
    let described = view.rotator.rotate.secrets.get(&secret.name);
    let ends = if is_leaked(turn) {
        Some(view.now)
    } else {
        described.and_then(|described| {
            let wait = described.disable_previous_after.or(described.token_life)?;
            Some(after(view.now, wait.get()))
        })
    };
    // What somebody else wrote replaces what somebody else has to end.
    let ours = !matches!(turn.why, Why::Written { .. });
    secret.former = ours.then(|| Former {
        published: turn.from.clone(),
        ends,
        ended: false,
    });
    secret.current.clone_from(&turn.to);
    end(&mut secret, None, view.now);
    secret
}

fn replace(view: &View<'_>, reader: &Reader, turn: &str) -> Step {
    Step::Roll {
        service: kept_off(view, &reader.service.arn, turn),
        cluster: reader.service.cluster.clone(),
        name: reader.service.name.clone(),
        group: match &reader.controller {
            Controller::CodeDeploy(group) => group.clone().ok().map(Box::new),
            Controller::Ecs | Controller::External => None,
        },
    }
}

/// What is written down of a service that is being rolled.
pub(crate) fn kept_off(view: &View<'_>, arn: &Arn, turn: &str) -> Service {
    Service {
        version: VERSION,
        arn: arn.clone(),
        estate: view.rotator.name.clone(),
        turn: turn.to_owned(),
        owner: Some(Owner {
            function: FUNCTION.to_owned(),
            purpose: "rotate".to_owned(),
            until: after(view.now, KEEP_OFF),
        }),
    }
}

/// Others are kept off a little longer, once half of their time is over.
fn keep_off(view: &View<'_>, reader: &Reader, turn: &str) -> Option<Step> {
    let arn = &reader.service.arn;
    let known = view.kept_off().find(|known| known.arn == *arn);
    let until = known
        .and_then(|known| known.owner.as_ref())
        .map(|owner| owner.until);
    let is_fresh = until.is_some_and(|until| until > after(view.now, KEEP_OFF / 2));
    let patience = view.rotator.rotate.patience.get();
    // Nobody is kept waiting for what does not end.
    let began = view.in_turn().into_iter().map(|(_, turn)| turn.since).min();
    let lasts = began.is_some_and(|began| view.now > after(began, patience * 2));
    (!is_fresh && !lasts).then(|| Step::Keep(kept_off(view, arn, turn)))
}
