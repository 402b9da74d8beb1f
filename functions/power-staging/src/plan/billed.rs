//! Sleeping does not make everything free: what stays billed is named, in reports and by `doctor`,
//! so that nobody is surprised by the bill.

use super::View;

/// What is billed while the estate sleeps: what can be seen, and what the document names.
#[must_use]
pub fn while_asleep(view: &View<'_>) -> Vec<String> {
    let snapshot = view.snapshot;
    let mut billed = Vec::new();
    let balanced = snapshot
        .services
        .iter()
        .any(|service| view.has_service(service) && service.load_balanced);
    if balanced {
        billed.push("ALB".to_owned());
    }
    let databases = snapshot
        .databases
        .iter()
        .filter(|database| view.has_database(database));
    let (never, stopped): (Vec<_>, Vec<_>) =
        databases.partition(|database| database.never.is_some());
    if !stopped.is_empty() {
        billed.push("RDS storage".to_owned());
    }
    billed.extend(never.into_iter().map(|database| database.name.clone()));
    for named in &view.sleeper.sleep.still_billed {
        if !billed.contains(named) {
            billed.push(named.clone());
        }
    }
    billed
}
