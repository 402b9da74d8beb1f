//! A database user as the Admin API shows it: what it may do and on which clusters, never its password.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value as Json;

/// What is read of a user. Roles, scopes and labels are handed on as they came.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct User {
    pub(super) roles: Vec<Json>,
    /// The clusters that the user is for; none for all of the project.
    pub(super) scopes: Vec<Json>,
    pub(super) labels: Vec<Json>,
    delete_after_date: Option<String>,
    #[serde(rename = "awsIAMType")]
    aws_iam_type: Option<String>,
    ldap_auth_type: Option<String>,
    oidc_auth_type: Option<String>,
    x509_type: Option<String>,
}

impl User {
    /// Whether it may do the same in the same places.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let roles = ["databaseName", "roleName", "collectionName"];
        let scopes = ["name", "type"];
        is_same(&self.roles, &other.roles, &roles) && is_same(&self.scopes, &other.scopes, &scopes)
    }

    /// Whether Atlas deletes it by itself.
    pub(super) fn is_temporary(&self) -> bool {
        self.delete_after_date.is_some()
    }

    /// Whether it logs in with a password.
    pub(super) fn has_password(&self) -> bool {
        [
            &self.aws_iam_type,
            &self.ldap_auth_type,
            &self.oidc_auth_type,
            &self.x509_type,
        ]
        .into_iter()
        .all(|kind| kind.as_deref().is_none_or(|kind| kind == "NONE"))
    }
}

/// In any order.
fn is_same(one: &[Json], other: &[Json], fields: &[&str]) -> bool {
    let all = |items: &[Json]| -> BTreeSet<Vec<Option<String>>> {
        let text = |item: &Json, field: &str| item.get(field)?.as_str().map(ToOwned::to_owned);
        let item = |item: &Json| fields.iter().map(|field| text(item, field)).collect();
        items.iter().map(item).collect()
    };
    all(one) == all(other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn user(json: Json) -> User {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn users_are_alike_with_the_same_roles_on_the_same_clusters_in_any_order() {
        let role = |name: &str, on: &str| json!({ "roleName": name, "databaseName": on });
        let scope = json!({ "name": "shop", "type": "CLUSTER" });
        let one = user(
            json!({ "roles": [role("read", "a"), role("readWrite", "b")], "scopes": [scope] }),
        );
        let same = user(
            json!({ "roles": [role("readWrite", "b"), role("read", "a")], "scopes": [scope],
                                "labels": [{ "key": "k", "value": "v" }], "links": [] }),
        );
        assert!(one.is_like(&same));
        let mut on = role("read", "a");
        on["collectionName"] = "c".into();
        for other in [
            json!({ "roles": [role("readWrite", "b")], "scopes": [scope] }),
            json!({ "roles": [on, role("readWrite", "b")], "scopes": [scope] }),
            json!({ "roles": [role("read", "a"), role("readWrite", "b")] }),
            json!({}),
        ] {
            assert!(!one.is_like(&user(other.clone())), "{other}");
        }
    }

    #[test]
    fn who_logs_in_otherwise_has_no_password() {
        let none = json!({ "awsIAMType": "NONE", "ldapAuthType": "NONE", "oidcAuthType": "NONE", "x509Type": "NONE" });
        assert!(user(none).has_password() && user(json!({})).has_password());
        for kind in ["awsIAMType", "ldapAuthType", "oidcAuthType", "x509Type"] {
            assert!(!user(json!({ kind: "CUSTOMER" })).has_password(), "{kind}");
        }
        assert!(user(json!({ "deleteAfterDate": "2026-01-01T00:00:00Z" })).is_temporary());
    }
}
