use jiff::SignedDuration;

use super::*;
use crate::{
    config::Sleeper,
    kind::{Database, DatabaseState, Kind, Sizing},
    ledger::{Entry, EstateRecord, Matter, Stage},
};

type Resolved = super::Resolved<Sleeper>;
type Entries = BTreeMap<Arn, Kept<Entry>>;
type Snapshots = BTreeMap<String, Snapshot>;

fn resolve(
    texts: Option<&Documents>,
    ledger: &Ledger,
    prefix: &str,
    now: Timestamp,
) -> Vec<Resolved> {
    super::resolve(texts, ledger, prefix, now)
}

fn hand_over(resolved: &[Resolved], seen: &Snapshots, entries: &Entries) -> ByEstate<Entry> {
    super::hand_over(resolved, seen, entries)
}

fn rivals(resolved: &[Resolved], seen: &Snapshots, entries: &Entries) -> BTreeMap<Arn, Rivalry> {
    super::rivals(resolved, seen, entries)
}

#[derive(Clone, Default)]
struct Snapshot {
    services: Vec<Service>,
    databases: Vec<Database>,
}

impl Seen for Snapshot {
    fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter()
    }

    fn databases(&self) -> impl Iterator<Item = (&Arn, &Option<String>)> {
        let databases = self.databases.iter();
        databases.map(|database| (&database.arn, &database.tag))
    }

    fn failures(&self) -> impl Iterator<Item = &Failure> {
        std::iter::empty()
    }
}

const PREFIX: &str = "/nightshift";
const COMPANY: &str = "{ version: 1, time_zone: Asia/Tokyo, calendars: { business: { hours: { monday-friday: '09:00-18:00' } } } }";
const GOOD: &str = "version: 1\nsleep: { calendar: business, cluster: staging, databases: [db] }";
const BETTER: &str =
    "version: 1\nsleep: { calendar: business, cluster: staging, databases: [db], grace: 5m }";
const BROKEN: &str = "version: 1\nsleep: { calender: business, cluster: staging }";
const WATCHED: &str = "version: 1\nwatch: { channel: '#ops' }";

fn now() -> Timestamp {
    "2026-11-20T18:00:00+09:00".parse().unwrap()
}

fn in_minutes(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

fn texts(estates: &[(&str, &str)]) -> Documents {
    Documents {
        company: Some(COMPANY.to_owned()),
        estates: estates
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect(),
    }
}

/// What the ledger holds after these documents were resolved.
fn kept(resolved: &[Resolved]) -> Ledger {
    let documents = resolved
        .iter()
        .filter_map(|estate| Some((estate.name.clone(), Kept::new(estate.document.clone()?))));
    Ledger {
        documents: documents.collect(),
        ..Ledger::default()
    }
}

fn look(texts: Option<&Documents>, ledger: &Ledger, at: Timestamp) -> Resolved {
    let mut resolved = resolve(texts, ledger, PREFIX, at);
    assert_eq!(resolved.len(), 1, "{resolved:?}");
    resolved.remove(0)
}

fn after_good() -> Ledger {
    kept(&[look(
        Some(&texts(&[("staging", GOOD)])),
        &Ledger::default(),
        now(),
    )])
}

#[test]
fn a_document_that_parses_is_in_force_and_is_kept() {
    let estate = look(
        Some(&texts(&[("staging", GOOD)])),
        &Ledger::default(),
        now(),
    );
    assert_eq!(estate.in_force.unwrap().name, "staging");
    assert!(!estate.released && estate.problems.is_empty());
    assert_eq!(estate.document.unwrap().estate, GOOD);
}

#[test]
fn the_last_document_that_parsed_stays_in_force_while_a_newer_one_is_broken() {
    let long = format!("{BETTER}\n#{}", "x".repeat(4096));
    for (case, company, text, expected) in [
        ("typo", Some(COMPANY), BROKEN, "did you mean `calendar`?"),
        (
            "no YAML",
            Some(COMPANY),
            "{{{",
            "/nightshift/estates/staging",
        ),
        ("empty", Some(COMPANY), "", "/nightshift/estates/staging"),
        (
            "too long",
            Some(COMPANY),
            long.as_str(),
            "more than the 4096",
        ),
        (
            "company broken",
            Some("version: 2"),
            BETTER,
            "/nightshift/company",
        ),
        ("company gone", None, BETTER, "does not exist"),
    ] {
        let texts = Documents {
            company: company.map(str::to_owned),
            ..texts(&[("staging", text)])
        };
        let estate = look(Some(&texts), &after_good(), now());
        let grace = estate.in_force.unwrap().sleep.grace.get();
        assert_eq!(grace, SignedDuration::from_mins(30), "{case}: the old one");
        assert!(!estate.released, "{case}");
        let said = estate.problems.iter().map(ToString::to_string);
        let said: Vec<String> = said.collect();
        assert!(said.join("\n").contains(expected), "{case}: {said:?}");
        let document = estate.document.unwrap();
        assert_eq!(document.estate, GOOD, "{case}");
        assert_eq!(document.problems, estate.problems, "{case}");
    }
}

#[test]
fn a_mended_document_comes_into_force_and_its_problems_are_over() {
    let broken = texts(&[("staging", BROKEN)]);
    let ledger = kept(&[look(Some(&broken), &after_good(), now())]);
    let estate = look(Some(&texts(&[("staging", BETTER)])), &ledger, now());
    let grace = estate.in_force.unwrap().sleep.grace.get();
    assert_eq!(grace, SignedDuration::from_mins(5));
    assert!(estate.document.unwrap().problems.is_empty());
}

#[test]
fn a_document_that_never_parsed_is_told_and_nothing_is_in_force() {
    let broken = texts(&[("staging", BROKEN)]);
    let estate = look(Some(&broken), &Ledger::default(), now());
    assert!(estate.in_force.is_none() && estate.document.is_none());
    assert!(!estate.problems.is_empty());
    let misnamed = look(Some(&texts(&[("all", GOOD)])), &Ledger::default(), now());
    assert!(misnamed.in_force.is_none() && !misnamed.problems.is_empty());
}

#[test]
fn what_estates_without_a_document_read_is_in_the_companys_language() {
    let in_language = |company: Option<&str>| {
        let texts = Documents {
            company: company.map(str::to_owned),
            ..texts(&[("staging", BROKEN)])
        };
        language(Some(&texts), PREFIX)
    };
    let japanese = COMPANY.replace("version: 1", "version: 1, language: ja");
    assert_eq!(in_language(Some(&japanese)), Language::Ja);
    assert_eq!(in_language(Some(COMPANY)), Language::En);
    assert_eq!(in_language(Some("language: ja")), Language::En);
    assert_eq!(in_language(None), Language::En);
    assert_eq!(language(None, PREFIX), Language::En);
}

#[test]
fn one_broken_document_does_not_touch_the_other_estates() {
    let texts = texts(&[("a", BROKEN), ("b", GOOD)]);
    let resolved = resolve(Some(&texts), &Ledger::default(), PREFIX, now());
    assert!(resolved[0].in_force.is_none() && resolved[1].in_force.is_some());
}

#[test]
fn a_deletion_is_believed_after_two_complete_listings_ten_minutes_apart() {
    let nothing = texts(&[]);
    let mut ledger = after_good();
    for (minutes, released) in [(0, false), (5, false), (9, false), (10, true), (11, true)] {
        let estate = look(Some(&nothing), &ledger, in_minutes(minutes));
        assert_eq!(estate.released, released, "{minutes}");
        assert!(estate.in_force.is_some(), "what is released must be known");
        ledger = kept(&[estate]);
    }
    let back = look(Some(&texts(&[("staging", GOOD)])), &ledger, in_minutes(12));
    assert!(!back.released);
    assert_eq!(back.document.unwrap().missing_since, None);
}

#[test]
fn whoever_misses_a_document_looks_again_when_it_is_believed_to_be_gone() {
    let nothing = texts(&[]);
    let mut ledger = after_good();
    let there = look(Some(&texts(&[("staging", GOOD)])), &ledger, now());
    assert_eq!(there.believed_gone_at(), None, "it is there");
    for minutes in [0, 5, 9] {
        let missed = look(Some(&nothing), &ledger, in_minutes(minutes));
        let again = missed.believed_gone_at();
        assert_eq!(again, Some(in_minutes(10)), "{minutes}");
        ledger = kept(&[missed]);
    }
    let gone = look(Some(&nothing), &ledger, in_minutes(10));
    assert_eq!(gone.believed_gone_at(), None, "it is believed already");
}

#[test]
fn a_document_that_was_away_for_a_moment_was_never_deleted() {
    let mut ledger = after_good();
    for minutes in 0..60 {
        let there = minutes % 9 == 8;
        let texts = texts(if there { &[("staging", GOOD)] } else { &[] });
        let estate = look(Some(&texts), &ledger, in_minutes(minutes));
        assert!(!estate.released, "{minutes}");
        ledger = kept(&[estate]);
    }
}

#[test]
fn a_document_that_comes_back_broken_was_not_deleted_either() {
    let gone = kept(&[look(Some(&texts(&[])), &after_good(), now())]);
    let broken = texts(&[("staging", BROKEN)]);
    let broken = kept(&[look(Some(&broken), &gone, in_minutes(5))]);
    let gone = look(Some(&texts(&[])), &broken, in_minutes(12));
    assert!(!gone.released);
    assert_eq!(gone.document.unwrap().missing_since, Some(in_minutes(12)));
}

#[test]
fn when_nothing_can_be_read_everything_stays_as_it_was() {
    let estate = look(None, &after_good(), now());
    assert!(estate.in_force.is_some() && !estate.released);

    let broken = kept(&[look(
        Some(&texts(&[("staging", BROKEN)])),
        &after_good(),
        now(),
    )]);
    let estate = look(None, &broken, now());
    assert!(!estate.problems.is_empty(), "still broken");

    let nothing = texts(&[]);
    let missing = kept(&[look(Some(&nothing), &after_good(), now())]);
    let estate = look(None, &missing, in_minutes(60));
    assert!(!estate.released, "one listing is not two");
    assert_eq!(estate.document.unwrap().missing_since, Some(now()));
}

#[test]
fn a_release_that_has_begun_goes_on_while_nothing_can_be_read() {
    let mut ledger = kept(&[look(Some(&texts(&[])), &after_good(), now())]);
    let mut record = EstateRecord::new(now());
    let matter = Matter {
        since: now(),
        told: None,
    };
    record.matters.insert("released".to_owned(), matter);
    ledger
        .estates
        .insert("staging".to_owned(), Kept::new(record));
    assert!(look(None, &ledger, in_minutes(12)).released);
}

#[test]
fn a_document_without_sleep_releases_at_once() {
    let estate = look(Some(&texts(&[("staging", WATCHED)])), &after_good(), now());
    assert!(estate.released && estate.in_force.is_some());
    assert_eq!(
        estate.document.unwrap().estate,
        GOOD,
        "to know what to restore"
    );
    let never_slept = resolve(
        Some(&texts(&[("staging", WATCHED)])),
        &Ledger::default(),
        PREFIX,
        now(),
    );
    assert!(never_slept.is_empty());
}

fn arn(name: &str) -> Arn {
    Arn::new(format!("arn:aws:ecs:r:1:service/staging/{name}"))
}

fn service(name: &str, tag: Option<&str>) -> Service {
    Service {
        arn: arn(name),
        cluster: "staging".to_owned(),
        name: name.to_owned(),
        desired: 1,
        running: 1,
        pending: 0,
        deployment: None,
        tag: tag.map(str::to_owned),
        target: None,
        older: 0,
        circuit_breaker: true,
        load_balanced: false,
        daemon: false,
        task_definition: "t:1".to_owned(),
        size: None,
        healthy: None,
    }
}

fn database(tag: Option<&str>) -> Database {
    Database {
        arn: Arn::new("arn:aws:rds:r:1:db:db"),
        kind: Kind::RdsInstance,
        name: "db".to_owned(),
        status: "available".to_owned(),
        state: DatabaseState::Available,
        never: None,
        tag: tag.map(str::to_owned),
        restart_at: None,
        sizing: Sizing::default(),
        backup_window: None,
        backup_days: 7,
        maintenance_window: None,
    }
}

fn entry(arn: &Arn, estate: &str, stage: Stage) -> BTreeMap<Arn, Kept<Entry>> {
    let entry = Entry {
        version: VERSION,
        arn: arn.clone(),
        kind: Kind::EcsService,
        estate: estate.to_owned(),
        stage,
        since: now(),
        saved_at: now(),
        service: None,
        database: None,
        owner: None,
    };
    BTreeMap::from([(arn.clone(), Kept::new(entry))])
}

/// Two estates in one cluster: `a` names `api` and both name `web` and the database.
fn two() -> Vec<Resolved> {
    let document = |services: &str| {
        format!(
            "version: 1\nsleep: {{ calendar: business, cluster: staging, services: [{services}], databases: [db] }}"
        )
    };
    let (a, b) = (document("api, web"), document("web"));
    let texts = texts(&[("a", a.as_str()), ("b", b.as_str())]);
    resolve(Some(&texts), &Ledger::default(), PREFIX, now())
}

fn seen(services: Vec<Service>, databases: Vec<Database>) -> BTreeMap<String, Snapshot> {
    let snapshot = Snapshot {
        services,
        databases,
    };
    BTreeMap::from([
        ("a".to_owned(), snapshot.clone()),
        ("b".to_owned(), snapshot),
    ])
}

#[test]
fn of_two_claimants_the_ledgers_holder_goes_on_else_whom_the_tag_names_else_nobody() {
    let web = arn("web");
    let none = BTreeMap::new();
    for (case, tag, entries, keeper) in [
        (
            "held",
            Some("a"),
            entry(&web, "b", Stage::Asleep),
            Some("b"),
        ),
        (
            "closed",
            Some("a"),
            entry(&web, "b", Stage::Closed),
            Some("a"),
        ),
        (
            "held by a third",
            Some("a"),
            entry(&web, "c", Stage::Asleep),
            Some("a"),
        ),
        ("tagged", Some("b"), none.clone(), Some("b")),
        ("tagged for a third", Some("c"), none.clone(), None),
        ("untagged", None, none, None),
    ] {
        let seen = seen(vec![service("api", tag), service("web", tag)], Vec::new());
        let rivals = rivals(&two(), &seen, &entries);
        assert_eq!(rivals.len(), 1, "{case}: {rivals:?}");
        assert_eq!(rivals[&web].estates, ["a", "b"], "{case}");
        assert_eq!(rivals[&web].keeper.as_deref(), keeper, "{case}");
    }
}

#[test]
fn two_estates_may_claim_one_database_too() {
    let seen = seen(Vec::new(), vec![database(Some("b"))]);
    let rivals = rivals(&two(), &seen, &BTreeMap::new());
    let rivalry = rivals.values().next().unwrap();
    assert_eq!(rivalry.keeper.as_deref(), Some("b"));
}

#[test]
fn a_released_estate_claims_nothing() {
    let mut estates = two();
    estates[0].released = true;
    let seen = seen(vec![service("web", Some("a"))], vec![database(Some("a"))]);
    assert!(rivals(&estates, &seen, &BTreeMap::new()).is_empty());
}

#[test]
fn what_one_document_drops_and_another_names_is_handed_over_untouched() {
    let (api, web) = (arn("api"), arn("web"));
    let seen = seen(vec![service("api", None), service("web", None)], Vec::new());
    for (case, arn, owner, heir) in [
        ("still named", &web, "b", "b"),
        ("dropped by its owner", &api, "b", "a"),
        ("its owner is gone", &api, "gone", "a"),
        ("named by nobody", &super::tests::arn("job"), "b", "b"),
    ] {
        let entries = entry(arn, owner, Stage::Asleep);
        let by_estate = hand_over(&two(), &seen, &entries);
        assert_eq!(by_estate.len(), 1, "{case}");
        assert_eq!(by_estate[heir], entries, "{case}");
    }
}

#[test]
fn what_was_not_seen_stays_with_its_owner() {
    let entries = entry(&arn("api"), "b", Stage::Asleep);
    let by_estate = hand_over(&two(), &BTreeMap::new(), &entries);
    assert!(by_estate.contains_key("b"));
}

#[test]
fn a_service_that_was_not_seen_is_not_the_database_of_its_name() {
    let entries = entry(&arn("db"), "gone", Stage::Asleep);
    let by_estate = hand_over(&two(), &BTreeMap::new(), &entries);
    assert!(by_estate.contains_key("gone"), "{by_estate:?}");
}

#[test]
fn a_database_that_nobody_names_stays_with_its_owner() {
    let reports = Arn::new("arn:aws:rds:r:1:db:reports");
    let entries = entry(&reports, "gone", Stage::Asleep);
    let by_estate = hand_over(&two(), &BTreeMap::new(), &entries);
    assert!(by_estate.contains_key("gone"), "{by_estate:?}");
}

#[test]
fn under_all_what_carries_another_estates_tag_is_that_estates() {
    let document = "version: 1\nsleep: { calendar: business, cluster: staging }";
    let texts = texts(&[("a", document), ("b", document)]);
    let estates = resolve(Some(&texts), &Ledger::default(), PREFIX, now());
    let one_each = vec![service("api", Some("a")), service("web", Some("b"))];
    let seen = seen(one_each, Vec::new());
    assert!(rivals(&estates, &seen, &BTreeMap::new()).is_empty());
}
