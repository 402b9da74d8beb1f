//! What is unhealthy about an estate's set-up, before it hurts: pure, from what was observed. Each
//! finding is a code with its facts; the text comes from where all texts come from.

#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Time, tz::TimeZone};
use nightshift::{
    config::Sleeper,
    keep::section::Section,
    kind::{Database, Kind, Service, Tag},
    money,
    report::{Diagnosis, Finding, Money},
};

use crate::plan::{View, billed};

/// Examines one estate.
#[must_use]
pub fn examine(view: &View<'_>) -> Diagnosis {
    let snapshot = view.snapshot;
    let sleeper = view.sleeper;
    let mut findings = Vec::new();
    for database in &snapshot.databases {
        examine_database(database, view, &mut findings);
    }
    for service in own_services(view) {
        examine_service(service, &sleeper.name, &mut findings);
    }
    findings.extend(
        snapshot
            .not_found
            .iter()
            .map(|name| Finding::NotFound { name: name.clone() }),
    );
    findings.extend(snapshot.unread.iter().map(|failure| Finding::Unread {
        failure: failure.clone(),
    }));
    let asleep = asleep_this_month(sleeper, view.now);
    Diagnosis {
        estate: sleeper.name.clone(),
        findings,
        still_billed: billed::while_asleep(view),
        hours_asleep_this_month: asleep.as_hours(),
        saved_this_month: saving(view, asleep),
        terraform: lifecycles(view),
    }
}

/// The document's services: under `all`, others live in the same cluster.
fn own_services<'a>(view: &View<'a>) -> impl Iterator<Item = &'a Service> {
    let (sleeper, snapshot) = (view.sleeper, view.snapshot);
    let services = snapshot.services.iter();
    services.filter(|service| sleeper.claims_service(service))
}

fn examine_database(database: &Database, view: &View<'_>, findings: &mut Vec<Finding>) {
    let name = || database.name.clone();
    if let Some(never) = database.never {
        findings.push(Finding::NeverStops {
            database: name(),
            never,
        });
    }
    if database.tag.as_deref() != Some(view.sleeper.name.as_str()) {
        findings.push(Finding::NoConsent {
            arn: database.arn.clone(),
            found: database.tag.clone(),
        });
    }
    if database.never.is_some() {
        return;
    }
    if database.backup_days == 0 && database.kind == Kind::RdsInstance {
        findings.push(Finding::NoBackups { database: name() });
    } else if let Some(window) = &database.backup_window {
        match lies(window, view) {
            Lies::Asleep => findings.push(Finding::BackupAsleep {
                database: name(),
                window: window.clone(),
            }),
            Lies::AtBedtime => findings.push(Finding::BackupAtBedtime {
                database: name(),
                window: window.clone(),
            }),
            Lies::Awake => {}
        }
    }
    if let Some(window) = &database.maintenance_window
        && lies(window, view) == Lies::Asleep
    {
        findings.push(Finding::MaintenanceAsleep {
            database: name(),
            window: window.clone(),
        });
    }
}

fn examine_service(service: &Service, estate: &str, findings: &mut Vec<Finding>) {
    if !service.circuit_breaker {
        findings.push(Finding::NoCircuitBreaker {
            service: service.name.clone(),
        });
    }
    if service.tag.as_deref() != Some(estate) {
        findings.push(Finding::NoConsent {
            arn: service.arn.clone(),
            found: service.tag.clone(),
        });
    }
    if let Some(target) = &service.target
        && let Tag::Read(found) = &target.tag
        && found.as_deref() != Some(estate)
    {
        findings.push(Finding::NoConsent {
            arn: target.arn.clone().unwrap_or_else(|| service.arn.clone()),
            found: found.clone(),
        });
    }
}

/// Where a window lies, on most of the days ahead on which it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lies {
    Awake,
    AtBedtime,
    Asleep,
}

/// Looks at the window's next fortnight: asleep on more days than not, or across a bedtime.
fn lies(window: &str, view: &View<'_>) -> Lies {
    let mut seen = [0_u32; 3];
    for (start, end) in occurrences(window, view.now) {
        let calendar = &view.sleeper.calendar;
        let lead = view.record.lead(view.sleeper.sleep.lead.get());
        let awake = |at| calendar.is_awake(at, lead);
        let place = match (awake(start), awake(end)) {
            (false, false) => 2,
            (true, false) => 1,
            _ => 0,
        };
        seen[place] += 1;
    }
    let days: u32 = seen.iter().sum();
    if seen[2] * 2 > days {
        Lies::Asleep
    } else if seen[1] * 4 > days {
        Lies::AtBedtime
    } else {
        Lies::Awake
    }
}

/// When a window of RDS comes in the next fortnight: `hh:mm-hh:mm` daily, `ddd:hh:mm-ddd:hh:mm`
/// weekly, both in UTC.
fn occurrences(window: &str, now: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let Some((start, end)) = window.split_once('-') else {
        return Vec::new();
    };
    let (day, start) = match start.split_once(':') {
        Some((day, time)) if day.len() == 3 => (Some(day), time),
        _ => (None, start),
    };
    let end = match end.split_once(':') {
        Some((day, time)) if day.len() == 3 => time,
        _ => end,
    };
    let (Ok(start), Ok(end)) = (start.parse::<Time>(), end.parse::<Time>()) else {
        return Vec::new();
    };
    let today = now.to_zoned(TimeZone::UTC).date();
    (0..14)
        .filter_map(|days| {
            let date = today.checked_add(days.days()).ok()?;
            let name = format!("{:?}", date.weekday()).to_lowercase();
            if day.is_some_and(|day| !name.starts_with(&day.to_lowercase())) {
                return None;
            }
            let from = date.to_datetime(start).to_zoned(TimeZone::UTC).ok()?;
            let until = date.to_datetime(end).to_zoned(TimeZone::UTC).ok()?;
            let until = if until > from {
                until
            } else {
                until.checked_add(1.day()).ok()?
            };
            Some((from.timestamp(), until.timestamp()))
        })
        .collect()
}

/// How long the calendar lets the estate sleep in the month of this instant.
fn asleep_this_month(sleeper: &Sleeper, now: Timestamp) -> SignedDuration {
    let date = now.to_zoned(sleeper.zone.clone()).date();
    let bound = |date: jiff::civil::Date| {
        date.to_zoned(sleeper.zone.clone())
            .ok()
            .map(|at| at.timestamp())
    };
    let first = date.first_of_month();
    let (Some(from), Some(to)) = (
        bound(first),
        first.checked_add(1.month()).ok().and_then(bound),
    ) else {
        return SignedDuration::ZERO;
    };
    let open: SignedDuration = sleeper
        .calendar
        .open_spans(from, to)
        .into_iter()
        .map(|span| span.end.duration_since(span.start))
        .fold(SignedDuration::ZERO, SignedDuration::saturating_add);
    to.duration_since(from).saturating_sub(open)
}

fn saving(view: &View<'_>, asleep: SignedDuration) -> Option<Money> {
    let prices = view.sleeper.prices.as_ref()?;
    let services = own_services(view).filter_map(|service| {
        let saved = view
            .entries
            .get(&service.arn)
            .and_then(|kept| kept.item.service.as_ref());
        let size = service
            .size
            .or_else(|| saved.and_then(|saved| saved.size))?;
        let count = if service.desired > 0 {
            service.desired
        } else {
            saved?.count
        };
        Some(money::task_hour(size, prices)? * f64::from(count))
    });
    let databases = view
        .snapshot
        .databases
        .iter()
        .filter(|database| database.never.is_none())
        .filter_map(|database| money::database_hour(&database.sizing, prices));
    let hourly: f64 = services.chain(databases).sum();
    (hourly > 0.0).then(|| money::money(hourly * asleep.as_secs_f64() / 3600.0, prices))
}

/// The blocks that keep Terraform from undoing what sleeping does.
fn lifecycles(view: &View<'_>) -> Vec<String> {
    own_services(view)
        .map(|service| {
            format!(
                "# aws_ecs_service \"{}\"\nlifecycle {{\n  ignore_changes = [desired_count]\n}}",
                service.name
            )
        })
        .collect()
}
