//! A kind of resource is one file here: how it is observed, what its states mean, how one step is
//! taken. The order between kinds is [`ORDER`]: forwards to sleep, backwards to wake.

pub mod aurora_cluster;
pub mod capacity;
pub mod database;
pub mod ecs_service;
pub mod rds_instance;
pub mod survey;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use capacity::{Acu, Capacity, Level, Lever};
pub use database::{Database, DatabaseState, Never, Sizing};
pub use ecs_service::{Bounds, Deployment, Rollout, Service, Size, Suspension, Tag, Target};

/// The tag that consents to sleeping; its value is the estate's name.
pub const SLEEP_TAG: &str = "nightshift:sleep";

/// The tag that consents to slimming; its value is the estate's name.
pub const SLIM_TAG: &str = "nightshift:slim";

/// The tag that consents to rotating: of a secret that it is replaced, of a service that it is rolled
/// for it. Its value is the estate's name.
pub const ROTATE_TAG: &str = "nightshift:rotate";

/// What a function does to an estate while it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// It is put to sleep.
    Sleeping,
    /// It is made smaller, and never put to sleep.
    Slimming,
}

impl Keeping {
    /// The tag by which a resource consents to it.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Sleeping => SLEEP_TAG,
            Self::Slimming => SLIM_TAG,
        }
    }
}

/// A kind of resource that can sleep or be slimmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An ECS service, with its scalable target if it has one.
    EcsService,
    /// An RDS instance.
    RdsInstance,
    /// An Aurora cluster with all its members.
    AuroraCluster,
}

/// Rows of kinds, each of which rests on the rows behind it.
pub type Rows = [&'static [Kind]];

/// What rests on what: a row sleeps when all rows before it are asleep, and wakes when the rows
/// behind it that it needs are usable.
pub const ORDER: &Rows = &[
    &[Kind::EcsService],
    &[Kind::RdsInstance, Kind::AuroraCluster],
];

/// The kinds that are met before the row of `kind`, in the direction in which the rows are read:
/// forwards what rests on it, backwards what it rests on.
pub fn before(
    rows: impl Iterator<Item = &'static &'static [Kind]>,
    kind: Kind,
) -> impl Iterator<Item = Kind> {
    rows.take_while(move |row| !row.contains(&kind))
        .flat_map(|row| row.iter().copied())
}

/// The name of an AWS resource: the ledger's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Arn(String);

impl Arn {
    /// Takes AWS's own text as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The whole ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The resource's own name: what follows the last `/` or `:`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit(['/', ':']).next().unwrap_or(&self.0)
    }

    /// The account in which the resource lives.
    #[must_use]
    pub fn account(&self) -> &str {
        self.0.split(':').nth(4).unwrap_or_default()
    }

    /// The Region in which the resource lives.
    #[must_use]
    pub fn region(&self) -> &str {
        self.0.split(':').nth(3).unwrap_or_default()
    }

    /// The cluster's name, for the ARN of an ECS service: `…:service/<cluster>/<service>`.
    #[must_use]
    pub fn cluster(&self) -> Option<&str> {
        let mut parts = self.0.rsplit('/');
        let _service = parts.next()?;
        let cluster = parts.next()?;
        parts.next().map(|_| cluster)
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwards_a_kind_comes_after_what_rests_on_it_and_backwards_after_what_it_rests_on() {
        const TABLE: &Rows = &[
            &[Kind::EcsService],
            &[Kind::RdsInstance],
            &[Kind::AuroraCluster],
        ];
        let forwards = |kind| before(TABLE.iter(), kind).collect::<Vec<_>>();
        let backwards = |kind| before(TABLE.iter().rev(), kind).collect::<Vec<_>>();
        assert_eq!(forwards(Kind::EcsService), []);
        assert_eq!(forwards(Kind::RdsInstance), [Kind::EcsService]);
        assert_eq!(
            forwards(Kind::AuroraCluster),
            [Kind::EcsService, Kind::RdsInstance]
        );
        assert_eq!(
            backwards(Kind::EcsService),
            [Kind::AuroraCluster, Kind::RdsInstance]
        );
        assert_eq!(backwards(Kind::AuroraCluster), []);
    }

    #[test]
    fn services_rest_on_databases_and_databases_on_nothing() {
        let databases = [Kind::RdsInstance, Kind::AuroraCluster];
        for database in databases {
            assert!(before(ORDER.iter(), database).eq([Kind::EcsService]));
            assert!(before(ORDER.iter().rev(), database).next().is_none());
        }
        assert!(before(ORDER.iter().rev(), Kind::EcsService).eq(databases));
        assert!(before(ORDER.iter(), Kind::EcsService).next().is_none());
    }

    #[test]
    fn an_arn_tells_its_account_region_cluster_and_name() {
        let arn = Arn::new("arn:aws:ecs:ap-northeast-1:123456789012:service/staging/api");
        assert_eq!(
            (arn.account(), arn.region(), arn.cluster(), arn.name()),
            ("123456789012", "ap-northeast-1", Some("staging"), "api")
        );
        assert_eq!(arn.to_string(), arn.as_str());
        assert!(arn.as_str().ends_with(":service/staging/api"));
        let database = Arn::new("arn:aws:rds:ap-northeast-1:123456789012:db:postgres");
        assert_eq!((database.cluster(), database.name()), (None, "postgres"));
    }
}
