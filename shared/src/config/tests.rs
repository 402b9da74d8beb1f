use super::*;

const COMPANY: &str = "version: 1\ntime_zone: Asia/Tokyo\ncalendars:\n  business:\n    hours:\n      monday-friday: 09:00-18:00\n";

fn sleeping(lines: &str) -> String {
    let mut text = "version: 1\nsleep:\n".to_owned();
    for line in lines.lines() {
        text.push_str("  ");
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn problems(text: &str) -> String {
    match estate("/nightshift/estates/staging", text) {
        Ok(estate) => panic!("nothing is wrong with {estate:?}"),
        Err(problems) => problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

#[test]
fn an_estate_for_five_services_takes_few_lines() {
    let text = sleeping(
        "calendar: business\ncluster: staging\nservices: [web, api, worker, admin, cron]\ndatabases: [main]\nneeds:\n  web: []\n  api: [main]\nwake_to: { worker: 1 }\ndeployments_wake: never",
    );
    let estate = estate("e", &text).unwrap();
    let sleep = estate.sleep.unwrap();
    assert_eq!(sleep.deployments_wake, DeploymentsWake::Never);
    assert_eq!(
        sleep.grace,
        Duration::minutes(30),
        "what is not said has its default"
    );
    assert!(sleep.services.include("worker") && !sleep.services.include("other"));
}

#[test]
fn services_are_all_a_list_or_all_but_a_list() {
    let services = |text: &str| {
        let text = sleeping(&format!("calendar: business\ncluster: c\nservices: {text}"));
        estate("e", &text).unwrap().sleep.unwrap().services
    };
    assert_eq!(services("all"), Services::All);
    assert_eq!(
        services("[a, b]"),
        Services::These(vec!["a".into(), "b".into()])
    );
    assert_eq!(
        services("{ all_but: [a] }"),
        Services::AllBut(vec!["a".into()])
    );
}

#[test]
fn json_is_yaml_too() {
    let text =
        r#"{"version": 1, "sleep": {"calendar": "business", "cluster": "c", "databases": ["d"]}}"#;
    assert_eq!(estate("e", text).unwrap().sleep.unwrap().databases, ["d"]);
}

#[test]
fn what_is_wrong_is_answered_with_the_parameter_the_place_and_the_mend() {
    let cases: &[(&str, &[&str])] = &[
        (
            &sleeping("calendar: business\ncluster: c\nservics: all"),
            &[
                "/nightshift/estates/staging, line 5",
                "`servics`",
                "did you mean `services`?",
            ],
        ),
        (&sleeping("cluster: c"), &["missing field `calendar`"]),
        (
            &sleeping("calendar: business\ncluster: c\ngrace: 30"),
            &["`30` is not a length of time", "`30m`"],
        ),
        (
            &sleeping("calendar: business\ncluster: c\nservices: web"),
            &["neither `all` nor a list", "[web]"],
        ),
        (
            &sleeping("calendar: business\ncluster: c\ndatabases: [main]\nneeds: { api: [mian] }"),
            &["needs.api", "`mian`", "did you mean `main`?"],
        ),
        (
            &sleeping("calendar: business\ncluster: c\nservices: [web]\nneeds: { api: [] }"),
            &["needs.api", "`api` is not in this document"],
        ),
        (
            &sleeping("calendar: business\ncluster: c\nwake_to: { api: 0 }"),
            &["wake_to.api", "0 would not wake it"],
        ),
        (
            &sleeping("calendar: business"),
            &["neither a `cluster` nor `databases`"],
        ),
        (
            &sleeping("calendar: business\nservices: [web]"),
            &["sleep.cluster is missing"],
        ),
        (
            &sleeping("calendar: business\ncluster: arn:aws:ecs:r:1:cluster/c"),
            &["the cluster's name, not its ARN"],
        ),
        (
            &sleeping("calendar: business\ncluster: c\ndatabases: [d, d]"),
            &["`d` stands there twice"],
        ),
        (
            &sleeping("calendar:\n  hours: { monday: 18:30 }\ncluster: c"),
            &["18:30", "09:00-18:30"],
        ),
        (
            "version: 2\nwatch: {}",
            &["version 2 is not known", "`version: 1`"],
        ),
        ("version: 1", &["asks for nothing", "`sleep`"]),
        (
            "version: 1\nsleep:\n  calendar: b\n  cluster: c\nslim:\n  calendar: b\n  cluster: c",
            &["must never sleep", "keep one"],
        ),
        (
            "version: 1\nsleep: [",
            &["/nightshift/estates/staging, line"],
        ),
        ("", &["/nightshift/estates/staging"]),
    ];
    for (text, expected) in cases {
        let found = problems(text);
        for part in *expected {
            assert!(found.contains(part), "{text}\n→ {found}\nlacks {part}");
        }
        assert!(
            !found.contains("-->"),
            "no picture of the document: {found}"
        );
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let found = problems(&sleeping(
        "calendar: b\ncluster: c\ndatabases: [d, d]\nwake_to: { a: 0 }",
    ));
    assert_eq!(found.lines().count(), 2, "{found}");
}

#[test]
fn a_document_longer_than_a_parameter_is_refused_with_its_size() {
    let text = format!(
        "{}# {}\n",
        sleeping("calendar: b\ncluster: c"),
        "x".repeat(LIMIT_BYTES)
    );
    let found = problems(&text);
    assert!(found.contains(&format!("{} bytes", text.len())), "{found}");
}

#[test]
fn a_calendar_is_named_or_written_in_place_and_a_name_that_nobody_knows_gets_a_suggestion() {
    let company = company("/nightshift/company", COMPANY).unwrap();
    let sleeper = |calendar: &str| {
        let text = sleeping(&format!("calendar: {calendar}\ncluster: c"));
        super::sleeper("doc", "staging", &estate("doc", &text).unwrap(), &company)
    };
    assert!(sleeper("business").unwrap().is_some());
    assert!(
        sleeper("{ hours: { weekdays: 09:00-18:00 } }")
            .unwrap()
            .is_some()
    );
    let problem = sleeper("busness").unwrap_err()[0].to_string();
    assert!(problem.contains("did you mean `business`?"), "{problem}");
}

#[test]
fn a_time_zone_that_does_not_exist_is_refused() {
    let found = company("/nightshift/company", "version: 1\ntime_zone: Asia/Tokio\n").unwrap_err();
    assert!(found[0].text.contains("no IANA time zone"), "{}", found[0]);
}

#[test]
fn a_negative_price_is_refused() {
    let text = format!("{COMPANY}prices:\n  as_of: 2026-10-01\n  fargate_vcpu: -1\n");
    assert!(
        company("c", &text).unwrap_err()[0]
            .text
            .contains("at least 0")
    );
}

#[test]
fn an_estates_name_is_what_a_tag_and_a_person_can_write() {
    for name in ["staging", "a.b-c_d", "E5"] {
        assert!(estate_name(name).is_ok(), "{name}");
    }
    for name in ["", "all", "a/b", "ステージング", "a b", &"x".repeat(65)] {
        assert!(estate_name(name).is_err(), "{name}");
    }
}

#[test]
fn a_document_of_aliases_does_not_eat_the_memory() {
    let level = |level: usize| {
        let before = format!("*a{}", level - 1);
        format!("a{level}: &a{level} [{}]\n", [before.as_str(); 8].join(","))
    };
    let levels: String = (1..9).map(level).collect();
    let text = format!("version: 1\na0: &a0 [x,x,x,x,x,x,x,x]\n{levels}");
    assert!(estate("e", &text).is_err());
}

#[test]
fn watching_names_a_cluster_where_no_other_section_does_and_has_its_patience() {
    let watch = |lines: &str| {
        let text = format!("version: 1\nwatch:\n  alarms: [x-]\n{lines}");
        estate("e", &text).unwrap()
    };
    let silent = watch("");
    assert_eq!(silent.deployments(), None);
    assert_eq!(silent.watch.unwrap().stalled_after, Duration::minutes(20));
    let own = watch("  cluster: c\n  services: [api]\n  stalled_after: 45m\n");
    let these = Services::These(vec!["api".to_owned()]);
    assert_eq!(own.deployments(), Some(("c", these)));
    assert_eq!(own.watch.unwrap().stalled_after, Duration::minutes(45));
    let sleeper = sleeping("calendar: business\ncluster: staging\nservices: { all_but: [cron] }");
    let sleeper = estate("e", &sleeper).unwrap();
    let but = Services::AllBut(vec!["cron".to_owned()]);
    assert_eq!(sleeper.deployments(), Some(("staging", but)));
    let slim =
        "version: 1\nslim:\n  calendar: business\n  cluster: production\n  services: { api: 1 }\n";
    let slim = estate("e", slim).unwrap();
    assert_eq!(slim.deployments(), Some(("production", Services::All)));
    let both = estate(
        "e",
        "version: 1\nsleep:\n  calendar: business\n  databases: [d]\nwatch:\n  cluster: c\n",
    )
    .unwrap();
    assert_eq!(both.deployments(), Some(("c", Services::All)));
    assert_eq!(
        estate("e", &serde_json::to_string(&both).unwrap()).unwrap(),
        both
    );
}

#[test]
fn log_lines_leave_only_staging_until_a_document_says_so() {
    let sleep = "sleep: { calendar: business, databases: [d] }\n";
    let slim = "slim: { calendar: business, cluster: c, services: { api: 1 } }\n";
    let rotate = "rotate: { cluster: c, secrets: { /x: { kind: random, every: 90d } } }\n";
    let quiet = "watch: { alarms: [x-] }\n";
    for (sections, shown) in [
        (vec![sleep], true),
        (vec![sleep, quiet], true),
        (vec![slim], false),
        (vec![sleep, rotate], false),
        (vec![quiet], false),
        (vec![slim, "watch: { log_excerpts: true }\n"], true),
        (vec![sleep, "watch: { log_excerpts: false }\n"], false),
    ] {
        let text = format!("version: 1\n{}", sections.concat());
        assert_eq!(estate("e", &text).unwrap().shows_logs(), shown, "{text}");
    }
}

#[test]
fn what_is_wrong_with_watching_is_answered_with_its_place() {
    let watch = |lines: &str| problems(&format!("version: 1\nwatch:\n{lines}"));
    assert!(watch("  services: [api]").contains("watch.cluster is missing"));
    assert!(
        watch("  cluster: arn:aws:ecs:r:1:cluster/c")
            .contains("watch.cluster: write the cluster's name")
    );
    assert!(
        watch("  cluster: c\n  services: [a, a]")
            .contains("watch.services: `a` stands there twice")
    );
    assert!(
        watch("  cluster: c\n  services: { all_but: [a/b] }")
            .contains("watch.services.all_but: `a/b`")
    );
    assert!(watch("  stalled_after: 20").contains("`20` is not a length of time"));
}
