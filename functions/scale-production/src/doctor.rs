//! What is unhealthy about an estate's set-up, before it hurts: pure, from what was observed. Each
//! finding is a code with its facts; the text comes from where all texts come from.

#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp, ToSpan};
use nightshift::{
    config::Slimmer,
    kind::{Level, Lever, Tag},
    money,
    report::{Diagnosis, Finding, Money},
};

use crate::{
    plan::View,
    snapshot::{Handle, Resource},
};

/// Examines one estate.
#[must_use]
pub fn examine(view: &View<'_>) -> Diagnosis {
    let (snapshot, section) = (view.snapshot, view.section);
    let mut findings = Vec::new();
    for resource in snapshot.resources() {
        if let Some(night) = view.night(resource) {
            examine_resource(resource, night, view, &mut findings);
        }
    }
    if section.slim.brakes.is_empty() {
        findings.push(Finding::NoBrakes);
    }
    let not_found = snapshot.not_found.iter().chain(&snapshot.no_alarms);
    findings.extend(not_found.map(|name| Finding::NotFound { name: name.clone() }));
    let unread = snapshot.unread.iter().chain(&snapshot.unmeasured);
    findings.extend(unread.map(|failure| Finding::Unread {
        failure: failure.clone(),
    }));
    let small = small_this_month(section, view.now);
    Diagnosis {
        estate: section.name.clone(),
        findings,
        still_billed: Vec::new(),
        hours_asleep_this_month: small.as_hours(),
        saved_this_month: saving(view, small),
        terraform: lifecycles(view),
    }
}

fn examine_resource(
    resource: Resource<'_>,
    night: Level,
    view: &View<'_>,
    findings: &mut Vec<Finding>,
) {
    let name = || resource.name().to_owned();
    for (arn, tag) in resource.consents() {
        if let Tag::Read(found) = tag
            && found.as_deref() != Some(view.section.name.as_str())
        {
            findings.push(Finding::NoConsent {
                arn: arn.clone(),
                found,
            });
        }
    }
    match day(resource, view) {
        None => findings.push(Finding::NotServerless { database: name() }),
        Some(day) if day <= night => findings.push(Finding::SavesNothing {
            name: name(),
            day,
            night,
        }),
        Some(_) => {}
    }
    if let Some(service) = resource.service() {
        if !service.circuit_breaker {
            findings.push(Finding::NoCircuitBreaker { service: name() });
        }
        let suspension = service.target.as_ref().map(|target| target.suspension);
        if suspension.is_some_and(|suspended| suspended.dynamic_in || suspended.dynamic_out) {
            findings.push(Finding::ScalingSuspended { service: name() });
        }
    }
}

/// What the resource is by day: as it is saved, or else as it is now.
fn day(resource: Resource<'_>, view: &View<'_>) -> Option<Level> {
    let Handle { lever, level, .. } = resource.handle()?;
    let kept = view.entries.get(resource.arn()).map(|kept| &kept.item);
    let saved = kept.filter(|entry| entry.is_open() && entry.lever == lever);
    Some(saved.map_or(level, |entry| entry.found))
}

/// How long the calendar wants the estate small in the month of this instant.
fn small_this_month(section: &Slimmer, now: Timestamp) -> SignedDuration {
    let first = now.to_zoned(section.zone.clone()).date().first_of_month();
    let bound = |date: jiff::civil::Date| {
        let at = date.to_zoned(section.zone.clone()).ok()?;
        Some(at.timestamp())
    };
    let next = first.checked_add(1.month()).ok();
    let (Some(from), Some(to)) = (bound(first), next.and_then(bound)) else {
        return SignedDuration::ZERO;
    };
    let open: SignedDuration = section
        .calendar
        .open_spans(from, to)
        .into_iter()
        .map(|span| span.end.duration_since(span.start))
        .fold(SignedDuration::ZERO, SignedDuration::saturating_add);
    to.duration_since(from).saturating_sub(open)
}

/// What that is worth at most: if load never asks for more than the night's size.
fn saving(view: &View<'_>, small: SignedDuration) -> Option<Money> {
    let prices = view.section.prices.as_ref()?;
    let hourly: f64 = view
        .snapshot
        .resources()
        .filter_map(|resource| {
            let less = day(resource, view)?.get() - view.night(resource)?.get();
            let each = match resource {
                Resource::Service(watched) => {
                    let size = watched.service.size;
                    let saved = || view.entries.get(resource.arn())?.item.size;
                    money::task_hour(size.or_else(saved)?, prices)?
                }
                Resource::Cluster(measured) => {
                    let members = measured.cluster.serverless_members();
                    prices.aurora_acu? * f64::from(members)
                }
            };
            (less > 0.0).then_some(less * each)
        })
        .sum();
    (hourly > 0.0).then(|| money::money(hourly * small.as_secs_f64() / 3600.0, prices))
}

/// The blocks that keep Terraform from undoing a night by chance. A scalable target gets none: if
/// its minimum were ignored, Terraform could never change it again.
fn lifecycles(view: &View<'_>) -> Vec<String> {
    view.snapshot
        .resources()
        .filter(|resource| view.night(*resource).is_some())
        .filter(|resource| {
            let lever = resource.handle().map(|handle| handle.lever);
            lever == Some(Lever::Count)
        })
        .map(|resource| {
            format!(
                "# aws_ecs_service \"{}\"\nlifecycle {{\n  ignore_changes = [desired_count]\n}}",
                resource.name()
            )
        })
        .collect()
}
