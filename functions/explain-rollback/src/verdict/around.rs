//! What is not the deployment's own: alarms and hooks that gave it up, a sleeping estate, secrets
//! that were changed shortly before, images that are gone, and that nothing changed at all.

use jiff::SignedDuration;
use nightshift::report::rollback::{Changer, Evidence, Fault, Found, Layer, Sureness};

use super::{Case, Suspect, words};
use crate::{changes::Version, mask};

/// How long before a deployment a change of a secret may have to do with it.
const SHORTLY: SignedDuration = SignedDuration::from_hours(2);

/// Words of a database that is not there.
const NOBODY_THERE: [&str; 8] = [
    "econnrefused",
    "connection refused",
    "can't reach database server",
    "could not connect to server",
    "connection timed out",
    "etimedout",
    "is the server running",
    "no route to host",
];

/// Words of a credential that is not accepted.
const NOT_ACCEPTED: [&str; 8] = [
    "password authentication failed",
    "authentication failed",
    "access denied for user",
    "28p01",
    "invalid password",
    "bad auth",
    "auth failed",
    "invalid api key",
];

/// Alarms of the deployment; hooks and lifecycle events that failed.
pub(super) fn gates(case: &Case<'_>, suspects: &mut Vec<Suspect>) {
    let attempt = case.attempt;
    let mut push = |fault, sure, evidence| {
        suspects.push(Suspect {
            found: Found {
                fault,
                sure,
                evidence,
            },
            tasks: 1,
        });
    };
    if !attempt.alarms.is_empty() {
        let names = attempt.alarms.clone();
        let evidence = names
            .iter()
            .map(|name| Evidence::Alarm { name: name.clone() });
        let evidence = evidence.collect();
        push(Fault::Alarm { names }, Sureness::Certain, evidence);
    } else if says(attempt.reason, "alarm") {
        let text = mask::text(attempt.reason.unwrap_or_default());
        let fault = Fault::Alarm { names: Vec::new() };
        push(fault, Sureness::Likely, vec![Evidence::Event { text }]);
    }
    if let Some(one) = attempt.codedeploy {
        let failed = one.lifecycle.iter().find(|event| event.status == "Failed");
        let text = failed.and_then(|event| event.message.as_deref());
        let evidence = Evidence::CodeDeploy {
            code: one.code.clone(),
            text: text.or(one.message.as_deref()).map(mask::text),
        };
        // These three are CodeDeploy's own: they fail because tasks do not become healthy.
        let own = ["Install", "AllowTraffic", "BlockTraffic"];
        if let Some(event) = failed.filter(|event| !own.contains(&event.name.as_str())) {
            let name = event.name.clone();
            push(Fault::Hook { name }, Sureness::Certain, vec![evidence]);
        }
    } else if says(attempt.reason, "hook") {
        let text = mask::text(attempt.reason.unwrap_or_default());
        let name = "lifecycle hook".to_owned();
        push(
            Fault::Hook { name },
            Sureness::Likely,
            vec![Evidence::Event { text }],
        );
    }
}

fn says(reason: Option<&str>, words: &str) -> bool {
    reason.is_some_and(|reason| reason.to_ascii_lowercase().contains(words))
}

/// The words of a list that stand in a log of the deployment, and where.
fn heard(case: &Case<'_>, list: &[&'static str]) -> Option<Evidence> {
    let logs = case.logs();
    let lines = logs.iter().flat_map(|log| {
        let lines = log.lines.iter();
        lines.map(|line| (log.container.as_str(), line.text.to_ascii_lowercase()))
    });
    let mut hits = lines.filter_map(|(container, line)| {
        let words = list.iter().find(|words| line.contains(*words))?;
        Some(Evidence::LogSays {
            container: container.to_owned(),
            words: (*words).to_owned(),
        })
    });
    hits.next()
}

/// Whether something is known to go wrong in the deployment's own tasks once they run.
fn fails_running(suspects: &[Suspect]) -> bool {
    let runs = [Layer::Run, Layer::Health];
    suspects
        .iter()
        .any(|it| runs.contains(&it.found.fault.layer()))
}

/// The estate was asleep: its services cannot reach what is stopped.
pub(super) fn asleep(case: &Case<'_>, suspects: &mut Vec<Suspect>) {
    let (from, to) = case.span();
    let Some(asleep) = &case.snapshot.asleep else {
        return;
    };
    if !asleep.overlaps(from, to) || !fails_running(suspects) {
        return;
    }
    let heard = heard(case, &NOBODY_THERE);
    let sure = if heard.is_some() {
        Sureness::Certain
    } else {
        Sureness::Possible
    };
    let since = Evidence::Asleep {
        since: asleep.since,
    };
    suspects.push(Suspect {
        found: Found {
            fault: Fault::Asleep,
            sure,
            evidence: [since].into_iter().chain(heard).collect(),
        },
        tasks: 1,
    });
}

/// Secrets and parameters of the service that were changed shortly before.
pub(super) fn secrets(case: &Case<'_>, suspects: &mut Vec<Suspect>) {
    let (from, to) = case.span();
    if !fails_running(suspects) {
        return;
    }
    let refused = heard(case, &NOT_ACCEPTED);
    for change in &case.snapshot.secrets {
        let since = change
            .at
            .checked_add(SHORTLY)
            .is_ok_and(|until| until >= from);
        if !since || change.at > to || !uses(case, &change.name) {
            continue;
        }
        let ours = change.by == Changer::Rotation;
        let sure = match (&refused, ours) {
            (Some(_), true) => Sureness::Certain,
            (Some(_), false) | (None, true) => Sureness::Likely,
            (None, false) => Sureness::Possible,
        };
        let at = Evidence::SecretChanged { at: change.at };
        suspects.push(Suspect {
            found: Found {
                fault: Fault::SecretChanged {
                    secret: change.name.clone(),
                    by: change.by,
                },
                sure,
                evidence: [at].into_iter().chain(refused.clone()).collect(),
            },
            tasks: 1,
        });
    }
}

/// Whether the deployment uses a secret; unless its definition is known it may use any.
fn uses(case: &Case<'_>, secret: &str) -> bool {
    let Some(definition) = case.definition() else {
        return true;
    };
    let mut sources = definition
        .containers
        .iter()
        .flat_map(|it| it.secrets.values());
    sources.any(|source| source.contains(secret))
}

/// Images that the registry has no more, and a deployment that changed nothing.
pub(super) fn images(case: &Case<'_>, suspects: &mut Vec<Suspect>) {
    let gone = |version: &Version<'_>| {
        let (name, image) = version.registered(case.snapshot)?;
        (!image.there).then_some(name)
    };
    let now = gone(&case.attempt.version);
    let before = case.attempt.before.as_ref().and_then(gone);
    let before = before.filter(|before| Some(before) != now.as_ref());
    let pulled = words::not_found_on_the_way_back(case);
    if let Some(image) = before.clone().or_else(|| pulled.clone()?.0) {
        let absent = before.map(|image| Evidence::NotInRegistry { image });
        let said = pulled.map(|(_, said)| said);
        suspects.push(Suspect {
            found: Found {
                evidence: absent.into_iter().chain(said).collect(),
                fault: Fault::ImageGone { image },
                sure: Sureness::Certain,
            },
            tasks: 1,
        });
    }
    if let Some(image) = now {
        confirm_absence(suspects, image);
    }
    if case
        .changed
        .is_some_and(nightshift::report::rollback::Changed::is_nothing)
    {
        let main = case.main();
        let digest = main.and_then(|main| case.attempt.version.revision?.digest(main));
        let evidence = digest.map(|digest| Evidence::SameDigest {
            digest: digest.to_owned(),
        });
        suspects.push(Suspect {
            found: Found {
                fault: Fault::NothingChanged,
                sure: Sureness::Likely,
                evidence: evidence.into_iter().collect(),
            },
            tasks: 1,
        });
    }
}

/// The registry itself says that the image is not there: whatever the pull said, that is why.
fn confirm_absence(suspects: &mut [Suspect], image: String) {
    let evidence = Evidence::NotInRegistry {
        image: image.clone(),
    };
    let pull = suspects.iter_mut().find(|it| {
        matches!(
            it.found.fault,
            Fault::ImageNotFound { .. } | Fault::ImageNotPulled { .. } | Fault::ImageDenied { .. }
        )
    });
    if let Some(pull) = pull {
        pull.found.fault = Fault::ImageNotFound { image: Some(image) };
        pull.found.sure = Sureness::Certain;
        pull.found.evidence.push(evidence);
    }
}

/// What there is where nothing fits.
pub(super) fn unknown(case: &Case<'_>) -> Found {
    let tasks = case.tasks();
    let stopped = tasks.iter().rev().find_map(|task| task.reason.as_deref());
    let mut evidence = Vec::new();
    if let Some(said) = stopped {
        let same = tasks
            .iter()
            .filter(|task| task.reason.as_deref() == Some(said));
        evidence.push(Evidence::StoppedReason {
            text: mask::text(said),
            times: super::count(same.count()),
        });
    }
    let events = case.events();
    evidence.extend(events.first().map(|said| Evidence::Event {
        text: mask::text(said),
    }));
    if let Some(one) = case.attempt.codedeploy {
        evidence.push(Evidence::CodeDeploy {
            code: one.code.clone(),
            text: one.message.as_deref().map(mask::text),
        });
    }
    if evidence.is_empty() {
        evidence.extend(case.attempt.reason.map(|reason| Evidence::Event {
            text: mask::text(reason),
        }));
    }
    Found {
        fault: Fault::Unknown,
        sure: Sureness::Possible,
        evidence,
    }
}
