//! A notice before an estate goes to sleep, and what people answer to it. A reaction is read by the
//! tick and becomes an order in the ledger with the name of who gave it; taking the reaction away
//! takes the order back. Nothing listens on the network for that.

use jiff::Timestamp;
use nightshift::{
    ledger::{Kept, Ledger, Order, Override, Revision, VERSION, store::WriteError},
    report::Failure,
};
use serde_json::{Value, json};

use crate::{
    choices::{AS_PLANNED, Choice, choices, shown},
    context::Context,
    deliver::Unsent,
    plan::{Bedtime, House},
    render::{self, Answer, blocks},
    signal::GoesToSleep,
    slack::{Secret, Trouble, Way},
};

/// The function that puts estates to sleep: an order is for it.
const SLEEPER: &str = "power-staging";
/// Why an order was given that came by a reaction.
const REASON: &str = "a reaction in Slack";

/// Puts the reactions under a notice that people choose from, and remembers it for the ticks.
///
/// # Errors
/// When Slack or the table refuses. The notice is told all the same, and lacks the choice.
pub async fn offer(
    context: &Context<'_>,
    goes: &GoesToSleep,
    channel: &str,
    ts: &str,
    house: &House,
) -> Result<(), Unsent> {
    let Way::Bot(token) = context.way(&house.slack).await? else {
        return Ok(());
    };
    let bedtime = Bedtime {
        estate: goes.estate.clone(),
        at: goes.at,
        channel: channel.to_owned(),
        ts: ts.to_owned(),
        answered: None,
    };
    context.outbox.watch_bedtime(&bedtime).await?;
    let offered = choices(goes.at, &house.zone);
    let faces = offered.iter().map(|choice| choice.reaction.as_str());
    for face in faces.chain([AS_PLANNED]) {
        let body = json!({ "channel": channel, "timestamp": ts, "name": face });
        match context
            .function
            .slack
            .call(&token, "reactions.add", &body)
            .await
        {
            Ok(_) => {}
            Err(Trouble::Refused { code, .. }) if code == "already_reacted" => {}
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Ok(())
}

/// Reads the reactions under a notice and follows them. Answers whether the notice is over.
///
/// # Errors
/// When Slack or the table refuses; the next tick tries again.
pub async fn follow(
    context: &Context<'_>,
    bedtime: &Bedtime,
    house: &House,
    ledger: &Ledger,
) -> Result<bool, Unsent> {
    let now = context.now();
    if now >= bedtime.at {
        context.outbox.forget_bedtime(&bedtime.estate).await?;
        return Ok(true);
    }
    let Way::Bot(token) = context.way(&house.slack).await? else {
        return Ok(false);
    };
    let reactions = reactions(context, &token, bedtime).await?;
    let us = myself(context, &token).await?;
    let offered = choices(bedtime.at, &house.zone);
    let chosen = chosen(&reactions, &offered, &us);
    let answer = chosen
        .as_ref()
        .map(|(face, user)| ((*face).to_owned(), (*user).to_owned()));
    if answer == bedtime.answered {
        return Ok(false);
    }
    let until = chosen.and_then(|(face, _)| {
        offered
            .iter()
            .find(|choice| choice.reaction == face)
            .map(|choice| choice.until)
    });
    let by = match &answer {
        Some((_, user)) => name_of(context, &token, user).await,
        None => String::new(),
    };
    write(context, bedtime, ledger, until, &by).await?;
    let mut next = bedtime.clone();
    next.answered.clone_from(&answer);
    context.outbox.watch_bedtime(&next).await?;
    let scene = house.scene(house.estate(&bedtime.estate), None, now);
    let shown = shown(&offered);
    let notice = render::Bedtime {
        estate: &bedtime.estate,
        account: &context.account,
        region: &context.function.settings.region,
        at: bedtime.at,
        choices: &shown,
        function: None,
    };
    let draft = if answer.is_some() {
        render::bedtime_answered(&notice, &Answer { who: &by, until }, &scene)
    } else {
        render::bedtime(&notice, &scene)
    };
    let message = blocks::message(&draft);
    context
        .function
        .slack
        .update(&token, &bedtime.channel, &bedtime.ts, message)
        .await?;
    Ok(false)
}

/// What people chose: the latest hour that anybody asks for, and who does; as planned when nobody
/// asks for more. Our own reactions are the ones to choose from.
fn chosen<'a>(
    reactions: &'a [(String, Vec<String>)],
    offered: &[Choice],
    us: &str,
) -> Option<(&'a str, &'a str)> {
    let of_people = |face: &str| {
        reactions
            .iter()
            .filter(|(name, _)| name == face)
            .find_map(|(name, users)| {
                let user = users.iter().find(|user| *user != us)?;
                Some((name.as_str(), user.as_str()))
            })
    };
    offered
        .iter()
        .rev()
        .find_map(|choice| of_people(&choice.reaction))
        .or_else(|| of_people(AS_PLANNED))
}

async fn reactions(
    context: &Context<'_>,
    token: &Secret,
    bedtime: &Bedtime,
) -> Result<Vec<(String, Vec<String>)>, Unsent> {
    let fields = [
        ("channel", bedtime.channel.as_str()),
        ("timestamp", bedtime.ts.as_str()),
        ("full", "true"),
    ];
    let slack = &context.function.slack;
    let answer = slack.form(token, "reactions.get", &fields).await?;
    let reactions = answer["message"]["reactions"].as_array();
    let texts = |value: &Value| {
        let all = value.as_array().into_iter().flatten();
        all.filter_map(|one| one.as_str().map(ToOwned::to_owned))
            .collect()
    };
    Ok(reactions
        .into_iter()
        .flatten()
        .filter_map(|one| Some((one["name"].as_str()?.to_owned(), texts(&one["users"]))))
        .collect())
}

/// The bot's own id.
async fn myself(context: &Context<'_>, token: &Secret) -> Result<String, Unsent> {
    if let Some(id) = context.function.bot() {
        return Ok(id);
    }
    let slack = &context.function.slack;
    let answer = slack.form(token, "auth.test", &[]).await?;
    let id = answer["user_id"].as_str().unwrap_or_default();
    context.function.is_bot(id);
    Ok(id.to_owned())
}

/// A person's name; the id where Slack does not tell it.
async fn name_of(context: &Context<'_>, token: &Secret, user: &str) -> String {
    let slack = &context.function.slack;
    let Ok(answer) = slack.form(token, "users.info", &[("user", user)]).await else {
        return user.to_owned();
    };
    let profile = &answer["user"]["profile"];
    [
        &profile["display_name"],
        &profile["real_name"],
        &answer["user"]["name"],
    ]
    .into_iter()
    .filter_map(Value::as_str)
    .find(|name| !name.is_empty())
    .unwrap_or(user)
    .to_owned()
}

/// Writes the order down, or takes it back. An order that a person gave otherwise stays.
async fn write(
    context: &Context<'_>,
    bedtime: &Bedtime,
    ledger: &Ledger,
    until: Option<Timestamp>,
    by: &str,
) -> Result<(), Unsent> {
    let now = context.now();
    let kept = ledger.overrides.get(&bedtime.estate);
    let is_ours = |kept: &&Kept<Override>| kept.item.reason == REASON;
    let theirs = kept.filter(|kept| kept.item.holds(now) && !is_ours(kept));
    let store = context.store(SLEEPER);
    let done = match (until, theirs) {
        // Somebody said more by other means.
        (Some(until), Some(theirs)) if theirs.item.until >= until => return Ok(()),
        (Some(until), _) => {
            let order = Override {
                version: VERSION,
                order: Order::Wake,
                until,
                by: by.to_owned(),
                reason: REASON.to_owned(),
                set_at: now,
                deployment: false,
            };
            let revision = kept.map_or(Revision(0), |kept| kept.revision);
            let saved = store.save_override(&bedtime.estate, &order, revision).await;
            saved.map(|_| ())
        }
        (None, _) => match kept.filter(is_ours) {
            Some(ours) => store.clear_override(&bedtime.estate, ours.revision).await,
            None => return Ok(()),
        },
    };
    done.map_err(|error: WriteError| Unsent::Table(error.into_failure()))?;
    tracing::info!(
        kind = "order",
        estate = bedtime.estate,
        until = until.map(|until| until.to_string()),
        who = by,
        why = REASON,
        "ordered"
    );
    let noted: Result<(), Failure> = store.note(&bedtime.estate).await;
    Ok(noted?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reactions(all: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
        all.iter()
            .map(|(face, users)| {
                let users = users.iter().map(ToString::to_string).collect();
                ((*face).to_owned(), users)
            })
            .collect()
    }

    fn offered() -> Vec<Choice> {
        ["clock10", "clock12"]
            .map(|face| Choice {
                reaction: face.to_owned(),
                emoji: String::new(),
                until: Timestamp::UNIX_EPOCH,
            })
            .to_vec()
    }

    #[test]
    fn the_latest_hour_that_a_person_asks_for_counts() {
        for (all, expected) in [
            (&[][..], None),
            (&[("clock10", &["US"][..]), ("x", &["US"])], None),
            (&[("clock10", &["US", "U1"])], Some(("clock10", "U1"))),
            (
                &[("clock10", &["U1"]), ("clock12", &["US", "U2"])],
                Some(("clock12", "U2")),
            ),
            (
                &[("clock10", &["U1"]), ("x", &["U2"])],
                Some(("clock10", "U1")),
            ),
            (&[("clock10", &["US"]), ("x", &["U2"])], Some(("x", "U2"))),
            (&[("thumbsup", &["U1"])], None),
        ] {
            let reactions = reactions(all);
            assert_eq!(chosen(&reactions, &offered(), "US"), expected, "{all:?}");
        }
    }
}
