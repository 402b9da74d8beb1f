//! What is remembered of a secret: who adopted it, which version is in use, and how far the turn is
//! that replaces it. Of a value nothing stands here but a fingerprint, from which it cannot be told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Owner, Saved};
use crate::{config::SecretName, kind::Arn};

/// An item of this ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Entry {
    /// Of a secret.
    Secret(Box<Secret>),
    /// Of a service whose tasks are being replaced, so that other functions keep off.
    Service(Service),
}

/// What is known of one secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// The version of this format.
    pub version: u32,
    /// The parameter or the secret, with `#` and the key behind it where it is one of several.
    pub arn: Arn,
    /// The estate whose secret it is.
    pub estate: String,
    /// Its name in the estate's document.
    pub name: SecretName,
    /// Who said that we may replace it; before that it is only watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<Adopted>,
    /// What is in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Published>,
    /// What was in use before, until it is disabled or another turn makes use of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Former>,
    /// What is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    /// What a person asked for, until a turn begins with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// Since when, and until when, it is not tried again because the last turn was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_off: Option<BackOff>,
    /// How the last turn ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Outcome>,
}

/// Who said that we may replace a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// Why.
    pub reason: String,
}

/// A version that is, or was, the newest one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// SSM's number or Secrets Manager's id of the version.
    pub version: String,
    /// When it was written.
    pub at: Timestamp,
    /// The user that it names, where users take turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// What was in use before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// The version.
    pub published: Published,
    /// When it stops working, where it is not left to work until the next turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Timestamp>,
    /// Whether what people were told to wipe is wiped: the user disabled, or the copy overwritten.
    #[serde(default)]
    pub ended: bool,
}

/// What a person asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// Why.
    pub reason: String,
    /// What.
    pub order: Order,
}

/// What a person can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Replace it now.
    Rotate,
    /// Somebody knows it who should not: replace it now, and end the former one at once.
    Leaked,
    /// Put the former value back.
    Revert,
}

/// Why a turn began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Why {
    /// It is too old.
    Age,
    /// Another secret of the same services is replaced, and this one would follow soon.
    Company,
    /// A person asked for it.
    Asked(Asked),
    /// Somebody else wrote a new value: only the services are rolled.
    Written {
        /// Who wrote it, as AWS tells.
        by: String,
    },
}

/// How far a turn is with one secret. Each stage is written down before the next is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It is to be replaced; whatever was made so far harms nobody and is made anew.
    Begun,
    /// The new value works, and is about to be published.
    Tested,
    /// The new value is the newest version; services are rolled.
    Published,
    /// The former value is to be published again.
    Reverting,
    /// The former value is the newest version again; services are rolled.
    Reverted,
}

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Which: the same for all secrets that are replaced together.
    pub id: String,
    /// Why it began.
    pub why: Why,
    /// When it began.
    pub began: Timestamp,
    /// How far it is.
    pub stage: Stage,
    /// Since when it is at that stage.
    pub since: Timestamp,
    /// The version that was in use when it began.
    pub from: Published,
    /// The user that the new value names, where users take turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The new value's fingerprint, once it is about to be published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The new version, once it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Published>,
    /// The version that brought the former value back, once it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Published>,
    /// Why it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// Why a turn could not be made, or is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "kebab-case")]
pub enum Cause {
    /// A deployment failed since the new value was published.
    Deployment {
        /// The service's name.
        service: String,
        /// The deployment.
        deployment: String,
    },
    /// A service was not rolled in time.
    Late {
        /// The service's name.
        service: String,
    },
    /// A person asked for it.
    Asked {
        /// Who.
        who: String,
        /// Why.
        reason: String,
    },
    /// What makes new credentials refused, or could not be reached.
    Refused {
        /// What was tried: `set`, `test`, `publish` and the like.
        action: String,
        /// Its own code for the reason.
        code: String,
    },
    /// A new master password was sent and never proved itself: the stored one may be dead.
    Unproven {
        /// The RDS instance or the Aurora cluster.
        database: String,
        /// The code of what failed last.
        code: String,
    },
    /// Somebody else wrote the secret meanwhile.
    Written {
        /// Who, as AWS tells.
        by: String,
    },
}

/// A secret that is left alone for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackOff {
    /// Since when: what was written before is not rolled out again by itself.
    pub since: Timestamp,
    /// Until when, unless a person asks.
    pub until: Timestamp,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// When.
    pub at: Timestamp,
    /// Why it was taken back or given up; none where it went well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<Cause>,
}

/// A service whose tasks are being replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The version of this format.
    pub version: u32,
    /// The service.
    pub arn: Arn,
    /// Its estate.
    pub estate: String,
    /// The turn in which they are replaced.
    pub turn: String,
    /// For whom other functions keep off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
}

impl Saved for Entry {
    const NAMESPACE: &'static str = "rotate/";

    fn arn(&self) -> &Arn {
        match self {
            Self::Secret(secret) => &secret.arn,
            Self::Service(service) => &service.arn,
        }
    }

    fn estate(&self) -> &str {
        match self {
            Self::Secret(secret) => &secret.estate,
            Self::Service(service) => &service.estate,
        }
    }

    fn is_open(&self) -> bool {
        match self {
            Self::Secret(secret) => secret.turn.is_some(),
            Self::Service(service) => service.owner.is_some(),
        }
    }
}

impl Entry {
    /// The secret, where it is one's.
    #[must_use]
    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Secret(secret) => Some(secret),
            Self::Service(_) => None,
        }
    }
}

impl Secret {
    /// A secret of which nothing is known yet.
    #[must_use]
    pub fn new(arn: Arn, estate: impl Into<String>, name: SecretName) -> Self {
        Self {
            version: super::VERSION,
            arn,
            estate: estate.into(),
            name,
            adopted: None,
            current: None,
            former: None,
            turn: None,
            asked: None,
            back_off: None,
            last: None,
        }
    }
}

impl Turn {
    /// The instant since which a task that starts has what this turn published last; none while
    /// nothing is published.
    #[must_use]
    pub fn published_at(&self) -> Option<Timestamp> {
        let published = match self.stage {
            Stage::Begun | Stage::Tested | Stage::Reverting => None,
            Stage::Published => self.to.as_ref(),
            Stage::Reverted => self.back.as_ref(),
        };
        published.map(|published| published.at)
    }

    /// Whether the former value is on its way back.
    #[must_use]
    pub fn goes_back(&self) -> bool {
        self.stage >= Stage::Reverting
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn published(version: &str, second: i64) -> Published {
        Published {
            version: version.to_owned(),
            at: at(second),
            user: None,
        }
    }

    fn turn(stage: Stage) -> Turn {
        Turn {
            id: "t".to_owned(),
            why: Why::Age,
            began: at(1),
            stage,
            since: at(1),
            from: published("1", 0),
            user: None,
            fingerprint: None,
            to: Some(published("2", 20)),
            back: Some(published("3", 30)),
            cause: None,
        }
    }

    fn secret() -> Secret {
        let name = "/app/KEY".parse().unwrap();
        Secret::new(Arn::new("arn:aws:ssm:r:1:parameter/app/KEY"), "shop", name)
    }

    #[test]
    fn a_task_has_what_was_published_last_before_it_started() {
        for (stage, since) in [
            (Stage::Begun, None),
            (Stage::Tested, None),
            (Stage::Published, Some(20)),
            (Stage::Reverting, None),
            (Stage::Reverted, Some(30)),
        ] {
            assert_eq!(turn(stage).published_at(), since.map(at), "{stage:?}");
            assert_eq!(turn(stage).goes_back(), stage >= Stage::Reverting);
        }
    }

    fn service() -> Service {
        Service {
            version: super::super::VERSION,
            arn: Arn::new("arn:aws:ecs:r:1:service/c/api"),
            estate: "shop".to_owned(),
            turn: "t".to_owned(),
            owner: None,
        }
    }

    #[test]
    fn an_entry_is_open_while_something_is_under_way() {
        let mut one = secret();
        assert!(!Entry::Secret(Box::new(one.clone())).is_open());
        one.turn = Some(turn(Stage::Begun));
        assert!(Entry::Secret(Box::new(one)).is_open());
        let mut rolled = service();
        assert!(!Entry::Service(rolled.clone()).is_open());
        rolled.owner = Some(Owner {
            function: "rotate-secrets".to_owned(),
            purpose: "rotate".to_owned(),
            until: at(600),
        });
        assert!(Entry::Service(rolled).is_open());
    }

    #[test]
    fn an_entry_is_of_a_secret_or_a_service_and_of_its_estate() {
        let (one, other) = (secret(), service());
        let entry = Entry::Secret(Box::new(one.clone()));
        assert_eq!((entry.arn(), entry.estate()), (&one.arn, "shop"));
        assert_eq!(entry.secret(), Some(&one));
        let entry = Entry::Service(other.clone());
        assert_eq!((entry.arn(), entry.estate()), (&other.arn, "shop"));
        assert_eq!(entry.secret(), None);
    }

    #[test]
    fn an_entry_that_a_later_release_wrote_can_be_read_and_other_functions_find_its_owner() {
        let mut one = secret();
        one.turn = Some(turn(Stage::Published));
        let entry = Entry::Secret(Box::new(one));
        let mut value = serde_json::to_value(&entry).unwrap();
        value["mood"] = 1.into();
        value["turn"]["colour"] = "blue".into();
        assert_eq!(serde_json::from_value::<Entry>(value).unwrap(), entry);

        let service = Entry::Service(Service {
            version: 1,
            arn: Arn::new("arn:aws:ecs:r:1:service/c/api"),
            estate: "shop".to_owned(),
            turn: "t".to_owned(),
            owner: Some(Owner {
                function: "rotate-secrets".to_owned(),
                purpose: "rotate".to_owned(),
                until: at(9),
            }),
        });
        let value = serde_json::to_value(&service).unwrap();
        assert_eq!(value["owner"]["function"], json!("rotate-secrets"));
        assert_eq!(value["estate"], json!("shop"));
    }
}
