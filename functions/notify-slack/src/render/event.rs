//! Events of AWS services: one sentence in the reader's words, and AWS's own text beneath.

mod ecs;

use jiff::Timestamp;

use super::{
    cut::{Kind, Room, clip},
    links::{self, Console},
    voice::{Voice, empty, ticked},
    watched::short,
    words::{Label, Place},
};
use crate::{
    draft::{Colour, Draft, Mrkdwn},
    scene::Scene,
    signal::{Event, Signal, Told},
};

/// How much of AWS's own text is told.
const TEXT: usize = 2500;
/// How many containers, or affected resources, are told.
const LISTED: usize = 8;

/// An event, told.
pub(super) fn told(signal: &Signal, event: &Event, scene: &Scene<'_>) -> Draft {
    let teller = Teller {
        signal,
        event,
        voice: Voice::new(scene),
        console: Console::new(&signal.account, &signal.region),
    };
    let mut draft = match &event.told {
        Told::Deployment {
            stage,
            cluster,
            service,
            deployment,
            reason,
        } => teller.deployment(*stage, (cluster, service), deployment, reason),
        Told::Service {
            name,
            level,
            cluster,
            service,
            reason,
        } => teller.service(name, level, (cluster, service), reason),
        Told::Task {
            cluster,
            group,
            code,
            reason,
            containers,
        } => teller.task(cluster, group, code, reason, containers),
        Told::Database {
            source,
            name,
            id,
            categories,
            message,
        } => teller.database(source, name, id, categories, message),
        Told::CodeDeploy {
            state,
            application,
            group,
            deployment,
        } => teller.code_deploy(state, application, group, deployment),
        Told::Health {
            service,
            code,
            category,
            status,
            begins,
            ends,
            description,
            affected,
        } => {
            let about = (category.as_str(), status == "closed");
            let mut draft = teller.health(service, about, description, affected);
            teller.health_fields(&mut draft, code, *begins, *ends);
            if let (Some(begins), "scheduledChange", false) = (begins, about.0, about.1) {
                let begins = teller.voice.clock(*begins);
                draft.title.push_str(&teller.voice.tongue.aside(&begins));
            }
            draft
        }
        Told::Budget {
            name,
            kind,
            threshold,
            amount,
            budgeted,
        } => {
            let mut draft = teller.budget(name, kind);
            for (label, value) in [
                (Label::Amount, amount),
                (Label::Threshold, threshold),
                (Label::Budgeted, budgeted),
                (Label::Budget, name),
            ] {
                teller.field(&mut draft, label, value);
            }
            draft
        }
    };
    draft.context.push(teller.voice.provenance(signal));
    draft
}

struct Teller<'a> {
    signal: &'a Signal,
    event: &'a Event,
    voice: Voice<'a>,
    console: Option<Console<'a>>,
}

impl Teller<'_> {
    fn database(
        &self,
        source: &str,
        name: &str,
        id: &str,
        categories: &[String],
        message: &str,
    ) -> Draft {
        let tongue = self.voice.tongue;
        let has = |wanted: &str| categories.iter().any(|category| category == wanted);
        let worst = ["failure", "low storage", "failover"];
        let first = categories.first().map_or("", String::as_str);
        let category = worst.into_iter().find(|worst| has(worst)).unwrap_or(first);
        let (sign, colour) = match id {
            "RDS-EVENT-0069" | "RDS-EVENT-0152" => ("🚨", Colour::Red),
            _ if has("failure") || has("low storage") => ("🚨", Colour::Red),
            _ if has("failover") || has("recovery") => ("⚠️", Colour::Amber),
            _ => ("🗄️", Colour::Blue),
        };
        let core = tongue
            .database(id, &self.short(name))
            .unwrap_or_else(|| tongue.database_other(category, &self.short(name)));
        let mut draft = self.draft(colour, sign, &core);
        draft.body.extend(quoted(message));
        let is_cluster = matches!(source, "CLUSTER" | "DB_CLUSTER");
        let label = if is_cluster {
            Label::DatabaseCluster
        } else {
            Label::Database
        };
        self.field(&mut draft, label, name);
        self.when(&mut draft);
        draft
            .fields
            .push(self.voice.field(Label::Event, Mrkdwn::code(id)));
        let console = self.console.filter(|_| !name.is_empty());
        let page = console.filter(|_| is_cluster || source == "DB_INSTANCE");
        let page = page.map(|console| (Place::Database, console.database(name, is_cluster)));
        draft.links = self.voice.links(page.into_iter().collect());
        draft
    }

    fn code_deploy(&self, state: &str, application: &str, group: &str, deployment: &str) -> Draft {
        let (sign, colour) = match state {
            "FAILURE" => ("🚨", Colour::Red),
            "STOP" => ("⚠️", Colour::Amber),
            "SUCCESS" => ("✅", Colour::Green),
            _ => ("🚀", Colour::Blue),
        };
        let state = clip(state, Room::of(40), Kind::Plain);
        let core = self
            .voice
            .tongue
            .code_deploy(&state, &self.short(application));
        let mut draft = self.draft(colour, sign, &core);
        self.field(&mut draft, Label::Application, application);
        self.field(&mut draft, Label::DeploymentGroup, group);
        self.field(&mut draft, Label::Deployment, deployment);
        self.when(&mut draft);
        let console = self.console.filter(|_| !deployment.is_empty());
        let page = console.map(|console| (Place::Deployment, console.code_deploy(deployment)));
        draft.links = self.voice.links(page.into_iter().collect());
        draft
    }

    fn health(
        &self,
        service: &str,
        (category, closed): (&str, bool),
        description: &str,
        affected: &[String],
    ) -> Draft {
        let tongue = self.voice.tongue;
        let (sign, colour) = match category {
            _ if closed => ("✅", Colour::Green),
            "issue" => ("🚨", Colour::Red),
            "scheduledChange" => ("🗓️", Colour::Amber),
            "investigation" => ("⚠️", Colour::Amber),
            _ => ("ℹ️", Colour::Blue),
        };
        let service = clip(service, Room::of(40), Kind::Plain);
        let core = tongue.health(category, &service, closed);
        let mut draft = self.draft(colour, sign, &core);
        draft.body.extend(quoted(description));
        if !affected.is_empty() {
            let shown = affected.iter().take(LISTED);
            let mut shown: Vec<String> = shown.map(|it| ticked(it)).collect();
            let rest = affected.len().saturating_sub(LISTED);
            if rest > 0 {
                shown.push(tongue.more(rest));
            }
            let told = format!(
                "{}: {}",
                tongue.label(Label::Affected),
                tongue.listed(&shown)
            );
            draft.body.push(Mrkdwn::plain(&told));
        }
        let page = if category == "scheduledChange" {
            links::HEALTH_PLANS
        } else {
            links::HEALTH
        };
        draft.links = self.voice.links(vec![(Place::Health, page.to_owned())]);
        draft
    }

    fn health_fields(
        &self,
        draft: &mut Draft,
        code: &str,
        begins: Option<Timestamp>,
        ends: Option<Timestamp>,
    ) {
        for (label, at) in [(Label::Starts, begins), (Label::Ends, ends)] {
            if let Some(at) = at {
                let at = Mrkdwn::plain(&self.voice.clock(at));
                draft.fields.push(self.voice.field(label, at));
            }
        }
        draft
            .fields
            .push(self.voice.field(Label::Code, Mrkdwn::code(code)));
    }

    fn budget(&self, name: &str, kind: &str) -> Draft {
        let forecast = kind.eq_ignore_ascii_case("FORECASTED");
        let named = clip(name, Room::of(60), Kind::Plain);
        let core = self.voice.tongue.budget(&named, forecast);
        let mut draft = self.draft(Colour::Amber, "💰", &core);
        draft.links = self
            .voice
            .links(vec![(Place::Budgets, links::BUDGETS.to_owned())]);
        draft
    }

    fn draft(&self, colour: Colour, sign: &str, core: &str) -> Draft {
        Draft {
            title: self.voice.title(sign, core),
            ..empty(colour)
        }
    }

    fn short(&self, name: &str) -> String {
        short(name, self.voice.scene.estate)
    }

    fn field(&self, draft: &mut Draft, label: Label, value: &str) {
        if !value.trim().is_empty() {
            draft
                .fields
                .push(self.voice.field(label, Mrkdwn::plain(value)));
        }
    }

    fn when(&self, draft: &mut Draft) {
        let at = Mrkdwn::plain(&self.voice.clock(self.signal.at));
        draft.fields.push(self.voice.field(Label::When, at));
    }
}

/// AWS's own text, if there is any.
fn quoted(text: &str) -> Option<Mrkdwn> {
    let text = text.trim();
    (!text.is_empty()).then(|| Mrkdwn::quote(&clip(text, Room::of(TEXT), Kind::Plain)))
}
