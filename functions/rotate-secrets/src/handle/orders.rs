//! What people order is written into the secret's entry, under the estate's lease, and the look that
//! follows does it.

use std::time::Duration;

use nightshift::{
    lambda::Failed,
    ledger::{
        Kept, Revision, VERSION,
        rotation::{Adopted, Asked, Cause, Entry, Former, Order, Secret, Stage, Turn, Why},
        store::WriteError,
    },
    report::Failure,
};
use serde_json::Value;
use tokio::time::sleep;

use super::{Verb, Which, ask, unavailable};
use crate::{
    act::token,
    context::Context,
    estates::{entries_of, in_turn_elsewhere},
    look::{
        self,
        ground::{Ground, documents, ground},
    },
};

/// So often an order tries to have the lease that a look holds, a second apart.
const TRIES: usize = 20;

/// What a person wants.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) which: Which,
    pub(super) by: String,
    pub(super) reason: String,
}

/// Lets a secret be replaced by us from now on, beginning with the version that is the newest now.
///
/// # Errors
/// With [`Failed::BadInput`] when there is no such secret or something of it is under way;
/// [`Failed::Unavailable`] when it, or the table, cannot be read or written.
pub(super) async fn adopt(context: &Context<'_>, wish: &Wish) -> Result<Value, Failed> {
    let documents = documents(context).await.map_err(|it| unavailable(&it))?;
    under_lease(context, wish, async || {
        let ground = ground(context, Some(&documents)).await;
        let ground = ground.map_err(|it| unavailable(&it))?;
        let (seen, described) = ask::found(context, &ground, wish).await?;
        let known = known(&ground, wish);
        let revision = known.as_ref().map_or(Revision(0), |it| it.revision);
        let mut secret = known.map_or_else(
            || {
                let which = &wish.which;
                Secret::new(seen.arn.clone(), &which.estate, which.secret.clone())
            },
            |known| known.item,
        );
        if secret.turn.is_some() {
            return Err(Failed::BadInput(
                "it is being replaced now: wait for the end, or `revert` it".to_owned(),
            ));
        }
        let revision = if secret.arn == seen.arn {
            revision
        } else {
            // A secret that was made anew has another ARN, and an entry of its own.
            forget(context, &secret, revision).await?;
            secret.arn = seen.arn.clone();
            secret.former = None;
            Revision(0)
        };
        secret.version = VERSION;
        secret.estate.clone_from(&wish.which.estate);
        secret.adopted = Some(Adopted {
            at: context.now(),
            who: wish.by.clone(),
            reason: wish.reason.clone(),
        });
        secret.current = Some(seen.newest.clone());
        secret.back_off = None;
        save(context, secret, revision).await?;
        Ok(ask::shown(wish, &seen, &described, true))
    })
    .await
}

/// Writes an order into the secret's entry.
///
/// # Errors
/// With [`Failed::BadInput`] when the secret is not adopted, or has nothing to put back;
/// [`Failed::Unavailable`] when the table cannot be read or written.
pub(super) async fn order(context: &Context<'_>, verb: Verb, wish: &Wish) -> Result<(), Failed> {
    if context.function.settings.watch {
        return Err(Failed::BadInput(
            "the stack's Mode is `watch`, so that nothing may be changed: deploy it with `act` first"
                .to_owned(),
        ));
    }
    let documents = documents(context).await.map_err(|it| unavailable(&it))?;
    under_lease(context, wish, async || {
        let ground = ground(context, Some(&documents)).await;
        let ground = ground.map_err(|it| unavailable(&it))?;
        if !ground.estates.contains_key(&wish.which.estate) {
            return Err(ask::no_such_estate(&wish.which.estate));
        }
        let known = known(&ground, wish).filter(|known| known.item.adopted.is_some());
        let Some(known) = known else {
            return Err(Failed::BadInput(format!(
                "secret: `{}` is not adopted: send `adopt` first, which says what Terraform needs",
                wish.which.secret
            )));
        };
        let order = match verb {
            Verb::Leaked => Order::Leaked,
            Verb::Revert => Order::Revert,
            Verb::Rotate | Verb::Adopt { .. } => Order::Rotate,
        };
        let asked = Asked {
            at: context.now(),
            who: wish.by.clone(),
            reason: wish.reason.clone(),
            order,
        };
        let mut secret = known.item;
        match (order, &secret.turn) {
            (Order::Revert, None) => return at_rest(context, &documents, wish, asked).await,
            (Order::Rotate | Order::Leaked, Some(_)) => {
                return Err(Failed::BadInput(
                    "it is being replaced now: `status` tells how far it is".to_owned(),
                ));
            }
            _ => secret.asked = Some(asked),
        }
        save(context, secret, known.revision).await
    })
    .await
}

/// Brings back what was in use before a turn that ended well: as if that turn were still open.
async fn at_rest(
    context: &Context<'_>,
    documents: &nightshift::documents::Documents,
    wish: &Wish,
    asked: Asked,
) -> Result<(), Failed> {
    let taken = look::take_turn(context).await;
    if !taken.map_err(|it| unavailable(&it))? {
        return Err(busy());
    }
    let done = async {
        let ground = ground(context, Some(documents)).await;
        let ground = ground.map_err(|it| unavailable(&it))?;
        if let Some(other) = in_turn_elsewhere(&ground.ledger, &wish.which.estate) {
            return Err(Failed::BadInput(format!(
                "`{other}` is in a turn now: ask again when that is over"
            )));
        }
        let entries = entries_of(&ground.ledger, &wish.which.estate);
        let mut secrets = entries.values().filter_map(|kept| kept.item.secret());
        if secrets.any(|secret| secret.turn.is_some()) {
            return Err(Failed::BadInput(
                "another secret of the estate is in a turn now: ask again when that is over"
                    .to_owned(),
            ));
        }
        let Some(known) = known(&ground, wish) else {
            return Err(busy());
        };
        let mut secret = known.item;
        let former = secret.former.clone().filter(|former| !former.ended);
        let (Some(Former { published, .. }), Some(current)) = (former, secret.current.clone())
        else {
            return Err(Failed::BadInput(
                "there is nothing to put back: no former value is known that still works"
                    .to_owned(),
            ));
        };
        let id = token::turn().map_err(|error| Failed::Unavailable(error.to_string()))?;
        let now = context.now();
        secret.turn = Some(Turn {
            id,
            cause: Some(Cause::Asked {
                who: asked.who.clone(),
                reason: asked.reason.clone(),
            }),
            why: Why::Asked(asked),
            began: now,
            stage: Stage::Reverting,
            since: now,
            user: current.user.clone(),
            from: published,
            fingerprint: None,
            to: Some(current),
            back: None,
        });
        save(context, secret, known.revision).await
    };
    let done = done.await;
    let given = look::give_turn(context).await;
    done?;
    given.map_err(|it| unavailable(&it))
}

/// Does something under the estate's lease, which a look may hold for a while.
async fn under_lease<T>(
    context: &Context<'_>,
    wish: &Wish,
    work: impl AsyncFnOnce() -> Result<T, Failed>,
) -> Result<T, Failed> {
    let estate = &wish.which.estate;
    for _ in 0..TRIES {
        let taken = look::take(context, estate).await;
        if !taken.map_err(|it| unavailable(&it))? {
            sleep(Duration::from_secs(1)).await;
            continue;
        }
        let done = work().await;
        let given = context.store.give_back(estate, None, &[]).await;
        let done = done?;
        given.map_err(|it| unavailable(&it))?;
        return Ok(done);
    }
    Err(busy())
}

fn busy() -> Failed {
    Failed::Unavailable("another look is under way: send the same again in a minute".to_owned())
}

fn known(ground: &Ground, wish: &Wish) -> Option<Kept<Secret>> {
    let entries = ground.ledger.entries.values();
    let mut known = entries.filter_map(|kept| {
        let secret = kept.item.secret()?;
        let is_it = secret.estate == wish.which.estate && secret.name == wish.which.secret;
        is_it.then(|| Kept {
            item: secret.clone(),
            revision: kept.revision,
        })
    });
    known.next()
}

async fn save(context: &Context<'_>, secret: Secret, revision: Revision) -> Result<(), Failed> {
    let entry = Entry::Secret(Box::new(secret));
    let saved = context.store.save_entry(&entry, revision).await;
    saved.map(|_| ()).map_err(written)
}

async fn forget(context: &Context<'_>, secret: &Secret, revision: Revision) -> Result<(), Failed> {
    if revision == Revision(0) {
        return Ok(());
    }
    let forgotten = context.store.forget_entry(&secret.arn, revision).await;
    forgotten.map_err(written)
}

fn written(error: WriteError) -> Failed {
    let failure: Failure = error.into_failure();
    unavailable(&failure)
}
