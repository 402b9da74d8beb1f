//! How a turn ended, as people are told: all its secrets in one message, with the services whose tasks
//! have what is in use now.

use nightshift::{
    config::{Means, Secret as Described, SecretName},
    ledger::rotation::{self, Cause, Secret, Turn, Why},
    report::{
        Count,
        rotation::{Former, Rotated, Rotation},
    },
};

use super::{BACK_OFF, View, after, turn::is_leaked};
use crate::snapshot::Reader;

/// A turn of one secret that ends before its time.
pub(super) fn given_up(view: &View<'_>, secret: &Secret, cause: Cause) -> Rotation {
    let secrets = vec![secret.name.clone()];
    let again_at = after(view.now, BACK_OFF);
    match secret.turn.as_ref().filter(|turn| turn.goes_back()) {
        Some(turn) => Rotation::Reverted {
            secrets,
            cause,
            at: turn.published_at().unwrap_or(turn.since),
            services: Vec::new(),
            again_at,
        },
        None => Rotation::GivenUp {
            secrets,
            cause,
            again_at,
        },
    }
}

/// A turn that came to its end, with its secrets as they are at rest.
pub(super) fn settled(view: &View<'_>, open: &[(&Secret, &Turn)], secrets: &[Secret]) -> Rotation {
    let services = services(view, open);
    let gone = open.iter().find(|(_, turn)| turn.goes_back());
    if let Some((_, turn)) = gone
        && let Some(cause) = turn.cause.clone()
    {
        return Rotation::Reverted {
            secrets: secrets.iter().map(|secret| secret.name.clone()).collect(),
            cause,
            at: turn.published_at().unwrap_or(turn.since),
            services,
            again_at: after(view.now, BACK_OFF),
        };
    }
    let mut whys = open.iter().map(|(_, turn)| &turn.why);
    let asked_by = whys.clone().find_map(|why| match why {
        Why::Asked(asked) => Some(asked.who.clone()),
        _ => None,
    });
    let written_by = whys.find_map(|why| match why {
        Why::Written { by } => Some(by.clone()),
        _ => None,
    });
    let began = open.iter().map(|(_, turn)| turn.began).min();
    let rotated = open.iter().zip(secrets);
    Rotation::Rotated {
        secrets: rotated
            .map(|((_, turn), secret)| rotated_one(view, turn, secret))
            .collect(),
        services,
        began: began.unwrap_or(view.now),
        asked_by,
        written_by,
    }
}

fn rotated_one(view: &View<'_>, turn: &Turn, secret: &Secret) -> Rotated {
    let current = secret.current.as_ref();
    let described = view.rotator.rotate.secrets.get(&secret.name);
    let since = current.map_or(view.now, |current| current.at);
    // A master user has one password: the former one died with the turn.
    let means = described.and_then(Described::means);
    let is_alone = matches!(means, Some(Means::RdsMaster { .. }));
    Rotated {
        secret: secret.name.clone(),
        version: current
            .map(|current| current.version.clone())
            .unwrap_or_default(),
        former: match &secret.former {
            None => Former::Theirs,
            Some(_) if is_leaked(turn) || is_alone => Former::Ended,
            Some(rotation::Former { ends: Some(at), .. }) => Former::Ends { at: *at },
            Some(_) => Former::UntilNext,
        },
        next: described.map_or(since, |described| after(since, described.every.get())),
    }
}

/// The services that read any of it, with their tasks.
fn services(view: &View<'_>, open: &[(&Secret, &Turn)]) -> Vec<Count> {
    let readers = view.snapshot.readers.iter();
    readers
        .filter(|reader| open.iter().any(|(secret, _)| reader.reads(&secret.name)))
        .map(|reader| Count {
            service: reader.service.name.clone(),
            running: reader.service.running,
            desired: reader.service.desired,
        })
        .collect()
}

/// What a service reads of a turn.
pub(super) fn read_by(reader: &Reader, open: &[(&Secret, &Turn)]) -> Vec<SecretName> {
    let read = open.iter().filter(|(secret, _)| reader.reads(&secret.name));
    read.map(|(secret, _)| secret.name.clone()).collect()
}
