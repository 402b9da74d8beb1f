//! A deployment that failed, in English.

mod fault;

use crate::report::{
    Severity,
    rollback::{
        Again, Back, Became, Changed, Edit, Excerpt, NoLog, Release, Stage, Story, Trigger, Users,
    },
    text::{
        EXCERPT, LISTED, NAME, Told, brief_commit, brief_digest,
        en::{English, code, counted, duration, failed, names},
        fit::{Wording, fitting},
        remedy_command, said, seconds, some,
    },
};

impl English<'_> {
    pub(in crate::report::text) fn rollback(&self, story: &Story) -> Told {
        let mut lines = vec![self.course(story)];
        lines.extend(given_up_by(story));
        lines.extend(self.faults(story));
        lines.push(changed(story));
        lines.extend(self.now(story));
        lines.push(next(story));
        lines.extend(
            story
                .remedy
                .as_ref()
                .map(|remedy| remedy_command(remedy, story)),
        );
        if !story.missing.is_empty() {
            let (shown, rest) = some(&story.missing, 3);
            let mut told: Vec<String> = shown.iter().map(failed).collect();
            if rest > 0 {
                told.push(format!("And {rest} more."));
            }
            lines.push(format!(
                "Not read, so that this may lack something: {}",
                told.join(" ")
            ));
        }
        (self.rollback_title(story), lines)
    }

    fn rollback_title(&self, story: &Story) -> String {
        let sign = match (story.stage, story.severity()) {
            (Stage::RolledBack | Stage::RollingBack, severity) if severity < Severity::Alert => {
                "↩️"
            }
            (Stage::Succeeded | Stage::Superseded | Stage::Stopped, _) => "☑️",
            (_, Severity::Alert) => "🚨",
            (_, Severity::Warning) => "⚠️",
            (_, Severity::Notice | Severity::Quiet) => "🕐",
        };
        fitting(&story.service, self.0, |estate, service, wording| {
            let brief = wording >= Wording::Brief;
            let mut told = vec![users(story.users, brief)];
            // What is over for good says nothing of the same commit.
            if story.stage <= Stage::RolledBack {
                told.extend(again(story.again, brief));
            }
            told.push(act(story, wording));
            let happened = what_happened(story, service, wording == Wording::Terse);
            format!("{sign} {estate}: {happened} ({})", told.join("; "))
        })
    }

    /// `Started 14:02 → failed 14:09 → restored 14:12 (10 m); the old version kept answering, 2/2.`
    fn course(&self, story: &Story) -> String {
        let end = match story.stage {
            Stage::RollbackFailed => "rollback failed",
            Stage::Succeeded => "succeeded",
            Stage::Superseded => "replaced",
            Stage::Stopped => "stopped",
            _ => "restored",
        };
        let steps = [
            story.started.map(|at| ("started", at)),
            story.failed.map(|at| ("failed", at)),
            story.ended.map(|at| (end, at)),
        ];
        let told = steps.into_iter().flatten();
        let told: Vec<String> = told
            .map(|(what, at)| format!("{what} {}", self.clock(at)))
            .collect();
        let mut line = told.join(" → ");
        if let (Some(from), Some(to)) = (story.started, story.ended) {
            line = format!("{line} ({})", duration(seconds(from, to)));
        }
        let answering = answering(story);
        let line = if line.is_empty() {
            answering
        } else {
            format!("{line}; {answering}")
        };
        let again = match story.failures {
            0 | 1 => String::new(),
            many => format!(" This is failure {many} in this thread."),
        };
        format!("{}.{again}", capital(&line))
    }

    /// What runs now, where it is not plain from what failed.
    fn now(&self, story: &Story) -> Option<String> {
        let release = match story.stage {
            Stage::Succeeded => &story.release,
            Stage::Superseded => {
                let successor = story.successor.as_deref()?;
                return Some(format!("Running now: deployment {}.", code(successor)));
            }
            _ => story.before.as_ref()?,
        };
        let told = self.release(release);
        (!told.is_empty()).then(|| {
            format!(
                "Running now: {told}, {}/{}.",
                story.running.running, story.running.desired
            )
        })
    }

    /// `api:8 (image api:1f3c9ab, commit 1f3c9ab, pushed Monday at 13:58)`.
    fn release(&self, release: &Release) -> String {
        let name = release.task_definition.as_deref().map(code);
        let mut told = Vec::new();
        told.extend(
            release
                .image
                .as_deref()
                .map(|image| format!("image {}", code(image))),
        );
        if let Some(digest) = &release.digest {
            told.push(format!("digest {}", code(&brief_digest(digest))));
        }
        if let Some(commit) = &release.commit {
            told.push(format!("commit {}", code(&brief_commit(commit))));
        }
        told.extend(release.pushed.map(|at| format!("pushed {}", self.at(at))));
        match (name, told.is_empty()) {
            (Some(name), true) => name,
            (Some(name), false) => format!("{name} ({})", told.join(", ")),
            (None, _) => told.join(", "),
        }
    }
}

/// The last words of containers that died.
pub(super) fn excerpt(story: &Story) -> Vec<String> {
    story.excerpts.iter().flat_map(last_words).collect()
}

fn what_happened(story: &Story, service: &str, terse: bool) -> String {
    let the = if terse { "" } else { "the " };
    match (story.stage, story.back) {
        (Stage::Failing, _) => format!("{the}{service} deployment is failing"),
        (Stage::Stalled, _) if terse => {
            format!("{the}{service} deployment is stuck, its tasks fail")
        }
        (Stage::Stalled, _) => {
            format!("{the}{service} deployment is stuck: its tasks fail, and nothing ends it")
        }
        (Stage::Failed, Back::ByItself) if terse => {
            format!("{the}{service} deployment failed and will be rolled back")
        }
        (Stage::Failed, Back::ByItself) => {
            format!("{the}{service} deployment failed and will be rolled back by itself")
        }
        (Stage::Failed, _) => {
            format!("{the}{service} deployment failed, and nothing rolls it back")
        }
        (Stage::RollingBack, Back::ByHand) => {
            format!("{the}{service} deployment is being rolled back by hand")
        }
        (Stage::RollingBack, _) => {
            format!("{the}{service} deployment failed and is being rolled back")
        }
        (Stage::RollbackStalled, Back::NothingComplete) => {
            format!("{the}{service} deployment failed, with nothing to return to")
        }
        (Stage::RollbackStalled, _) => {
            format!("{the}rollback of the {service} deployment does not end")
        }
        (Stage::RollbackFailed, _) => {
            format!("{the}rollback of the {service} deployment failed")
        }
        (Stage::RolledBack, Back::ByHand) => {
            format!("{the}{service} deployment was rolled back by hand")
        }
        (Stage::RolledBack, _) if terse => format!("{the}{service} deployment was rolled back"),
        (Stage::RolledBack, _) => {
            format!("{the}{service} deployment was rolled back by itself")
        }
        (Stage::Succeeded, _) => format!("{the}{service} deployment succeeded after all"),
        (Stage::Superseded, _) => {
            format!("a newer {service} deployment replaced the one that failed")
        }
        (Stage::Stopped, _) => format!("{the}{service} deployment was stopped by hand"),
    }
}

fn users(users: Users, brief: bool) -> &'static str {
    match (users, brief) {
        (Users::NotAffected, _) => "users not affected",
        (Users::Fewer, false) => "users may be affected: fewer tasks answer than should",
        (Users::Affected, false) => "users affected: no task answers",
        (Users::Affected, true) => "users affected",
        (Users::Perhaps, false) => "users may be affected: an alarm rings",
        (Users::Fewer | Users::Perhaps, true) => "users may be affected",
        (Users::Nobody, false) => "nobody is to be served now",
        (Users::Nobody, true) => "no users now",
        (Users::Unknown, false) => "whether users are affected is not known",
        (Users::Unknown, true) => "users: not known",
    }
}

fn again(again: Again, brief: bool) -> Option<&'static str> {
    match (again, brief) {
        (Again::Will, false) => Some("the same commit will fail again"),
        (Again::UnlessMended, false) => {
            Some("the same commit will fail again until the cause is mended")
        }
        (Again::Will | Again::UnlessMended, true) => Some("same commit will fail"),
        (Again::MaySucceed, false) => Some("the same commit may succeed next time"),
        (Again::MaySucceed, true) => Some("same commit may succeed"),
        (Again::Unknown, _) => None,
    }
}

fn act(story: &Story, wording: Wording) -> &'static str {
    let terse = wording == Wording::Terse;
    match (story.severity(), story.stage) {
        (Severity::Alert, _) => "needs you now",
        (Severity::Warning, Stage::RolledBack) if wording >= Wording::Brief => {
            "needs you before redeploying"
        }
        (Severity::Warning, Stage::RolledBack) => "needs you before the next deployment",
        (Severity::Warning, _) => "needs you",
        (_, stage) if stage.is_over() && terse => "nothing to do",
        (_, stage) if stage.is_over() => "nothing for you to do",
        _ if terse => "nothing to do yet",
        _ => "nothing for you to do yet",
    }
}

fn answering(story: &Story) -> String {
    let count = format!("{}/{}", story.running.running, story.running.desired);
    match (story.users, story.stage) {
        (Users::Nobody, _) => "no task should run now".to_owned(),
        (Users::Unknown, _) => "how many tasks answer is not known".to_owned(),
        (Users::Affected, _) => format!("no task answers, {count}"),
        (Users::Fewer, _) => format!("only {count} tasks answer"),
        (_, Stage::RolledBack) => format!("the old version kept answering, {count}"),
        (_, Stage::Succeeded | Stage::Superseded) => format!("{count} tasks answer"),
        (Users::NotAffected | Users::Perhaps, _) => {
            format!("the old version keeps answering, {count}")
        }
    }
}

fn given_up_by(story: &Story) -> Option<String> {
    Some(match story.trigger.as_ref()? {
        Trigger::Breaker { failed, threshold } => {
            let told = match (failed, threshold) {
                (Some(failed), Some(threshold)) => {
                    format!(
                        ": {} failed, the limit is {threshold}",
                        counted(*failed, "task")
                    )
                }
                (Some(failed), None) => format!(": {} failed", counted(*failed, "task")),
                (None, Some(threshold)) => format!(", whose limit is {threshold} failed tasks"),
                (None, None) => String::new(),
            };
            format!("Given up by the deployment circuit breaker{told}.")
        }
        Trigger::Alarms { names: alarms } => {
            format!(
                "Given up because of an alarm of the deployment: {}.",
                names(alarms)
            )
        }
        Trigger::CodeDeploy { code: Some(found) } => {
            format!("Given up by CodeDeploy ({}).", code(found))
        }
        Trigger::CodeDeploy { code: None } => "Given up by CodeDeploy.".to_owned(),
        Trigger::Person => "Somebody asked ECS for it.".to_owned(),
    })
}

fn changed(story: &Story) -> String {
    let Some(changed) = &story.changed else {
        return "What changed is not known: there is nothing to compare it with.".to_owned();
    };
    if changed.is_nothing() {
        return "What changed: nothing. Task definition and image are those that ran before."
            .to_owned();
    }
    if changed.edits.is_empty() {
        return "What changed: nothing in the task definition; whether the image behind its tag is another one is not known.".to_owned();
    }
    let (shown, rest) = some(&changed.edits, LISTED);
    let mut told: Vec<String> = shown.iter().map(edit).collect();
    if rest > 0 {
        told.push(format!("{rest} more"));
    }
    let only = if is_image_only(changed) { "only " } else { "" };
    let commit = story
        .release
        .commit
        .as_deref()
        .map_or_else(String::new, |commit| {
            format!(" (commit {})", code(&brief_commit(commit)))
        });
    format!("What changed: {only}{}{commit}.", told.join("; "))
}

fn is_image_only(changed: &Changed) -> bool {
    let mut edits = changed.edits.iter();
    edits.all(|edit| matches!(edit, Edit::Image { .. } | Edit::Digest { .. }))
}

fn edit(edit: &Edit) -> String {
    let of = |container: &Option<String>| {
        container
            .as_deref()
            .map_or_else(String::new, |name| format!(" of {}", code(name)))
    };
    match edit {
        Edit::Image {
            container,
            from,
            to,
        } => {
            format!(
                "the image of {}, {} → {}",
                code(container),
                code(from),
                code(to)
            )
        }
        Edit::Digest {
            container,
            from,
            to,
        } => format!(
            "the image of {} behind the same tag, {} → {}",
            code(container),
            code(&brief_digest(from)),
            code(&brief_digest(to))
        ),
        Edit::Variable { name, became, .. } => {
            format!("variable {} {}", code(name), value(*became))
        }
        Edit::Secret { name, became, .. } => format!("secret {} {}", code(name), source(*became)),
        Edit::Cpu {
            container,
            from,
            to,
        } => {
            format!(
                "CPU{} {} → {}",
                of(container),
                said(from, NAME),
                said(to, NAME)
            )
        }
        Edit::Memory {
            container,
            from,
            to,
        } => format!(
            "memory{} {} → {} MiB",
            of(container),
            said(from, NAME),
            said(to, NAME)
        ),
        Edit::Ports {
            container,
            from,
            to,
        } => {
            format!(
                "ports of {} {} → {}",
                code(container),
                ports(from),
                ports(to)
            )
        }
        Edit::HealthCheck { container } => format!("the health check of {}", code(container)),
        Edit::Rest { container } => format!(
            "something else in the definition{}: {}",
            of(container),
            match container {
                Some(_) => "its command, volumes or log, for instance",
                None => "its roles or volumes, for instance",
            }
        ),
        Edit::Platform { from, to } => format!("the platform, {} → {}", code(from), code(to)),
        Edit::ContainerAdded { container } => format!("container {} is new", code(container)),
        Edit::ContainerRemoved { container } => format!("container {} is gone", code(container)),
    }
}

fn value(became: Became) -> &'static str {
    match became {
        Became::Added => "is new",
        Became::Removed => "is gone",
        Became::Other => "has another value",
    }
}

fn source(became: Became) -> &'static str {
    match became {
        Became::Other => "comes from elsewhere",
        other => value(other),
    }
}

fn ports(ports: &[u16]) -> String {
    if ports.is_empty() {
        return "none".to_owned();
    }
    let told: Vec<String> = ports.iter().map(ToString::to_string).collect();
    told.join(", ")
}

fn next(story: &Story) -> String {
    let digest_only = story.changed.as_ref().is_some_and(|changed| {
        let mut edits = changed.edits.iter();
        !changed.edits.is_empty() && edits.all(|edit| matches!(edit, Edit::Digest { .. }))
    });
    let words = match (story.stage, &story.remedy) {
        (Stage::Failing, _) => "wait; it is given up or it succeeds, and you hear of either",
        (Stage::Failed, None) if story.back == Back::ByItself => {
            "wait; it is rolled back, and you hear when that is done"
        }
        (Stage::RollingBack, _) => "wait; you hear when the former version is back",
        (Stage::RolledBack, _) => {
            "mend the cause, then deploy again; the version that runs now is the former one"
        }
        (Stage::Succeeded | Stage::Superseded, _) => "none; the story ends here",
        (Stage::Stopped, _) => "see what runs now, and deploy what should run",
        (_, Some(_)) => "mend the cause and deploy again, or return to the version that worked:",
        (_, None) if digest_only => {
            "the task definition is the same, so deploying it again brings the same image: deploy the former image by its digest, or mend the cause and deploy again"
        }
        (_, None) => {
            "mend the cause and deploy again; nothing returns to the former version by itself"
        }
    };
    let stop = if words.ends_with(':') { "" } else { "." };
    format!("Next step: {words}{stop}")
}

fn last_words(excerpt: &Excerpt) -> Vec<String> {
    let of = format!(
        "{} (task {})",
        code(&excerpt.container),
        code(&excerpt.task)
    );
    let Some(why) = &excerpt.absent else {
        let lines = excerpt.lines.iter().map(|line| said(line, EXCERPT));
        return [format!("Last lines of {of}:")]
            .into_iter()
            .chain(lines)
            .collect();
    };
    let why = match why {
        NoLog::TurnedOff => {
            "this estate lets none leave (`watch.log_excerpts: true` does)".to_owned()
        }
        NoLog::NoDriver => "it has no log driver".to_owned(),
        NoLog::Elsewhere { driver } => format!("they go elsewhere ({})", code(driver)),
        NoLog::Silent => "it wrote nothing before it died".to_owned(),
        NoLog::Unreadable { code: found } => format!("they could not be read ({})", code(found)),
    };
    vec![format!("No log lines of {of}: {why}.")]
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

#[cfg(test)]
mod tests;
