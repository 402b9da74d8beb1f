//! Deployments, services and tasks of ECS.

use super::{LISTED, Teller, quoted};
use crate::{
    draft::{Colour, Draft, Mrkdwn},
    render::{
        cut::{Kind, Room, clip},
        words::{Label, Place},
    },
    signal::{Container, Stage},
};

impl Teller<'_> {
    pub(super) fn deployment(
        &self,
        stage: Stage,
        (cluster, service): (&str, &str),
        deployment: &str,
        reason: &str,
    ) -> Draft {
        let (sign, colour) = match stage {
            Stage::Begun => ("🚀", Colour::Blue),
            Stage::RollingBack => ("↩️", Colour::Amber),
            Stage::Completed => ("✅", Colour::Green),
            Stage::Failed => ("🚨", Colour::Red),
        };
        let core = self.voice.tongue.deployment(stage, &self.short(service));
        let mut draft = self.draft(colour, sign, &core);
        draft.body.extend(quoted(reason));
        self.service_fields(&mut draft, cluster, service);
        self.field(&mut draft, Label::Deployment, deployment);
        self.when(&mut draft);
        draft.links = self.service_links(cluster, service, "deployments");
        draft
    }

    pub(super) fn service(
        &self,
        name: &str,
        level: &str,
        (cluster, service): (&str, &str),
        reason: &str,
    ) -> Draft {
        let tongue = self.voice.tongue;
        let (sign, colour) = match level {
            "ERROR" => ("🚨", Colour::Red),
            "WARN" => ("⚠️", Colour::Amber),
            _ => ("ℹ️", Colour::Blue),
        };
        let whose = if service.is_empty() { cluster } else { service };
        let whose = self.short(whose);
        let core = tongue.service(name, &whose).unwrap_or_else(|| {
            tongue.service_other(&clip(name, Room::of(60), Kind::Plain), &whose)
        });
        let mut draft = self.draft(colour, sign, &core);
        draft
            .body
            .extend(tongue.service_reason(reason).map(Mrkdwn::plain));
        draft.body.extend(quoted(reason));
        self.service_fields(&mut draft, cluster, service);
        self.when(&mut draft);
        draft
            .fields
            .push(self.voice.field(Label::Event, Mrkdwn::code(name)));
        draft.links = self.service_links(cluster, service, "health");
        draft
    }

    pub(super) fn task(
        &self,
        cluster: &str,
        group: &str,
        code: &str,
        reason: &str,
        containers: &[Container],
    ) -> Draft {
        let tongue = self.voice.tongue;
        let (of_service, whose) = match group.split_once(':') {
            Some(("service", name)) => (true, name),
            Some((_, name)) => (false, name),
            None => (false, group),
        };
        let whose = if whose.is_empty() { cluster } else { whose };
        // The container that failed is the one that matters, wherever it stands.
        let worst = containers
            .iter()
            .find(|it| it.exit_code.is_some_and(|code| code != 0) || is_out_of_memory(it))
            .or_else(|| containers.first());
        let exit = worst.and_then(|container| container.exit_code);
        let what = if code == "TaskFailedToStart" {
            tongue.task_unstarted(&self.short(whose))
        } else {
            tongue.task(
                &self.short(whose),
                exit,
                containers.iter().any(is_out_of_memory),
            )
        };
        let failed = match code {
            "TaskFailedToStart" => true,
            "EssentialContainerExited" => exit != Some(0),
            _ => false,
        };
        let mut draft = if failed {
            self.draft(Colour::Red, "🚨", &what)
        } else {
            self.draft(Colour::Blue, "ℹ️", &what)
        };
        draft.body.extend(tongue.stop_code(code).map(Mrkdwn::plain));
        draft.body.extend(self.containers(containers));
        draft.body.extend(quoted(reason));
        if of_service {
            self.service_fields(&mut draft, cluster, whose);
        } else {
            self.field(&mut draft, Label::Task, whose);
            self.field(&mut draft, Label::Cluster, cluster);
        }
        self.when(&mut draft);
        draft
            .fields
            .push(self.voice.field(Label::Code, Mrkdwn::code(code)));
        let mut found = Vec::new();
        let task = self.event.resource.rsplit('/').next().unwrap_or_default();
        if let (Some(console), false, false) = (self.console, task.is_empty(), cluster.is_empty()) {
            found.push((Place::Task, console.task(cluster, task, "configuration")));
            found.push((Place::Logs, console.task(cluster, task, "logs")));
        }
        draft.links = self.voice.links(found);
        if of_service {
            let service = self.service_links(cluster, whose, "health");
            draft.links.extend(service.into_iter().take(1));
        }
        draft
    }

    fn containers(&self, containers: &[Container]) -> Option<Mrkdwn> {
        let tongue = self.voice.tongue;
        let mut lines = Vec::new();
        for container in containers.iter().take(LISTED) {
            let mut told = vec![tongue.exited(container.exit_code)];
            if is_out_of_memory(container) {
                told.push(tongue.out_of_memory().to_owned());
            } else if let Some(meaning) =
                container.exit_code.and_then(|code| tongue.exit_code(code))
            {
                told.push(meaning.to_owned());
            }
            let mut line = Mrkdwn::plain("• ")
                .and(&Mrkdwn::code(&container.name))
                .and(&Mrkdwn::plain(&format!(" {}", told.join(": "))));
            if let Some(reason) = container
                .reason
                .as_deref()
                .filter(|it| !it.trim().is_empty())
            {
                let reason = clip(reason, Room::of(400), Kind::Plain);
                line = line.and(&Mrkdwn::plain("\n")).and(&Mrkdwn::quote(&reason));
            }
            lines.push(line);
        }
        let rest = containers.len().saturating_sub(LISTED);
        if rest > 0 {
            lines.push(Mrkdwn::plain(&format!("• {}", tongue.more(rest))));
        }
        (!lines.is_empty()).then(|| Mrkdwn::joined(&lines, "\n"))
    }

    fn service_fields(&self, draft: &mut Draft, cluster: &str, service: &str) {
        self.field(draft, Label::Service, service);
        self.field(draft, Label::Cluster, cluster);
    }

    fn service_links(&self, cluster: &str, service: &str, page: &str) -> Vec<(String, String)> {
        let Some(console) = self.console else {
            return Vec::new();
        };
        if cluster.is_empty() || service.is_empty() {
            return Vec::new();
        }
        self.voice.links(vec![
            (Place::Service, console.service(cluster, service, page)),
            (Place::Logs, console.service(cluster, service, "logs")),
        ])
    }
}

fn is_out_of_memory(container: &Container) -> bool {
    let reason = container.reason.as_deref().unwrap_or_default();
    reason.starts_with("OutOfMemory")
}
