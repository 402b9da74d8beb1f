//! What is told of secrets, in every form.

use super::at;
use crate::{
    config::SecretName,
    kind::DatabaseState,
    ledger::rotation::Cause,
    report::{
        Count, News,
        rotation::{Former, Rotated, Rotation, Unrollable, Wait},
        text::samples::one_of_each,
    },
};

fn name(text: &str) -> SecretName {
    text.parse().unwrap()
}

fn url() -> SecretName {
    name("/bookmark-manager/production/DATABASE_URL")
}

fn key() -> SecretName {
    name("blog-aws-practice/production#JWT_KEY")
}

fn web() -> String {
    "bookmark-manager-production-web".to_owned()
}

fn counts() -> Vec<Count> {
    vec![Count {
        service: web(),
        running: 2,
        desired: 2,
    }]
}

fn rotated(secret: SecretName, former: Former) -> Rotated {
    Rotated {
        secret,
        version: "14".to_owned(),
        former,
        next: at("2027-02-18T10:00:00+09:00"),
    }
}

fn causes() -> Vec<Cause> {
    vec![
        Cause::Deployment {
            service: web(),
            deployment: "ecs-svc/1234567890123456789".to_owned(),
        },
        Cause::Late { service: web() },
        Cause::Asked {
            who: "tanaka".to_owned(),
            reason: "the app cannot read it".to_owned(),
        },
        Cause::Refused {
            action: "set".to_owned(),
            code: "42501".to_owned(),
        },
        Cause::Written {
            by: "terraform".to_owned(),
        },
        Cause::Unproven {
            database: "main".to_owned(),
            code: "28P01".to_owned(),
        },
    ]
}

one_of_each! {
    /// Everything that a secret can wait for.
    waits: Wait;
    Age: Wait::Age { at: at("2026-12-01T10:00:00+09:00") };
    Adoption: Wait::Adoption;
    Consent: Wait::Consent { found: None }, Wait::Consent { found: Some("other".to_owned()) };
    ServiceConsent: Wait::ServiceConsent { service: web() };
    Window: Wait::Window { at: Some(at("2026-11-25T10:00:00+09:00")) }, Wait::Window { at: None };
    BackOff: Wait::BackOff { until: at("2026-12-01T10:00:00+09:00") };
    Elsewhere: Wait::Elsewhere { estate: "r2e".to_owned() };
    Document: Wait::Document;
    Asleep: Wait::Asleep;
    Broken: Wait::Broken { since: at("2026-11-24T08:00:00+09:00") };
    Database:
        Wait::Database { name: "main".to_owned(), state: Some(DatabaseState::Changing) },
        Wait::Database { name: "main".to_owned(), state: None };
    Service: Wait::Service { service: web() };
    Owned: Wait::Owned {
        service: web(),
        function: "power-staging".to_owned(),
        until: at("2026-11-24T09:00:00+09:00"),
    };
    OlderTasks: Wait::OlderTasks { service: web() };
    Unrollable:
        Wait::Unrollable { service: web(), why: Unrollable::External },
        Wait::Unrollable { service: web(), why: Unrollable::NoGroup },
        Wait::Unrollable { service: web(), why: Unrollable::SeveralGroups },
        Wait::Unrollable { service: web(), why: Unrollable::NeverDeployed };
    Pinned: Wait::Pinned { service: web(), version: "5".to_owned() };
    ReadByServices: Wait::ReadByServices { services: vec![web()] };
    Unread: Wait::Unread;
    Rolling: Wait::Rolling { service: web() };
    Others: Wait::Others;
}

fn given_up(cause: Cause) -> Rotation {
    Rotation::GivenUp {
        secrets: vec![url()],
        cause,
        again_at: at("2026-12-01T10:09:00+09:00"),
    }
}

fn reverted(cause: Cause) -> Rotation {
    Rotation::Reverted {
        secrets: vec![url(), key()],
        cause,
        at: at("2026-11-24T08:49:00+09:00"),
        services: counts(),
        again_at: at("2026-12-01T10:09:00+09:00"),
    }
}

fn turned(secrets: Vec<Rotated>, services: Vec<Count>, by: Option<&str>) -> Rotation {
    Rotation::Rotated {
        secrets,
        services,
        began: at("2026-11-24T08:41:00+09:00"),
        asked_by: by.map(ToOwned::to_owned),
        written_by: by.map(ToOwned::to_owned),
    }
}

one_of_each! {
    /// Everything that is told of secrets.
    rotations: Rotation;
    Rotated:
        turned(vec![rotated(url(), Former::UntilNext)], counts(), None),
        turned(
            vec![
                rotated(url(), Former::Ended),
                rotated(key(), Former::Ends { at: at("2026-11-25T08:49:00+09:00") }),
                rotated(name("r2e/openai-api-key"), Former::Theirs),
            ],
            Vec::new(),
            Some("tanaka"),
        );
    Reverted: reverted(causes()[0].clone()), reverted(causes()[1].clone()), reverted(causes()[2].clone());
    GivenUp: given_up(causes()[3].clone()), given_up(causes()[4].clone()), given_up(causes()[5].clone());
    NotSteady: Rotation::NotSteady {
        secrets: vec![url()],
        service: web(),
        since: at("2026-11-24T08:49:00+09:00"),
    };
    LeakLasts: Rotation::LeakLasts {
        secret: key(),
        service: web(),
        since: at("2026-11-24T08:49:00+09:00"),
    };
    TooOld:
        Rotation::TooOld { secret: url(), since: at("2026-08-01T10:00:00+09:00"), adoptable: true },
        Rotation::TooOld { secret: key(), since: at("2026-08-01T10:00:00+09:00"), adoptable: false };
    OlderValue: Rotation::OlderValue {
        secret: url(),
        version: "12".to_owned(),
        by: "terraform".to_owned(),
        at: at("2026-11-24T08:49:00+09:00"),
    };
    HeldBack: held_back(0, false), held_back(3, false), held_back(14, false), held_back(14, true);
    NotThere: Rotation::NotThere { secret: url() };
    Would:
        Rotation::Would { secrets: vec![url(), key()], services: vec![web()] },
        Rotation::Would { secrets: vec![key()], services: Vec::new() };
}

/// One that waits for what stands at this place.
fn held_back(place: usize, leaked: bool) -> Rotation {
    Rotation::HeldBack {
        secret: url(),
        leaked,
        wait: waits()[place].clone(),
        since: at("2026-11-22T10:00:00+09:00"),
    }
}

/// All of it as news.
pub(crate) fn news(place: usize) -> News {
    News::Rotation {
        told: Box::new(rotations()[place].clone()),
    }
}
