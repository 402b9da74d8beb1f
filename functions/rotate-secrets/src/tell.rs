//! What people are told: how a turn ended, and what lasts and needs them. Each is told at least once,
//! and none of it holds a value.

use jiff::Timestamp;
use nightshift::{
    config::SecretName,
    ledger::rotation::{Cause, Secret, Turn, Why},
    report::Failure,
};

use crate::{
    context::Context,
    plan::{FUNCTION, Matter, Wait},
};

/// One thing that people are told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// A secret was replaced, and every task that reads it has the new value.
    Rotated {
        /// Which.
        secret: SecretName,
        /// Why.
        why: Why,
        /// The version that is in use now.
        version: String,
    },
    /// The former value was brought back.
    Reverted {
        /// Which.
        secret: SecretName,
        /// Why it began.
        why: Why,
        /// Why it was taken back.
        cause: Cause,
        /// Until when it is left alone.
        until: Option<Timestamp>,
    },
    /// It could not be replaced; nothing that a task holds was changed.
    GivenUp {
        /// Which.
        secret: SecretName,
        /// Why it began.
        why: Why,
        /// Why it was given up.
        cause: Cause,
        /// Until when it is left alone.
        until: Option<Timestamp>,
    },
    /// Something that lasts.
    Lasts {
        /// What.
        matter: Matter,
    },
    /// A secret whose time has come waits for long.
    WaitsForLong {
        /// Which.
        secret: SecretName,
        /// For what.
        wait: Wait,
        /// Since when.
        since: Timestamp,
    },
}

impl Told {
    /// How a turn ended.
    #[must_use]
    pub fn of_end(secret: &Secret, turn: &Turn) -> Self {
        let name = secret.name.clone();
        let why = turn.why.clone();
        let until = secret.back_off.as_ref().map(|back_off| back_off.until);
        let undone = secret.last.as_ref().and_then(|last| last.undone.clone());
        match undone {
            None => Self::Rotated {
                secret: name,
                why,
                version: secret
                    .current
                    .as_ref()
                    .map(|current| current.version.clone())
                    .unwrap_or_default(),
            },
            Some(cause) if turn.goes_back() => Self::Reverted {
                secret: name,
                why,
                cause,
                until,
            },
            Some(cause) => Self::GivenUp {
                secret: name,
                why,
                cause,
                until,
            },
        }
    }

    /// One word for it, in logs and answers.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Rotated { .. } => "rotated",
            Self::Reverted { .. } => "reverted",
            Self::GivenUp { .. } => "given-up",
            Self::Lasts { matter } => match matter {
                Matter::TooOld { .. } => "too-old",
                Matter::OlderValue { .. } => "older-value",
                Matter::NotSteady { .. } => "not-steady",
                Matter::NotThere { .. } => "not-there",
            },
            Self::WaitsForLong { .. } => "waits-for-long",
        }
    }

    /// What it is about: a secret or a service.
    #[must_use]
    pub fn about(&self) -> String {
        match self {
            Self::Rotated { secret, .. }
            | Self::Reverted { secret, .. }
            | Self::GivenUp { secret, .. }
            | Self::WaitsForLong { secret, .. } => secret.to_string(),
            Self::Lasts { matter } => about(matter),
        }
    }
}

/// What a matter is about.
pub(crate) fn about(matter: &Matter) -> String {
    match matter {
        Matter::TooOld { secret, .. }
        | Matter::OlderValue { secret, .. }
        | Matter::NotThere { secret } => secret.to_string(),
        Matter::NotSteady { service, .. } => service.clone(),
    }
}

/// Tells one thing. Until its texts are written it stands in the log.
///
/// # Errors
/// When it could not be told; it counts as not told then.
#[expect(
    clippy::unused_async,
    reason = "what is published goes over the network"
)]
pub async fn publish(context: &Context<'_>, estate: &str, told: &Told) -> Result<(), Failure> {
    tracing::info!(
        kind = "told",
        function = FUNCTION,
        estate,
        told = told.word(),
        about = told.about(),
        at = %context.now(),
        detail = ?told,
        "told"
    );
    Ok(())
}
