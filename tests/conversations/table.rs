//! The table of differences in `docs/differences.md`: what is in it has to be so, and what is so has
//! to be in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::script::Step;

/// A cell that claims nothing.
const SILENT: &str = "–";
/// A cell that claims no difference.
const SAME: &str = "same";

/// A row: what the simulated cloud answers, then `MiniStack` and moto.
#[derive(Clone, Debug)]
struct Row {
    cloud: String,
    others: [String; 2],
}

/// The rows by service and call.
pub(crate) struct Table(BTreeMap<(String, String), Row>);

/// What came of one service's conversation: the cloud's outcomes, then `MiniStack`'s and moto's.
pub(crate) struct Held {
    pub(crate) service: &'static str,
    pub(crate) steps: Vec<Step>,
    pub(crate) outcomes: [Vec<String>; 3],
}

impl Table {
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().filter(|line| line.starts_with('|'));
        let rows = lines.filter_map(|line| {
            let cells: Vec<String> = line
                .trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().replace('`', ""))
                .collect();
            let [service, call, cloud, ministack, moto, why] =
                <[String; 6]>::try_from(cells).ok()?;
            if service == "service" || service.starts_with("--") {
                return None;
            }
            assert!(
                !why.is_empty(),
                "{service}, {call}: the table does not say who is right"
            );
            let others = [ministack, moto];
            Some(((service, call), Row { cloud, others }))
        });
        Self(rows.collect())
    }

    fn row(&self, service: &str, call: &str) -> Option<&Row> {
        self.0.get(&(service.to_owned(), call.to_owned()))
    }

    /// What the table says of a system's answer to a call.
    fn claim(&self, service: &str, step: &Step, system: usize) -> &str {
        self.row(service, &step.name)
            .map(|row| row.others[system].as_str())
            .filter(|claim| *claim != SILENT)
            .or_else(|| self.general(service, step, system))
            .unwrap_or(SAME)
    }

    /// What it says of all calls of an operation.
    fn general(&self, service: &str, step: &Step, system: usize) -> Option<&str> {
        let row = self.row(service, step.operation())?;
        Some(row.others[system].as_str()).filter(|claim| *claim != SILENT)
    }

    /// Everything in which the table and the conversations disagree.
    pub(crate) fn wrong(&self, held: &[Held]) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut used = BTreeSet::new();
        for Held {
            service,
            steps,
            outcomes: [cloud, ministack, moto],
        } in held
        {
            let calls = steps.iter().filter(|step| step.is_call());
            for (n, step) in calls.enumerate() {
                let others = [&ministack[n], &moto[n]];
                let row = self.row(service, &step.name);
                let is_so = (0..2).all(|system| {
                    let outcome = others[system];
                    let claim = self.claim(service, step, system);
                    outcome == claim || (claim == SAME && *outcome == cloud[n])
                }) && row.is_none_or(|row| row.cloud == cloud[n]);
                if !is_so {
                    let cell = |system: usize| {
                        let other = others[system];
                        if self.general(service, step, system) == Some(other) {
                            SILENT.to_owned()
                        } else if *other == cloud[n] {
                            SAME.to_owned()
                        } else {
                            format!("`{other}`")
                        }
                    };
                    wrong.push(format!(
                        "is so, and is not in the table:\n| {service} | {} | `{}` | {} | {} |",
                        step.name,
                        cloud[n],
                        cell(0),
                        cell(1)
                    ));
                }
                if others.iter().any(|other| **other != cloud[n]) {
                    used.insert((*service, step.name.as_str()));
                }
                let general = |system: usize| self.general(service, step, system);
                if (0..2).any(|system| general(system) == Some(others[system])) {
                    used.insert((*service, step.operation()));
                }
            }
        }
        let stale = self.0.keys();
        let stale =
            stale.filter(|(service, call)| !used.contains(&(service.as_str(), call.as_str())));
        wrong.extend(stale.map(|(service, call)| {
            format!("is in the table, and is no difference (any more): {service}, {call}")
        }));
        wrong
    }
}
