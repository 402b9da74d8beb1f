//! The secrets of two estates are replaced on a local AWS, in the machine's time: adopted by a person,
//! rotated by hand, rolled out once somebody wrote a new one, and an older value that comes back.

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use nightshift_atlas::Atlas;
use serde_json::{Value, json};

use crate::estates::{PRODUCTION, R2E};
use crate::local::Deployment;
use crate::play::Audience;
use crate::secrets::{
    DATABASE_URL, DATADOG, FORMER_KEY, MONGODB_URI, OPENAI, R2E_URL, SIGNING_KEY, Secrets, arns,
};
use crate::stage::{Moment, Plays, Stage, document, parameter};

/// So often at most the function is invoked until a turn is over.
const TRIES: usize = 20;

/// What the function is deployed with.
#[must_use]
pub fn deployment(atlas: &Atlas) -> Deployment {
    Deployment::built()
        .with("RotatedSecrets", &arns())
        .with("AtlasUrl", &atlas.url())
}

/// How everything stands at the end.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Each thing that was looked at, with whether it is as it should be.
    pub facts: Vec<(String, bool)>,
    /// Everything that happened.
    pub moments: Vec<Moment>,
}

impl Found {
    /// Whether all is as it should be.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.facts.iter().all(|(_, good)| *good)
    }

    fn note(&mut self, what: impl Into<String>, good: bool) {
        self.facts.push((what.into(), good));
    }
}

/// Makes the two estates, and plays.
///
/// # Errors
/// When something of it cannot be made, or the function fails.
pub async fn play(
    stage: &mut Stage,
    atlas: &Atlas,
    language: &str,
    audience: &mut dyn Audience,
) -> Result<Found> {
    stage.plays = Plays::RotateSecrets;
    for estate in [PRODUCTION, R2E] {
        estate.create(&stage.local).await?;
    }
    stage.write_documents(&[PRODUCTION, R2E], language).await?;
    // What a person wrote is rolled out in the window, and this may be played at any hour.
    let document = document(R2E.name)?;
    let whole_day = "window: { hours: { daily: 00:00-24:00 }, holidays: ignored }";
    let open = document.replace("window: 10:00-16:00", whole_day);
    ensure!(open != document, "the example says its window otherwise");
    stage
        .local
        .put_document(&parameter(R2E.name), &open)
        .await?;
    let secrets = Secrets::make(&stage.local, atlas).await?;
    let mut play = Play {
        stage,
        secrets: &secrets,
        audience,
        found: Found::default(),
    };
    play.adopts().await?;
    play.replaces().await?;
    play.rolls_out_what_a_person_wrote().await?;
    play.tells_of_an_older_value().await?;
    Ok(play.found)
}

struct Play<'a> {
    stage: &'a Stage,
    secrets: &'a Secrets<'a>,
    audience: &'a mut dyn Audience,
    found: Found,
}

/// A command by hand.
#[must_use]
pub fn order(command: &str, estate: &str, secret: &str) -> Value {
    json!({
        "command": command, "estate": estate, "secret": secret,
        "by": "tanaka", "reason": "the demo",
    })
}

impl Play<'_> {
    async fn ask(&mut self, asked: &str, payload: &Value) -> Result<Value> {
        let moment = self.stage.ask(now(), asked, payload).await?;
        self.audience.moment(&moment);
        if let Some(failed) = &moment.failed {
            anyhow::bail!("{asked}: rotate-secrets failed: {failed}");
        }
        let answer = moment.answer.clone();
        self.found.moments.push(moment);
        Ok(answer)
    }

    /// Invokes until no secret of an estate is in a turn.
    async fn until_over(&mut self, estate: &str) -> Result<()> {
        for _ in 0..TRIES {
            let status = json!({ "command": "status", "estate": estate });
            let moment = self.stage.ask(now(), "status", &status).await?;
            let secrets = moment.answer["estates"][0]["secrets"].as_array();
            let secrets = secrets.context("a status without secrets")?;
            if secrets.iter().all(|secret| secret["turn"].is_null()) {
                return Ok(());
            }
            let again = json!({ "command": "reconcile", "estate": estate });
            self.ask("look again", &again).await?;
        }
        anyhow::bail!("the turn of {estate} does not end")
    }

    async fn adopts(&mut self) -> Result<()> {
        self.audience.act(
            "Secrets are replaced, and the services that read them rolled",
            "Parameters of production and secrets of r2e, on a real PostgreSQL and a local Atlas, in the machine's time",
        );
        for (estate, secret) in [
            (PRODUCTION.name, SIGNING_KEY),
            (PRODUCTION.name, DATABASE_URL),
            (PRODUCTION.name, MONGODB_URI),
            (PRODUCTION.name, DATADOG),
            (R2E.name, R2E_URL),
            (R2E.name, OPENAI),
        ] {
            let mut payload = order("adopt", estate, secret);
            payload["confirm"] = true.into();
            let asked = format!("adopt {secret}");
            let answer = self.stage.ask(now(), &asked, &payload).await?;
            ensure!(answer.answer["adopted"] == true, "{}", answer.answer);
        }
        self.audience.aside(
            now(),
            "tanaka adopts six secrets; before that they would only be reminded of",
        );
        Ok(())
    }

    async fn replaces(&mut self) -> Result<()> {
        for (estate, secret, service) in [
            (PRODUCTION, SIGNING_KEY, "bookmark-manager-production-api"),
            (PRODUCTION, DATABASE_URL, "bookmark-manager-production-web"),
            (PRODUCTION, MONGODB_URI, "bookmark-manager-production-api"),
            (R2E, R2E_URL, "r2e-api-service"),
        ] {
            let before = self.secrets.value(secret).await?;
            let deployment = self.secrets.deployment(&estate, service).await?;
            let asked = format!("rotate {secret}");
            let payload = order("rotate", estate.name, secret);
            self.ask(&asked, &payload).await?;
            self.until_over(estate.name).await?;
            let after = self.secrets.value(secret).await?;
            let rolled = self.secrets.deployment(&estate, service).await? != deployment;
            let found = &mut self.found;
            found.note(format!("{secret} is another one"), after != before);
            found.note(format!("the tasks of {service} were replaced"), rolled);
            if secret == SIGNING_KEY {
                let former = self.secrets.value(FORMER_KEY).await?;
                let good = former == before;
                found.note(format!("the former key is readable as {FORMER_KEY}"), good);
            } else {
                self.compares(secret, &before, &after).await;
            }
        }
        Ok(())
    }

    /// Two URLs of which the second was made from the first.
    async fn compares(&mut self, secret: &str, before: &str, after: &str) {
        let rest = |url: &str| url.split_once('@').map(|(_, rest)| rest.to_owned());
        let same = rest(before).is_some() && rest(before) == rest(after);
        let (old, new) = (
            self.secrets.connects(before).await.ok(),
            self.secrets.connects(after).await.ok(),
        );
        let found = &mut self.found;
        found.note(
            format!("{secret}: host, port, database and query are as they were"),
            same,
        );
        let said = |user: &Option<String>| user.clone().unwrap_or_else(|| "nobody".to_owned());
        let good = old.is_some() && new.is_some() && old != new;
        let what = format!(
            "{secret}: {} is in use, and {} works until the next time",
            said(&new),
            said(&old)
        );
        found.note(what, good);
    }

    async fn rolls_out_what_a_person_wrote(&mut self) -> Result<()> {
        let before = self.secrets.deployment(&R2E, "r2e-api-service").await?;
        self.secrets.write(OPENAI, "sk-of-its-issuer").await?;
        self.audience.aside(
            now(),
            &format!("somebody writes a new key, which only its issuer makes, to {OPENAI}"),
        );
        let look = json!({ "command": "reconcile", "estate": R2E.name });
        self.ask("look", &look).await?;
        self.until_over(R2E.name).await?;
        let after = self.secrets.deployment(&R2E, "r2e-api-service").await?;
        self.found
            .note(format!("{OPENAI} was rolled out"), before != after);
        Ok(())
    }

    async fn tells_of_an_older_value(&mut self) -> Result<()> {
        let service = "bookmark-manager-production-api";
        let older = self.secrets.value(FORMER_KEY).await?;
        let before = self.secrets.deployment(&PRODUCTION, service).await?;
        self.secrets.write(SIGNING_KEY, &older).await?;
        self.audience.aside(
            now(),
            &format!("an apply of Terraform puts the older value of {SIGNING_KEY} back"),
        );
        let look = json!({ "command": "reconcile", "estate": PRODUCTION.name });
        self.ask("look", &look).await?;
        let after = self.secrets.deployment(&PRODUCTION, service).await?;
        let told = self.found.moments.iter().flat_map(|moment| &moment.mail);
        let mut told = told.map(|mail| mail.news["told"]["rotation"].clone());
        let urgent = told.any(|told| told == "older_value");
        let found = &mut self.found;
        found.note("an older value that came back is told at once", urgent);
        found.note("and is not rolled out", before == after);
        Ok(())
    }
}

/// The machine's time, which the services of the local AWS go by.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the local AWS's services have the wall's time"
)]
pub fn now() -> Timestamp {
    Timestamp::now()
}
