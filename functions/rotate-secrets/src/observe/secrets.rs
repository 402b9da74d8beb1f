//! Each secret's newest version: when it was written and by whom, whether it holds what is known to be
//! in use, and whether it is an older value that came back. A version that holds the value in use *is*
//! the version in use: of two keys in one secret each has a history of its own.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use nightshift::{
    aws::pace::SIDE_BY_SIDE,
    config::{Secret as Described, SecretKind, SecretName},
    ledger::rotation::{Published, Secret, Stage, Turn},
    report::Failure,
};

use crate::{
    act::token,
    context::Context,
    facts::{Compared, Comparison},
    plan::FUNCTION,
    snapshot::{Found, Seen},
    store::{self, Newest, Place},
    value::{Value, fingerprint::Fingerprint, url::Url},
};

/// What stands for the writer whom AWS does not tell.
pub(crate) const SOMEBODY: &str = "somebody";

/// A secret that is to be looked at.
#[derive(Clone, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) name: &'a SecretName,
    pub(crate) place: Place,
    pub(crate) described: Option<&'a Described>,
    pub(crate) entry: Option<&'a Secret>,
}

impl Wanted<'_> {
    /// What is known to be in use, or on its way there.
    fn known(&self) -> Option<&Published> {
        let entry = self.entry?;
        match &entry.turn {
            Some(turn) => Some(last_of(turn)),
            None => entry.current.as_ref(),
        }
    }

    fn turn(&self) -> Option<&Turn> {
        self.entry?.turn.as_ref()
    }

    fn has_users(&self) -> bool {
        self.described.is_some_and(|described| {
            matches!(described.kind, SecretKind::Postgres | SecretKind::Atlas)
        })
    }
}

fn last_of(turn: &Turn) -> &Published {
    let last = turn.back.as_ref().or(turn.to.as_ref());
    last.unwrap_or(&turn.from)
}

/// Looks at each of these.
pub(super) async fn look(
    context: &Context<'_>,
    wanted: &[Wanted<'_>],
) -> BTreeMap<SecretName, Found> {
    let places: Vec<Place> = wanted.iter().map(|one| one.place.clone()).collect();
    let newest = &store::newest(context, &places).await;
    stream::iter(wanted)
        .map(|one| async move {
            let found = match newest.get(&one.place).cloned() {
                Some(Ok(Some(newest))) => found(context, one, newest).await,
                Some(Ok(None)) | None => Found::Missing,
                Some(Err(failure)) => Found::Unread(failure),
            };
            (one.name.clone(), found)
        })
        .buffered(SIDE_BY_SIDE)
        .collect()
        .await
}

async fn found(context: &Context<'_>, wanted: &Wanted<'_>, newest: Newest) -> Found {
    match seen(context, wanted, newest).await {
        Ok(seen) => Found::Seen(seen),
        Err(failure) => Found::Unread(failure),
    }
}

/// The secret as it stands, even one that nobody adopted yet, with the user that its value names.
pub(crate) async fn to_adopt(
    context: &Context<'_>,
    wanted: &Wanted<'_>,
) -> Result<Option<Seen>, Failure> {
    let places = [wanted.place.clone()];
    let mut newest = store::newest(context, &places).await;
    let newest = newest.remove(&wanted.place).unwrap_or(Ok(None))?;
    let Some(newest) = newest else {
        return Ok(None);
    };
    let mut seen = plain(context, wanted, &newest);
    // Also the proof that it can be read, and that the key is there.
    let version = store::read(context, &wanted.place, None).await?;
    let value = version.value(&wanted.place)?;
    seen.newest.user = user(wanted, &value);
    Ok(Some(seen))
}

async fn seen(context: &Context<'_>, wanted: &Wanted<'_>, newest: Newest) -> Result<Seen, Failure> {
    let mut seen = plain(context, wanted, &newest);
    let Some(known) = wanted.known() else {
        return Ok(seen);
    };
    if is_stale(&newest, wanted) {
        return Err(Failure {
            resource: wanted.name.to_string(),
            action: "ssm:DescribeParameters".to_owned(),
            code: "stale".to_owned(),
            message: "AWS shows an older version than the one that was written: look again"
                .to_owned(),
            denied: false,
        });
    }
    let needs_user = wanted.has_users() && known.user.is_none();
    if known.version == newest.version && !needs_user {
        seen.newest.user.clone_from(&known.user);
        return Ok(seen);
    }
    let compared = compared(context, wanted, &newest, known, &mut seen).await?;
    if compared.same {
        seen.newest = known.clone();
        seen.newest.user = known.user.clone().or(compared.user);
    } else {
        let traced = compared.traced.unwrap_or_default();
        if let Some(first) = traced.first {
            (seen.by, seen.ours) = writer(context, wanted, &first.version, first.by.as_deref());
            seen.newest.version = first.version;
            seen.newest.at = first.at;
        } else if !seen.ours && newest.by.is_none() {
            // Who moves a stage writes no version.
            seen.newest.at = newest.changed;
        }
        seen.newest.user = compared.user;
        seen.same_as = traced.older;
    }
    Ok(seen)
}

/// What was seen without a look at the value.
fn plain(context: &Context<'_>, wanted: &Wanted<'_>, newest: &Newest) -> Seen {
    let (by, ours) = writer(context, wanted, &newest.version, newest.by.as_deref());
    Seen {
        arn: newest.arn.clone(),
        newest: Published {
            version: newest.version.clone(),
            at: newest.at,
            user: None,
        },
        ours,
        by,
        tag: newest.tag.clone(),
        fingerprint: None,
        same_as: None,
    }
}

/// Who wrote a version, in short, and whether that was this function.
fn writer(
    context: &Context<'_>,
    wanted: &Wanted<'_>,
    version: &str,
    by: Option<&str>,
) -> (String, bool) {
    let Some(arn) = by else {
        return (SOMEBODY.to_owned(), is_made_by_us(wanted, version));
    };
    let own = format!("/{}", context.function.settings.function_name);
    let name = arn.rsplit(['/', ':']).next().unwrap_or(arn);
    (
        name.to_owned(),
        arn.contains(FUNCTION) || arn.ends_with(&own),
    )
}

/// Whether the ledger knows of this version of Secrets Manager's, or will. What was in use before is the
/// newest again only where somebody moved the stage, unless a turn brings it back.
fn is_made_by_us(wanted: &Wanted<'_>, version: &str) -> bool {
    let Some(entry) = wanted.entry else {
        return false;
    };
    let turn = entry.turn.as_ref().is_some_and(|turn| {
        let of_turn = [Some(&turn.from), turn.to.as_ref(), turn.back.as_ref()];
        of_turn
            .into_iter()
            .flatten()
            .any(|it| it.version == version)
            || token::of(turn, &wanted.place, token::For::Publish) == version
            || token::of(turn, &wanted.place, token::For::Back) == version
    });
    let current = entry.current.as_ref();
    turn || current.is_some_and(|it| it.version == version)
}

/// Whether SSM shows what was newest before our own last write. A parameter that was made anew counts
/// from 1 again, but later.
fn is_stale(newest: &Newest, wanted: &Wanted<'_>) -> bool {
    let number = |version: &str| version.parse::<u64>().ok();
    let Some(known) = wanted.known() else {
        return false;
    };
    let older = number(&newest.version)
        .zip(number(&known.version))
        .is_some_and(|(newest, known)| newest < known);
    // A former value that was brought back is as old as it was, and a turn knows when it wrote it.
    let written = wanted.turn().map_or(known.at, |turn| turn.since);
    older && newest.at <= written.max(known.at)
}

/// How the newest version compares with the one that is known; what never changes is looked up once.
async fn compared(
    context: &Context<'_>,
    wanted: &Wanted<'_>,
    newest: &Newest,
    known: &Published,
    seen: &mut Seen,
) -> Result<Comparison, Failure> {
    let of = Compared {
        arn: newest.arn.clone(),
        version: newest.version.clone(),
        at: newest.at,
        known: known.version.clone(),
    };
    let facts = &context.function.facts;
    let tested = wanted.turn().filter(|turn| turn.stage == Stage::Tested);
    // Of one key the newest version tells neither when its value came nor from whom.
    let asks_history = wanted.turn().is_none() && (!seen.ours || wanted.place.key.is_some());
    if tested.is_none()
        && let Some(comparison) = facts.comparison(&of)
        && (comparison.same || !asks_history || comparison.traced.is_some())
    {
        return Ok(comparison);
    }
    let place = &wanted.place;
    let version = store::read(context, place, Some(&newest.version)).await?;
    let value = version.value(place)?;
    if let Some(turn) = tested {
        let fingerprint = Fingerprint::of(&turn.id, &value);
        seen.fingerprint = Some(fingerprint.as_str().to_owned());
    }
    let same = known.version == newest.version || holds(context, place, known, &value).await?;
    let traced = if asks_history && !same {
        Some(store::trace(context, place, &newest.version, known, &value).await?)
    } else {
        None
    };
    let comparison = Comparison {
        same,
        user: user(wanted, &value),
        traced,
    };
    facts.compare(of, comparison.clone());
    Ok(comparison)
}

/// Whether a version that is known holds this value. One that is gone does not.
pub(crate) async fn holds(
    context: &Context<'_>,
    place: &Place,
    known: &Published,
    value: &Value,
) -> Result<bool, Failure> {
    match store::read(context, place, Some(&known.version)).await {
        Ok(version) => Ok(version.value(place).is_ok_and(|known| known == *value)),
        Err(failure)
            if matches!(
                failure.code.as_str(),
                "ParameterVersionNotFound" | "ResourceNotFoundException"
            ) =>
        {
            Ok(false)
        }
        Err(failure) => Err(failure),
    }
}

/// The user that a value names, where users take turns.
fn user(wanted: &Wanted<'_>, value: &Value) -> Option<String> {
    if !wanted.has_users() {
        return None;
    }
    let url = Url::parse(Value::new(value.expose().to_owned())).ok()?;
    Some(url.user().to_owned())
}
