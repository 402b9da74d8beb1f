//! What people, Terraform and auto scaling do to estates whose secrets are rotated: new keys, older
//! values, orders by hand, tags taken away, tasks that do not start for a while.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use nightshift_cloud::{
    call::Actor,
    services::{Service as Aws, ecs, secretsmanager, ssm},
    world::World,
};
use serde_json::{Value, json};

use super::estates::{APP, Estate, ROTATE_TAG, Service};
use crate::{
    people::{Deeds, Hand, bad, of_service, seconds},
    places::Place,
    sky::CANARY,
    subject,
};

/// Something that somebody does.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Sends a command about a secret.
    Ask {
        /// Which estate.
        estate: &'static str,
        /// The command.
        command: &'static str,
        /// The secret.
        secret: &'static str,
    },
    /// Orders an estate to sleep or to wake for so many minutes.
    Power {
        /// Which estate.
        estate: &'static str,
        /// `sleep` or `wake`.
        command: &'static str,
        /// Until when.
        until: Timestamp,
    },
    /// Auto scaling, or somebody in its place, sets a count.
    Scale {
        /// The service.
        arn: String,
        /// The count.
        to: u32,
    },
    /// New tasks of a service do not start for a while.
    Spoil {
        /// The service.
        arn: String,
    },
    /// They start again.
    Mend {
        /// The service.
        arn: String,
    },
    /// A person writes a new key.
    Write {
        /// Which estate.
        estate: &'static str,
        /// The parameter.
        name: &'static str,
        /// What it ends with.
        number: usize,
    },
    /// Terraform puts the value before, or the very first one, back.
    PutOlder {
        /// Which estate.
        estate: &'static str,
        /// The parameter, or the secret.
        name: &'static str,
        /// Whether it is the very first one.
        first: bool,
    },
    /// Takes the consent of a service or a parameter away, or gives it again.
    Consent {
        /// Which estate.
        estate: &'static str,
        /// The service's ARN, or the parameter's name.
        of: String,
        /// Whether it consents.
        given: bool,
        /// After how many seconds it is given again.
        again: i64,
    },
}

/// The commands by which an estate's secrets are adopted, one after the other.
#[must_use]
pub fn adoption(estate: &Estate, at: Timestamp) -> Deeds<Deed> {
    let ask = |(number, secret): (i64, &super::estates::Secret)| {
        let deed = Deed::Ask {
            estate: estate.name,
            command: "adopt",
            secret: secret.name,
        };
        (at + seconds(7 * number), Hand::Own(deed))
    };
    (0..).zip(&estate.secrets).map(ask).collect()
}

/// An instant in the window, where turns are: half an hour before its opening up to its end.
fn in_window(random: &mut Rng, place: &Place, estate: &Estate, at: Timestamp) -> Timestamp {
    let window = estate.window;
    let mut openings = window.turns(place);
    openings.retain(|turn| window.is_open(place, *turn) && *turn >= place.begin());
    let opening = random.choice(&openings).copied().unwrap_or(at);
    (opening + seconds(random.i64(-1800..7200))).min(place.end())
}

#[expect(clippy::too_many_lines, reason = "a list: one arm for each deed")]
pub(super) fn some(
    random: &mut Rng,
    place: &Place,
    estate: &Estate,
    at: Timestamp,
    number: usize,
) -> Deeds<Deed> {
    let at = if random.u8(0..3) == 0 {
        at
    } else {
        in_window(random, place, estate, at)
    };
    let after = |random: &mut Rng, least, most| at + seconds(random.i64(least..most));
    let own = |at: Timestamp, deed: Deed| (at, Hand::Own(deed));
    let (Some(service), Some(secret)) = (
        random.choice(&estate.services).cloned(),
        random.choice(&estate.secrets).cloned(),
    ) else {
        return Vec::new();
    };
    let (name, arn) = (estate.name, service.arn.clone());
    let ask = |command| Deed::Ask {
        estate: name,
        command,
        secret: secret.name,
    };
    match random.u8(0..20) {
        0..=2 => {
            let spoilt = Deed::Spoil { arn: arn.clone() };
            let mended = after(random, 1200, 9000);
            vec![own(at, spoilt), own(mended, Deed::Mend { arn })]
        }
        3 | 4 => vec![(
            at,
            Hand::Deploy {
                arn,
                fate: ecs::Fate::Healthy,
            },
        )],
        5 => {
            let fate = bad(random);
            let good = after(random, 1800, 9000);
            let deploy = |fate| Hand::Deploy {
                arn: arn.clone(),
                fate,
            };
            vec![(at, deploy(fate)), (good, deploy(ecs::Fate::Healthy))]
        }
        6 | 7 => scaled(random, &service, at),
        8 => vec![own(
            at,
            Deed::Write {
                estate: name,
                name: super::estates::AGENT,
                number,
            },
        )],
        9 | 10 => vec![own(
            at,
            Deed::PutOlder {
                estate: name,
                name: secret.name.split_once('#').map_or(secret.name, |_| APP),
                first: random.u8(0..4) == 0,
            },
        )],
        11 | 12 => {
            let mut deeds = vec![own(at, ask("rotate"))];
            if random.u8(0..3) == 0 {
                deeds.push(own(after(random, 30, 3600), ask("revert")));
            }
            deeds
        }
        13 => vec![own(at, ask("leaked"))],
        14 => vec![own(at, ask("revert"))],
        15 => {
            let again = random.i64(1800..30_000);
            let of = if random.bool() {
                arn
            } else {
                secret.name.to_owned()
            };
            let consent = |given| Deed::Consent {
                estate: name,
                of: of.clone(),
                given,
                again,
            };
            vec![
                own(at, consent(false)),
                own(at + seconds(again), consent(true)),
            ]
        }
        16 => {
            let Some(database) = random.choice(&estate.databases).cloned() else {
                return Vec::new();
            };
            let status = random.choice(["modifying", "maintenance", "upgrading"]);
            vec![(
                at,
                Hand::Status {
                    arn: database,
                    status: status.unwrap_or("modifying"),
                    seconds: random.u64(60..3600),
                },
            )]
        }
        17 => {
            let mended = after(random, 1800, 14_400);
            vec![
                (at, Hand::BreakDocument { estate: name }),
                (mended, Hand::MendDocument { estate: name }),
            ]
        }
        18 if random.bool() => {
            let mended = after(random, 300, 36_000);
            let mut deeds = vec![
                (at, Hand::DeleteDocument { estate: name }),
                (mended, Hand::MendDocument { estate: name }),
            ];
            // Who was forgotten is adopted again.
            deeds.extend(adoption(estate, mended + seconds(1200)));
            deeds
        }
        18 => vec![own(
            at,
            Deed::Power {
                estate: name,
                command: if random.bool() { "sleep" } else { "wake" },
                until: after(random, 1800, 14_400),
            },
        )],
        _ => vec![(
            at,
            Hand::Silence {
                minutes: random.i64(20..75),
            },
        )],
    }
}

/// Out and in again, some minutes apart.
fn scaled(random: &mut Rng, service: &Service, at: Timestamp) -> Deeds<Deed> {
    let Some((least, most)) = service.scales else {
        return Vec::new();
    };
    let arn = &service.arn;
    let steps = random.usize(2..7);
    let mut at = at;
    let step = |to| {
        at += seconds(random.i64(30..900));
        let arn = arn.clone();
        (at, Hand::Own(Deed::Scale { arn, to }))
    };
    let counts: Vec<u32> = (0..steps)
        .map(|step| if step % 2 == 0 { most } else { least })
        .collect();
    counts.into_iter().map(step).collect()
}

/// How long it takes until somebody's hand was seen.
const A_LOOK: SignedDuration = SignedDuration::from_mins(12);

impl subject::Deed<Estate> for Deed {
    const AFTER_DEPLOYMENT: (SignedDuration, SignedDuration) = (
        SignedDuration::from_mins(30),
        SignedDuration::from_mins(180),
    );

    fn sends(&self) -> Option<Value> {
        match self {
            Self::Ask {
                estate,
                command,
                secret,
            } => {
                let mut payload = json!({
                    "command": command, "estate": estate, "secret": secret,
                    "by": "tanaka", "reason": "because",
                });
                if *command == "adopt" {
                    payload["confirm"] = true.into();
                }
                Some(payload)
            }
            Self::Power {
                estate,
                command,
                until,
            } if *estate == "r2e" => Some(json!({
                "command": command, "estate": estate, "until": until.to_string(),
                "by": "tanaka", "reason": "load test",
            })),
            _ => None,
        }
    }

    fn does(
        &self,
        world: &mut World,
        estates: &[Estate],
    ) -> (Option<&'static str>, SignedDuration) {
        match self {
            Self::Ask { estate, .. } => (Some(estate), A_LOOK),
            Self::Power { estate, until, .. } => {
                (Some(estate), until.duration_since(world.now) + A_LOOK)
            }
            Self::Scale { arn, to } => {
                // What sleeps is not scaled.
                let sleeps = world.ecs.service(arn).is_none_or(|one| one.desired == 0);
                if !sleeps {
                    ecs::set_count(world, &Actor::AutoScaling, arn, *to);
                }
                (of_service(estates, arn), A_LOOK)
            }
            Self::Spoil { arn } => {
                let place = ecs::Place::Service(arn.clone());
                ecs::flaws::put(world, place, ecs::Flaw::exits(1));
                (of_service(estates, arn), SignedDuration::from_mins(180))
            }
            Self::Mend { arn } => {
                ecs::flaws::mend(world, &ecs::Place::Service(arn.clone()));
                (of_service(estates, arn), SignedDuration::from_mins(60))
            }
            Self::Write {
                estate,
                name,
                number,
            } => {
                let value = format!("{CANARY}-agent-key-of-deed-{number}");
                if *estate != "r2e" {
                    overwrite(world, Actor::Person, name, &value);
                }
                (Some(estate), A_LOOK)
            }
            Self::PutOlder {
                estate,
                name,
                first,
            } => {
                put_older(world, name, *first);
                (Some(estate), A_LOOK)
            }
            Self::Consent {
                estate,
                of,
                given,
                again,
            } => {
                tag(world, of, Some(*estate).filter(|_| *given));
                let open = if *given { A_LOOK } else { seconds(*again) };
                (Some(estate), open)
            }
        }
    }
}

fn ask(
    world: &mut World,
    by: Actor,
    aws: &'static dyn Aws,
    operation: &str,
    input: Value,
) -> Value {
    world.ask(aws, by, operation, input).unwrap_or_default()
}

fn overwrite(world: &mut World, by: Actor, name: &str, value: &str) {
    let input = json!({ "Name": name, "Value": value, "Overwrite": true, "Type": "SecureString" });
    ask(world, by, &ssm::SERVICE, "PutParameter", input);
}

fn put_older(world: &mut World, name: &str, first: bool) {
    let by = || Actor::Terraform;
    if name == APP {
        let input = json!({ "SecretId": name, "VersionStage": "AWSPREVIOUS" });
        let older = ask(
            world,
            by(),
            &secretsmanager::SERVICE,
            "GetSecretValue",
            input,
        );
        if let Some(text) = older["SecretString"].as_str() {
            secretsmanager::put(world, &by(), name, text);
        }
        return;
    }
    let input = json!({ "Name": name, "WithDecryption": true, "MaxResults": 50 });
    let history = ask(world, by(), &ssm::SERVICE, "GetParameterHistory", input);
    let versions: Vec<&str> = history["Parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|version| version["Value"].as_str())
        .collect();
    let newest = versions.last().copied();
    let older = if first {
        versions.first().copied()
    } else {
        versions
            .iter()
            .rev()
            .copied()
            .find(|value| Some(*value) != newest)
    };
    if let Some(older) = older.filter(|older| Some(*older) != newest) {
        overwrite(world, by(), name, older);
    }
}

/// Gives a service, a parameter or a secret the tag, or takes it away.
fn tag(world: &mut World, of: &str, estate: Option<&str>) {
    let by = Actor::Person;
    let (place, _) = of.split_once('#').unwrap_or((of, ""));
    let secrets: &'static dyn Aws = &secretsmanager::SERVICE;
    let (aws, operation, input): (&'static dyn Aws, _, _) = match (of, estate) {
        (of, Some(estate)) if of.starts_with("arn:") => (
            &ecs::SERVICE,
            "TagResource",
            json!({ "resourceArn": of, "tags": [{ "key": ROTATE_TAG, "value": estate }] }),
        ),
        (of, None) if of.starts_with("arn:") => (
            &ecs::SERVICE,
            "UntagResource",
            json!({ "resourceArn": of, "tagKeys": [ROTATE_TAG] }),
        ),
        (of, Some(estate)) if of.starts_with('/') => (
            &ssm::SERVICE,
            "AddTagsToResource",
            json!({
                "ResourceType": "Parameter", "ResourceId": of,
                "Tags": [{ "Key": ROTATE_TAG, "Value": estate }],
            }),
        ),
        (of, None) if of.starts_with('/') => (
            &ssm::SERVICE,
            "RemoveTagsFromResource",
            json!({ "ResourceType": "Parameter", "ResourceId": of, "TagKeys": [ROTATE_TAG] }),
        ),
        (_, Some(estate)) => (
            secrets,
            "TagResource",
            json!({ "SecretId": place, "Tags": [{ "Key": ROTATE_TAG, "Value": estate }] }),
        ),
        (_, None) => (
            secrets,
            "UntagResource",
            json!({ "SecretId": place, "TagKeys": [ROTATE_TAG] }),
        ),
    };
    ask(world, by, aws, operation, input);
}
