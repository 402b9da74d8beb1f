//! Secrets that were replaced, taken back, or need somebody, in English.

use crate::{
    config::SecretName,
    kind::DatabaseState,
    ledger::rotation::Cause,
    report::{
        rotation::{Former, Rotated, Rotation, Unrollable, Wait},
        text::{
            LISTED, PERSON, Told, brief_secret,
            en::{English, because, code, counted, duration, names, person},
            rotation_command, said, seconds, some,
        },
    },
};

impl English<'_> {
    #[allow(clippy::too_many_lines, reason = "one arm for each news")]
    pub(in crate::report::text) fn rotation(&self, told: &Rotation) -> Told {
        let estate = self.estate();
        match told {
            Rotation::Rotated { secrets, .. } => (
                format!(
                    "🔑 {estate}: {} replaced (nothing for you to do)",
                    self.were(secrets)
                ),
                self.rotated(told),
            ),
            Rotation::Reverted {
                secrets,
                cause,
                at,
                services,
                again_at,
            } => {
                let mut lines = vec![sentence(cause)];
                lines.push(format!(
                    "{} published again {}; {}.",
                    former_values(secrets),
                    self.at(*at),
                    self.counts(services)
                ));
                lines.extend(mend(cause));
                lines.extend(self.not_by_itself(cause, secrets, *again_at));
                (
                    format!(
                        "⚠️ {estate}: the replacement of {} was undone (users not affected, needs you)",
                        briefly(secrets)
                    ),
                    lines,
                )
            }
            Rotation::GivenUp {
                secrets,
                cause: cause @ Cause::Unproven { .. },
                again_at,
            } => {
                let mut lines = vec![sentence(cause)];
                lines.extend(mend(cause));
                lines.extend(self.not_by_itself(cause, secrets, *again_at));
                (
                    format!(
                        "🚨 {estate}: {} may not work any more (users may be affected, needs you now)",
                        briefly(secrets)
                    ),
                    lines,
                )
            }
            Rotation::GivenUp {
                secrets,
                cause,
                again_at,
            } => {
                let mut lines = vec![format!(
                    "{} What is in use works on.",
                    sentence(cause)
                )];
                lines.extend(mend(cause));
                lines.extend(self.not_by_itself(cause, secrets, *again_at));
                (
                    format!(
                        "⚠️ {estate}: {} could not be replaced (users not affected, needs you)",
                        briefly(secrets)
                    ),
                    lines,
                )
            }
            Rotation::NotSteady {
                secrets,
                service,
                since,
            } => (
                format!(
                    "🚨 {estate}: {} has its former secrets back and does not recover (users may be affected, needs you now)",
                    code(service)
                ),
                vec![
                    format!("It reads {} as before {}, and not all of its tasks run.", full(secrets), self.at(*since)),
                    "Read its events and its stopped tasks' reasons in the ECS console: something else keeps it down.".to_owned(),
                ],
            ),
            Rotation::LeakLasts {
                secret,
                service,
                since,
            } => (
                format!(
                    "🚨 {estate}: the leaked {} still works, since {} does not run with the new one (needs you now)",
                    brief_secret(secret),
                    code(service)
                ),
                vec![
                    format!("The new value is published since {}. The former one cannot be ended while tasks hold it, and is not brought back by itself.", self.clock(*since)),
                    "Deploy a version of the service that runs with the new value. To bring the leaked one back all the same:".to_owned(),
                    rotation_command("revert", secret, self.0),
                ],
            ),
            Rotation::TooOld {
                secret,
                since,
                adoptable,
            } => self.too_old(secret, *since, *adoptable),
            Rotation::OlderValue {
                secret,
                version,
                by,
                at,
            } => (
                format!(
                    "🚨 {estate}: an older value of {} came back (needs you now)",
                    brief_secret(secret)
                ),
                vec![
                    format!(
                        "{} wrote it {}: it is that of version {}. It was not rolled out; but tasks that start from now on read it, and it may stop working.",
                        person(by),
                        self.at(*at),
                        said(version, PERSON)
                    ),
                    "If that was Terraform, add `ignore_changes = [value]` to the parameter, or `[secret_string]` to the secret's version. Then write the value again that was in use.".to_owned(),
                ],
            ),
            Rotation::HeldBack {
                secret,
                leaked: true,
                wait,
                since,
            } => (
                format!(
                    "🚨 {estate}: the leaked {} still works and cannot be replaced yet (needs you now)",
                    brief_secret(secret)
                ),
                vec![format!(
                    "{} is to be replaced since {}. {}",
                    code(&secret.to_string()),
                    self.clock(*since),
                    self.wait(wait)
                )],
            ),
            Rotation::HeldBack {
                secret,
                leaked: false,
                wait,
                since,
            } => (
                format!(
                    "⚠️ {estate}: {} is due and cannot be replaced (users not affected, needs you)",
                    brief_secret(secret)
                ),
                vec![format!(
                    "{} is due since {}. {}",
                    code(&secret.to_string()),
                    self.clock(*since),
                    self.wait(wait)
                )],
            ),
            Rotation::NotThere { secret } => (
                format!(
                    "⚠️ {estate}: the secret {} is not there (users not affected, needs you)",
                    brief_secret(secret)
                ),
                vec![format!(
                    "The document names {}. Make it, or mend or remove its name.",
                    code(&secret.to_string())
                )],
            ),
            Rotation::Would { secrets, services } => (
                format!(
                    "🔑 {estate}: {} would be replaced now (nothing for you to do)",
                    briefly(secrets)
                ),
                vec![
                    format!("{} would get new values.", full(secrets)),
                    if services.is_empty() {
                        "No service reads it.".to_owned()
                    } else {
                        format!("The tasks of {} would be replaced.", names(services))
                    },
                ],
            ),
        }
    }

    fn rotated(&self, told: &Rotation) -> Vec<String> {
        let Rotation::Rotated {
            secrets,
            services,
            began,
            asked_by,
            written_by,
        } = told
        else {
            return Vec::new();
        };
        let (shown, rest) = some(secrets, LISTED);
        let mut lines: Vec<String> = shown
            .iter()
            .map(|rotated| {
                format!(
                    "{}: version {}. {} Due again {}.",
                    code(&rotated.secret.to_string()),
                    said(&rotated.version, PERSON),
                    self.former(rotated),
                    self.at(rotated.next)
                )
            })
            .collect();
        if rest > 0 {
            lines.push(format!("And {rest} more."));
        }
        lines.push(if services.is_empty() {
            "No service reads it.".to_owned()
        } else {
            format!(
                "Tried, published, all tasks replaced in {}: {}.",
                duration(seconds(*began, self.0.now)),
                self.counts(services)
            )
        });
        lines.extend(
            asked_by
                .as_deref()
                .map(|who| format!("Asked for by {}.", person(who))),
        );
        lines.extend(written_by.as_deref().map(|who| {
            format!(
                "The new value was written by {}; only the services were rolled.",
                person(who)
            )
        }));
        lines
    }

    /// `DATABASE_URL was`, `DATABASE_URL and KEY were`.
    fn were(&self, secrets: &[Rotated]) -> String {
        let names: Vec<SecretName> = secrets.iter().map(|it| it.secret.clone()).collect();
        let verb = if names.len() == 1 { "was" } else { "were" };
        format!("{} {}", briefly(&names), self.or(verb, "would be"))
    }

    fn former(&self, rotated: &Rotated) -> String {
        match &rotated.former {
            Former::UntilNext => "The former credential works until the next time.".to_owned(),
            Former::Ends { at } => format!("The former credential ends {}.", self.at(*at)),
            Former::Ended => "The former credential is ended.".to_owned(),
            Former::Theirs => "The former credential is for its issuer to end.".to_owned(),
        }
    }

    fn too_old(&self, secret: &SecretName, since: jiff::Timestamp, adoptable: bool) -> Told {
        let days = seconds(since, self.0.now) / (24 * 3600);
        let mut lines = vec![format!(
            "{} is in use since {}. The document wants it younger.",
            code(&secret.to_string()),
            self.clock(since)
        )];
        if adoptable {
            lines.push("It is replaced by itself once somebody adopts it. What writes its value now, Terraform for instance, must leave it alone from then on: this shows how.".to_owned());
            lines.push(rotation_command("adopt", secret, self.0));
        } else {
            lines.push("Only its issuer can make a new one. Write it to the same name: the services that read it are rolled then.".to_owned());
        }
        (
            format!(
                "🔑 {}: {} is {} old (users not affected, needs you)",
                self.estate(),
                brief_secret(secret),
                counted(days, "day")
            ),
            lines,
        )
    }

    fn not_by_itself(
        &self,
        cause: &Cause,
        secrets: &[SecretName],
        again_at: jiff::Timestamp,
    ) -> Vec<String> {
        let again_at = self.clock(again_at);
        let mut lines = vec![match cause {
            Cause::Written { .. } => format!(
                "What was written is rolled out once the window is open, unless an older value came back. Another one is not made by itself before {again_at}. To make one sooner:"
            ),
            _ => format!("It is not tried again by itself before {again_at}. To try it sooner:"),
        }];
        lines.extend(
            secrets
                .first()
                .map(|secret| rotation_command("rotate", secret, self.0)),
        );
        lines
    }

    /// What a secret waits for, as a sentence with its mend.
    pub(in crate::report::text) fn wait(&self, wait: &Wait) -> String {
        match wait {
            Wait::Age { at } => format!("It is due {}.", self.at(*at)),
            Wait::Adoption => "Nobody has adopted it.".to_owned(),
            Wait::Consent { found } => format!(
                "Its tag `nightshift:rotate` {}: set it to the estate's name.",
                tag_says(found.as_deref())
            ),
            Wait::ServiceConsent { service } => format!(
                "{} reads it and does not consent: set its tag `nightshift:rotate` to the estate's name.",
                code(service)
            ),
            Wait::Window { at: Some(at) } => format!("Its window opens {}.", self.at(*at)),
            Wait::Window { at: None } => {
                "Its window never opens: mend `rotate.window` in the document.".to_owned()
            }
            Wait::BackOff { until } => format!(
                "The last attempt was undone; it is tried again {}.",
                self.at(*until)
            ),
            Wait::Elsewhere { estate } => {
                format!(
                    "Secrets of {} are being replaced; one estate at a time.",
                    code(estate)
                )
            }
            Wait::Document => "The estate's document cannot be read: mend it.".to_owned(),
            Wait::Asleep => "The estate sleeps.".to_owned(),
            Wait::Broken { since } => format!(
                "A rollout of the estate is broken since {}: mend that first.",
                self.clock(*since)
            ),
            Wait::Database { name, state } => match state {
                Some(state) => format!(
                    "The database {} {}: it must be available.",
                    code(name),
                    state_words(*state)
                ),
                None => format!(
                    "The database {} was not found, or could not be read.",
                    code(name)
                ),
            },
            Wait::Service { service } => format!(
                "{} is being deployed, or not all of its tasks run.",
                code(service)
            ),
            Wait::Owned {
                service,
                function,
                until,
            } => format!(
                "{} changes {} until {}.",
                code(function),
                code(service),
                self.clock(*until)
            ),
            Wait::OlderTasks { service } => format!(
                "{} has tasks from before the newest version was written, which may hold the other credential. Roll it, or put the value back that its tasks have.",
                code(service)
            ),
            Wait::Unrollable { service, why } => match why {
                Unrollable::External => format!(
                    "{} is deployed by an external controller, whom nobody can ask to replace its tasks.",
                    code(service)
                ),
                Unrollable::NoGroup => format!(
                    "{} is deployed by CodeDeploy, and no deployment group there names it.",
                    code(service)
                ),
                Unrollable::SeveralGroups => format!(
                    "Several deployment groups of CodeDeploy name {}: leave one of them.",
                    code(service)
                ),
                Unrollable::NeverDeployed => format!(
                    "CodeDeploy has never deployed {}, so there is nothing to deploy again: deploy it once.",
                    code(service)
                ),
            },
            Wait::Pinned { service, version } => format!(
                "{} reads version {} for ever: leave the version out of its task definition.",
                code(service),
                code(version)
            ),
            Wait::ReadByServices { services } => format!(
                "{} read this master password, so that their tasks would hold a dead one: give them a user of their own (`kind: postgres`).",
                names(services)
            ),
            Wait::Unread => "It, or the services that read it, could not be read.".to_owned(),
            Wait::Rolling { service } => {
                format!("The tasks of {} are being replaced.", code(service))
            }
            Wait::Others => "It waits for others of the estate.".to_owned(),
        }
    }
}

fn tag_says(found: Option<&str>) -> String {
    found.map_or_else(
        || "is missing".to_owned(),
        |found| format!("names {}", code(found)),
    )
}

fn state_words(state: DatabaseState) -> &'static str {
    match state {
        DatabaseState::Available => "is available",
        DatabaseState::Occupied => "is busy, with a backup for instance",
        DatabaseState::Changing => "is being changed",
        DatabaseState::Starting => "is starting",
        DatabaseState::Stopping => "is stopping",
        DatabaseState::Stopped => "is stopped",
        DatabaseState::Deleting => "is being deleted",
        DatabaseState::Broken => "is broken",
    }
}

fn briefly(secrets: &[SecretName]) -> String {
    let brief: Vec<String> = secrets.iter().map(brief_secret).collect();
    match brief.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        [one, rest @ ..] => format!("{one} and {}", counted(rest.len(), "other")),
    }
}

fn full(secrets: &[SecretName]) -> String {
    let full: Vec<String> = secrets.iter().map(ToString::to_string).collect();
    names(&full)
}

fn former_values(secrets: &[SecretName]) -> &'static str {
    if secrets.len() == 1 {
        "The former value was"
    } else {
        "The former values were"
    }
}

fn sentence(cause: &Cause) -> String {
    match cause {
        Cause::Deployment {
            service,
            deployment,
        } => format!(
            "{} could not start with the new value: deployment {} failed.",
            code(service),
            code(deployment)
        ),
        Cause::Late { service } => {
            format!("The tasks of {} were not replaced in time.", code(service))
        }
        Cause::Asked { who, reason } => {
            format!("{} took it back{}.", person(who), because(reason))
        }
        Cause::Refused { action, code: why } => format!(
            "Making the new credential failed at {} with {}.",
            code(action),
            code(why)
        ),
        Cause::Unproven {
            database,
            code: why,
        } => format!(
            "A new master password was sent to {} and did not prove itself ({}): the stored value may not be the database's any more.",
            code(database),
            code(why)
        ),
        Cause::Written { by } => format!("{} wrote the secret meanwhile.", person(by)),
    }
}

fn mend(cause: &Cause) -> Option<String> {
    let mend = match cause {
        Cause::Deployment { .. } => {
            "Read why its tasks stopped: whether it reads the secret as it is written, and whether it would have started with the former one."
        }
        Cause::Late { .. } => {
            "See what its new tasks wait for: capacity, health checks, or tasks that do not stop. `patience` in the document says how long it may take."
        }
        Cause::Refused { .. } => {
            "docs/rotation.md says what each code means and which permission or setting it takes."
        }
        Cause::Unproven { .. } => {
            "Try the stored value. If it is refused, rotate once more, or set it in RDS by hand to what is stored; docs/rotation.md says how."
        }
        Cause::Written { .. } => "See who else writes it, and leave that to one of the two.",
        Cause::Asked { .. } => return None,
    };
    Some(mend.to_owned())
}
