//! Production's week with a holiday: from Friday 21:40 to the Saturday after the next one's 07:10, with
//! everything that happens to it meanwhile. The demo shows it, the tests hold it against what was
//! promised; here it only takes place.

use anyhow::{Context as _, Result, ensure};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use nightshift::holidays;
use serde_json::json;

use crate::alarms::{self, BRAKES};
use crate::aws::{AUTOSCALING, ECS};
use crate::estates::{Database, Estate, PRODUCTION};
use crate::local::{Deployment, Target};
use crate::play::{Audience, Play, Played, at};
use crate::stage::{Plays, Stage, document, parameter};
use crate::weekend;

/// The service under auto scaling, as targets name it.
pub const API: &str = "service/bookmark-manager-production-cluster/bookmark-manager-production-api";
/// The service with a fixed count.
pub const WEB: &str = "bookmark-manager-production-web";
/// The day's minimum from Tuesday on, which somebody sets by Terraform.
pub const RAISED: u32 = 3;
/// What somebody sets it to in a night.
pub const BY_HAND: u32 = 2;

/// Production with a database that has something to take away: it is at the floor as it was made.
pub const ESTATE: Estate = Estate {
    database: Database::Serverless {
        name: "bookmark-manager-production-aurora",
        members: [
            "bookmark-manager-production-aurora-1",
            "bookmark-manager-production-aurora-2",
        ],
        range: ("2", "16"),
    },
    ..PRODUCTION
};

/// The document from the examples, with the database's capacity lowered at night.
///
/// # Errors
/// When the example is gone, or says otherwise what becomes of the database.
pub fn lowering() -> Result<String> {
    const KEPT: &str = "bookmark-manager-production-aurora: keep";

    let text = document(PRODUCTION.name)?;
    ensure!(text.contains(KEPT), "the example does not say `{KEPT}`");
    Ok(text.replace(KEPT, "bookmark-manager-production-aurora: 0.5"))
}

/// Deploys, and makes production with its document and its brakes.
///
/// # Errors
/// When something of it cannot be made.
pub async fn set_the_stage(deployment: &Deployment) -> Result<Stage> {
    let mut stage = Stage::set(deployment, &[]).await?;
    furnish(&mut stage).await?;
    Ok(stage)
}

/// Makes production with its document and its brakes, and lets scale-production be played from now on.
///
/// # Errors
/// When something of it cannot be made.
pub async fn furnish(stage: &mut Stage) -> Result<()> {
    let local = &stage.local;
    ESTATE.create(local).await?;
    alarms::make_brakes(&local.aws).await?;
    local
        .put_document(&parameter(ESTATE.name), &lowering()?)
        .await?;
    stage.plays = Plays::ScaleProduction;
    Ok(())
}

/// Lets target tracking set api's count within the bounds that it finds; says what that was before.
///
/// # Errors
/// When the bounds do not allow that, or the local AWS is broken.
pub async fn scale(stage: &Stage, at: Timestamp, to: u32) -> Result<u32> {
    let local = &stage.local;
    let name = API.trim_start_matches("service/");
    let (cluster, service) = name.split_once('/').context("no service")?;
    let snapshot = local.snapshot().await?;
    let found = snapshot.services.get(name).context("no api")?;
    let bounds = found.target.context("no scalable target")?;
    ensure!(
        (bounds.min..=bounds.max).contains(&i64::from(to)),
        "auto scaling cannot set {to} within {bounds:?}"
    );
    let input = json!({ "cluster": cluster, "service": service, "desiredCount": to });
    local.aws.json(ECS, "UpdateService", &input).await?;
    let from = u32::try_from(found.desired)?;
    local.gateway.scaled(API, at, from, to);
    Ok(from)
}

/// The holiday Monday of the week: that of the first long weekend whose Sunday is one like others, as
/// are the four working days after it.
///
/// # Errors
/// When no year has one, which would be news.
pub fn monday_after(today: Date) -> Result<Date> {
    let mut monday = weekend::monday_after(today)?;
    let is_off = |monday: Date, days: i64| weekend::is_off(monday.saturating_add(days.days()));
    while [-1, 1, 2, 3, 4].iter().any(|days| is_off(monday, *days)) {
        monday = weekend::monday_after(monday)?;
    }
    Ok(monday)
}

/// Plays it all.
///
/// # Errors
/// When the local AWS is broken, or the function fails where nothing is wrong.
pub async fn play(stage: &Stage, monday: Date, audience: &mut dyn Audience) -> Result<Played> {
    let before = stage.local.snapshot().await?;
    let mut expected = before.clone();
    let api = API.trim_start_matches("service/");
    let raised = expected.services.get_mut(api).context("no api")?;
    let count = i64::from(RAISED);
    (raised.desired, raised.running) = (count, count);
    raised.target = raised.target.map(|target| Target {
        min: count,
        ..target
    });

    let mut play = Play::on(stage, audience);
    let day = |days: i64| monday.saturating_add(days.days());
    play.an_evening(day(-3)).await?;
    play.a_brake(day(-2)).await?;
    play.a_holiday(monday).await?;
    play.terraform_by_day(day(1)).await?;
    play.a_load(day(2)).await?;
    play.a_hand(day(3)).await?;
    play.terraform_by_night(day(4)).await?;
    let acts = play.acts;
    Ok(Played {
        acts,
        before,
        expected,
        after: stage.local.snapshot().await?,
    })
}

impl Play<'_> {
    async fn an_evening(&mut self, friday: Date) -> Result<()> {
        self.act(
            "Friday 21:40",
            "Everything has its day's size. How loaded it is, is known a quarter of an hour later.",
        );
        self.tick(at(friday, "21:40")?).await?;

        self.act(
            "The shop closes at 22:00",
            "The day is saved, then lowered: a minimum, a count, a smallest capacity. Auto scaling does the rest.",
        );
        self.settle(at(friday, "22:00")?).await?;
        for minute in ["22:03", "22:04", "22:05"] {
            self.tick(at(friday, minute)?).await?;
        }
        self.scale(at(friday, "22:16")?, 1).await?;
        self.sleep_on(friday).await?;
        self.morning(friday).await
    }

    async fn a_brake(&mut self, saturday: Date) -> Result<()> {
        self.act(
            "An alarm rings on Saturday at 21:58",
            "It is a brake in the document: nothing is made smaller until it is over.",
        );
        let [alarm, ..] = BRAKES;
        self.ring(at(saturday, "21:58")?, alarm, true).await?;
        for minute in ["22:00", "22:01", "22:06", "22:12"] {
            self.tick(at(saturday, minute)?).await?;
        }
        self.ring(at(saturday, "22:13")?, alarm, false).await?;
        self.settle(at(saturday, "22:14")?).await?;
        self.scale(at(saturday, "22:30")?, 1).await?;
        self.sleep_on(saturday).await?;
        self.morning(saturday).await
    }

    async fn a_holiday(&mut self, monday: Date) -> Result<()> {
        let name = holidays::japan(monday).map_or("a holiday", |holiday| holiday.name_en);
        self.act(
            &format!("Monday is {name}"),
            "Small from Sunday 22:00 to Tuesday morning, and able to grow at any moment: auto scaling does at noon.",
        );
        let sunday = monday.saturating_sub(1.day());
        self.settle(at(sunday, "22:00")?).await?;
        self.scale(at(sunday, "22:16")?, 1).await?;
        self.sleep_on(sunday).await?;
        for time in ["06:40", "07:00", "09:00", "11:00"] {
            self.tick(at(monday, time)?).await?;
        }
        self.scale(at(monday, "12:00")?, 4).await?;
        self.tick(at(monday, "12:01")?).await?;
        self.tick(at(monday, "12:10")?).await?;
        self.scale(at(monday, "14:00")?, 1).await?;
        for time in ["14:01", "16:00", "18:00", "20:00", "22:00"] {
            self.tick(at(monday, time)?).await?;
        }
        self.sleep_on(monday).await?;
        self.morning(monday).await
    }

    async fn terraform_by_day(&mut self, tuesday: Date) -> Result<()> {
        self.act(
            "Terraform raises the minimum on Tuesday at 14:00",
            "That is the day from now on: it is what the next night saves and gives back.",
        );
        self.tick(at(tuesday, "13:50")?).await?;
        let apply = at(tuesday, "14:00")?;
        self.register(apply, "terraform apply", RAISED).await?;
        self.tick(apply).await?;

        self.act(
            "A deployment at 21:58",
            "While it rolls out nothing is made smaller.",
        );
        self.tick(at(tuesday, "21:50")?).await?;
        self.deploy(at(tuesday, "21:58")?, true);
        for minute in ["22:00", "22:05"] {
            self.tick(at(tuesday, minute)?).await?;
        }
        self.deploy(at(tuesday, "22:09")?, false);
        self.settle(at(tuesday, "22:10")?).await?;
        self.scale(at(tuesday, "22:26")?, 1).await?;
        self.sleep_on(tuesday).await?;
        self.morning(tuesday).await
    }

    async fn a_load(&mut self, wednesday: Date) -> Result<()> {
        self.act(
            "web is busy on Wednesday night",
            "Two tasks at 35 % are not one: it keeps both. api is under auto scaling, which decides by itself.",
        );
        let busy = at(wednesday, "21:00")?;
        self.stage.local.gateway.measure(move |metric, at| {
            let is_web = metric
                .dimensions
                .get("ServiceName")
                .is_some_and(|name| name == WEB);
            (is_web && at >= busy).then_some(35.0)
        });
        self.tick(at(wednesday, "21:50")?).await?;
        for minute in ["22:00", "22:01", "22:02"] {
            self.tick(at(wednesday, minute)?).await?;
        }
        self.scale(at(wednesday, "22:16")?, 1).await?;
        self.sleep_on(wednesday).await?;
        self.stage.local.gateway.measure(|_, _| None);
        self.morning(wednesday).await
    }

    async fn a_hand(&mut self, thursday: Date) -> Result<()> {
        self.act(
            "Somebody's hand on Friday at 02:00",
            "sato sets api's minimum to 2. It is not fought, is told once, and the day's 3 return in the morning.",
        );
        self.tick(at(thursday, "21:50")?).await?;
        self.settle(at(thursday, "22:00")?).await?;
        self.scale(at(thursday, "22:16")?, 1).await?;
        self.tick(at(thursday, "23:00")?).await?;
        let friday = thursday.saturating_add(1.day());
        self.tick(at(friday, "01:00")?).await?;
        self.register(at(friday, "02:00")?, "sato", BY_HAND).await?;
        for hour in ["02:01", "03:00", "05:00"] {
            self.tick(at(friday, hour)?).await?;
        }
        self.morning(thursday).await
    }

    async fn terraform_by_night(&mut self, friday: Date) -> Result<()> {
        self.act(
            "An apply of Terraform on Friday at 23:30",
            "It puts the day's size back. That has an hour's grace and is told, then the night goes on.",
        );
        self.tick(at(friday, "21:50")?).await?;
        self.settle(at(friday, "22:00")?).await?;
        self.scale(at(friday, "22:16")?, 1).await?;
        self.tick(at(friday, "23:00")?).await?;
        let apply = at(friday, "23:30")?;
        self.register(apply, "terraform apply", RAISED).await?;
        self.tick(apply).await?;
        self.tick(at(friday, "23:59")?).await?;
        let saturday = friday.saturating_add(1.day());
        self.settle(at(saturday, "00:30")?).await?;
        self.scale(at(saturday, "00:50")?, 1).await?;
        for hour in ["02:00", "05:00"] {
            self.tick(at(saturday, hour)?).await?;
        }
        self.morning(friday).await?;
        let end = at(saturday, "07:10")?;
        self.tick(end).await?;
        let status = json!({ "command": "status", "estate": ESTATE.name });
        self.say(end, "status", status).await
    }

    /// Looks every other hour, from 23:00 of an evening to 5:00.
    async fn sleep_on(&mut self, evening: Date) -> Result<()> {
        let midnight = at(evening, "00:00")?;
        for hour in [23, 25, 27, 29] {
            self.tick(midnight.checked_add(SignedDuration::from_hours(hour))?)
                .await?;
        }
        Ok(())
    }

    /// The morning after an evening: the day's size returns in time for seven o'clock.
    async fn morning(&mut self, evening: Date) -> Result<()> {
        let opening = at(evening.saturating_add(1.day()), "07:00")?;
        let wanted = self.report(ESTATE.name)?.wanted.clone();
        let begins = wanted.and_then(|wanted| wanted.until);
        let begins = begins.context("the night has no end")?;
        ensure!(begins < opening, "the day begins to return at {begins}");
        self.settle(begins).await?;
        self.tick(opening).await
    }

    /// Lets auto scaling set api's count.
    async fn scale(&mut self, at: Timestamp, to: u32) -> Result<()> {
        let from = scale(self.stage, at, to).await?;
        let service = API.rsplit('/').next().unwrap_or_default();
        self.audience
            .aside(at, &format!("auto scaling: {service} {from} → {to}"));
        Ok(())
    }

    /// Somebody registers the target with another minimum.
    async fn register(&mut self, at: Timestamp, who: &str, min: u32) -> Result<()> {
        let input = json!({
            "ServiceNamespace": "ecs",
            "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": API,
            "MinCapacity": min,
            "MaxCapacity": 10,
        });
        let aws = &self.stage.local.aws;
        aws.json(AUTOSCALING, "RegisterScalableTarget", &input)
            .await?;
        let service = API.rsplit('/').next().unwrap_or_default();
        self.audience.aside(
            at,
            &format!("{who}: RegisterScalableTarget {service} {min}..10"),
        );
        Ok(())
    }

    async fn ring(&mut self, at: Timestamp, alarm: &str, rings: bool) -> Result<()> {
        alarms::set_brake(&self.stage.local.aws, alarm, rings).await?;
        let what = if rings { "rings" } else { "is over" };
        self.audience.aside(at, &format!("{alarm} {what}"));
        Ok(())
    }

    fn deploy(&mut self, at: Timestamp, under_way: bool) {
        self.stage.local.gateway.deploys(WEB, under_way);
        let what = if under_way {
            "CI: aws ecs update-service --force-new-deployment"
        } else {
            "the deployment is complete:"
        };
        self.audience.aside(at, &format!("{what} {WEB}"));
    }
}
