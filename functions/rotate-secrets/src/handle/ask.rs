//! What a person gets who asks: how old each secret is and what it waits for, what would be done, and
//! what adopting one means. Nothing is written.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift::{
    config::{Secret as Described, SecretName, SecretStore},
    kind::Arn,
    lambda::Failed,
    ledger::{
        Kept,
        rotation::{Entry, Secret},
    },
};
use serde_json::{Value, json};

use super::{orders::Wish, unavailable};
use crate::{
    context::Context,
    estates::{Estate, entries_of},
    look::{
        decide,
        ground::{Ground, documents, ground},
    },
    observe::{
        self,
        secrets::{Wanted, to_adopt},
    },
    plan::{Plan, Step, Wait},
    snapshot::{Found, Seen, Snapshot},
    store::Place,
};

/// What a person asks of an estate.
struct Asked<'a> {
    estate: &'a Estate,
    entries: BTreeMap<Arn, Kept<Entry>>,
    snapshot: Snapshot,
    plan: Plan,
}

/// How each secret is: its age, when it is replaced next, how the last turn ended.
///
/// # Errors
/// With [`Failed::Unavailable`] when the table cannot be read, [`Failed::BadInput`] when there is no
/// such estate.
pub(super) async fn status(context: &Context<'_>, only: Option<&str>) -> Result<Value, Failed> {
    let tell = |asked: &Asked<'_>| {
        let rotator = asked.estate.rotator.as_ref();
        let named = rotator.map(|it| &it.rotate.secrets);
        let secrets = named
            .into_iter()
            .flatten()
            .map(|(name, described)| secret(context.now(), asked, name, described));
        json!({ "secrets": secrets.collect::<Vec<_>>() })
    };
    Box::pin(each(context, only, tell)).await
}

/// What would be done now.
///
/// # Errors
/// As for [`status`].
pub(super) async fn dry_run(context: &Context<'_>, only: Option<&str>) -> Result<Value, Failed> {
    let tell = |asked: &Asked<'_>| {
        let steps = asked.plan.steps.iter().map(step);
        let waits = asked.plan.waits.iter();
        let waits: BTreeMap<String, Value> = waits
            .map(|(name, wait)| (name.to_string(), waiting(wait)))
            .collect();
        json!({
            "steps": steps.collect::<Vec<_>>(),
            "waits": waits,
            "due": asked.plan.due,
        })
    };
    Box::pin(each(context, only, tell)).await
}

async fn each(
    context: &Context<'_>,
    only: Option<&str>,
    tell: impl Fn(&Asked<'_>) -> Value,
) -> Result<Value, Failed> {
    let documents = documents(context).await.map_err(|it| unavailable(&it))?;
    let ground = ground(context, Some(&documents)).await;
    let ground = ground.map_err(|it| unavailable(&it))?;
    let mut answers = Vec::new();
    let names = ground.estates.keys();
    for name in names.filter(|name| only.is_none_or(|only| only == name.as_str())) {
        let Some(estate) = ground.estates.get(name) else {
            continue;
        };
        let problems: Vec<String> = estate.problems.iter().map(ToString::to_string).collect();
        let mut answer = match Box::pin(seen(context, &ground, estate)).await? {
            Some(asked) => {
                let mut answer = tell(&asked);
                answer["unread"] = unread(&asked.snapshot);
                answer
            }
            None => json!({}),
        };
        answer["estate"] = name.as_str().into();
        answer["problems"] = problems.into();
        answers.push(answer);
    }
    match only {
        Some(name) if answers.is_empty() => Err(no_such_estate(name)),
        _ => Ok(json!({ "estates": answers })),
    }
}

async fn seen<'a>(
    context: &Context<'_>,
    ground: &Ground,
    estate: &'a Estate,
) -> Result<Option<Asked<'a>>, Failed> {
    let Some(rotator) = &estate.rotator else {
        return Ok(None);
    };
    let entries = entries_of(&ground.ledger, &estate.name);
    let asleep = ground.is_asleep(&estate.name);
    let snapshot = Box::pin(observe::snapshot(context, rotator, &entries, asleep)).await;
    let plan = decide(context, ground, estate, rotator, &snapshot, &entries);
    Ok(Some(Asked {
        estate,
        plan: plan.map_err(|it| unavailable(&it))?,
        snapshot,
        entries,
    }))
}

fn unread(snapshot: &Snapshot) -> Value {
    let secrets = snapshot.secrets.values().filter_map(|found| match found {
        Found::Unread(failure) => Some(failure),
        Found::Seen(_) | Found::Missing => None,
    });
    let databases = snapshot
        .databases
        .values()
        .filter_map(|it| it.as_ref().err());
    let all = secrets.chain(databases).chain(&snapshot.unread);
    all.map(ToString::to_string).collect::<Vec<_>>().into()
}

pub(super) fn no_such_estate(name: &str) -> Failed {
    Failed::BadInput(format!(
        "estate: no document with a section `rotate` is named `{name}`: `status` tells which are"
    ))
}

fn secret(now: Timestamp, asked: &Asked<'_>, name: &SecretName, described: &Described) -> Value {
    let mut entries = asked.entries.values().filter_map(|kept| kept.item.secret());
    let entry = entries.find(|entry| entry.name == *name);
    let found = asked.snapshot.secrets.get(name);
    let seen = match found {
        Some(Found::Seen(seen)) => Some(seen),
        _ => None,
    };
    let since = since(entry, seen);
    let readers = asked.snapshot.readers_of(name);
    let readers: Vec<&str> = readers.map(|it| it.service.name.as_str()).collect();
    let mut waits = asked.plan.waits.iter();
    let wait = waits
        .find(|(of, _)| of == name)
        .map(|(_, wait)| waiting(wait));
    let due = since.and_then(|since| since.checked_add(described.every.get()).ok());
    json!({
        "secret": name,
        "kind": described.kind,
        "every": described.every,
        "found": match found {
            Some(Found::Seen(_)) => "yes",
            Some(Found::Missing) | None => "no",
            Some(Found::Unread(_)) => "unread",
        },
        "version": seen.map(|seen| &seen.newest.version),
        "written": seen.map(|seen| json!({ "at": seen.newest.at, "by": seen.by })),
        "since": since,
        "days": since.map(|since| now.duration_since(since).as_hours() / 24),
        "due": due,
        "readers": readers,
        "adopted": entry.and_then(|entry| entry.adopted.as_ref()),
        "user": entry.and_then(|entry| entry.current.as_ref()?.user.as_ref()),
        "former": entry.and_then(|entry| entry.former.as_ref()),
        "asked": entry.and_then(|entry| entry.asked.as_ref()),
        "turn": entry.and_then(|entry| entry.turn.as_ref()).map(|turn| json!({
            "id": turn.id, "why": turn.why, "began": turn.began,
            "stage": turn.stage, "since": turn.since, "cause": turn.cause,
        })),
        "back_off": entry.and_then(|entry| entry.back_off.as_ref()),
        "last": entry.and_then(|entry| entry.last.as_ref()),
        "waits": wait,
    })
}

/// Since when the value is in use.
fn since(entry: Option<&Secret>, seen: Option<&Seen>) -> Option<Timestamp> {
    let newest = &seen?.newest;
    let known = entry.and_then(|entry| entry.current.as_ref());
    let known = known.filter(|known| known.version == newest.version);
    Some(known.unwrap_or(newest).at)
}

/// One step, in a word and with what it is about.
fn step(step: &Step) -> Value {
    match step {
        Step::Save(secret) => {
            let stage = secret.turn.as_ref().map(|turn| turn.stage);
            json!({ "step": "save", "secret": secret.name, "stage": stage })
        }
        Step::Settle { secrets, told } => {
            let names: Vec<&SecretName> = secrets.iter().map(|secret| &secret.name).collect();
            json!({ "step": "settle", "secrets": names, "tells": told.word() })
        }
        Step::Make(secret) => json!({ "step": "make", "secret": secret.name }),
        Step::PutBack(secret) => json!({ "step": "put-back", "secret": secret.name }),
        Step::End(secret) => json!({ "step": "end", "secret": secret.name }),
        Step::Roll { name, .. } => json!({ "step": "roll", "service": name }),
        Step::Keep(service) => json!({ "step": "keep", "service": service.arn }),
        Step::Free(service) => json!({ "step": "free", "service": service.arn }),
    }
}

/// What is waited for, in a word and with what it is about.
fn waiting(wait: &Wait) -> Value {
    match wait {
        Wait::Age { at } => json!({ "for": "age", "at": at }),
        Wait::Adoption => json!({ "for": "adoption" }),
        Wait::Consent { found } => json!({ "for": "consent", "found": found }),
        Wait::ServiceConsent { service } => json!({ "for": "consent", "service": service }),
        Wait::Window { at } => json!({ "for": "window", "at": at }),
        Wait::BackOff { until } => json!({ "for": "back-off", "until": until }),
        Wait::Elsewhere { estate } => json!({ "for": "another estate", "estate": estate }),
        Wait::Document => json!({ "for": "document" }),
        Wait::Asleep => json!({ "for": "wake" }),
        Wait::Broken { since } => json!({ "for": "rollout", "since": since }),
        Wait::Database { name, state } => {
            json!({ "for": "database", "name": name, "state": state })
        }
        Wait::Service { service } => json!({ "for": "service", "service": service }),
        Wait::Owned {
            service,
            function,
            until,
        } => json!({ "for": "function", "service": service, "function": function, "until": until }),
        Wait::OlderTasks { service } => json!({ "for": "older tasks", "service": service }),
        Wait::Unrollable { service, why } => {
            json!({ "for": "controller", "service": service, "why": why })
        }
        Wait::Pinned { service, version } => {
            json!({ "for": "pinned version", "service": service, "version": version })
        }
        Wait::ReadByServices { services } => json!({ "for": "readers", "services": services }),
        Wait::Unread => json!({ "for": "reading" }),
        Wait::Rolling { service } => json!({ "for": "roll-out", "service": service }),
        Wait::Others => json!({ "for": "others" }),
    }
}

/// What adopting a secret means: who wrote it last, and what Terraform has to be told first.
///
/// # Errors
/// With [`Failed::BadInput`] when the document does not name it, or it is not there;
/// [`Failed::Unavailable`] when it cannot be read.
pub(super) async fn adoption(context: &Context<'_>, wish: &Wish) -> Result<Value, Failed> {
    let documents = documents(context).await.map_err(|it| unavailable(&it))?;
    let ground = ground(context, Some(&documents)).await;
    let ground = ground.map_err(|it| unavailable(&it))?;
    let (seen, described) = found(context, &ground, wish).await?;
    Ok(shown(wish, &seen, &described, false))
}

/// The secret that is to be adopted, as it stands.
pub(super) async fn found(
    context: &Context<'_>,
    ground: &Ground,
    wish: &Wish,
) -> Result<(Seen, Described), Failed> {
    let estate = ground.estates.get(&wish.which.estate);
    let rotator = estate.and_then(|estate| estate.rotator.as_ref());
    let rotator = rotator.ok_or_else(|| no_such_estate(&wish.which.estate))?;
    let name = &wish.which.secret;
    let described = rotator.rotate.secrets.get(name).ok_or_else(|| {
        Failed::BadInput(format!(
            "secret: the document of `{}` names no `{name}`: write it under `rotate.secrets` first",
            wish.which.estate
        ))
    })?;
    let wanted = Wanted {
        name,
        place: Place::of(name, Some(described), None),
        described: Some(described),
        entry: None,
    };
    let seen = to_adopt(context, &wanted).await;
    let seen = seen.map_err(|it| unavailable(&it))?;
    let seen = seen.ok_or_else(|| {
        Failed::BadInput(format!(
            "secret: there is no `{name}`: make it, or mend its name in the document"
        ))
    })?;
    Ok((seen, described.clone()))
}

pub(super) fn shown(wish: &Wish, seen: &Seen, described: &Described, adopted: bool) -> Value {
    let name = &wish.which.secret;
    let consents = seen.tag.as_deref() == Some(wish.which.estate.as_str());
    json!({
        "estate": wish.which.estate,
        "secret": name,
        "kind": described.kind,
        "version": seen.newest.version,
        "user": seen.newest.user,
        "written": { "at": seen.newest.at, "by": seen.by },
        "consents": consents,
        "adopted": adopted,
        "terraform": terraform(described.store(name)),
        "next": if adopted {
            "It is replaced when it is due and its tag consents."
        } else {
            "Put the block into the resource in Terraform and apply it, or the next apply brings an older value back. Then send the same with \"confirm\": true, \"by\" and \"reason\"."
        },
    })
}

/// The block by which Terraform leaves the value alone.
/// <https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#ignore_changes>
fn terraform(store: SecretStore) -> &'static str {
    match store {
        SecretStore::Parameter => {
            "# in the resource aws_ssm_parameter\nlifecycle {\n  ignore_changes = [value, insecure_value]\n}\n"
        }
        SecretStore::SecretsManager => {
            "# in the resource aws_secretsmanager_secret_version\nlifecycle {\n  ignore_changes = [secret_string, version_stages]\n}\n"
        }
    }
}
