//! What became of a secret, for people: replaced, taken back, or in need of somebody. Names and
//! versions stand here; values never do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Count, Severity};
use crate::{config::SecretName, kind::DatabaseState, ledger::rotation::Cause};

/// Something that people should know of an estate's secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rotation", rename_all = "snake_case")]
pub enum Rotation {
    /// Secrets were replaced, and every task has the new values.
    Rotated {
        /// Which.
        secrets: Vec<Rotated>,
        /// The services whose tasks were replaced.
        services: Vec<Count>,
        /// When the turn began.
        began: Timestamp,
        /// Who asked for it, where somebody did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_by: Option<String>,
        /// Who wrote the new value, where it was not us.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        written_by: Option<String>,
    },
    /// The former values were published again.
    Reverted {
        /// Which.
        secrets: Vec<SecretName>,
        /// Why.
        cause: Cause,
        /// When the former values were published again.
        at: Timestamp,
        /// The services whose tasks have them.
        services: Vec<Count>,
        /// When it is tried again by itself.
        again_at: Timestamp,
    },
    /// Nothing was published: the former values are in use as before.
    GivenUp {
        /// Which.
        secrets: Vec<SecretName>,
        /// Why.
        cause: Cause,
        /// When it is tried again by itself.
        again_at: Timestamp,
    },
    /// A service has its former value back and does not become steady.
    NotSteady {
        /// The secrets that it reads.
        secrets: Vec<SecretName>,
        /// The service's name.
        service: String,
        /// Since when it has its former value back.
        since: Timestamp,
    },
    /// A secret that leaked was replaced, and a service does not run with the new value: the former
    /// one cannot be ended.
    LeakLasts {
        /// Which.
        secret: SecretName,
        /// The service's name.
        service: String,
        /// Since when the new value is published.
        since: Timestamp,
    },
    /// A secret is older than it should be, and nobody but a person can change that.
    TooOld {
        /// Which.
        secret: SecretName,
        /// Since when it is in use.
        since: Timestamp,
        /// Whether it would be replaced by us once somebody adopts it.
        adoptable: bool,
    },
    /// A value that was in use before is the newest again.
    OlderValue {
        /// Which.
        secret: SecretName,
        /// The version whose value came back.
        version: String,
        /// Who wrote it, as AWS tells.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// A secret is due, and something holds it back for longer than a day; or it leaked, and that for
    /// longer than some minutes.
    HeldBack {
        /// Which.
        secret: SecretName,
        /// Whether somebody knows it who should not.
        #[serde(default)]
        leaked: bool,
        /// What holds it back.
        wait: Wait,
        /// Since when it is due.
        since: Timestamp,
    },
    /// The document names a secret that is not there.
    NotThere {
        /// Which.
        secret: SecretName,
    },
    /// `Mode: watch`: secrets would be replaced now.
    Would {
        /// Which.
        secrets: Vec<SecretName>,
        /// The services whose tasks would be replaced.
        services: Vec<String>,
    },
}

/// One secret that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotated {
    /// Its name.
    pub secret: SecretName,
    /// The version that is in use now.
    pub version: String,
    /// What becomes of the former credential.
    pub former: Former,
    /// When it is due again.
    pub next: Timestamp,
}

/// What becomes of a former credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "former", rename_all = "snake_case")]
pub enum Former {
    /// It works until the next turn.
    UntilNext,
    /// It ends at this instant.
    Ends {
        /// When.
        at: Timestamp,
    },
    /// It is ended: it had leaked, or the new one took its place.
    Ended,
    /// That is not ours to say: somebody else made it.
    Theirs,
}

/// What a secret waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "wait", rename_all = "snake_case")]
pub enum Wait {
    /// For its age.
    Age {
        /// When it is reached.
        at: Timestamp,
    },
    /// Nobody adopted it.
    Adoption,
    /// The tag that consents is not there, or names another estate.
    Consent {
        /// What it names.
        found: Option<String>,
    },
    /// Its services do not consent.
    ServiceConsent {
        /// The service's name.
        service: String,
    },
    /// For the window.
    Window {
        /// When it opens next, as far as can be foretold.
        at: Option<Timestamp>,
    },
    /// For the end of the back-off.
    BackOff {
        /// When it ends.
        until: Timestamp,
    },
    /// Another estate is in a turn.
    Elsewhere {
        /// Which.
        estate: String,
    },
    /// The document as it stands cannot be read.
    Document,
    /// The estate sleeps.
    Asleep,
    /// A rollout of the estate is broken.
    Broken {
        /// Since when.
        since: Timestamp,
    },
    /// A database is not available.
    Database {
        /// Its name.
        name: String,
        /// What it is instead; none where it could not be read.
        state: Option<DatabaseState>,
    },
    /// A service is being deployed, or not all of its tasks run.
    Service {
        /// Its name.
        service: String,
    },
    /// Another function is changing a service.
    Owned {
        /// The service's name.
        service: String,
        /// The function.
        function: String,
        /// Until when.
        until: Timestamp,
    },
    /// A service has tasks from before the newest version was written. They may hold the credential
    /// whose turn it would be, so somebody has to replace them first.
    OlderTasks {
        /// Its name.
        service: String,
    },
    /// A service's tasks are replaced by somebody whom we cannot ask.
    Unrollable {
        /// Its name.
        service: String,
        /// Why not.
        #[serde(default)]
        why: Unrollable,
    },
    /// A service reads a fixed version, so that its tasks would go on with the old value.
    Pinned {
        /// Its name.
        service: String,
        /// The version.
        version: String,
    },
    /// Services read a master password: their tasks would hold a dead one.
    ReadByServices {
        /// Their names.
        services: Vec<String>,
    },
    /// Services could not be read, or it could not.
    Unread,
    /// For a service's new tasks.
    Rolling {
        /// Its name.
        service: String,
    },
    /// For the other secrets of its turn.
    Others,
}

/// Why we cannot have a service's tasks replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unrollable {
    /// An external controller deploys it.
    #[default]
    External,
    /// No deployment group of CodeDeploy names it.
    NoGroup,
    /// Several deployment groups name it.
    SeveralGroups,
    /// Its deployment group has never deployed it well: there is nothing to deploy again.
    NeverDeployed,
}

impl Rotation {
    /// How much it matters.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Rotated { .. } | Self::Would { .. } => Severity::Quiet,
            Self::GivenUp {
                cause: Cause::Unproven { .. },
                ..
            }
            | Self::NotSteady { .. }
            | Self::LeakLasts { .. }
            | Self::OlderValue { .. }
            | Self::HeldBack { leaked: true, .. } => Severity::Alert,
            Self::Reverted { .. }
            | Self::GivenUp { .. }
            | Self::TooOld { .. }
            | Self::NotThere { .. }
            | Self::HeldBack { leaked: false, .. } => Severity::Warning,
        }
    }

    /// One word for it, in logs and answers.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Rotated { .. } => "rotated",
            Self::Reverted { .. } => "reverted",
            Self::GivenUp { .. } => "given-up",
            Self::NotSteady { .. } => "not-steady",
            Self::LeakLasts { .. } => "leak-lasts",
            Self::TooOld { .. } => "too-old",
            Self::OlderValue { .. } => "older-value",
            Self::HeldBack { .. } => "held-back",
            Self::NotThere { .. } => "not-there",
            Self::Would { .. } => "would",
        }
    }

    /// What it is about: secrets, or the service that has them.
    #[must_use]
    pub fn about(&self) -> String {
        let listed = |secrets: &[SecretName]| {
            let names: Vec<String> = secrets.iter().map(ToString::to_string).collect();
            names.join(", ")
        };
        match self {
            Self::Rotated { secrets, .. } => {
                let names: Vec<String> = secrets.iter().map(|it| it.secret.to_string()).collect();
                names.join(", ")
            }
            Self::Reverted { secrets, .. }
            | Self::GivenUp { secrets, .. }
            | Self::Would { secrets, .. } => listed(secrets),
            Self::NotSteady { service, .. } => service.clone(),
            Self::LeakLasts { secret, .. }
            | Self::TooOld { secret, .. }
            | Self::OlderValue { secret, .. }
            | Self::HeldBack { secret, .. }
            | Self::NotThere { secret } => secret.to_string(),
        }
    }

    /// Under what it is remembered that it was told, while it lasts.
    #[must_use]
    pub fn key(&self) -> String {
        let key = format!("{}/{}", self.word(), self.about());
        match self {
            Self::OlderValue { version, .. } => format!("{key}/{version}"),
            _ => key,
        }
    }
}
