//! What scale-production brings to the keeping of estates: `slim`, the plan, and the clients by which
//! services, clusters and their loads are read and changed.

use aws_types::SdkConfig;
use jiff::Timestamp;
use nightshift::{
    config::Slimmer,
    keep::{self, Context, Keeper, Known, Page, command::Orders},
    kind::{Keeping, ecs_service::ServiceClients},
    ledger::{EstateRecord, Order, Phase, slim::Entry},
    report::{Change, Deed, Diagnosis, Failure, News},
};

use crate::{
    act, doctor,
    foresee::foresee,
    observe::{self, Clients},
    plan::{self, Chain, FUNCTION, Plan, Step, View},
    snapshot::Snapshot,
};

/// scale-production, as a keeper of estates.
#[derive(Debug)]
pub struct ScaleProduction;

/// scale-production, as it lasts between invocations.
pub type Function = keep::Function<ScaleProduction>;

impl Keeper for ScaleProduction {
    const NAME: &'static str = FUNCTION;
    const ORDERS: Orders = &[
        ("day", Order::Day),
        ("night", Order::Night),
        ("hold", Order::Hold),
    ];
    const KEEPING: Keeping = Keeping::Slimming;
    const AT_FIRST: Phase = Phase::Day;

    type Section = Slimmer;
    type Entry = Entry;
    type Snapshot = Snapshot;
    type Step = Step;
    type Clients = Clients;

    fn clients(config: &SdkConfig) -> Clients {
        Clients {
            services: ServiceClients {
                ecs: aws_sdk_ecs::Client::new(config),
                scaling: aws_sdk_applicationautoscaling::Client::new(config),
            },
            rds: aws_sdk_rds::Client::new(config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(config),
        }
    }

    async fn observe(context: &Context<'_, Self>, estates: &[Known<'_, Self>]) -> Vec<Snapshot> {
        observe::estates(context, estates).await
    }

    #[cfg(not(feature = "sabotage"))]
    fn plan(view: &keep::View<'_, Self>) -> Plan {
        plan::plan(&production(view))
    }

    #[cfg(feature = "sabotage")]
    fn plan(view: &keep::View<'_, Self>) -> Plan {
        crate::sabotage::plan(&production(view))
    }

    fn foresee(view: &keep::View<'_, Self>) -> Vec<Deed> {
        foresee(&production(view))
    }

    async fn take(
        context: &Context<'_, Self>,
        chain: &Chain,
        step: &Step,
        page: &mut Page<'_, Entry>,
    ) -> Result<Option<Change>, Failure> {
        act::take(context, chain, step, page).await
    }

    fn examine(view: &keep::View<'_, Self>) -> Diagnosis {
        doctor::examine(&production(view))
    }

    /// A night ends at the next opening.
    fn end_of(
        order: Order,
        slimmer: &Slimmer,
        record: Option<&EstateRecord>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        if order != Order::Night {
            return None;
        }
        let lead = match record {
            Some(record) => plan::lead(slimmer, record, now),
            None => slimmer.slim.lead.get(),
        };
        plan::turns(slimmer, lead).next_opening(now)
    }

    fn goes_without_saying(news: &News) -> bool {
        matches!(news, News::HeldBack { .. })
    }
}

/// The view in this function's own words.
fn production<'a>(view: &keep::View<'a, ScaleProduction>) -> View<'a> {
    View {
        section: view.section,
        released: view.released,
        snapshot: view.snapshot,
        entries: view.entries,
        owners: view.owners,
        broken: view.broken,
        record: view.record,
        order: view.order,
        rivals: view.rivals,
        now: view.now,
    }
}
