use super::*;
use crate::config;

const COMPANY: &str = "version: 1\ntime_zone: Asia/Tokyo\ncalendars:\n  shop:\n    hours:\n      daily: 07:00-22:00\n    holidays: ignored\n";

fn document(lines: &str) -> String {
    let mut text = "version: 1\nslim:\n".to_owned();
    for line in lines.lines() {
        text.push_str("  ");
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn slim(lines: &str) -> Slim {
    let estate = config::estate("e", &document(lines)).unwrap();
    estate.slim.unwrap()
}

fn problems(text: &str) -> String {
    let problems = config::estate("/nightshift/estates/production", text).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    told.join("\n")
}

#[test]
fn what_is_not_said_has_its_default() {
    let slim = slim("calendar: shop\ncluster: c\nservices: { api: 1 }");
    assert_eq!(
        (slim.lead, slim.grace, slim.stuck_after, slim.enforce),
        (
            Duration::minutes(20),
            Duration::minutes(60),
            Duration::minutes(60),
            false
        )
    );
    assert!(slim.databases.is_empty() && slim.brakes.is_empty());
}

#[test]
fn a_clusters_capacity_is_a_number_or_is_kept() {
    let of = |text: &str| {
        slim(&format!(
            "calendar: shop\ncluster: c\nservices: {{ api: 1 }}\ndatabases: {{ main: {text} }}"
        ))
        .databases["main"]
    };
    let at_least = |units| NightCapacity::AtLeast(Acu::new(units).unwrap());
    assert_eq!(of("0.5"), at_least(0.5));
    assert_eq!(of("2"), at_least(2.0));
    assert_eq!(of("keep"), NightCapacity::Keep);
}

#[test]
fn what_would_be_asleep_or_cannot_be_is_refused_with_the_mend() {
    let with = |lines: &str| document(&format!("calendar: shop\ncluster: c\n{lines}"));
    let cases: &[(String, &[&str])] = &[
        (
            with("services: { api: 0 }"),
            &["slim.services.api", "asleep, not slim", "at least 1"],
        ),
        (
            with("databases: { main: 0.25 }"),
            &["below the floor", "at least 0.5"],
        ),
        (with("databases: { main: 0 }"), &["below the floor"]),
        (with("databases: { main: -1 }"), &["below the floor"]),
        (with("databases: { main: 0.75 }"), &["half step"]),
        (with("databases: { main: 512 }"), &["half step up to 256"]),
        (with("databases: { main: kept }"), &["`kept`", "`keep`"]),
        (
            with("databases: { main: keep }"),
            &["gets smaller", "`api: 1`"],
        ),
        (with(""), &["gets smaller"]),
        (
            with("servces: { api: 1 }"),
            &["`servces`", "did you mean `services`?"],
        ),
        (with("services: { api: -1 }"), &["line"]),
        (
            with("services: { \"arn:aws:ecs:r:1:service/c/api\": 1 }"),
            &["the name, not the ARN"],
        ),
        (
            with("services: { api: 1 }\nbrakes: [a, a]"),
            &["`a` stands there twice"],
        ),
        (
            with("services: { api: 1 }\nbrakes: [\"arn:aws:cloudwatch:r:1:alarm:a\"]"),
            &["the alarm's name"],
        ),
        (
            document("calendar: shop\ncluster: arn:aws:ecs:r:1:cluster/c\nservices: { api: 1 }"),
            &["the cluster's name, not its ARN"],
        ),
        (
            document("cluster: c\nservices: { api: 1 }"),
            &["missing field `calendar`"],
        ),
        (
            format!(
                "{}sleep:\n  calendar: shop\n  cluster: c\n",
                with("services: { api: 1 }")
            ),
            &["must never sleep", "keep one"],
        ),
    ];
    for (text, expected) in cases {
        let found = problems(text);
        for part in *expected {
            assert!(found.contains(part), "{text}\n→ {found}\nlacks {part}");
        }
    }
}

#[test]
fn a_calendar_that_nobody_knows_gets_a_suggestion() {
    let company = config::company("c", COMPANY).unwrap();
    let put_together = |calendar: &str| {
        let text = document(&format!(
            "calendar: {calendar}\ncluster: c\nservices: {{ api: 1 }}"
        ));
        let estate = config::estate("e", &text).unwrap();
        slimmer("doc", "production", &estate, &company)
    };
    assert!(put_together("shop").unwrap().is_some());
    let problem = put_together("shp").unwrap_err()[0].to_string();
    assert!(
        problem.contains("slim.calendar") && problem.contains("did you mean `shop`?"),
        "{problem}"
    );
}

#[test]
fn what_the_document_names_is_claimed_and_its_events_concern_the_estate() {
    let company = config::company("c", COMPANY).unwrap();
    let text = document(
        "calendar: shop\ncluster: c\nservices: { api: 1 }\ndatabases: { main: 0.5, other: keep }",
    );
    let estate = config::estate("e", &text).unwrap();
    let slimmer = slimmer("doc", "production", &estate, &company)
        .unwrap()
        .unwrap();
    assert!(slimmer.claims_database("main") && !slimmer.claims_database("other"));
    assert_eq!(slimmer.watched(), ["c", "main", "other"]);
}
