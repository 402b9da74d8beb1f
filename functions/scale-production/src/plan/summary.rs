//! What a night comes to is counted look by look, from what runs and not from what was asked for,
//! and told once, in the morning.

use jiff::Timestamp;
use nightshift::{
    kind::{Arn, Level},
    ledger::slim::{Entry, Month, Night},
    money,
    report::{News, NightTold, Peak, Slimmed},
};

use super::{Draft, MEASURED, brakes::whole};
use crate::snapshot::Resource;

impl Draft<'_> {
    /// Carries the night on to this look.
    pub(super) fn count_the_night(&mut self) {
        let Some(mut night) = self.record.night.take() else {
            return;
        };
        let hours = self.now.duration_since(night.counted_until).as_secs_f64() / 3600.0;
        let spare = self.spare();
        for (arn, now) in &spare {
            // Whatever ran in between, no less than at either end was spared.
            let both = night.spare.get(arn).copied().unwrap_or(0.0).min(*now);
            self.add(&mut night, arn, both * hours.max(0.0));
        }
        night.spare = spare;
        self.count_events(&mut night);
        self.meet_the_load(&mut night);
        match self.held.first() {
            Some(held) => night.hold(held.cause.clone(), self.now),
            None => night.release(self.now),
        }
        night.counted_until = self.now.max(night.counted_until);
        self.record.night = Some(night);
    }

    /// How many tasks fewer than by day run now, and how much less capacity there is.
    fn spare(&self) -> std::collections::BTreeMap<Arn, f64> {
        let entries = self.view.entries.values().map(|kept| &kept.item);
        entries
            .filter(|entry| entry.is_open() && entry.small_since.is_some())
            .filter_map(|entry| {
                let spare = match self.view.snapshot.resource(&entry.arn)? {
                    Resource::Service(watched) => {
                        let service = &watched.service;
                        let running = service.running.max(service.desired);
                        entry.found.get() - f64::from(running)
                    }
                    Resource::Cluster(measured) => {
                        let cluster = &measured.cluster;
                        let each = entry.found.get() - cluster.used?.get();
                        each * f64::from(cluster.serverless_members())
                    }
                };
                (spare > 0.0).then(|| (entry.arn.clone(), spare))
            })
            .collect()
    }

    fn add(&self, night: &mut Night, arn: &Arn, hours: f64) {
        let Some(entry) = self.view.entry(arn) else {
            return;
        };
        let prices = self.view.section.prices.as_ref();
        let price = match entry.found {
            Level::Tasks(_) => {
                night.task_hours += hours;
                prices.and_then(|prices| money::task_hour(entry.size?, prices))
            }
            Level::Acu(_) => {
                night.acu_hours += hours;
                prices.and_then(|prices| prices.aurora_acu)
            }
        };
        night.saved += price.unwrap_or(0.0) * hours;
    }

    fn count_events(&self, night: &mut Night) {
        let since = night.counted_until;
        let new = |at: Timestamp| at > since && at <= self.now;
        let own = |arn: &Arn| {
            let resource = self.view.snapshot.resource(arn);
            resource.is_some_and(|resource| self.view.names(resource))
        };
        let count = |events: &[crate::snapshot::Event]| {
            let events = events.iter();
            let counted = events.filter(|event| new(event.at) && own(&event.service));
            u32::try_from(counted.count()).unwrap_or(u32::MAX)
        };
        let (outs, deaths) = (
            count(&self.view.snapshot.scale_outs),
            count(&self.view.snapshot.deaths),
        );
        night.scale_outs = night.scale_outs.saturating_add(outs);
        night.deaths = night.deaths.saturating_add(deaths);
    }

    /// The day's last minutes are in the measurements until they are over.
    fn meet_the_load(&self, night: &mut Night) {
        for watched in &self.view.snapshot.services {
            let Some(load) = watched.load else { continue };
            let of_the_night = load.newest.duration_since(night.began) >= MEASURED;
            if of_the_night && self.view.names(Resource::Service(watched)) {
                night.meet(Peak {
                    service: watched.service.name.clone(),
                    percent: whole(load.highest),
                });
            }
        }
    }

    /// One report a night. A night in which nothing was to be made smaller is not told.
    pub(super) fn tell_of_the_night(&mut self, opening: Option<Timestamp>) {
        let Some(night) = self.record.night.take() else {
            return;
        };
        let slimmed = self.slimmed(&night);
        if self.view.released || (slimmed.is_empty() && night.held.is_empty()) {
            return;
        }
        let prices = self.view.section.prices.as_ref();
        let today = self.now.to_zoned(self.view.section.zone.clone()).date();
        let month = Month::with(self.record.month, today, night.saved);
        self.record.month = Some(month);
        let told = NightTold {
            began: night.began,
            opening,
            slimmed,
            task_hours: night.task_hours,
            acu_hours: night.acu_hours,
            saved: prices.map(|prices| money::money(night.saved, prices)),
            month: prices.map(|prices| money::money(month.saved, prices)),
            services: self.counts(),
            highest_cpu: night.highest_cpu,
            scale_outs: night.scale_outs,
            deaths: night.deaths,
            held: night.held,
        };
        self.moments.push(News::NightSummary {
            night: Box::new(told),
        });
    }

    fn slimmed(&self, night: &Night) -> Vec<Slimmed> {
        let entries = self.view.entries.values().map(|kept| &kept.item);
        let of_this_night = |entry: &&Entry| {
            let since = entry.small_since;
            since.is_some_and(|since| since >= night.began)
        };
        entries
            .filter(of_this_night)
            .filter_map(|entry| {
                Some(Slimmed {
                    resource: entry.arn.name().to_owned(),
                    lever: entry.lever,
                    day: entry.found,
                    night: entry.set,
                    from: entry.small_since?,
                    until: entry.grown_at.unwrap_or(self.now),
                })
            })
            .collect()
    }
}
