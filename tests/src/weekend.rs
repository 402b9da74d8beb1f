//! The long weekend: from Friday 17:59 to Tuesday 09:10 over a Monday that is a holiday, with
//! everything that happens to staging meanwhile. The demo shows it, the tests hold it against what
//! was promised; here it only takes place.

use anyhow::{Context as _, Result, ensure};
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use nightshift::holidays;
use serde_json::json;

use crate::aws::{ACCOUNT, AUTOSCALING, ECS, REGION};
use crate::estates::{self, BLOG, BOOKMARK_MANAGER, Estate, R2E};
use crate::gateway::Call;
use crate::local::{Deployment, LocalAws};
use crate::play::{Audience, Play, Played, at};
use crate::stage::{Stage, event, parameter};

/// For how many looks a database shows that it is on its way: one by the function and one by us in
/// each played minute.
pub const LOOKS: u32 = 4;

/// The service that a person starts in the night, and the count that is theirs.
pub const BY_HAND: (&str, &str, i64) = ("blog-aws-practice-cluster", "blog-aws-practice-api", 2);

/// The service that is deployed in the night.
pub const DEPLOYED: (&str, &str) = (
    "bookmark-manager-staging-cluster",
    "bookmark-manager-staging-api",
);

/// Whether a company like the estates' is closed on a date, whatever its weekday.
pub(crate) fn is_off(date: Date) -> bool {
    let year_end = (date.month(), date.day()) >= (12, 29) || (date.month(), date.day()) <= (1, 3);
    year_end || holidays::japan(date).is_some()
}

/// The holiday Monday that the weekend ends with: the first of which the Friday is yet to come, and
/// the Friday and the Tuesday are working days like others.
///
/// # Errors
/// When no year has one, which would be news.
pub fn monday_after(today: Date) -> Result<Date> {
    today
        .series(1.day())
        .skip(8)
        .take(800)
        .find(|date| {
            let near = |days: i64| date.saturating_add(days.days());
            date.weekday() == Weekday::Monday
                && is_off(*date)
                && !is_off(near(-3))
                && !is_off(near(-2))
                && !is_off(near(1))
        })
        .context("no long weekend in two years")
}

/// Deploys with the schedule on, lets it fire once on the wall's clock, and disables it again, so
/// that the wall's time and played time do not mix. The documents of that look are open around the
/// clock, so that it finds everything as it should be, whatever the hour.
///
/// # Errors
/// When something cannot be made, or the schedule does not fire.
pub async fn set_the_stage(
    local: LocalAws,
    deployment: Deployment,
    language: &str,
    mut progress: impl FnMut(&str),
) -> Result<(Stage, Vec<Call>)> {
    progress("Deploying template.yaml with `sam deploy`");
    let stage = Stage::on(local, &deployment.with("Schedule", "ENABLED")).await?;
    progress("Creating the estates 1, 3 and 4 with ECS, Auto Scaling and RDS calls");
    for estate in estates::ALL {
        estate.create(&stage.local).await?;
    }
    let company = "version: 1\ntime_zone: Asia/Tokyo\nlanguage: en\n";
    stage
        .local
        .put_document("/nightshift/company", company)
        .await?;
    for estate in estates::ALL {
        let document = around_the_clock(&estate);
        let name = parameter(estate.name);
        stage.local.put_document(&name, &document).await?;
    }
    progress("Waiting for the schedule to fire by itself (within 70 s of its creation)");
    let calls = until_it_fires(&stage).await?;
    stage.local.set_schedule(&stage.stack, false).await?;
    stage.write_documents(&estates::ALL, language).await?;
    Ok((stage, calls))
}

fn around_the_clock(estate: &Estate) -> String {
    format!(
        "version: 1\nsleep:\n  calendar:\n    hours: {{ daily: 00:00-24:00 }}\n    holidays: ignored\n  cluster: {}\n  databases: [{}]\n",
        estate.cluster,
        estate.database.name(),
    )
}

/// A document that never opens, or one that is always open.
#[must_use]
pub fn always(estate: &Estate, open: bool) -> String {
    let document = around_the_clock(estate);
    if open {
        document
    } else {
        document.replace("00:00-24:00", "closed")
    }
}

async fn until_it_fires(stage: &Stage) -> Result<Vec<Call>> {
    let _ = stage.local.gateway.take_calls();
    let mut calls = Vec::new();
    for _ in 0..500 {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        calls.extend(stage.local.gateway.take_calls());
        // Each estate's lease is given back with the last call of a look at it.
        let writes = calls.iter().filter(|call| call.action == "UpdateItem");
        if writes.count() >= 2 * estates::ALL.len() {
            // The invocation itself still has to end.
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            calls.extend(stage.local.gateway.take_calls());
            return Ok(calls);
        }
    }
    let log = stage.local.log(&stage.stack.function).await?;
    anyhow::bail!(
        "the schedule has not fired in 100 s; the function's log:\n{}",
        log.join("\n")
    )
}

/// Plays it all.
///
/// # Errors
/// When the local AWS is broken, or the function fails where nothing is wrong.
pub async fn play(stage: &Stage, monday: Date, audience: &mut dyn Audience) -> Result<Played> {
    stage.local.gateway.databases_take(LOOKS);
    let before = stage.local.snapshot().await?;
    let mut expected = before.clone();
    let by_hand = expected
        .services
        .get_mut(&format!("{}/{}", BY_HAND.0, BY_HAND.1))
        .context("the service that is started by hand is not there")?;
    (by_hand.desired, by_hand.running) = (BY_HAND.2, BY_HAND.2);

    let mut play = Play::on(stage, audience);
    let day = |days: i64| monday.saturating_add(days.days());
    play.friday(day(-3)).await?;
    play.saturday(day(-2)).await?;
    play.deployment_in_the_night(day(-2)).await?;
    play.sunday(day(-1)).await?;
    play.holiday(monday).await?;
    play.tuesday(day(1)).await?;
    let acts = play.acts;
    Ok(Played {
        acts,
        before,
        expected,
        after: stage.local.snapshot().await?,
    })
}

impl Play<'_> {
    async fn friday(&mut self, friday: Date) -> Result<()> {
        self.act(
            "Friday 17:59",
            "Everything is awake, and nothing is to be done.",
        );
        self.tick(at(friday, "17:59")?).await?;

        self.act(
            "blog-aws-practice closes at 18:00",
            "Saved and set to 0; when nothing runs any more, the Aurora cluster is stopped.",
        );
        self.settle(at(friday, "18:00")?).await?;

        self.act(
            "A load test",
            "tanaka keeps bookmark-manager-staging awake; it closes at 19:00 otherwise.",
        );
        let mut wake = event("wake")?;
        wake["until"] = "22:00".into();
        self.say(
            at(friday, "18:47")?,
            "tanaka: wake until 22:00, load test",
            wake,
        )
        .await?;
        self.tick(at(friday, "19:00")?).await?;

        self.act(
            "Late and twice",
            "EventBridge delivers 'cluster stopped' an hour late, and once more. No event carries an order.",
        );
        let stopped = event("rds-cluster-stopped")?;
        let late = at(friday, "19:05")?;
        self.say(
            late,
            "RDS event: blog-aws-practice-aurora stopped",
            stopped.clone(),
        )
        .await?;
        let again = late.checked_add(SignedDuration::from_secs(4))?;
        self.say(again, "the same event once more", stopped).await?;
        self.settle(at(friday, "19:06")?).await?;

        self.act(
            "r2e closes at 20:00",
            "Its service is under auto scaling with a minimum of 1: all scaling is suspended first, the bounds stay.",
        );
        self.settle(at(friday, "20:00")?).await?;

        self.act(
            "The load test ends at 22:00",
            "The override expires, and bookmark-manager-staging goes to sleep by itself.",
        );
        self.settle(at(friday, "22:00")?).await?;

        self.act(
            "The night",
            "A tick of settled estates costs one read of the table; a full look comes every ten minutes.",
        );
        let night = at(friday, "23:00")?;
        self.settle(night).await?;
        for minute in 2..5 {
            self.tick(night.checked_add(SignedDuration::from_mins(minute))?)
                .await?;
        }
        Ok(())
    }

    async fn saturday(&mut self, saturday: Date) -> Result<()> {
        self.act(
            "r2e works on Saturday, 10:00-12:00 and 13:00-17:00",
            "It is woken a lead time earlier: 20 minutes at first, then as long as waking takes.",
        );
        let wake = self.due(R2E.name)?;
        ensure!(
            wake < at(saturday, "10:00")?,
            "r2e would not be woken for Saturday"
        );
        self.settle(wake).await?;
        self.tick(at(saturday, "10:00")?).await?;
        self.settle(at(saturday, "12:00")?).await?;
        let wake = self.due(R2E.name)?;
        self.settle(wake).await?;
        self.settle(at(saturday, "17:00")?).await
    }

    async fn deployment_in_the_night(&mut self, saturday: Date) -> Result<()> {
        self.act(
            "A deployment in the night",
            "CI forces a deployment of bookmark-manager-staging-api, which sleeps. The estate is woken for it, database first.",
        );
        let night = at(saturday, "22:00")?;
        let (cluster, service) = DEPLOYED;
        let input = json!({ "cluster": cluster, "service": service, "forceNewDeployment": true });
        self.stage
            .local
            .aws
            .json(ECS, "UpdateService", &input)
            .await?;
        self.audience.aside(
            night,
            &format!("CI: aws ecs update-service --service {service} --force-new-deployment"),
        );
        let mut completed = event("ecs-deployment-completed")?;
        completed["time"] = night.to_string().into();
        self.say(night, "ECS event: SERVICE_DEPLOYMENT_COMPLETED", completed)
            .await?;
        self.settle(night.checked_add(SignedDuration::from_mins(1))?)
            .await?;

        self.act(
            "Two hours later",
            "Nobody asked for more: it goes to sleep again.",
        );
        let order = self.report(BOOKMARK_MANAGER.name)?.wanted.clone();
        let until = order.and_then(|wanted| wanted.until);
        self.settle(until.context("the deployment's order has no end")?)
            .await
    }

    async fn sunday(&mut self, sunday: Date) -> Result<()> {
        let (cluster, service, count) = BY_HAND;
        self.act(
            "Somebody's hand",
            "sato starts the sleeping blog-aws-practice-api with 2 tasks. It is not fought at once, and the 2 are what returns.",
        );
        let night = at(sunday, "03:00")?;
        let input = json!({ "cluster": cluster, "service": service, "desiredCount": count });
        self.stage
            .local
            .aws
            .json(ECS, "UpdateService", &input)
            .await?;
        self.audience.aside(
            night,
            &format!("sato: aws ecs update-service --service {service} --desired-count {count}"),
        );
        let mut steady = event("ecs-service-steady-state")?;
        steady["time"] = night.to_string().into();
        let arn = format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/{cluster}/{service}");
        steady["resources"] = json!([arn]);
        self.say(night, "ECS event: SERVICE_STEADY_STATE", steady)
            .await?;
        self.tick(at(sunday, "03:10")?).await?;
        let over = self.due(BLOG.name)?;
        self.settle(over).await?;

        self.act(
            "Terraform registers r2e's scalable target",
            "AWS clamps the count into the bounds: 1. That is nobody's wish, and replaces nothing.",
        );
        let morning = at(sunday, "05:00")?;
        let input = json!({
            "ServiceNamespace": "ecs",
            "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": format!("service/{}/{}", R2E.cluster, R2E.services[0].name),
            "MinCapacity": 1,
            "MaxCapacity": 5,
        });
        self.stage
            .local
            .aws
            .json(AUTOSCALING, "RegisterScalableTarget", &input)
            .await?;
        self.audience.aside(
            morning,
            "terraform apply: RegisterScalableTarget r2e-api-service 1..5",
        );
        self.tick(morning).await?;
        let over = self.due(R2E.name)?;
        self.settle(over).await
    }

    async fn holiday(&mut self, monday: Date) -> Result<()> {
        let name = holidays::japan(monday).map_or("a holiday", |holiday| holiday.name_en);
        self.act(
            &format!("Monday is {name}"),
            "A Monday by its weekday, and a holiday by the calendar: all sleep on.",
        );
        for time in ["08:30", "09:00", "12:00"] {
            self.tick(at(monday, time)?).await?;
        }
        Ok(())
    }

    async fn tuesday(&mut self, tuesday: Date) -> Result<()> {
        self.act(
            "Tuesday morning",
            "Each estate is woken early enough to be usable when it opens.",
        );
        let mut dues = Vec::new();
        for estate in estates::ALL {
            dues.push(self.due(estate.name)?);
        }
        dues.sort_unstable();
        dues.dedup();
        let mut reached = Timestamp::MIN;
        for due in dues {
            // What wakes while another does is looked at with it.
            if due > reached {
                self.settle(due).await?;
                reached = self.last_at();
            }
        }
        let end = at(tuesday, "09:10")?;
        ensure!(reached < end, "it is {reached} before all are ready");
        self.tick(end).await?;
        let status = json!({ "command": "status", "estate": "all" });
        self.say(end, "CI: status of all", status).await
    }
}
