//! What people are told of a turn is true: once they hear that it went well, or back, it did.

use jiff::Timestamp;
use nightshift_cloud::{call::Actor, world::World};
use serde_json::Value;

use super::{Fail, Rules};
use crate::rules::MOMENT;

impl Rules {
    pub(super) fn published(
        &mut self,
        world: &World,
        at: Timestamp,
        message: &str,
        fail: &mut Fail<'_>,
    ) {
        let mut told_wrong = |at, rule, detail| fail(at, rule, detail);
        let Some((_, news)) = self.reports.read(at, message, &[], &mut told_wrong) else {
            return;
        };
        let told = &news["told"];
        let text = told.to_string();
        let is_well = told["rotation"] == "rotated";
        for (name, history) in &mut self.histories {
            if !is_well && text.contains(name) {
                history.told_at = Some(at);
                history.lasts = told["rotation"] != "reverted";
            }
        }
        if is_well {
            self.every_task_has(world, at, told, fail);
        }
        if told["rotation"] == "reverted" {
            self.is_back(at, told, fail);
        }
    }

    /// People are told that a turn went back: what is in place was there before, unless somebody wrote
    /// meanwhile.
    fn is_back(&self, at: Timestamp, told: &Value, fail: &mut Fail<'_>) {
        let secrets = told["secrets"].as_array().into_iter().flatten();
        for name in secrets.filter_map(Value::as_str) {
            let history = self.histories.iter().find(|(other, _)| **other == name);
            let Some((_, history)) = history else {
                continue;
            };
            let Some(newest) = history.newest() else {
                continue;
            };
            let mut earlier = history.versions.iter().rev().skip(1);
            let is_earlier = earlier.any(|version| version.value == newest.value);
            if matches!(newest.by, Actor::Function(_)) && !is_earlier {
                let rule = "reverted is told once the former value is back";
                fail(at, rule, name.to_owned());
            }
        }
    }

    /// People are told that a turn went well: every task has what it made.
    fn every_task_has(&self, world: &World, at: Timestamp, told: &Value, fail: &mut Fail<'_>) {
        let secrets = told["secrets"].as_array().into_iter().flatten();
        for name in secrets.filter_map(|it| it["secret"].as_str()) {
            let history = self.histories.iter().find(|(other, _)| **other == name);
            let Some(newest) = history.and_then(|(_, history)| history.newest()) else {
                continue;
            };
            // What somebody wrote since is another turn's.
            if !matches!(newest.by, Actor::Function(_)) && at.duration_since(newest.at) <= MOMENT {
                continue;
            }
            let old = self.tasks.held.iter().filter(|(_, held)| {
                let value = held.values.get(name);
                held.runs && value.is_some_and(|value| *value != newest.value)
            });
            let is_wanted = |arn: &str, service: &str| {
                let service = world.ecs.service(service);
                let mut tasks = service.into_iter().flat_map(|one| &one.tasks);
                tasks.any(|task| task.arn == arn && task.is_running())
            };
            for (arn, held) in old.filter(|(arn, held)| is_wanted(arn, &held.service)) {
                let detail = format!("{arn} read {name} at {}", held.read_at);
                fail(at, "rotated is told once every task has it", detail);
            }
        }
    }
}
