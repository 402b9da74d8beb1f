//! The capacity of an Aurora cluster, apart from whether it is stopped or started. Its range is
//! changed online; nothing is taken from it while it fails over or is being modified.

use crate::kind::{Acu, Arn, Capacity, DatabaseState};

/// A cluster as it was seen by whoever changes its capacity.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Its ARN.
    pub arn: Arn,
    /// Its identifier.
    pub name: String,
    /// The status in AWS's own word.
    pub status: String,
    /// What the status means, together with its writer's.
    pub state: DatabaseState,
    /// The value of the tag that consents to slimming.
    pub tag: Option<String>,
    /// The range of its capacity; none where it is not Serverless v2.
    pub capacity: Option<Capacity>,
    /// How much capacity each of its instances has now, on average, where that was measured.
    pub used: Option<Acu>,
    /// Its instances.
    pub members: Vec<Member>,
}

/// An instance of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its identifier.
    pub name: String,
    /// The status in AWS's own word.
    pub status: String,
    /// Whether its class is `db.serverless`, so that the range is its own.
    pub serverless: bool,
}

impl Cluster {
    /// What goes on in it that a change should wait for, in AWS's own word: a failover, a
    /// modification, a backup. What only waits for the maintenance window does not go on.
    #[must_use]
    pub fn unrest(&self) -> Option<&str> {
        if self.state != DatabaseState::Available {
            // The cluster may be fine and its writer not.
            let own = Some(self.status.as_str()).filter(|status| *status != "available");
            return own
                .or_else(|| self.unrest_of_members())
                .or(Some("changing"));
        }
        self.unrest_of_members()
    }

    fn unrest_of_members(&self) -> Option<&str> {
        let members = self.members.iter();
        members
            .map(|member| member.status.as_str())
            .find(|status| *status != "available")
    }

    /// How many of its instances have the range's capacity.
    #[must_use]
    pub fn serverless_members(&self) -> u32 {
        let members = self.members.iter().filter(|member| member.serverless);
        u32::try_from(members.count()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> Cluster {
        let member = |name: &str, serverless| Member {
            name: name.to_owned(),
            status: "available".to_owned(),
            serverless,
        };
        Cluster {
            arn: Arn::new("arn:aws:rds:r:1:cluster:aurora"),
            name: "aurora".to_owned(),
            status: "available".to_owned(),
            state: DatabaseState::Available,
            tag: None,
            capacity: None,
            used: None,
            members: vec![member("a", true), member("b", true), member("c", false)],
        }
    }

    #[test]
    fn whatever_goes_on_in_the_cluster_or_a_member_is_unrest() {
        assert_eq!(cluster().unrest(), None);
        let changed = |change: fn(&mut Cluster)| {
            let mut cluster = cluster();
            change(&mut cluster);
            cluster.unrest().map(str::to_owned)
        };
        assert_eq!(
            changed(|cluster| {
                cluster.status = "failing-over".to_owned();
                cluster.state = DatabaseState::Changing;
            }),
            Some("failing-over".to_owned())
        );
        assert_eq!(
            changed(|cluster| {
                cluster.state = DatabaseState::Changing;
                cluster.members[0].status = "rebooting".to_owned();
            }),
            Some("rebooting".to_owned())
        );
        assert_eq!(
            changed(|cluster| cluster.members[1].status = "modifying".to_owned()),
            Some("modifying".to_owned())
        );
    }

    #[test]
    fn only_serverless_members_have_the_ranges_capacity() {
        assert_eq!(cluster().serverless_members(), 2);
    }
}
