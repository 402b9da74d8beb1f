//! What power-staging brings to the keeping of estates: `sleep`, the plan, and the clients by which
//! services and databases are read and changed.

use aws_types::SdkConfig;
use jiff::Timestamp;
use nightshift::{
    config::Sleeper,
    keep::{self, Context, Keeper, Known, Page, command::Orders},
    kind::{Keeping, ecs_service::ServiceClients},
    ledger::{Entry, EstateRecord, Order, Phase},
    report::{Change, Deed, Diagnosis, Failure, News, State},
};

use crate::{
    act, doctor,
    foresee::foresee,
    observe::{self, Clients},
    plan::{self, Chain, FUNCTION, Plan, Step, View},
    snapshot::Snapshot,
};

/// power-staging, as a keeper of estates.
#[derive(Debug)]
pub struct PowerStaging;

/// power-staging, as it lasts between invocations.
pub type Function = keep::Function<PowerStaging>;

impl Keeper for PowerStaging {
    const NAME: &'static str = FUNCTION;
    const ORDERS: Orders = &[
        ("wake", Order::Wake),
        ("sleep", Order::Sleep),
        ("hold", Order::Hold),
    ];
    const KEEPING: Keeping = Keeping::Sleeping;
    const AT_FIRST: Phase = Phase::Awake;

    type Section = Sleeper;
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
        }
    }

    async fn observe(context: &Context<'_, Self>, estates: &[Known<'_, Self>]) -> Vec<Snapshot> {
        observe::estates(context, estates).await
    }

    fn plan(view: &keep::View<'_, Self>) -> Plan {
        let view = staging(view);
        let plan = plan::plan(&view);
        #[cfg(feature = "sabotage")]
        let plan = crate::sabotage::spoilt(plan, &view);
        plan
    }

    fn foresee(view: &keep::View<'_, Self>) -> Vec<Deed> {
        foresee(&staging(view))
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
        doctor::examine(&staging(view))
    }

    /// A sleep ends at the next opening.
    fn end_of(
        order: Order,
        sleeper: &Sleeper,
        record: Option<&EstateRecord>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        if order != Order::Sleep {
            return None;
        }
        let untaught = sleeper.sleep.lead.get();
        let lead = record.map_or(untaught, |record| record.lead(untaught));
        plan::turns(sleeper, lead).next_opening(now)
    }

    fn goes_without_saying(news: &News) -> bool {
        matches!(
            news,
            News::NotYet {
                wanted: State::Asleep,
                ..
            } | News::Stuck {
                wanted: State::Asleep,
                ..
            }
        )
    }

    #[cfg(feature = "sabotage")]
    fn misread(ground: &mut keep::Ground<Self>, now: Timestamp) {
        crate::sabotage::misdate(ground, now);
    }

    #[cfg(feature = "sabotage")]
    async fn believe(context: &Context<'_, Self>, payload: &serde_json::Value) {
        crate::sabotage::believe(context, payload).await;
    }

    #[cfg(feature = "sabotage")]
    fn hushes() -> bool {
        crate::sabotage::is(crate::sabotage::Bug::FailureAsSuccess)
    }
}

/// The view in this function's own words.
fn staging<'a>(view: &keep::View<'a, PowerStaging>) -> View<'a> {
    View {
        sleeper: view.section,
        released: view.released,
        snapshot: view.snapshot,
        entries: view.entries,
        record: view.record,
        order: view.order,
        rivals: view.rivals,
        now: view.now,
    }
}
