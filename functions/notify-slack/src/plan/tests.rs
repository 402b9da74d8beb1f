mod story;

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    config,
    documents::Documents,
    ledger::{
        EstateRecord, Kept, Ledger, Order, Override, Phase, VERSION, rollout::DeploymentGroup,
    },
    report::{News, message::Message},
};

use super::*;
use crate::{
    draft::Draft,
    plan::course::FLAPPING,
    signal::{Event, Metric, Other, Rule, Test},
};

const COMPANY: &str = "
version: 1
time_zone: Asia/Tokyo
slack: { channel: '#ops', alert_channel: '#alerts', mention: S1 }
calendars: { business: { hours: { monday-friday: '09:00-19:00' } } }
";
const STAGING: &str = "
version: 1
sleep: { calendar: business, cluster: staging, services: [web, api], databases: [staging-db] }
";
const SHOP: &str = "
version: 1
watch: { channel: '#shop', alarms: [shop-], mention: U2, cluster: shop, services: [till] }
";

/// Friday, 2026-11-20, in Tokyo.
fn at(time: &str) -> Timestamp {
    format!("2026-11-20T{time}+09:00").parse().unwrap()
}

struct Builder {
    documents: Documents,
    ledger: Ledger,
    remembers: bool,
}

fn house() -> Builder {
    let estates = [("staging", STAGING), ("shop", SHOP)];
    Builder {
        documents: Documents {
            company: Some(COMPANY.to_owned()),
            estates: estates
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .into(),
        },
        ledger: Ledger::default(),
        remembers: true,
    }
}

impl Builder {
    fn phase(mut self, phase: Phase, since: Timestamp) -> Self {
        let record = EstateRecord {
            phase,
            ..EstateRecord::new(since)
        };
        self.ledger
            .estates
            .insert("staging".to_owned(), Kept::new(record));
        self
    }

    fn order(mut self, order: Order, until: Timestamp) -> Self {
        let order = Override {
            version: VERSION,
            order,
            until,
            by: "tanaka".to_owned(),
            reason: "load test".to_owned(),
            set_at: at("12:00:00"),
            deployment: false,
        };
        self.ledger
            .overrides
            .insert("staging".to_owned(), Kept::new(order));
        self
    }

    fn with_a_webhook(mut self) -> Self {
        self.remembers = false;
        self
    }

    fn built(&self) -> House {
        House::new(
            &self.documents,
            &self.ledger,
            "/nightshift",
            self.remembers,
            FUNCTION,
        )
    }
}

fn alarm(name: &str, state: AlarmState, when: Timestamp) -> Signal {
    let arn = format!("arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:{name}");
    Signal {
        version: crate::signal::VERSION,
        key: format!("alarm/{arn}/{state:?}/{}", when.as_millisecond()),
        at: when,
        account: "123456789012".to_owned(),
        region: "ap-northeast-1".to_owned(),
        what: What::Alarm(Box::new(Alarm {
            arn,
            name: name.to_owned(),
            description: None,
            state,
            previous: None,
            reason: "Threshold Crossed".to_owned(),
            rule: Rule::Unknown,
            measured: Vec::new(),
            children: Vec::new(),
            suppressed_by: None,
            contributor: BTreeMap::new(),
        })),
    }
}

fn measuring(mut signal: Signal, dimensions: &[(&str, &str)]) -> Signal {
    if let What::Alarm(alarm) = &mut signal.what {
        let pairs = dimensions.iter();
        alarm.rule = Rule::Metric {
            metric: Metric {
                namespace: "AWS/ECS".to_owned(),
                name: "CPUUtilization".to_owned(),
                dimensions: pairs
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
                statistic: "Average".to_owned(),
                period: Some(60),
                unit: None,
            },
            test: Test::default(),
        };
    }
    signal
}

fn of_staging(state: AlarmState, when: Timestamp) -> Signal {
    measuring(
        alarm("api-cpu", state, when),
        &[("ClusterName", "staging"), ("ServiceName", "api")],
    )
}

fn report(severity: Severity, when: Timestamp) -> Signal {
    Signal {
        key: format!("report/{}", when.as_second()),
        what: What::Report(Box::new(Message {
            nightshift: 1,
            function: "power-staging".to_owned(),
            estate: "staging".to_owned(),
            account: "123456789012".to_owned(),
            region: "ap-northeast-1".to_owned(),
            at: when,
            severity,
            thread: "staging/2026-11-20".to_owned(),
            news: News::RestartedByAws {
                resource: "staging-db".to_owned(),
            },
            title: "staging is asleep".to_owned(),
            lines: vec!["until Monday".to_owned()],
            excerpt: Vec::new(),
        })),
        ..alarm("x", AlarmState::Ok, when)
    }
}

/// Tells one signal after the other into the same thread, as the courier does.
struct Channel {
    house: House,
    thread: Option<Thread>,
}

impl Channel {
    fn new(house: House) -> Self {
        Self {
            house,
            thread: None,
        }
    }

    fn hears(&mut self, signal: &Signal) -> Telling {
        let telling = tell(signal, self.thread.as_ref(), &self.house, signal.at);
        if let Some(mut after) = telling.after.clone() {
            if matches!(telling.deed, Deed::Post(_)) {
                after.channel = "C1".to_owned();
                after.ts = self
                    .house
                    .remembers
                    .then(|| format!("{}.1", signal.at.as_second()));
            }
            self.thread = Some(after);
        }
        telling
    }
}

fn posted(telling: &Telling) -> &Draft {
    match &telling.deed {
        Deed::Post(draft) => draft,
        other => panic!("not a message of its own: {other:?}"),
    }
}

fn kind(telling: &Telling) -> &'static str {
    match &telling.deed {
        Deed::Nothing => "nothing",
        Deed::Post(_) => "post",
        Deed::Answer { first: Some(_), .. } => "answer and redraw",
        Deed::Answer { first: None, .. } => "answer",
        Deed::Redraw(_) => "redraw",
    }
}

#[test]
fn an_alarm_is_one_message_and_its_end_an_answer_to_it() {
    let mut channel = Channel::new(house().built());
    let rings = channel.hears(&alarm("a", AlarmState::Alarm, at("10:00:00")));
    assert_eq!(kind(&rings), "post");
    let over = channel.hears(&alarm("a", AlarmState::Ok, at("10:12:00")));
    assert_eq!(kind(&over), "answer and redraw");
    let thread = channel.thread.unwrap();
    assert_eq!((thread.times, thread.over), (1, Some(at("10:12:00"))));
}

#[test]
fn the_same_state_by_another_way_is_told_once() {
    let mut channel = Channel::new(house().built());
    channel.hears(&alarm("a", AlarmState::Alarm, at("10:00:00")));
    for again in ["10:00:00", "10:00:00.4"] {
        let telling = channel.hears(&alarm("a", AlarmState::Alarm, at(again)));
        assert_eq!(kind(&telling), "nothing", "{again}");
    }
}

#[test]
fn what_comes_and_goes_is_one_thread_with_a_count() {
    let mut channel = Channel::new(house().built());
    for minute in 0..5 {
        let rings = channel.hears(&alarm(
            "a",
            AlarmState::Alarm,
            at(&format!("10:{minute}0:00")),
        ));
        assert_eq!(kind(&rings) == "post", minute == 0);
        let over = channel.hears(&alarm("a", AlarmState::Ok, at(&format!("10:{minute}5:00"))));
        assert_eq!(kind(&over), "answer and redraw");
    }
    let thread = channel.thread.unwrap();
    assert_eq!((thread.times, thread.began), (5, at("10:00:00")));
}

#[test]
fn an_alarm_that_was_over_for_half_an_hour_begins_anew() {
    let second = SignedDuration::from_secs(1);
    for (rest, expected) in [(FLAPPING - second, "answer and redraw"), (FLAPPING, "post")] {
        let mut channel = Channel::new(house().built());
        channel.hears(&alarm("a", AlarmState::Alarm, at("10:00:00")));
        channel.hears(&alarm("a", AlarmState::Ok, at("10:01:00")));
        let again = at("10:01:00") + rest;
        assert_eq!(
            kind(&channel.hears(&alarm("a", AlarmState::Alarm, again))),
            expected
        );
    }
}

#[test]
fn an_alarm_that_reaches_us_after_its_end_is_told_as_what_it_was() {
    let mut channel = Channel::new(house().built());
    channel.hears(&alarm("a", AlarmState::Ok, at("10:12:00")));
    let late = channel.hears(&alarm("a", AlarmState::Alarm, at("10:00:00")));
    assert_eq!(kind(&late), "answer");
    assert_eq!(channel.thread.unwrap().state, Some(AlarmState::Ok));
}

#[test]
fn with_a_webhook_every_state_is_a_message() {
    let mut channel = Channel::new(house().with_a_webhook().built());
    for (state, time) in [
        (AlarmState::Alarm, "10:00:00"),
        (AlarmState::Ok, "10:12:00"),
        (AlarmState::Alarm, "10:20:00"),
        (AlarmState::InsufficientData, "10:30:00"),
    ] {
        let telling = channel.hears(&alarm("a", state, at(time)));
        assert_eq!(kind(&telling), "post", "{state:?}");
        assert_eq!(telling.channel, "webhook");
    }
}

#[test]
fn an_alarm_of_an_estate_that_sleeps_is_quiet_and_looked_at_again() {
    for (phase, since, quiet) in [
        (Phase::Asleep, "09:00:00", true),
        (Phase::ToSleep, "09:00:00", true),
        (Phase::ToWake, "09:00:00", true),
        (Phase::Awake, "09:55:00", true),
        (Phase::Awake, "09:50:00", false),
    ] {
        let house = house().phase(phase, at(since)).built();
        let telling = Channel::new(house).hears(&of_staging(AlarmState::Alarm, at("10:00:00")));
        assert_eq!(telling.quieted.is_some(), quiet, "{phase:?} since {since}");
        assert_eq!(posted(&telling).mention.is_none(), quiet, "{phase:?}");
        let channel = if quiet { "#ops" } else { "#alerts" };
        assert_eq!(telling.channel, channel, "{phase:?}");
    }
}

#[test]
fn an_alarm_of_production_is_never_quiet() {
    let house = house().phase(Phase::Asleep, at("09:00:00")).built();
    let telling = Channel::new(house).hears(&alarm("shop-5xx", AlarmState::Alarm, at("10:00:00")));
    assert_eq!(telling.quieted, None);
    assert_eq!(posted(&telling).mention.as_deref(), Some("U2"));
}

#[test]
fn what_was_quiet_and_rings_aloud_is_a_message_of_its_own() {
    let asleep = house().phase(Phase::Asleep, at("01:00:00")).built();
    let mut channel = Channel::new(asleep);
    channel.hears(&of_staging(AlarmState::Alarm, at("02:00:00")));
    channel.house = house().phase(Phase::Awake, at("09:00:00")).built();
    let loud = channel.hears(&of_staging(AlarmState::Alarm, at("10:00:00")));
    assert_eq!(kind(&loud), "post");
    assert_eq!(posted(&loud).mention.as_deref(), Some("S1"));
}

#[test]
fn a_quieted_alarm_is_read_again_when_its_estate_has_been_up_for_a_while() {
    let telling = Channel::new(house().phase(Phase::Asleep, at("01:00:00")).built())
        .hears(&of_staging(AlarmState::Alarm, at("02:00:00")));
    let quieted = telling.quieted.unwrap();
    for (phase, since, due) in [
        (Phase::Asleep, "01:00:00", false),
        (Phase::ToWake, "08:50:00", false),
        (Phase::Awake, "08:55:00", false),
        (Phase::Awake, "08:50:00", true),
    ] {
        let house = house().phase(phase, at(since)).built();
        assert_eq!(
            is_due(&quieted, &house, at("09:00:00")),
            due,
            "{phase:?} since {since}"
        );
    }
    let mut gone = house();
    gone.documents.estates.clear();
    assert!(is_due(&quieted, &gone.built(), at("09:00:00")));
}

#[test]
fn what_codedeploy_tells_of_a_group_is_left_to_who_explains_it_and_told_of_any_other() {
    let failed = |application: &str, group: &str, state: &str| Signal {
        key: format!("event/{application}/{group}/{state}"),
        what: What::Event(Box::new(Event {
            told: Told::CodeDeploy {
                state: state.to_owned(),
                application: application.to_owned(),
                group: group.to_owned(),
                deployment: "d-1".to_owned(),
            },
            resource: String::new(),
        })),
        ..alarm("x", AlarmState::Ok, at("10:00:00"))
    };
    let mut knowing = house();
    knowing.ledger.explained.insert(DeploymentGroup {
        application: "point-app".to_owned(),
        group: "production".to_owned(),
    });
    let now = at("10:00:00");
    for (house, application, group, told) in [
        (&knowing, "point-app", "production", false),
        (&knowing, "point-app", "bastion", true),
        (&knowing, "batch", "production", true),
        (&house(), "point-app", "production", true),
    ] {
        for state in ["FAILURE", "STOP"] {
            let signal = failed(application, group, state);
            let house = house.built();
            let telling = tell(&signal, None, &house, now);
            let name = format!("{application}/{group} {state}");
            assert_eq!(telling.deed != Deed::Nothing, told, "{name}");
            let folded = fold(std::slice::from_ref(&signal), &BTreeMap::new(), &house, now);
            assert_eq!(folded.lines.len(), usize::from(told), "{name}");
            assert_eq!(folded.known.len(), usize::from(!told), "{name}");
        }
    }
}

#[test]
fn a_signal_goes_where_its_estate_or_its_severity_says() {
    let house = house().built();
    let event = |told| Signal {
        what: What::Event(Box::new(Event {
            told,
            resource: String::new(),
        })),
        ..alarm("x", AlarmState::Ok, at("10:00:00"))
    };
    let failed = event(Told::Deployment {
        stage: Stage::Failed,
        cluster: "staging".to_owned(),
        service: "web".to_owned(),
        deployment: "ecs-svc/1".to_owned(),
        reason: String::new(),
    });
    let steady = event(Told::Service {
        name: "SERVICE_STEADY_STATE".to_owned(),
        level: "INFO".to_owned(),
        cluster: "elsewhere".to_owned(),
        service: "web".to_owned(),
        reason: String::new(),
    });
    let other = Signal {
        what: What::Other(Other {
            title: "hello".to_owned(),
            source: String::new(),
            fields: Vec::new(),
            text: String::new(),
            cut: false,
        }),
        ..alarm("x", AlarmState::Ok, at("10:00:00"))
    };
    for (signal, estate, channel) in [
        (
            alarm("shop-5xx", AlarmState::Alarm, at("10:00:00")),
            Some("shop"),
            "#shop",
        ),
        (
            alarm("other", AlarmState::Alarm, at("10:00:00")),
            None,
            "#alerts",
        ),
        (
            alarm("other", AlarmState::Ok, at("10:00:00")),
            None,
            "#alerts",
        ),
        (
            of_staging(AlarmState::Alarm, at("10:00:00")),
            Some("staging"),
            "#alerts",
        ),
        (
            report(Severity::Quiet, at("10:00:00")),
            Some("staging"),
            "#ops",
        ),
        (
            report(Severity::Alert, at("10:00:00")),
            Some("staging"),
            "#alerts",
        ),
        (failed, Some("staging"), "#alerts"),
        (steady, None, "#ops"),
        (other, None, "#ops"),
    ] {
        let found = house.estate_of(&signal);
        assert_eq!(
            found.map(|estate| estate.name.as_str()),
            estate,
            "{}",
            signal.key
        );
        assert_eq!(
            house.channel(&signal, found, false),
            channel,
            "{}",
            signal.key
        );
    }
}

#[test]
fn an_alarm_belongs_to_the_estate_whose_resource_it_measures() {
    let house = house().built();
    for (dimensions, estate) in [
        (
            &[("ClusterName", "staging"), ("ServiceName", "web")][..],
            Some("staging"),
        ),
        (&[("ClusterName", "staging")], Some("staging")),
        (
            &[
                ("ClusterName", "staging"),
                ("ServiceName", "somebody-elses"),
            ],
            None,
        ),
        (
            &[("ClusterName", "production"), ("ServiceName", "web")],
            None,
        ),
        (
            &[("ClusterName", "shop"), ("ServiceName", "till")],
            Some("shop"),
        ),
        (&[("ClusterName", "shop"), ("ServiceName", "office")], None),
        (&[("DBInstanceIdentifier", "staging-db")], Some("staging")),
        (&[("DBClusterIdentifier", "other-db")], None),
        (&[], None),
    ] {
        let signal = measuring(alarm("a", AlarmState::Alarm, at("10:00:00")), dimensions);
        let found = house.estate_of(&signal).map(|estate| estate.name.as_str());
        assert_eq!(found, estate, "{dimensions:?}");
    }
}

#[test]
fn the_longest_prefix_decides_whose_an_alarm_is() {
    let mut builder = house();
    builder.documents.estates.insert(
        "shop-eu".to_owned(),
        "version: 1\nwatch: { alarms: [shop-eu-] }".to_owned(),
    );
    let house = builder.built();
    for (name, estate) in [("shop-5xx", "shop"), ("shop-eu-5xx", "shop-eu")] {
        let signal = alarm(name, AlarmState::Alarm, at("10:00:00"));
        assert_eq!(house.estate_of(&signal).unwrap().name, estate);
    }
}

#[test]
fn a_night_is_one_message_that_grows_and_what_is_not_quiet_is_another() {
    let mut channel = Channel::new(house().built());
    assert_eq!(
        kind(&channel.hears(&report(Severity::Quiet, at("19:05:00")))),
        "post"
    );
    assert_eq!(
        kind(&channel.hears(&report(Severity::Quiet, at("20:05:00")))),
        "redraw"
    );
    let warning = report(Severity::Warning, at("21:05:00"));
    assert_eq!(thread_of(&warning), None);
    assert_eq!(
        kind(&tell(&warning, None, &channel.house, warning.at)),
        "post"
    );
    let late = channel.hears(&report(Severity::Quiet, at("19:30:00")));
    assert_eq!(
        kind(&late),
        "answer",
        "an older one must not undo the newer"
    );
}

#[test]
fn many_at_once_are_folded_and_none_is_missing() {
    let house = house().phase(Phase::Asleep, at("01:00:00")).built();
    let mut signals: Vec<Signal> = (0..500)
        .map(|number| alarm(&format!("a-{number}"), AlarmState::Alarm, at("10:00:00")))
        .collect();
    signals.push(of_staging(AlarmState::Alarm, at("10:00:00")));
    let folded = fold(&signals, &BTreeMap::new(), &house, at("10:00:00"));
    let told: Vec<&String> = folded.lines.iter().map(|signal| &signal.key).collect();
    let keys: Vec<&String> = signals.iter().map(|signal| &signal.key).collect();
    assert_eq!(told, keys);
    assert_eq!((folded.opened.len(), folded.quieted.len()), (501, 1));
    assert_eq!(folded.mentions, ["S1"]);
    assert!(folded.threads.values().all(|thread| thread.shared));
}

#[test]
fn an_alarm_that_rang_and_ended_in_one_storm_is_one_thread() {
    let house = house().built();
    let signals = [
        alarm("a", AlarmState::Alarm, at("10:00:00")),
        alarm("a", AlarmState::Alarm, at("10:00:00.2")),
        alarm("a", AlarmState::Ok, at("10:01:00")),
    ];
    let folded = fold(&signals, &BTreeMap::new(), &house, at("10:02:00"));
    assert_eq!(folded.lines.len(), 2);
    assert_eq!(folded.known, [signals[1].key.clone()]);
    let thread = folded.threads.values().next().unwrap();
    assert_eq!(
        (folded.opened.len(), thread.over),
        (1, Some(at("10:01:00")))
    );
}

#[test]
fn an_estate_goes_to_bed_when_the_calendar_or_somebody_says() {
    let awake = || house().phase(Phase::Awake, at("09:00:00"));
    for (builder, expected) in [
        (awake(), Some("19:00:00")),
        (awake().order(Order::Wake, at("22:00:00")), Some("22:00:00")),
        (awake().order(Order::Wake, at("15:00:00")), Some("19:00:00")),
        (awake().order(Order::Wake, at("13:00:00")), Some("19:00:00")),
        (awake().order(Order::Hold, at("22:00:00")), None),
        (house().phase(Phase::Asleep, at("09:00:00")), None),
        (house(), None),
    ] {
        let house = builder.built();
        let bedtime = house.estate("staging").unwrap().bedtime(at("14:00:00"));
        assert_eq!(bedtime, expected.map(at));
    }
}

#[test]
fn a_broken_document_leaves_the_last_good_one_in_force() {
    let mut builder = house();
    let document = nightshift::ledger::Document {
        version: VERSION,
        estate: STAGING.to_owned(),
        company: COMPANY.to_owned(),
        problems: Vec::new(),
        missing_since: None,
    };
    builder
        .ledger
        .documents
        .insert("staging".to_owned(), Kept::new(document));
    builder.documents.company = Some("version: [".to_owned());
    builder
        .documents
        .estates
        .insert("staging".to_owned(), "sleep: 1".to_owned());
    let house = builder.built();
    assert_eq!(house.slack.channel.as_deref(), Some("#ops"));
    assert_eq!(
        house.estate("staging").unwrap().cluster.as_deref(),
        Some("staging")
    );
    assert!(config::company("x", COMPANY).is_ok());
}
