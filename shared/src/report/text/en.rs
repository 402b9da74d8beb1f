//! English. `Mode: watch` turns what nightshift does into what it would do.

mod rollback;
mod rotation;
mod slim;

use jiff::Timestamp;

use super::{
    Day, HOURS_A_MONTH, LINES, LISTED, MESSAGE, NAME, PERSON, Place, Thing, Told, Tongue, Unit,
    all_run, amount, clean, code, is_rds, is_scalable_target, monthly, needs_somebody, parts, rate,
    said, seconds, short, shown_minutes, sign, slept_seconds, some, tag_command, thing,
    wake_command, word,
};
use crate::{
    config::Problem,
    kind::{Arn, Kind, Lever, Never, Suspension},
    ledger::{Order, Phase},
    report::{
        Cause, Change, Count, CountChange, Deed, Diagnosis, Failure, Finding, Money, News, Report,
        Row, State, Why, rollback::Story,
    },
};

/// English, in one place.
pub(super) struct English<'a>(pub(super) &'a Place<'a>);

impl Tongue for English<'_> {
    #[allow(clippy::too_many_lines, reason = "one arm for each news")]
    fn news(&self, news: &News) -> Told {
        if self.0.slims()
            && let Some(told) = self.slimming(news)
        {
            return told;
        }
        let estate = self.estate();
        match news {
            News::Ready { opening, .. } => (self.ready_title(*opening), self.ready(news)),
            News::Asleep {
                began,
                services,
                databases,
                until,
            } => self.asleep(*began, *services, *databases, *until),
            News::Overridden {
                order,
                until,
                who,
                reason,
                set_at,
            } => self.overridden(*order, *until, &person(who), &because(reason), *set_at),
            News::DeploymentWoke { deployment, until } => (
                format!(
                    "🕙 {estate} {} until {} (nothing for you to do)",
                    self.or("is woken by a deployment and stays up", "would be woken by a deployment and stay up"),
                    self.until(*until)
                ),
                vec![format!(
                    "Deployment {} came while it slept. It {} by itself {} (unless it is open then).",
                    code(deployment),
                    self.or("goes to sleep", "would go to sleep"),
                    self.at(*until)
                )],
            ),
            News::DeploymentInTheDark {
                service,
                deployment,
            } => (
                format!("🌙 {estate} sleeps on although {} was deployed (nothing for you to do)", code(service)),
                self.or_wake(
                    format!(
                        "Deployment {} was made at count 0, so none of its tasks has run yet: it is tried when the estate wakes, and you hear if it fails.",
                        code(deployment)
                    ),
                    "To try it now",
                    self.0.now,
                ),
            ),
            News::DarkReleaseFails {
                service,
                deployment,
                running,
                desired,
            } => (
                format!("⚠️ {estate} is not fully usable: a release of {} does not run (needs you)", code(service)),
                vec![
                    format!(
                        "{running} of {desired} tasks run. Deployment {} was made while the estate slept, at count 0, and is tried only now.",
                        code(deployment)
                    ),
                    "Read the service's events and the stopped tasks' reasons in the ECS console, then deploy a version that runs.".to_owned(),
                ],
            ),
            News::NotYet {
                resource,
                wanted,
                cause,
                since,
                again_at,
            } => {
                let mut lines = vec![format!(
                    "{} You hear again after {} if it lasts.",
                    self.sentence(resource, *wanted, cause, *since),
                    self.clock(*again_at)
                )];
                lines.extend(every_night(*wanted, cause).map(str::to_owned));
                (
                    match wanted {
                        State::Asleep => format!(
                            "🕐 {estate}: {} is not asleep yet (nothing for you to do)",
                            subject(resource, cause)
                        ),
                        State::Awake => format!(
                            "🕐 {estate}: {} is not usable yet (nothing for you to do but wait)",
                            subject(resource, cause)
                        ),
                        State::Night => format!(
                            "🕐 {estate}: {} is not smaller yet (nothing for you to do)",
                            code(resource)
                        ),
                        State::Day => format!(
                            "🕐 {estate}: {} is not at its day's size yet (nothing for you to do but wait)",
                            code(resource)
                        ),
                    },
                    lines,
                )
            }
            News::Stuck {
                resource,
                wanted,
                cause,
                since,
            } => (
                match wanted {
                    State::Asleep => format!(
                        "⚠️ {estate}: {} does not go to sleep (needs you; users not affected)",
                        subject(resource, cause)
                    ),
                    State::Awake => format!(
                        "⚠️ {estate} is not usable: {} does not wake (needs you)",
                        subject(resource, cause)
                    ),
                    State::Night => format!(
                        "⚠️ {estate}: {} does not get smaller (needs you; users not affected)",
                        code(resource)
                    ),
                    State::Day => format!(
                        "⚠️ {estate}: {} does not grow (needs you; users may be affected)",
                        code(resource)
                    ),
                },
                vec![
                    format!(
                        "{} That is longer than the document's `stuck_after` allows.",
                        self.sentence(resource, *wanted, cause, *since)
                    ),
                    self.mend(cause),
                ],
            ),
            News::NeverStops {
                resource,
                never,
                hourly,
            } => (
                format!(
                    "🚫 {estate}: {} can never be stopped (one line of configuration to mend; users not affected)",
                    code(resource)
                ),
                never_stops_lines(resource, *never, hourly.as_ref()),
            ),
            News::AwakeByHand {
                resource,
                count,
                since,
                until,
            } => {
                let count = count.map_or_else(String::new, |count| format!(" with a count of {count}"));
                (
                    format!(
                        "🕙 {estate}: somebody started {}; it {} {} (nothing for you to do)",
                        code(resource),
                        self.or("goes back to sleep", "would go back to sleep"),
                        self.at(*until)
                    ),
                    self.or_wake(
                        format!("First seen {}{count}, while the estate should sleep.", self.at(*since)),
                        "To keep the estate awake",
                        *until,
                    ),
                )
            }
            News::Clamped {
                resource,
                count,
                saved,
            } => (
                format!(
                    "↩️ {estate}: auto scaling raised {} to {count}; it {} 0 (nothing for you to do)",
                    code(resource),
                    self.or("goes back to", "would go back to")
                ),
                vec![format!(
                    "Somebody registered its scalable target while it slept (a Terraform apply does), so AWS set the count to the minimum, {count}. At waking {saved} {}.",
                    self.or("returns", "would return")
                )],
            ),
            News::RolloutEnded {
                service,
                deployment,
            } => (
                format!(
                    "🌙 {estate} {} while {} was being deployed (nothing for you to do now)",
                    self.or("went to sleep", "would have gone to sleep"),
                    code(service)
                ),
                vec![format!(
                    "Deployment {} was not complete and is not proven. It goes on when the estate wakes, and you hear if it fails.",
                    code(deployment)
                )],
            ),
            News::RestartedByAws { resource } => (
                format!(
                    "🌙 {estate}: AWS started {}; it {} again (nothing for you to do)",
                    code(resource),
                    self.or("is stopped", "would be stopped")
                ),
                vec!["AWS starts a database by itself when it was stopped for seven days.".to_owned()],
            ),
            News::Gone { resource, saved } => (
                format!("⚠️ {estate}: {} is gone (was that meant?)", code(resource)),
                vec![
                    format!(
                        "It was put to sleep and is not found any more, so it cannot be woken.{}",
                        saved.map_or_else(String::new, |saved| format!(" Its saved count was {saved}."))
                    ),
                    "If it was deleted on purpose, take it out of the estate's document; if not, make it again.".to_owned(),
                ],
            ),
            News::NotFound { resource } => (
                format!(
                    "⚠️ {estate}: {} is in the document, but not in AWS (one line of configuration to mend; users not affected)",
                    code(resource)
                ),
                vec!["Correct the name in the estate's document, or take it out. It must be in the account and Region below.".to_owned()],
            ),
            News::NoConsent { arn, found, asleep } => self.no_consent(arn, found.as_deref(), *asleep),
            News::Rivals {
                arn,
                estates,
                keeper,
            } => (
                format!(
                    "⚠️ {estate}: {} is claimed by several estates (one line of configuration to mend; users not affected)",
                    resource_of(arn)
                ),
                vec![
                    format!(
                        "{} claim it. {}",
                        names(estates),
                        keeper.as_ref().map_or_else(
                            || "Nobody changes it until that is mended.".to_owned(),
                            |keeper| format!("{} keeps it until that is mended.", code(keeper))
                        )
                    ),
                    format!("Take it out of all documents but one, and let the tag `{}` name that estate. For this one:", self.0.tag()),
                    tag_command(arn, self.0),
                ],
            ),
            News::DocumentBroken { problems, in_force } => self.document_broken(problems, *in_force),
            News::Released { resources } => (
                format!(
                    "↩️ {estate} {}: everything {} back as it was (nothing for you to do if that was meant)",
                    self.or("is released", "would be released"),
                    self.or("is given", "would be given")
                ),
                vec![
                    if resources.is_empty() {
                        "Its document is gone. Nothing was asleep.".to_owned()
                    } else {
                        format!(
                            "Its document is gone. {}: {}.",
                            self.or("Given back", "Would be given back"),
                            names(resources)
                        )
                    },
                    "If it was not meant, put the document back.".to_owned(),
                ],
            ),
            News::NightSummary { night } => self.night_summary(night),
            News::FullSize { .. } => self.full_size(news),
            News::NotReady {
                opening,
                since,
                waiting,
            } => self.not_ready(*opening, *since, waiting),
            News::HeldBack { waiting, since } => self.held_back(waiting, *since),
            News::ChangedByHand { .. } => self.changed_by_hand(news),
            News::PutBack { .. } => self.put_back(news),
            News::HandUndone {
                resource,
                lever,
                hand,
                night,
            } => self.hand_undone(resource, *lever, *hand, *night),
            News::DayCapped { resource, day, max } => self.day_capped(resource, *day, *max),
            News::Rollback { story } => self.rollback(story),
            News::Rotation { told } => self.rotation(told),
            News::ChangeFails { failure, since } => self.change_fails(failure, *since),
            News::CannotRead { failure, since } => self.cannot_read(failure, *since),
            News::Would { steps } => {
                let (shown, rest) = some(steps, LINES);
                let mut lines: Vec<String> = shown
                    .iter()
                    .map(|step| format!("• {}", self.deed(step, true)))
                    .collect();
                if rest > 0 {
                    lines.push(format!("• and {rest} more"));
                }
                (
                    format!(
                        "👀 {estate}: {} would have been taken now (nothing for you to do)",
                        counted(steps.len(), "step")
                    ),
                    lines,
                )
            }
        }
    }

    fn excerpt(&self, story: &Story) -> Vec<String> {
        rollback::excerpt(story)
    }

    fn cause(&self, cause: &Cause) -> String {
        let (words, code) = self.clause(cause);
        let code = code.map_or_else(String::new, |code| format!(" ({code})"));
        format!("it {words}{code}")
    }

    fn deed(&self, deed: &Deed, would: bool) -> String {
        let would = if would { "would " } else { "" };
        let name = |arn: &Arn| said(arn.name(), NAME);
        let words = match deed {
            Deed::Save {
                arn,
                count: Some(count),
            } => format!("save {} with its count of {count}", name(arn)),
            Deed::Save { arn, count: None } => format!("save {}", name(arn)),
            Deed::Suspend { arn } => format!("suspend all auto scaling of {}", name(arn)),
            Deed::Resume { arn, suspension } => format!(
                "put the auto scaling of {} back as it was: {}",
                name(arn),
                scaling(*suspension)
            ),
            Deed::SetCount { arn, from, to } => format!("set {} from {from} to {to}", name(arn)),
            Deed::Stop { arn } => format!("stop {}", name(arn)),
            Deed::Start { arn } => format!("start {}", name(arn)),
            Deed::Close { arn } => {
                format!("close the entry of {}: it was seen as before", name(arn))
            }
            Deed::Forget { arn } => format!("forget what is saved of {}", name(arn)),
            Deed::SaveDay { arn, lever, day } => match lever {
                Lever::Minimum => format!("save {} with its minimum of {day}", name(arn)),
                Lever::Count => format!("save {} with its count of {day}", name(arn)),
                Lever::Capacity => format!("save {} with its minimum of {day} ACU", name(arn)),
            },
            Deed::Move {
                arn,
                lever,
                from,
                to,
            } => match lever {
                Lever::Minimum => {
                    format!("set the minimum of {} from {from} to {to}", name(arn))
                }
                Lever::Count => format!("set {} from {from} to {to}", name(arn)),
                Lever::Capacity => format!(
                    "set the minimum capacity of {} from {from} to {to} ACU",
                    name(arn)
                ),
            },
            Deed::WakeForDeployment { deployment, until } => format!(
                "keep the estate awake until {} for deployment {}",
                self.clock(*until),
                said(deployment, NAME)
            ),
        };
        format!("{would}{words}")
    }

    fn report(&self, report: &Report) -> Told {
        let mut lines = vec![self.wanted(report)];
        lines.extend(report.resources.iter().map(|row| self.row(row)));
        if report.changes.is_empty() {
            lines.extend(
                report
                    .steps
                    .iter()
                    .map(|step| format!("• {}", self.deed(step, self.0.watch))),
            );
        }
        lines.extend(report.changes.iter().map(change));
        for failure in &report.failures {
            lines.push(format!("⚠️ {}", failed(failure)));
            lines.extend(aws_says(failure));
        }
        let next = report
            .next
            .map_or_else(String::new, |next| format!("; next due {}", self.at(next)));
        lines.push(format!("Looked {}{next}.", self.at(report.at)));
        (self.report_title(report), lines)
    }

    fn finding(&self, finding: &Finding) -> String {
        match finding {
            Finding::BackupAsleep { database, window } => format!(
                "{} is asleep in its backup window, {} UTC: a stopped database is not backed up. Move the window into the waking hours.",
                code(database),
                said(window, NAME)
            ),
            Finding::BackupAtBedtime { database, window } => format!(
                "{} is backed up when it should go to sleep, {} UTC: RDS does not stop it meanwhile. Move the window.",
                code(database),
                said(window, NAME)
            ),
            Finding::NoBackups { database } => {
                format!(
                    "{} has no automated backups: its retention is 0 days.",
                    code(database)
                )
            }
            Finding::MaintenanceAsleep { database, window } => format!(
                "{} is asleep in its maintenance window, {} UTC: maintenance waits until it wakes. Move the window into the waking hours.",
                code(database),
                said(window, NAME)
            ),
            Finding::NeverStops { database, never } => {
                let (why, instead) = never_stops(*never);
                format!(
                    "{} {why} and can never be stopped: take it out of `databases`, or {instead}.",
                    code(database)
                )
            }
            Finding::NoCircuitBreaker { service } => format!(
                "{} has no deployment circuit breaker: a release that does not start is tried for ever. Turn it on, with rollback.",
                code(service)
            ),
            Finding::NoConsent { arn, .. } => format!(
                "{} lacks the tag `{}` = `{}`, so it is left alone: {}",
                resource_of(arn),
                self.0.tag(),
                self.estate(),
                tag_command(arn, self.0)
            ),
            Finding::NotFound { name } => {
                format!(
                    "{} is in the document, but not in AWS: correct the name, or take it out.",
                    code(name)
                )
            }
            Finding::Unread { failure } => failed(failure),
            Finding::SavesNothing { name, day, night } => format!(
                "{} saves nothing: it has {day} by day, and {night} at night. Write less, or take it out.",
                code(name)
            ),
            Finding::ScalingSuspended { service } => format!(
                "{} has suspended auto scaling: it is left alone, since it could not grow again, or would not shrink.",
                code(service)
            ),
            Finding::NotServerless { database } => format!(
                "{} is no cluster of Aurora Serverless v2: take it out of `databases`, or write `keep`.",
                code(database)
            ),
            Finding::NoBrakes => "No alarm holds shrinking back: name one or two under `brakes`, of errors for instance.".to_owned(),
        }
    }

    fn diagnosis(&self, diagnosis: &Diagnosis) -> Told {
        let estate = self.estate();
        let title = match diagnosis.findings.len() {
            0 => format!("🩺 {estate}: nothing to mend"),
            found => format!("🩺 {estate}: {} to look into", counted(found, "thing")),
        };
        let worth = diagnosis
            .saved_this_month
            .as_ref()
            .map_or_else(String::new, |saved| {
                format!(", which is worth about {}", money(saved))
            });
        let sleeps = if self.0.slims() { "is small" } else { "sleeps" };
        let mut lines = vec![format!(
            "It {sleeps} {} h this month by the calendar{worth}.",
            diagnosis.hours_asleep_this_month
        )];
        if !diagnosis.still_billed.is_empty() {
            let billed: Vec<String> = diagnosis
                .still_billed
                .iter()
                .map(|item| said(item, NAME))
                .collect();
            lines.push(format!("Still billed while asleep: {}.", billed.join(", ")));
        }
        (title, lines)
    }

    fn watching(&self) -> String {
        "`Mode: watch`: nothing is changed; this is what would be.".to_owned()
    }

    fn provenance(&self) -> String {
        format!(
            "account {} · {} · nightshift {}",
            self.0.account, self.0.region, self.0.teller
        )
    }
}

/// What is too long to stand in its arm.
impl English<'_> {
    fn estate(&self) -> String {
        said(self.0.estate, NAME)
    }

    /// A line, and how the estate is kept awake from an instant on, unless it is only watched.
    fn or_wake(&self, line: String, purpose: &str, from: Timestamp) -> Vec<String> {
        let mut lines = vec![line];
        if !self.0.watch {
            lines.push(format!("{purpose} (put in who you are and why):"));
            lines.push(wake_command(from, self.0));
        }
        lines
    }

    fn asleep(
        &self,
        began: Timestamp,
        services: u32,
        databases: u32,
        until: Option<Timestamp>,
    ) -> Told {
        let what = format!(
            "{} and {}",
            counted(services, "service"),
            counted(databases, "database")
        );
        let woken = until.map_or_else(String::new, |until| {
            let woken = self.or("is woken", "would be woken");
            format!(" It {woken} {}.", self.at(until))
        });
        let first = if self.0.watch {
            format!("{what} would sleep now.{woken}")
        } else {
            format!(
                "{what} sleep since {}; that took {}.{woken}",
                self.clock(self.0.now),
                duration(seconds(began, self.0.now)),
            )
        };
        let lines = self.or_wake(first, "To use it sooner", self.0.now);
        let is = self.or("is", "would be");
        (
            format!("🌙 {} {is} asleep (nothing for you to do)", self.estate()),
            lines,
        )
    }

    fn ready_title(&self, opening: Option<Timestamp>) -> String {
        let late = opening
            .map(|opening| shown_minutes(opening, self.0.now))
            .filter(|late| *late > 0)
            .map_or_else(String::new, |late| format!(", {} late", minutes(late)));
        format!(
            "☀️ {} is up ({}{late})",
            self.estate(),
            self.clock(self.0.now)
        )
    }

    fn ready(&self, news: &News) -> Vec<String> {
        let News::Ready {
            opening,
            woke_seconds,
            database_seconds,
            services,
            slept_at,
            changed,
            left_at_zero,
            saved,
            still_billed,
        } = news
        else {
            return Vec::new();
        };
        let punctual = opening.map_or_else(String::new, |opening| self.punctual(opening));
        let stages: Vec<String> = database_seconds
            .map(|seconds| format!("database {}", duration(seconds)))
            .into_iter()
            .chain((!services.is_empty()).then(|| self.counts(services)))
            .collect();
        let stages = if stages.is_empty() {
            String::new()
        } else {
            format!(" ({})", stages.join(" → "))
        };
        let mut lines = vec![format!(
            "{punctual}Woke in {}{stages}.",
            duration(*woke_seconds)
        )];

        let then = slept_at.map_or_else(|| "before".to_owned(), |at| self.at(at));
        lines.push(if changed.is_empty() {
            format!("Everything is as it was {then}.")
        } else {
            format!(
                "Not as it was {then}, because somebody changed it meanwhile: {}.",
                self.count_changes(changed)
            )
        });
        if !left_at_zero.is_empty() {
            lines.push(format!(
                "At 0 already before, and left there: {}.",
                self.services(left_at_zero)
            ));
        }

        let slept = slept_at.map(|at| {
            format!(
                "Asleep {}",
                duration(slept_seconds(at, *woke_seconds, self.0))
            )
        });
        let money = saved.as_ref().map(|saved| {
            format!(
                "{} {}",
                money(saved),
                self.or("saved", "would have been saved")
            )
        });
        let billed = (!still_billed.is_empty())
            .then(|| format!("Still billed while asleep: {}.", plain_list(still_billed)));
        let slept: Vec<String> = slept.into_iter().chain(money).collect();
        let slept = (!slept.is_empty()).then(|| format!("{}.", slept.join(" → ")));
        let last: Vec<String> = slept.into_iter().chain(billed).collect();
        if !last.is_empty() {
            lines.push(last.join(" "));
        }
        lines
    }

    fn punctual(&self, opening: Timestamp) -> String {
        let early = shown_minutes(self.0.now, opening);
        let at = self.at(opening);
        match early {
            1.. => format!("Ready {} before opening {at}. ", minutes(early)),
            0 => format!("Ready just in time for opening {at}. "),
            _ => format!(
                "Ready {} after opening {at}: it was not usable until then. ",
                minutes(-early)
            ),
        }
    }

    fn overridden(
        &self,
        order: Order,
        until: Timestamp,
        who: &str,
        reason: &str,
        set_at: Timestamp,
    ) -> Told {
        if self.0.slims() || matches!(order, Order::Day | Order::Night) {
            return self.slim_overridden(order, until, who, reason, set_at);
        }
        let estate = self.estate();
        let (told, at, set_at) = (self.until(until), self.at(until), self.at(set_at));
        match order {
            Order::Wake | Order::Day => (
                format!(
                    "🕙 {estate} {} until {told}",
                    self.or("stays up", "would stay up")
                ),
                vec![format!(
                    "Extended by {who} {set_at}{reason}. It {} by itself {at} (unless it is open then).",
                    self.or("goes to sleep", "would go to sleep")
                )],
            ),
            Order::Sleep | Order::Night => (
                format!(
                    "🕙 {estate} {} until {told}",
                    self.or("is kept asleep", "would be kept asleep")
                ),
                self.or_wake(
                    format!(
                        "Ordered by {who} {set_at}{reason}. It is not usable until then; the calendar decides again {at}."
                    ),
                    "To use it all the same",
                    self.0.now,
                ),
            ),
            Order::Hold => (
                format!(
                    "🕙 {estate} {} as it is until {told}",
                    self.or("is left", "would be left")
                ),
                vec![format!(
                    "Held by {who} {set_at}{reason}: nothing is put to sleep or woken. The calendar decides again {at}."
                )],
            ),
        }
    }

    /// That a resource's tag is missing or names another: as a sentence begins, and as a title has it.
    fn tag_says(&self, found: Option<&str>) -> (String, &'static str) {
        let tag = self.0.tag();
        found.map_or_else(
            || (format!("The tag `{tag}` is missing"), "its tag is missing"),
            |found| {
                (
                    format!("The tag `{tag}` says {}", code(found)),
                    "its tag names another estate",
                )
            },
        )
    }

    fn no_consent(&self, arn: &Arn, found: Option<&str>, asleep: bool) -> Told {
        let estate = self.estate();
        let resource = resource_of(arn);
        let (says, wrong) = self.tag_says(found);
        let mut lines = if asleep {
            vec![format!(
                "{says}; it should say `{estate}`, as when this was put to sleep. Without it AWS may refuse to wake it. This command mends it:"
            )]
        } else {
            vec![format!(
                "{says}; it must say `{estate}`, or nothing is changed here. This command mends it:"
            )]
        };
        lines.push(tag_command(arn, self.0));
        if !asleep {
            lines.push(
                "If it should stay awake, take it out of the estate's document instead.".to_owned(),
            );
        }
        let title = if asleep {
            format!(
                "⚠️ {estate}: {resource} may not wake, {wrong} (needs you: one command; without it users are affected)"
            )
        } else {
            format!(
                "⚠️ {estate}: {resource} does not sleep, {wrong} (one command to mend; users not affected)"
            )
        };
        (title, lines)
    }

    fn document_broken(&self, problems: &[Problem], in_force: bool) -> Told {
        let estate = self.estate();
        let mut lines = problem_lines(problems);
        let title = if in_force {
            lines.push(
                "Sleeping and waking go on by the last good document until this one is mended."
                    .to_owned(),
            );
            format!(
                "⚠️ {estate}: the configuration is broken, the last good one stays in force (needs you; users not affected)"
            )
        } else {
            lines.push("Nothing is put to sleep or woken until it is mended.".to_owned());
            format!(
                "⚠️ {estate}: the configuration is broken, and there was no good one before: nothing is done (needs you)"
            )
        };
        (title, lines)
    }

    fn change_fails(&self, failure: &Failure, since: Timestamp) -> Told {
        let estate = self.estate();
        let mut lines = vec![format!(
            "{} That lasts since {}.",
            failed(failure),
            self.clock(since)
        )];
        lines.extend(aws_says(failure));
        lines.push(if failure.denied {
            format!(
                "Add the permission to the role of `{}`; if the role has it, the tag `{}` is not on the resource. It is tried again at every look.",
                word(self.0.function),
                self.0.tag()
            )
        } else {
            "It is tried again at every look; the other resources go on. If it lasts, mend what AWS says.".to_owned()
        });
        let title = if failure.denied {
            format!(
                "⚠️ {estate}: {} cannot be changed, a permission is missing (needs you)",
                code(&failure.resource)
            )
        } else {
            format!(
                "⚠️ {estate}: a change of {} fails (needs you if it lasts)",
                code(&failure.resource)
            )
        };
        (title, lines)
    }

    fn cannot_read(&self, failure: &Failure, since: Timestamp) -> Told {
        let estate = self.estate();
        let mut lines = vec![format!(
            "{} That lasts since {}.",
            failed(failure),
            self.clock(since)
        )];
        lines.extend(aws_says(failure));
        lines.push(if failure.denied {
            format!("Add the permission to the role of `{}`. What cannot be read is left as it is.", word(self.0.function))
        } else {
            "It is tried again at every look. What cannot be read is left as it is; the rest goes on.".to_owned()
        });
        let title = if failure.denied {
            format!(
                "⚠️ {estate}: {} cannot be read, a permission is missing (needs you)",
                code(&failure.resource)
            )
        } else {
            format!(
                "⚠️ {estate}: {} cannot be read (needs you if it lasts)",
                code(&failure.resource)
            )
        };
        (title, lines)
    }

    fn report_title(&self, report: &Report) -> String {
        let estate = self.estate();
        let act = if needs_somebody(report) {
            "needs you"
        } else {
            "nothing for you to do"
        };
        let Some(wanted) = &report.wanted else {
            return format!("⚠️ {estate}: no document can be read, so nothing is changed ({act})");
        };
        if matches!(
            report.phase,
            Phase::Day | Phase::ToNight | Phase::Night | Phase::ToDay
        ) {
            return format!("{} ({act})", self.slim_state(report));
        }
        let until = match (report.phase, wanted.state, wanted.until) {
            (Phase::Awake, Some(State::Awake), Some(until))
            | (Phase::Asleep, Some(State::Asleep), Some(until)) => {
                format!(" until {}", self.until(until))
            }
            _ => String::new(),
        };
        let state = match (report.phase, report.ready) {
            (Phase::Awake, true) => format!("☀️ {estate} is awake and ready{until}"),
            (Phase::Awake, false) => {
                format!("🕐 {estate} is awake{until}, but not all of it is ready")
            }
            (Phase::ToSleep, _) => format!("🕐 {estate} is on its way to sleep"),
            (Phase::Asleep, _) => format!("🌙 {estate} is asleep{until}"),
            (_, false) => format!("🕐 {estate} is on its way up, not usable yet"),
            (_, true) => format!("🕐 {estate} is usable, and settles"),
        };
        format!("{state} ({act})")
    }

    fn wanted(&self, report: &Report) -> String {
        let Some(wanted) = &report.wanted else {
            return "Wanted: unknown.".to_owned();
        };
        let state = match wanted.state {
            Some(State::Awake) => "awake",
            Some(State::Asleep) => "asleep",
            Some(State::Day) => "the day's size",
            Some(State::Night) => "the night's size",
            None => "as it is",
        };
        let until = wanted
            .until
            .map_or_else(String::new, |until| format!(" until {}", self.clock(until)));
        let why = match &wanted.why {
            Why::Calendar => "by the calendar".to_owned(),
            Why::Person {
                order,
                who,
                reason,
                set_at,
            } => {
                let order = match order {
                    Order::Wake => "woken",
                    Order::Sleep => "put to sleep",
                    Order::Day => "given the day's size",
                    Order::Night => "made small",
                    Order::Hold => "held",
                };
                format!(
                    "{order} by {} {}{}",
                    person(who),
                    self.at(*set_at),
                    because(reason)
                )
            }
            Why::Deployment { reason, set_at } => {
                format!("for deployment {}, seen {}", code(reason), self.at(*set_at))
            }
            Why::Released => "because its document is gone".to_owned(),
        };
        format!("Wanted: {state}{until}, {why}.")
    }

    fn row(&self, row: &Row) -> String {
        let kind = row.kind.map_or_else(String::new, |kind| {
            let kind = match kind {
                Kind::EcsService => "service",
                Kind::RdsInstance => "RDS instance",
                Kind::AuroraCluster => "Aurora cluster",
            };
            format!(" ({kind})")
        });
        let mut facts = vec![said(&row.actual, NAME)];
        match row.wanted {
            Some(State::Awake) if !row.settled => facts.push("should be awake".to_owned()),
            Some(State::Asleep) if !row.settled => facts.push("should be asleep".to_owned()),
            Some(State::Day) if !row.settled => facts.push("should have its day's size".to_owned()),
            Some(State::Night) if !row.settled => facts.push("should be smaller".to_owned()),
            None => facts.push("left alone".to_owned()),
            Some(_) => {}
        }
        facts.extend(row.saved_count.map(|count| {
            if self.0.slims() {
                format!("{count} by day")
            } else {
                format!("saved count {count}")
            }
        }));
        facts.extend(
            row.since
                .map(|since| format!("since {}", self.clock(since))),
        );
        let cause = row
            .waits_for
            .as_ref()
            .map_or_else(String::new, |cause| format!("; {}", self.cause(cause)));
        format!(
            "{} {}{kind}: {}{cause}",
            sign(row),
            code(&row.name),
            facts.join(", ")
        )
    }

    /// The resource, why it is not what it should be, and since when.
    fn sentence(&self, resource: &str, wanted: State, cause: &Cause, since: Timestamp) -> String {
        let (words, found) = self.clause(cause);
        let found = found.map_or_else(String::new, |found| format!("{found}, "));
        let so = match (wanted, cause) {
            (State::Asleep, Cause::Status { .. }) => ", so RDS does not stop it",
            (State::Awake, Cause::Status { .. }) => ", so it cannot be used",
            _ => "",
        };
        format!(
            "{} {words}{so} ({found}since {}).",
            code(resource),
            self.clock(since)
        )
    }

    /// A cause without its subject, and the code that belongs behind it.
    #[allow(clippy::too_many_lines, reason = "one arm for each cause")]
    fn clause(&self, cause: &Cause) -> (String, Option<String>) {
        match cause {
            Cause::Status { status } => (status_words(status).to_owned(), Some(code(status))),
            Cause::Broken { status } => (
                "is in a state that only a person can mend".to_owned(),
                Some(code(status)),
            ),
            Cause::Draining { tasks } => (
                format!("still has {} stopping", counted(*tasks, "task")),
                None,
            ),
            Cause::StandaloneTasks { groups } => (
                format!(
                    "is held by stand-alone tasks in the cluster: {}",
                    names(groups)
                ),
                None,
            ),
            Cause::ServicesAwake { services } => (
                format!(
                    "waits for services that may use it and are still awake: {}",
                    self.services(services)
                ),
                None,
            ),
            Cause::Rollout { deployment, until } => (
                format!(
                    "is being deployed, which is waited for until {}",
                    self.clock(*until)
                ),
                Some(code(deployment)),
            ),
            Cause::Grace { until } => (
                format!(
                    "was started by somebody and is left alone until {}",
                    self.clock(*until)
                ),
                None,
            ),
            Cause::NeedsDatabases { databases } => (
                format!(
                    "waits for the databases that it needs: {}",
                    names(databases)
                ),
                None,
            ),
            Cause::NotSteady { running, desired } if running < desired => {
                (format!("has {running} of {desired} tasks running"), None)
            }
            Cause::NotSteady { running, desired } => (
                format!("runs {running}/{desired} tasks, and is not steady yet"),
                None,
            ),
            Cause::JustChanged => (
                "is being changed; the next look sees to it".to_owned(),
                None,
            ),
            Cause::Owned { function, until } => (
                format!(
                    "is being changed by {} until {}",
                    code(function),
                    self.clock(*until)
                ),
                None,
            ),
            Cause::Refused { code: refused } => (
                format!(
                    "could not be changed yet: {} refused",
                    if is_rds(refused) { "RDS" } else { "AWS" }
                ),
                Some(code(refused)),
            ),
            Cause::NoConsent { found: None } => (format!("has no tag `{}`", self.0.tag()), None),
            Cause::NoConsent { found: Some(found) } => (
                format!(
                    "has the tag `{}` of another estate: {}",
                    self.0.tag(),
                    code(found)
                ),
                None,
            ),
            Cause::Claimed { estates } => (
                format!("is claimed by several estates: {}", names(estates)),
                None,
            ),
            Cause::Never { never } => (
                format!("can never be stopped: it {}", never_stops(*never).0),
                None,
            ),
            Cause::Daemon => (
                "is a daemon service, which has no count that could be set".to_owned(),
                None,
            ),
            Cause::Missing => ("was not found".to_owned(), None),
            Cause::Unreadable { code: unread } => {
                ("could not be read".to_owned(), Some(code(unread)))
            }
            Cause::Hold => (
                "is held: nothing is changed until the hold ends".to_owned(),
                None,
            ),
            Cause::Alarm { .. }
            | Cause::NoAlarm { .. }
            | Cause::Deploying { .. }
            | Cause::RolloutBroken { .. }
            | Cause::Unrest { .. }
            | Cause::Load { .. }
            | Cause::NoLoad
            | Cause::ByHand
            | Cause::PutBack { .. }
            | Cause::ScalingSuspended
            | Cause::AtZero
            | Cause::AboveMaximum { .. }
            | Cause::NotServerless => self.slim_clause(cause),
        }
    }

    /// What a person does about something that is stuck.
    fn mend(&self, cause: &Cause) -> String {
        match cause {
            Cause::Status { .. } | Cause::Broken { .. } => {
                "What holds it stands in its events: `aws rds describe-events --duration 1440`".to_owned()
            }
            Cause::Draining { .. } => {
                "See in the ECS console why the tasks do not stop: a long `stopTimeout`, or a deregistration that does not end.".to_owned()
            }
            Cause::StandaloneTasks { .. } => {
                "Wait for those tasks or stop them: the database stays up as long as they run.".to_owned()
            }
            Cause::ServicesAwake { .. } => "It follows by itself when those services are asleep.".to_owned(),
            Cause::Rollout { .. } | Cause::NotSteady { .. } => {
                "Read the service's events and the stopped tasks' reasons in the ECS console.".to_owned()
            }
            Cause::NeedsDatabases { .. } => "It follows by itself when those databases are usable.".to_owned(),
            Cause::Grace { until } => format!("It is taken up again {}.", self.at(*until)),
            Cause::Owned { function, until } => format!(
                "If {} died, its claim ends by itself {}.",
                code(function),
                self.at(*until)
            ),
            Cause::JustChanged => "See in the console what became of the change.".to_owned(),
            Cause::Refused { .. } => {
                format!("AWS's own words are in the log of `{}`. It is tried again at every look.", word(self.0.function))
            }
            Cause::NoConsent { .. } => {
                format!("Give it the tag `{}` with the value `{}`, or take it out of the estate's document.", self.0.tag(), self.estate())
            }
            Cause::Claimed { .. } => "Take it out of all documents but one.".to_owned(),
            Cause::Never { never } => format!(
                "Take it out of `databases` in the estate's document, or {}.",
                never_stops(*never).1
            ),
            Cause::Daemon => "Take it out of the estate's services: `all_but`.".to_owned(),
            Cause::Missing => "Correct the name in the estate's document, or take it out.".to_owned(),
            Cause::Unreadable { .. } => "See whether the function's role may read it.".to_owned(),
            Cause::Hold => "It is taken up again when the hold ends.".to_owned(),
            Cause::Alarm { .. }
            | Cause::NoAlarm { .. }
            | Cause::Deploying { .. }
            | Cause::RolloutBroken { .. }
            | Cause::Unrest { .. }
            | Cause::Load { .. }
            | Cause::NoLoad
            | Cause::ByHand
            | Cause::PutBack { .. }
            | Cause::ScalingSuspended
            | Cause::AtZero
            | Cause::AboveMaximum { .. }
            | Cause::NotServerless => self.slim_mend(cause),
        }
    }

    fn counts(&self, services: &[Count]) -> String {
        let (shown, rest) = some(services, LISTED);
        let mut told: Vec<String> = shown
            .iter()
            .map(|count| {
                format!(
                    "{} {}/{}",
                    short(&count.service, self.0),
                    count.running,
                    count.desired
                )
            })
            .collect();
        if rest > 0 {
            told.push(format!("{rest} more"));
        }
        let healthy = if all_run(services) {
            " healthy"
        } else {
            " running"
        };
        format!("{}{healthy}", told.join(", "))
    }

    fn count_changes(&self, changes: &[CountChange]) -> String {
        let (shown, rest) = some(changes, LISTED);
        let mut told: Vec<String> = shown
            .iter()
            .map(|change| {
                format!(
                    "{} {} → {}",
                    short(&change.service, self.0),
                    change.before,
                    change.after
                )
            })
            .collect();
        if rest > 0 {
            told.push(format!("{rest} more"));
        }
        told.join(", ")
    }

    fn services(&self, services: &[String]) -> String {
        let shorter: Vec<String> = services.iter().map(|name| short(name, self.0)).collect();
        plain_list(&shorter)
    }

    /// What is done, or in `Mode: watch` would be.
    fn or<'s>(&self, acts: &'s str, watches: &'s str) -> &'s str {
        if self.0.watch { watches } else { acts }
    }

    /// `19:04`, `Friday at 19:04`, `20 November at 19:04`.
    fn clock(&self, at: Timestamp) -> String {
        self.0.clock(at).in_english()
    }

    /// The same as an adverb: `at 19:04`, `on Friday at 19:04`.
    fn at(&self, at: Timestamp) -> String {
        let preposition = match self.0.clock(at).day {
            Day::Today => "at",
            _ => "on",
        };
        format!("{preposition} {}", self.clock(at))
    }

    /// The same for a title: `22:00 tonight`.
    fn until(&self, at: Timestamp) -> String {
        let tonight = if self.0.clock(at).is_tonight() {
            " tonight"
        } else {
            ""
        };
        format!("{}{tonight}", self.clock(at))
    }
}

fn never_stops_lines(resource: &str, never: Never, hourly: Option<&Money>) -> Vec<String> {
    let (why, instead) = never_stops(never);
    let name = code(resource);
    let mut lines = vec![
        format!("It {why}, and AWS never stops such a database."),
        format!(
            "Two ways to mend it: take {name} out of `databases` in the estate's document, or {instead}."
        ),
    ];
    lines.extend(hourly.map(|hourly| {
        format!(
            "Awake it costs about {} a month ({HOURS_A_MONTH:.0} h at {} {}).",
            money(&monthly(hourly)),
            said(&hourly.currency, NAME),
            rate(hourly)
        )
    }));
    lines.push("All else of the estate sleeps without it. This is said once.".to_owned());
    lines
}

/// Why AWS never stops it, and what could be changed so that it does.
fn never_stops(never: Never) -> (&'static str, &'static str) {
    match never {
        Never::Replica => ("is a read replica", "promote the replica or delete it"),
        Never::ReplicaSource => ("has read replicas", "promote or delete its replicas"),
        Never::SqlServerMultiAz => (
            "is SQL Server in several Availability Zones",
            "turn Multi-AZ off",
        ),
        Never::ClusterMember => (
            "is an instance of an Aurora cluster",
            "write the cluster's name instead of the member's: the cluster can be stopped",
        ),
        Never::MultiAzCluster => (
            "is a Multi-AZ DB cluster",
            "move it to a Multi-AZ instance or to Aurora",
        ),
        Never::ServerlessV1 => (
            "is Aurora Serverless v1",
            "move it to Serverless v2 or let it pause by itself",
        ),
        Never::GlobalDatabase => (
            "belongs to a global database",
            "take the cluster out of the global database",
        ),
        Never::Replication => (
            "replicates to or from another cluster",
            "end the replication",
        ),
    }
}

/// What a transitional status means, as a predicate.
fn status_words(status: &str) -> &'static str {
    match status {
        "backing-up" => "is backing up",
        "starting" => "is starting",
        "stopping" => "is stopping",
        "creating" => "is being created",
        "deleting" | "delete-precheck" => "is being deleted",
        "rebooting" => "is restarting",
        "renaming" => "is being renamed",
        "upgrading" => "is being upgraded",
        "maintenance" => "is being maintained by AWS",
        "failing-over" => "is failing over",
        "storage-optimization" => "is optimising its storage",
        "resetting-master-credentials" => "is changing its master password",
        status if status.starts_with("modifying") || status.starts_with("configuring") => {
            "is being modified"
        }
        _ => "is in transition",
    }
}

/// What to look at when the same is told every night.
fn every_night(wanted: State, cause: &Cause) -> Option<&'static str> {
    match (wanted, cause) {
        (State::Asleep, Cause::Status { status }) if status == "backing-up" => {
            Some("If this comes every night: the backup window lies across the time of sleeping.")
        }
        (State::Asleep, Cause::Status { status }) if status == "maintenance" => Some(
            "If this comes every week: the maintenance window lies across the time of sleeping.",
        ),
        (State::Asleep, Cause::StandaloneTasks { .. }) => {
            Some("If this comes every night: a scheduled task starts at the time of sleeping.")
        }
        _ => None,
    }
}

fn subject(resource: &str, cause: &Cause) -> String {
    match thing(cause) {
        Thing::Database => "the database".to_owned(),
        Thing::Named => code(resource),
    }
}

fn resource_of(arn: &Arn) -> String {
    if is_scalable_target(arn) {
        format!("the service of scalable target {}", code(arn.name()))
    } else {
        code(arn.name())
    }
}

/// What is wrong with a document, line by line.
fn problem_lines(problems: &[Problem]) -> Vec<String> {
    let (shown, rest) = some(problems, LISTED);
    let mut lines: Vec<String> = shown
        .iter()
        .map(|problem| {
            let line = problem
                .line
                .map_or_else(String::new, |line| format!(", line {line}"));
            format!(
                "{}{line}: {}",
                code(&problem.document),
                clean(&problem.text, MESSAGE * 2)
            )
        })
        .collect();
    if rest > 0 {
        lines.push(format!("and {rest} more"));
    }
    lines
}

fn failed(failure: &Failure) -> String {
    let (action, resource) = (code(&failure.action), code(&failure.resource));
    let found = code(&failure.code);
    if failure.denied {
        format!("Missing permission: {action} on {resource} ({found}).")
    } else {
        format!("{action} on {resource} fails ({found}).")
    }
}

fn aws_says(failure: &Failure) -> Option<String> {
    let message = said(&failure.message, MESSAGE);
    (!message.is_empty()).then(|| format!("AWS says: {message}"))
}

fn change(change: &Change) -> String {
    let what = match change.what.as_str() {
        "desired_count" => "count".to_owned(),
        "suspension" => "suspended scaling".to_owned(),
        "power" => "power".to_owned(),
        other => code(other),
    };
    format!(
        "✔️ {}: {what} {} → {}",
        code(change.arn.name()),
        said(&change.from, NAME),
        said(&change.to, NAME)
    )
}

fn scaling(suspension: Suspension) -> String {
    let word = |suspended| if suspended { "suspended" } else { "on" };
    format!(
        "in {}, out {}, scheduled {}",
        word(suspension.dynamic_in),
        word(suspension.dynamic_out),
        word(suspension.scheduled)
    )
}

fn person(who: &str) -> String {
    let who = said(who, PERSON);
    if who.is_empty() {
        "somebody".to_owned()
    } else {
        who
    }
}

fn because(reason: &str) -> String {
    let reason = said(reason, PERSON);
    if reason.is_empty() {
        reason
    } else {
        format!(" (reason: {reason})")
    }
}

fn counted(number: impl TryInto<u64>, noun: &str) -> String {
    match number.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    }
}

/// `a, b and c`, each in back-ticks.
fn names(items: &[String]) -> String {
    let (shown, rest) = some(items, LISTED);
    let mut told: Vec<String> = shown.iter().map(|item| code(item)).collect();
    if rest > 0 {
        told.push(format!("{rest} more"));
    }
    match told.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => told.concat(),
    }
}

fn plain_list(items: &[String]) -> String {
    let (shown, rest) = some(items, LISTED);
    let mut told: Vec<String> = shown.iter().map(|item| said(item, NAME)).collect();
    if rest > 0 {
        told.push(format!("{rest} more"));
    }
    told.join(", ")
}

fn money(money: &Money) -> String {
    format!("{} {}", said(&money.currency, NAME), amount(money))
}

/// `6 m 40 s`, `3 d 13 h 44 m`.
fn duration(seconds: i64) -> String {
    let told: Vec<String> = parts(seconds)
        .into_iter()
        .map(|(number, unit)| {
            let unit = match unit {
                Unit::Day => "d",
                Unit::Hour => "h",
                Unit::Minute => "m",
                Unit::Second => "s",
            };
            format!("{number} {unit}")
        })
        .collect();
    told.join(" ")
}

/// `7 minutes`, and beyond an hour `1 h 5 m`.
fn minutes(minutes: i64) -> String {
    match minutes {
        1 => "1 minute".to_owned(),
        2..60 => format!("{minutes} minutes"),
        _ => duration(minutes.saturating_mul(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::samples, *};
    use crate::{config::Language, report::text};

    fn told(news: &News, now: &str) -> Vec<String> {
        let zone = samples::tokyo();
        let place = Place {
            now: samples::at(now),
            ..samples::place(&zone, Language::En, false)
        };
        text::news(news, &place)
            .joined()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    const PROVENANCE: &str = "account 123456789012 · ap-northeast-1 · nightshift power-staging";

    #[test]
    fn ready_says_how_punctual_how_complete_and_how_cheap() {
        assert_eq!(
            told(&samples::ready(), "2026-11-24T08:53:20+09:00"),
            [
                "☀️ bookmark-manager-staging is up (08:53)",
                "Ready 7 minutes before opening at 09:00. Woke in 6 m 40 s (database 4 m 12 s → api 1/1, web 1/1 healthy).",
                "Everything is as it was on Friday at 19:00.",
                "Asleep 3 d 13 h 46 m → USD 7.42 saved. Still billed while asleep: ALB, NAT gateway, Atlas M10.",
                PROVENANCE,
            ]
        );
    }

    #[test]
    fn kept_awake_says_who_why_and_that_it_sleeps_by_itself() {
        let news = News::Overridden {
            order: Order::Wake,
            until: samples::at("2026-11-24T22:00:00+09:00"),
            who: "tanaka".to_owned(),
            reason: "load test".to_owned(),
            set_at: samples::at("2026-11-24T18:47:30+09:00"),
        };
        assert_eq!(
            told(&news, "2026-11-24T18:47:31+09:00"),
            [
                "🕙 bookmark-manager-staging stays up until 22:00 tonight",
                "Extended by tanaka at 18:47 (reason: load test). It goes to sleep by itself at 22:00 (unless it is open then).",
                PROVENANCE,
            ]
        );
    }

    #[test]
    fn not_yet_says_why_since_when_and_when_one_hears_again() {
        assert_eq!(
            told(&samples::not_yet(), "2026-11-24T19:10:00+09:00"),
            [
                "🕐 bookmark-manager-staging: the database is not asleep yet (nothing for you to do)",
                "`bookmark-manager-staging-postgres` is backing up, so RDS does not stop it (`backing-up`, since 19:04). You hear again after 20:00 if it lasts.",
                "If this comes every night: the backup window lies across the time of sleeping.",
                PROVENANCE,
            ]
        );
    }

    #[test]
    fn never_says_why_two_ways_to_mend_it_what_it_costs_and_that_this_is_said_once() {
        assert_eq!(
            told(
                &samples::never_stops(Never::Replica),
                "2026-11-24T19:10:00+09:00"
            ),
            [
                "🚫 bookmark-manager-staging: `bookmark-manager-staging-postgres` can never be stopped (one line of configuration to mend; users not affected)",
                "It is a read replica, and AWS never stops such a database.",
                "Two ways to mend it: take `bookmark-manager-staging-postgres` out of `databases` in the estate's document, or promote the replica or delete it.",
                "Awake it costs about USD 18.25 a month (730 h at USD 0.025).",
                "All else of the estate sleeps without it. This is said once.",
                PROVENANCE,
            ]
        );
    }

    #[test]
    fn a_time_is_as_precise_as_it_is_far() {
        let zone = samples::tokyo();
        let place = samples::place(&zone, Language::En, false);
        let english = English(&place);
        let cases = [
            ("2026-11-24T09:05:59+09:00", "at 09:05"),
            ("2026-11-25T00:00:00+09:00", "on Wednesday at 00:00"),
            ("2026-11-18T19:00:00+09:00", "on Wednesday at 19:00"),
            ("2026-11-17T19:00:00+09:00", "on 17 November at 19:00"),
            ("2027-01-04T08:40:00+09:00", "on 4 January 2027 at 08:40"),
        ];
        for (at, words) in cases {
            assert_eq!(english.at(samples::at(at)), words);
        }
    }
}
