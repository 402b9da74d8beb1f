use super::*;
use crate::kind::Arn;

fn read<S: Section>(estate: &str) -> Option<S> {
    let company = "version: 1\ntime_zone: Asia/Tokyo\nlanguage: ja";
    let company = config::company("company", company).unwrap();
    let estate = config::estate("estate", estate).unwrap();
    S::read("estate", "a", &estate, &company).unwrap()
}

fn sleeper(sleep: &str) -> Sleeper {
    let hours = "calendar: { hours: { monday-friday: '09:00-18:00' } }";
    read(&format!("version: 1\nsleep: {{ {hours}, {sleep} }}")).unwrap()
}

fn slimmer() -> Slimmer {
    let text = "version: 1
slim:
  calendar: { hours: { daily: 07:00-22:00 } }
  cluster: production
  services: { api: 1 }
  databases: { main: 0.5, old: keep }";
    read(text).unwrap()
}

fn rotator(watch: &str) -> Rotator {
    let text = format!(
        "version: 1
watch: {{ {watch} }}
rotate:
  secrets:
    /a/URL: {{ kind: postgres, every: 90d, users: [a, b], role: r, admin: /a/ADMIN, database: main }}
    /a/MASTER: {{ kind: rds-master, every: 90d, database: reports }}
    /a/KEY: {{ kind: random, every: 180d }}
    /a/AGENT: {{ kind: external, every: 180d }}"
    );
    read(&text).unwrap()
}

fn service(cluster: &str, tag: Option<&str>) -> Service {
    Service {
        arn: Arn::new(format!("arn:aws:ecs:r:1:service/{cluster}/api")),
        cluster: cluster.to_owned(),
        name: "api".to_owned(),
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

#[test]
fn a_service_is_the_estates_by_its_cluster_its_name_and_where_none_is_named_its_tag() {
    for (services, cluster, tag, claimed) in [
        ("all", "staging", None, true),
        ("all", "staging", Some("a"), true),
        ("all", "staging", Some("b"), false),
        ("all", "other", Some("a"), false),
        ("[api]", "staging", Some("b"), true),
        ("[api]", "other", Some("a"), false),
        ("[web]", "staging", Some("a"), false),
        ("{ all_but: [web] }", "staging", None, true),
        ("{ all_but: [web] }", "staging", Some("b"), false),
        ("{ all_but: [api] }", "staging", Some("a"), false),
    ] {
        let service = service(cluster, tag);
        let named = format!("cluster: staging, services: {services}");
        let claims = [
            sleeper(&named).claims_service(&service),
            rotator(&named).claims_service(&service),
        ];
        assert_eq!(claims, [claimed; 2], "{services} {cluster} {tag:?}");
    }
    let without_cluster = sleeper("databases: [db]");
    assert!(!without_cluster.claims_service(&service("staging", Some("a"))));
}

#[test]
fn a_database_is_the_estates_by_its_name() {
    let section = sleeper("cluster: staging, databases: [db, reports]");
    assert!(section.claims_database("db") && section.claims_database("reports"));
    assert!(!section.claims_database("other"));
    assert_eq!(section.watched(), ["staging", "db", "reports"]);
}

#[test]
fn what_is_rotated_concerns_the_databases_behind_its_secrets() {
    let section = rotator("cluster: staging");
    let claims = |name: &str| section.claims_database(name);
    assert_eq!(
        [claims("main"), claims("reports"), claims("other")],
        [true, true, false]
    );
    let mut watched = section.watched();
    watched[1..].sort();
    assert_eq!(watched, ["staging", "main", "reports"]);
}

#[test]
fn what_is_slimmed_is_the_estates_by_its_name_and_what_is_kept_only_concerns_it() {
    let section = slimmer();
    let claims = |cluster: &str| Section::claims_service(&section, &service(cluster, None));
    assert_eq!([claims("production"), claims("staging")], [true, false]);
    let claims = |name: &str| Section::claims_database(&section, name);
    assert_eq!([claims("main"), claims("old")], [true, false]);
    assert_eq!(Section::watched(&section), ["production", "main", "old"]);
}

#[test]
fn people_read_in_the_companys_zone_and_language() {
    fn of(section: &impl Section) {
        assert_eq!(section.zone().iana_name(), Some("Asia/Tokyo"));
        assert_eq!(section.language(), Language::Ja);
    }
    of(&sleeper("cluster: staging"));
    of(&slimmer());
    of(&rotator("cluster: staging"));
}

#[test]
fn a_document_without_the_section_is_none_of_the_functions_business() {
    let watched = "version: 1\nwatch: { channel: '#ops' }";
    assert!(read::<Sleeper>(watched).is_none());
    assert!(read::<Slimmer>(watched).is_none());
    assert!(read::<Rotator>(watched).is_none());
}
